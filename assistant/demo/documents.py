"""Draws the sample documents: an invoice, a report, a Chinese notice and a sheet of expenses.

All companies, people and figures are invented. The same bytes come out each time: PDF without
the current date, Office archives with a fixed one.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

_STAMP = (2026, 1, 1, 0, 0, 0)
_INK, _ACCENT, _FAINT = "#1d2b36", "#0f6e84", "#e6eef0"

INVOICE_ITEMS = (
    ("Oak planks, 2.4 m", 12, 38.50),
    ("Marine varnish, 5 litres", 4, 61.00),
    ("Brass cleats", 20, 9.75),
    ("Delivery to the boathouse", 1, 45.00),
)
VAT = 0.20
VISITS = (
    ("Central", 18_420, 21_150),
    ("Harbour", 9_310, 12_480),
    ("Hillside", 7_660, 8_240),
    ("Mobile van", 2_050, 6_440),
)
LOANS = (("Q1", 14_200), ("Q2", 12_900), ("Q3", 11_300), ("Q4", 17_600))
EXPENSES = (
    (date(2026, 5, 4), "Travel", "Train ticket to Lyon", 86.40),
    (date(2026, 5, 4), "Travel", "Taxi from the station", 23.50),
    (date(2026, 5, 5), "Meals", "Lunch with the architect", 41.20),
    (date(2026, 5, 6), "Lodging", "Hotel Bellecour, two nights", 214.00),
    (date(2026, 5, 6), "Office", "Printing of the plans", 17.90),
    (date(2026, 5, 7), "Travel", "Train ticket back home", 79.00),
)


def invoice() -> bytes:
    """Draw a one-page invoice with items, VAT and a total; returns a PDF."""
    from reportlab.lib.units import mm
    from reportlab.platypus import Paragraph, Spacer

    net = sum(n * price for _, n, price in INVOICE_ITEMS)
    rows = [["Description", "Quantity", "Unit price", "Amount"]]
    rows += [[t, str(n), f"{p:,.2f}", f"{n * p:,.2f}"] for t, n, p in INVOICE_ITEMS]
    rows += [
        ["", "", "Subtotal", f"{net:,.2f}"],
        ["", "", "VAT 20%", f"{net * VAT:,.2f}"],
        ["", "", "Total due (EUR)", f"{net * (1 + VAT):,.2f}"],
    ]
    style = _styles()
    story = [
        Paragraph("Northwind Boats Ltd", style["Title"]),
        Paragraph("14 Quay Street, Port Ellen · VAT no. GB 482 1937 05", style["Normal"]),
        Spacer(1, 8 * mm),
        Paragraph("INVOICE", style["Heading1"]),
        Paragraph("Invoice number: NB-2026-0417", style["Normal"]),
        Paragraph("Invoice date: 17 April 2026", style["Normal"]),
        Paragraph("Payment due: 17 May 2026", style["Normal"]),
        Paragraph("Bill to: Riverside Rowing Club, 3 Mill Lane, Port Ellen", style["Normal"]),
        Spacer(1, 8 * mm),
        _table(rows, widths=(78 * mm, 24 * mm, 38 * mm, 30 * mm), totals=3),
        Spacer(1, 10 * mm),
        Paragraph("Please quote the invoice number with your payment. Thank you.", style["Normal"]),
    ]
    return _pdf(story, "Invoice NB-2026-0417")


def report() -> bytes:
    """Draw a three-page report: a summary, a table of visits, a bar chart of loans; a PDF."""
    from reportlab.lib.units import mm
    from reportlab.platypus import PageBreak, Paragraph, Spacer

    style = _styles()
    before, now = sum(r[1] for r in VISITS), sum(r[2] for r in VISITS)
    rows = [["Branch", "Visits 2024", "Visits 2025", "Change"]]
    rows += [[b, f"{x:,}", f"{y:,}", f"{(y - x) / x:+.0%}"] for b, x, y in VISITS]
    rows += [["All branches", f"{before:,}", f"{now:,}", f"{(now - before) / before:+.0%}"]]
    normal, heading = style["Normal"], style["Heading1"]
    story = [
        Paragraph("Riverside Library", style["Title"]),
        Paragraph("Annual report 2025", heading),
        Paragraph(
            f"In 2025 the library had {now:,} visits, up from {before:,} the year before. "
            "The Harbour branch opened again in March after eleven months of rebuilding.",
            normal,
        ),
        Paragraph(
            "The director, Amara Okafor, thanks the 64 volunteers who kept the mobile van on the "
            "road. The running costs were 412,000 euros, of which the city paid 355,000.",
            normal,
        ),
        PageBreak(),
        Paragraph("1. Visits by branch", heading),
        Paragraph("The mobile van grew most: it now stops in nine villages.", normal),
        Spacer(1, 5 * mm),
        _table(rows, widths=(60 * mm, 36 * mm, 36 * mm, 30 * mm), totals=1),
        PageBreak(),
        Paragraph("2. Loans by quarter", heading),
        Paragraph(
            "Most books were lent in the fourth quarter (17,600); the third quarter was the "
            "quietest (11,300), because the Central branch was closed for two weeks in August.",
            normal,
        ),
        Spacer(1, 6 * mm),
        _bar_chart(),
        Paragraph("Figure 1. Books lent in each quarter of 2025.", normal),
    ]
    return _pdf(story, "Riverside Library: annual report 2025")


def notice() -> bytes:
    """Write a Chinese notice of a meeting; returns a DOCX."""
    from docx import Document

    document = Document()
    document.add_heading("关于召开春季员工大会的通知", level=1)
    for line in (
        "各部门同事：",
        "公司定于2026年4月18日（星期六）上午9点30分召开春季员工大会。",
        "会议地点：滨江图书馆三楼报告厅。",
        "主要议程：一、总经理李明总结第一季度工作；二、各部门汇报；三、表彰优秀员工。",
        "请各部门在4月10日之前把参会名单交给行政部陈静，联系电话：6120 8835。",
        "会后在一楼餐厅准备了午餐。",
        "行政部",
        "2026年4月2日",
    ):
        document.add_paragraph(line)
    buffer = io.BytesIO()
    document.save(buffer)
    return _fixed_archive(buffer.getvalue())


def expenses() -> bytes:
    """Write a sheet of travel expenses with their total; returns an XLSX."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Expenses May 2026"
    sheet.append(["Date", "Category", "Description", "Amount (EUR)"])
    for day, kind, what, amount in EXPENSES:
        sheet.append([day, kind, what, amount])
    sheet.append([None, None, "Total", sum(row[3] for row in EXPENSES)])
    for row in (1, sheet.max_row):
        for cell in sheet[row]:
            cell.font = Font(bold=True)
    for column, width in zip("ABCD", (12, 12, 32, 14), strict=True):
        sheet.column_dimensions[column].width = width
    buffer = io.BytesIO()
    book.save(buffer)
    return _fixed_archive(buffer.getvalue())


DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "expenses-may.xlsx": expenses,
    "invoice-northwind.pdf": invoice,
    "library-report-2025.pdf": report,
    "spring-meeting-zh.docx": notice,
}


def _styles() -> Any:
    from reportlab.lib.styles import getSampleStyleSheet

    styles = getSampleStyleSheet()
    for name, size, leading in (("Title", 22, 27), ("Heading1", 15, 22), ("Normal", 11, 17)):
        styles[name].fontSize, styles[name].leading = size, leading
        styles[name].textColor = _INK if name == "Normal" else _ACCENT
        styles[name].alignment = 0
    styles["Normal"].spaceAfter = 4
    return styles


def _table(rows: list[list[str]], widths: tuple[float, ...], totals: int) -> Any:
    """Lay out rows with a coloured head and ``totals`` bold rows at the foot."""
    from reportlab.platypus import Table

    table = Table(rows, colWidths=widths, hAlign="LEFT")
    table.setStyle(
        [
            ("FONTSIZE", (0, 0), (-1, -1), 11),
            ("TEXTCOLOR", (0, 0), (-1, -1), _INK),
            ("BACKGROUND", (0, 0), (-1, 0), _FAINT),
            ("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold"),
            ("FONTNAME", (0, -totals), (-1, -1), "Helvetica-Bold"),
            ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, "#b8c7cc"),
            ("TOPPADDING", (0, 0), (-1, -1), 6),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
        ]
    )
    return table


def _bar_chart() -> Any:
    from reportlab.graphics.charts.barcharts import VerticalBarChart
    from reportlab.graphics.shapes import Drawing
    from reportlab.lib.colors import HexColor

    drawing = Drawing(430, 240)
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = 50, 30, 370, 190
    chart.data = [tuple(value for _, value in LOANS)]
    chart.categoryAxis.categoryNames = [name for name, _ in LOANS]
    chart.valueAxis.valueMin = 0
    chart.valueAxis.labelTextFormat = "%d"
    chart.bars[0].fillColor = HexColor(_ACCENT)
    chart.barLabelFormat = "%d"
    chart.bars[0].strokeWidth = 0
    chart.valueAxis.valueMax = 20_000
    chart.barLabels.nudge = 8
    drawing.add(chart)
    return drawing


def _pdf(story: list[Any], title: str) -> bytes:
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import SimpleDocTemplate

    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer, pagesize=A4, title=title, author="Sightline sample", invariant=1
    )
    document.build(story)
    return buffer.getvalue()


def _fixed_archive(data: bytes) -> bytes:
    """Rewrite an Office archive with fixed dates, so that the same content has the same hash."""
    when = b"2026-01-01T00:00:00Z"
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:\w+[^>]*>)[^<]*", rb"\g<1>" + when, content)
            new.writestr(zipfile.ZipInfo(name, _STAMP), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
