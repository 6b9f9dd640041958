"""PDF: words where they were drawn, reading order, tables, scans, rotated pages."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from parsing import near, page, read
from PIL import Image
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

from retrieval.chunking import Chunker
from retrieval.errors import FileTooLarge
from retrieval.parse import Limits
from retrieval.values import PageLocator

WIDTH, HEIGHT = A4
LEFT = (
    "The harbour of the old town lies to the",
    "north of the market, where boats come in",
    "before the sun is up. Fishermen mend their",
    "nets along the quay, and gulls wait on the",
    "roofs. In the winter the water freezes for",
    "a few days and nobody goes out to sea.",
)
RIGHT = (
    "Visitors arrive by the early ferry and walk",
    "along the sea wall to the lighthouse. It was",
    "built in 1874 and is open every afternoon.",
    "From its gallery one sees the islands, and",
    "on a clear day the mountains on the other",
    "side of the strait, white until late in May.",
)


def test_a_word_lies_where_it_was_drawn(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    canvas.setTitle("Harbour report")
    canvas.setAuthor("M. Jensen")
    canvas.setFont("Helvetica", 12)
    canvas.drawString(100, 700, "before Lighthouse after")
    canvas.save()
    found = read(tmp_path / "a.pdf")
    assert found.header.units == 1
    assert found.header.metadata["title"] == "Harbour report"
    assert found.header.metadata["author"] == "M. Jensen"
    start = 100 + canvas.stringWidth("before ", "Helvetica", 12)
    end = start + canvas.stringWidth("Lighthouse", "Helvetica", 12)
    wanted = (start / WIDTH, 1 - 711 / HEIGHT, end / WIDTH, 1 - 697 / HEIGHT)
    assert near(found.word("Lighthouse").box, wanted, 0.006)
    (block,) = found.blocks
    assert isinstance(block.locator, PageLocator)
    assert block.locator.page == 1
    (picture,) = found.pictures
    assert (picture.page, max(picture.width, picture.height)) == (1, 1100)
    assert Image.open(io.BytesIO(picture.jpeg)).size == (picture.width, picture.height)


def test_two_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    canvas.setFont("Helvetica-Bold", 20)
    canvas.drawString(150, 760, "A guide to the old harbour town")
    canvas.setFont("Helvetica", 10)
    for row, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
        canvas.drawString(60, 700 - 13 * row, left)
        canvas.drawString(320, 700 - 13 * row, right)
    canvas.drawString(
        60, 560, "Both columns end above this line, which runs over the width of the page."
    )
    canvas.save()
    found = read(tmp_path / "a.pdf")
    text = found.text.replace("\n", " ")
    order = [
        "A guide to the old",
        "The harbour of",
        "goes out to sea",
        "Visitors arrive",
        "late in May",
        "Both columns end",
    ]
    places = [text.index(phrase) for phrase in order]
    assert places == sorted(places)
    assert {b.heading for b in found.blocks} == {"A guide to the old harbour town"}


def test_a_table_keeps_its_rows(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    rows = (
        ("Item", "Count", "Price"),
        ("Skiff", "2", "$ 900.00"),
        ("Oar", "12", "$ 35.50"),
        ("Total", "", "$ 2,226.00"),
    )
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            canvas.drawString(80 + 150 * x, 700 - 20 * y, cell)
    canvas.save()
    found = read(tmp_path / "a.pdf")
    (block,) = found.blocks
    assert block.kind == "table"
    assert block.text.split("\n") == [
        "Item | Count | Price",
        "Skiff | 2 | $ 900.00",
        "Oar | 12 | $ 35.50",
        "Total |  | $ 2,226.00",
    ]


LEDGER = (
    ("Date", "Type", "Details", "Paid out", "Balance"),
    ("02 Sep", "Card", "POTTERS SUPPLY", "342.60", "7,882.77"),
    ("03 Sep", "Standing order", "B TIERNEY BOOKKEEPING FOR AUGUST", "260.00", "7,622.77"),
    ("2024-09-04", "Transfer in", "CLASS BOOKINGS SETTLEMENT", "", "8,366.87"),
)


def words_counted() -> Chunker:
    return Chunker(lambda text: len(text.split()), 512)


def ledger(path: Path, rules: Sequence[tuple[str, tuple[int, int], tuple[int, int]]]) -> None:
    """Write the ledger as a table whose long entries take two lines."""
    style = getSampleStyleSheet()["BodyText"]
    rows = [[Paragraph(cell.replace("2024-", "2024-<br/>"), style) for cell in r] for r in LEDGER]
    made = Table(rows, colWidths=[55, 60, 110, 60, 60])
    made.setStyle(TableStyle([(name, a, b, 0.6, colors.grey) for name, a, b in rules]))
    SimpleDocTemplate(str(path), pagesize=A4).build([made, Paragraph("Interest 1.2 %.", style)])


@pytest.mark.parametrize("drawn", ["GRID", "LINEBELOW"])
def test_what_stands_between_two_rules_is_one_row(tmp_path: Path, drawn: str) -> None:
    """An entry of two lines does not tear the table, and an empty cell keeps its column."""
    above: list[tuple[str, tuple[int, int], tuple[int, int]]] = [("LINEABOVE", (0, 0), (-1, 0))]
    ledger(tmp_path / "a.pdf", [*above, (drawn, (0, 0), (-1, -1))])
    found = read(tmp_path / "a.pdf")
    (table,) = [b for b in found.blocks if b.kind == "table"]
    assert table.text.split("\n") == [" | ".join(row) for row in LEDGER]
    chunker = words_counted()
    (kept,) = [*chunker.feed(table), *chunker.finish()]
    assert isinstance(kept.locator, PageLocator)
    cells = [cell for row in LEDGER for cell in row if cell]
    where = dict(zip(cells, kept.locator.boxes, strict=True))
    for cell, word in ((LEDGER[1][2], "POTTERS"), (LEDGER[2][2], "AUGUST"), ("260.00", "260.00")):
        box, inside = where[cell], found.word(word).box
        assert inside and box[1] <= inside[1] and inside[3] <= box[3]
    (after,) = [b for b in found.blocks if b.kind == "body"]
    assert after.text == "Interest 1.2 %."


def test_rules_around_groups_of_rows_are_no_rows(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    canvas.setFont("Helvetica", 10)
    for group in range(4):
        top = 700 - group * 60
        canvas.line(60, top, 500, top)
        for row in range(3):
            for column, text in enumerate((f"Item {group}{row}", f"{row + 1}0", f"{group}.50")):
                canvas.drawString(70 + 150 * column, top - 14 - 17 * row, text)
    canvas.line(60, 460, 500, 460)
    canvas.save()
    text = "\n".join(block.text for block in read(tmp_path / "a.pdf").blocks)
    assert "Item 00 | 10 | 0.50" in text and "Item 32 | 30 | 3.50" in text


def test_headings_by_size_and_by_bold_type(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    canvas.setFont("Helvetica", 18)
    canvas.drawString(60, 760, "1 Boats")
    canvas.setFont("Helvetica", 11)
    for row in range(4):
        canvas.drawString(
            60, 720 - 14 * row, f"Line {row} tells of boats, their masts and their sails."
        )
    canvas.setFont("Helvetica-Bold", 11)
    canvas.drawString(60, 650, "1.1 Sails")
    canvas.setFont("Helvetica", 11)
    for row in range(4):
        canvas.drawString(
            60, 630 - 14 * row, f"Line {row} tells of canvas, its weight and its price."
        )
    canvas.showPage()
    canvas.drawString(60, 760, "The next page goes on about canvas in the same section.")
    canvas.save()
    found = read(tmp_path / "a.pdf")
    heading_of = {block.text.split("\n")[0]: block.heading for block in found.blocks}
    assert heading_of["Line 0 tells of boats, their masts and their sails."] == "1 Boats"
    assert heading_of["Line 0 tells of canvas, its weight and its price."] == "1.1 Sails"
    last = found.blocks[-1]
    assert (last.heading, last.unit) == ("1.1 Sails", 1)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_boxes_on_a_rotated_page_are_as_it_is_shown(tmp_path: Path, rotation: int) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    canvas.setPageRotation(rotation)
    canvas.setFont("Helvetica", 12)
    canvas.saveState()
    # Upright once the page is turned clockwise by the rotation; reportlab swaps the sides of the
    # page that it turns, so it is shown as A4 upright every time.
    on_side = rotation != 180
    canvas.translate(*((HEIGHT / 2, WIDTH / 2) if on_side else (WIDTH / 2, HEIGHT / 2)))
    canvas.rotate(rotation)
    canvas.drawString(0, 0, "Lighthouse keeper")
    canvas.restoreState()
    canvas.save()
    found = read(tmp_path / "a.pdf")
    assert found.text == "Lighthouse keeper"
    width = canvas.stringWidth("Lighthouse", "Helvetica", 12)
    wanted = (0.5, 0.5 - 11 / HEIGHT, 0.5 + width / WIDTH, 0.5 + 3 / HEIGHT)
    assert near(found.word("Lighthouse").box, wanted, 0.008)
    (picture,) = found.pictures
    assert picture.width < picture.height


def test_what_was_filled_into_a_form_stands_beside_its_label(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    canvas.drawString(72, 700, "Name of the boat:")
    canvas.acroForm.textfield(
        name="boat", value="Northern Light", x=220, y=694, width=160, height=20, borderWidth=0
    )
    canvas.drawString(72, 660, "Home harbour:")
    canvas.acroForm.textfield(name="port", value="", x=220, y=654, width=160, height=20)
    canvas.save()
    found = read(tmp_path / "a.pdf")
    assert "Name of the boat:   Northern Light" in found.text
    box = found.word("Northern").box
    assert box is not None
    assert 0.36 < box[0] < 0.42


def test_chinese_text_and_words_divided_at_line_ends(tmp_path: Path) -> None:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    canvas.setFont("STSong-Light", 14)
    canvas.drawString(72, 700, "四月预算为九千元")
    canvas.setFont("Helvetica", 12)
    canvas.drawString(72, 600, "The boat was found in an extraordi-")
    canvas.drawString(72, 586, "nary place on the beach.")
    canvas.save()
    found = read(tmp_path / "a.pdf")
    assert "四月预算为九千元" in found.text
    assert "extraordinary place" in found.text
    for block in found.blocks:  # every word can be found again, in order: highlights rely on it
        at = 0
        for word in block.words:
            at = block.text.index(word.text, at) + len(word.text)


def scan(tmp_path: Path, image: Image.Image, stamp: str = "") -> Path:
    canvas = Canvas(str(tmp_path / "scan.pdf"), pagesize=A4)
    canvas.drawImage(ImageReader(image), 0, 0, WIDTH, HEIGHT)
    if stamp:
        canvas.drawString(60, 820, stamp)
    canvas.save()
    return tmp_path / "scan.pdf"


def test_a_scanned_page_is_recognised(tmp_path: Path) -> None:
    image = page(
        (1240, 1754), {(150, 300): "Invoice 4711", (150, 400): "Total", (800, 400): "226.50"}
    )
    found = read(scan(tmp_path, image))
    assert {b.kind for b in found.blocks} == {"ocr"}
    assert "Invoice 4711" in found.text
    assert "Total   226.50" in found.text
    assert near(found.word("Total").box, (150 / 1240, 403 / 1754, 225 / 1240, 437 / 1754), 0.02)


def test_a_stamp_on_a_scan_does_not_hide_the_scan(tmp_path: Path) -> None:
    image = page((1240, 1754), {(150, 300): "Complaint for forfeiture of a pen"})
    found = read(scan(tmp_path, image, stamp="Case 2018-12857 Page 1 of 16"))
    assert [b.kind for b in found.blocks] == ["body", "ocr"]
    assert found.text.count("Case 2018-12857") == 1
    assert "Complaint for forfeiture" in found.text


def test_an_upside_down_scan_is_turned(tmp_path: Path) -> None:
    lines = {(150, 200 + 80 * i): f"Line {i} of a letter that lies on its head" for i in range(6)}
    found = read(scan(tmp_path, page((1240, 1754), lines).rotate(180)))
    assert "Line 3 of a letter" in found.text
    box = found.word("Line").box
    assert box is not None
    assert box[1] < 0.2


def test_pages_over_the_limit_are_refused_before_any_is_read(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    for number in range(12):
        canvas.drawString(72, 700, f"Page {number}")
        canvas.showPage()
    canvas.save()
    with pytest.raises(FileTooLarge, match="12 pages, the limit is 10 pages"):
        read(tmp_path / "a.pdf", limits=Limits(max_pages=10))
    assert [b.unit for b in read(tmp_path / "a.pdf").blocks] == list(range(12))
