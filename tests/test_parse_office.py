"""Word, PowerPoint and Excel files, made by the libraries people use."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import docx
import openpyxl
import pptx
from openpyxl.comments import Comment
from parsing import near, read
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from retrieval.values import CellLocator, PageLocator, TextLocator


def test_word_keeps_order_headings_and_tables(tmp_path: Path) -> None:
    document = docx.Document()
    document.core_properties.title = "Boat plan"
    document.core_properties.author = "M. Jensen"
    document.add_heading("Repairs", level=1)
    document.add_paragraph("The roof of the boathouse leaks.")
    table = document.add_table(rows=2, cols=3)
    for row, cells in enumerate((("Part", "Count", "Price"), ("Tile", "40", "3.20"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    document.add_heading("Dates", level=2)
    document.add_paragraph("Before Friday.", style="List Bullet")
    document.sections[0].footer.paragraphs[0].text = "Northwind Boats Ltd."
    document.save(str(tmp_path / "a.docx"))
    found = read(tmp_path / "a.docx")
    assert found.header.metadata["title"] == "Boat plan"
    assert found.header.metadata["author"] == "M. Jensen"
    assert [(b.text, b.kind, b.heading) for b in found.blocks] == [
        ("Repairs", "body", "Repairs"),
        ("The roof of the boathouse leaks.", "body", "Repairs"),
        ("Part | Count | Price\nTile | 40 | 3.20", "table", "Repairs"),
        ("Dates", "body", "Dates"),
        ("• Before Friday.", "body", "Dates"),
        ("Northwind Boats Ltd.", "body", "Dates"),
    ]
    joined = "\n\n".join(b.text for b in found.blocks)
    for block in found.blocks:
        assert isinstance(block.locator, TextLocator)
        assert joined[block.locator.start : block.locator.end] == block.text


def test_slides_are_pages_with_places(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[5])
    first.shapes.title.text = "Harbour plan"
    box = first.shapes.add_textbox(Inches(5), Inches(4), Inches(3), Inches(1))
    box.text_frame.text = "Two new quays"
    above = first.shapes.add_textbox(Inches(1), Inches(2), Inches(3), Inches(1))
    above.text_frame.text = "Dredging first"
    first.notes_slide.notes_text_frame.text = "Mention the ferry."
    second = deck.slides.add_slide(deck.slide_layouts[5])
    second.shapes.title.text = "Costs"
    table = second.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for row, cells in enumerate((("Quay", "Cost"), ("North", "1.2 million"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    data = CategoryChartData()
    data.categories = ["2024", "2025"]
    data.add_series("Ships", (120, 145))
    second.shapes.add_chart(
        XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(4), Inches(4), Inches(2), data
    )
    deck.save(str(tmp_path / "a.pptx"))
    found = read(tmp_path / "a.pptx")
    assert found.header.units == 2
    assert [b.text for b in found.blocks] == [
        "Harbour plan",
        "Dredging first",
        "Two new quays",
        "Notes: Mention the ferry.",
        "Costs",
        "Quay | Cost\nNorth | 1.2 million",
        "Chart (bar): Costs | unit:  | within: 0 | confidence: 1.00\n"
        "2024 | Ships | 120\n2025 | Ships | 145",
    ]
    assert [b.unit for b in found.blocks] == [0, 0, 0, 0, 1, 1, 1]
    place = found.blocks[2].locator
    assert isinstance(place, PageLocator)
    assert place.page == 1
    assert near(place.boxes[0], (0.5, 4 / 7.5, 0.8, 5 / 7.5), 0.001)


def test_sheets_are_pages_of_named_values(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Invoices"
    sheet.append(["customer", "date", "amount", "paid"])
    sheet.append(["Northwind", date(2026, 6, 9), 900.5, True])
    sheet.append(["Contoso", date(2026, 7, 1), 12, None])
    other = book.create_sheet("Empty")
    other.sheet_state = "visible"
    third = book.create_sheet("Totals")
    third.append(["=SUM(Invoices!C2:C3)"])
    third.append(["sum", 912.5])
    book.save(tmp_path / "a.xlsx")
    found = read(tmp_path / "a.xlsx")
    assert found.header.units == 3
    assert found.header.metadata["sheets"] == ["Invoices", "Empty", "Totals"]
    assert found.blocks[1].text == (
        "customer: Northwind | date: 2026-06-09 | amount: 900.5 | paid: yes\n"
        "customer: Contoso | date: 2026-07-01 | amount: 12"
    )
    assert found.blocks[1].heading == "Invoices"
    assert found.blocks[-1].locator == CellLocator(3, rows=(2,), sheet="Totals")
    assert "sum | 912.5" in found.blocks[-1].text
    assert "=SUM" not in found.text


def test_years_name_columns_and_figures_do_not(tmp_path: Path) -> None:
    for names, told in (
        (["Line", "2024 actual", 2025, "Note"], True),
        (["Line", "12 kg", 2025, "Note"], False),
        ([2024, 2025, "Line", "Note"], False),
    ):
        book = openpyxl.Workbook()
        book.active.append(["Budget of the studio"])
        book.active.append(names)
        book.active.append(["Rent", 1200, 1350, "since May"])
        path = tmp_path / "budget.xlsx"
        book.save(path)
        first = read(path).blocks[0].text
        assert ("Columns: Line | 2024 actual | 2025 | Note" in first) is told


def test_comments_and_merged_cells_of_a_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Sales"
    rows: tuple[tuple[object, ...], ...] = (
        ("All shops",),
        ("Region", "2025", None, "2026", None, "Bonus"),
        (None, "Q1", "Q2", "Q1", "Q2", None),
        ("North", 1, 2, 3, 4, 50),
        (None, 5, 6, 7, 8, None),
    )
    for row in rows:
        sheet.append(row)
    for cells in ("A1:F1", "A2:A3", "B2:C2", "D2:E2", "F2:F3", "A4:A5", "F4:F5"):
        sheet.merge_cells(cells)
    sheet["C5"].comment = Comment("Ann Lee:\nwithout the fair", "Ann Lee")
    sheet["A9"].comment = Comment("to be done", "Bo")
    book.save(tmp_path / "a.xlsx")
    head, body, *comments = read(tmp_path / "a.xlsx").blocks
    assert head.text == (
        "Sheet Sales: All shops. Columns: Region | 2025 Q1 | 2025 Q2 | 2026 Q1 | 2026 Q2 | Bonus"
    )
    second = "Region: North | 2025 Q1: 5 | 2025 Q2: 6 | 2026 Q1: 7 | 2026 Q2: 8"
    assert body.text.split("\n") == [
        "Region: North | 2025 Q1: 1 | 2025 Q2: 2 | 2026 Q1: 3 | 2026 Q2: 4 | Bonus: 50",
        second,
    ]
    assert [(b.text, b.locator) for b in comments] == [
        (
            f"Comment by Ann Lee: without the fair (C5: {second})",
            CellLocator(1, rows=(5,), sheet="Sales"),
        ),
        ("Comment by Bo: to be done (A9)", CellLocator(1, rows=(9,), sheet="Sales")),
    ]


def test_merged_cells_of_a_form_name_no_columns(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("Invoice", 12, None), ("Due", 3, 4), ("Paid", 1, 2)):
        sheet.append(row)
    sheet.merge_cells("B1:C1")
    book.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx").blocks[1].text == "Invoice | 12\nDue | 3 | 4\nPaid | 1 | 2"
