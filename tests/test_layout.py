"""Pages in columns that hold tables as well, and tables that two columns of text look like."""

from __future__ import annotations

from pathlib import Path

from parsing import read
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

PROSE = (
    "Another wet winter is behind us and the water",
    "only came over the lower path twice, which by",
    "our standards is dry. The hedge along the lane",
    "is in, and forty members came to plant it.",
)
OTHER = (
    "Each plot has one key to the small gate, and a",
    "new one costs nine pounds. Shut the gate behind",
    "you even if you only come for one lettuce: two",
    "wheelbarrows were taken in the month of May.",
)
RENTS = tuple(
    tuple(row.split("|"))
    for row in (
        "Item|2024|2025",
        "Whole plot|64.00|68.00",
        "Half plot|35.00|37.00",
        "Water|11.00|12.50",
        "Key|10.00|15.00",
        "Late fee|5.00|8.00",
    )
)
SIZES = tuple(
    tuple(row.split("|"))
    for row in (
        "Structure|Largest|Permit",
        "Shed|2.4 m|no",
        "Tunnel|5.0 m|yes",
        "Cage|6.0 m|no",
        "Pond|1.5 m|once",
        "Bench|2.0 m|no",
    )
)


def _column(canvas: Canvas, x: float, y: float, texts: tuple[str, ...]) -> float:
    for text in texts:
        canvas.drawString(x, y, text)
        y -= 14
    return y - 10


def _table(canvas: Canvas, x: float, y: float, rows: tuple[tuple[str, ...], ...]) -> float:
    for row in rows:
        for number, cell in enumerate(row):
            canvas.drawString(x + 85 * number, y, cell)
        y -= 18
    return y - 10


def test_columns_with_tables_among_their_text_are_read_one_after_the_other(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "news.pdf"), pagesize=A4)
    canvas.setFont("Helvetica", 10)
    y = _table(canvas, 50, _column(canvas, 50, 780, PROSE), RENTS)
    _column(canvas, 50, y, PROSE[::-1])
    y = _column(canvas, 320, _column(canvas, 320, 775, OTHER), OTHER[::-1])
    _table(canvas, 320, y, SIZES)
    canvas.save()
    told = [block.text for block in read(tmp_path / "news.pdf").blocks]
    whole = "\n".join(told)
    assert "\n".join(PROSE) in whole and "\n".join(OTHER) in whole
    assert any(t.startswith("Item | 2024 | 2025") and "68.00" in t for t in told)
    assert any(t.startswith("Structure | Largest | Permit") and "once" in t for t in told)
    assert whole.index("Whole plot") < whole.index("Each plot")


def test_a_table_below_two_columns_keeps_its_rows(tmp_path: Path) -> None:
    """The white between its second and third column goes on from that between the columns."""
    canvas = Canvas(str(tmp_path / "bill.pdf"), pagesize=A4)
    canvas.setFont("Helvetica", 10)
    left, right = _column(canvas, 50, 780, PROSE * 2), _column(canvas, 320, 780, OTHER * 2)
    rows = zip(RENTS, SIZES, strict=True)
    y = min(left, right)
    for one, other in rows:
        for number, cell in enumerate(one[:2]):
            canvas.drawString(50 + 120 * number, y, cell)
        for number, cell in enumerate(other[:2]):
            canvas.drawString(320 + 120 * number, y, cell)
        y -= 18
    canvas.save()
    whole = "\n".join(block.text for block in read(tmp_path / "bill.pdf").blocks)
    assert "Whole plot | 64.00 | Shed | 2.4 m" in whole
