"""The small set of ``reports``: PDFs with a cover, printed page numbers, tables and drawings.

Drawn from ``drawn_reports.json``, the same to the byte each time. The first two pages have no
number, so "page 4" is the sixth. Knows nothing of how suites measure.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evals.smoke.shapes import HERE, write

_LEFT, _TOP, _LINE = 64, 770, 22


def reports(folder: Path, count: int) -> None:
    """Write the reports and what is asked of them, first asked first."""
    told = json.loads((HERE / "drawn_reports.json").read_text(encoding="utf-8"))["reports"]
    rows = []
    for report in told:
        _pdf(folder / report["file"], report)
        rows.append([_row(report["file"], *asked) for asked in report["asks"]])
    longest = max(map(len, rows))
    mixed = [asked[n] for n in range(longest) for asked in rows if n < len(asked)]
    write(folder / "questions.jsonl", mixed[:count])


def _row(file: str, kind: str, question: str, answers: list[str] | None, page: int | None) -> Any:
    row: dict[str, Any] = {"document": file, "kind": kind, "question": question}
    row |= {"answers": answers} if answers else {}
    row |= {"pages": [page]} if page else {}
    return row | {"language": "en" if question.isascii() else "zh"}


def _pdf(path: Path, report: dict[str, Any]) -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    if not report["font"].startswith("Helvetica"):
        pdfmetrics.registerFont(UnicodeCIDFont(report["font"]))
    canvas = Canvas(str(path), invariant=1)
    canvas.setTitle(report["cover"][0])
    canvas.setFillColor("#224488")
    canvas.circle(300, 520, 60, stroke=0, fill=1)
    for lines in (report["cover"], report["contents"]):
        _lines(canvas, report["font"], lines)
        canvas.showPage()
    for number, page in enumerate(report["pages"], 1):
        height = _lines(canvas, report["font"], page["lines"])
        if "table" in page:
            _table(canvas, report["font"], page["table"], height)
        for row, (colour, many) in enumerate(page.get("shapes", ())):
            canvas.setFillColor(_COLOURS[colour])
            for place in range(many):
                canvas.rect(_LEFT + 70 * place, 400 - 70 * row, 48, 36, stroke=0, fill=1)
        canvas.setFillColor("#000000")
        canvas.setFont("Helvetica", 10)
        canvas.drawRightString(530, 30, str(number))
        canvas.showPage()
    canvas.save()


_COLOURS = {
    "red": "#cc2222", "green": "#22aa44", "blue": "#2255cc", "orange": "#ee8822",
    "black": "#000000", "yellow": "#fff27a", "pink": "#ffc0dc",
}  # fmt: skip


def _lines(canvas: Any, font: str, lines: list[Any]) -> int:
    """Write lines, the first larger; returns where the next would stand.

    A line is its text, or runs of text, each with the colours of its ink and of its marker.
    """
    height = _TOP
    for number, line in enumerate(lines):
        size, left = (11 if number else 17), float(_LEFT)
        for text, ink, marker in [[line, "black", ""]] if isinstance(line, str) else line:
            width = canvas.stringWidth(text, font, size)
            if marker:
                canvas.setFillColor(_COLOURS[marker])
                canvas.rect(left - 1, height - 3, width + 2, size + 2, stroke=0, fill=1)
            canvas.setFillColor(_COLOURS[ink])
            canvas.setFont(font, size)
            canvas.drawString(left, height, text)
            left += width + canvas.stringWidth(" ", font, size)
        height -= _LINE if number else 2 * _LINE
    return height


def _table(canvas: Any, font: str, rows: list[list[str]], height: int) -> None:
    from reportlab.lib.colors import grey
    from reportlab.platypus import Table

    grid = Table(rows, colWidths=90, rowHeights=_LINE)
    grid.setStyle([("GRID", (0, 0), (-1, -1), 0.5, grey), ("FONT", (0, 0), (-1, -1), font, 11)])
    _, tall = grid.wrapOn(canvas, 500, 600)
    grid.drawOn(canvas, _LEFT, height - tall)
