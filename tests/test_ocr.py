"""Reading pixels: words, boxes, the way up."""

from __future__ import annotations

import pytest
from parsing import TOOLS, near, page
from PIL import Image

LINES = {
    (80, 80): "The quick brown fox jumps over",
    (80, 160): "the lazy dog; invoice 4711 of 9 June",
    (80, 240): "Amount due: 1,226.50 EUR by Friday",
    (80, 320): "Please pay to account 12-34-56",
}


@pytest.fixture(scope="module")
def letter() -> Image.Image:
    return page((760, 480), LINES)


def texts(image: Image.Image, photo: bool = False) -> list[str]:
    return [piece.text for piece in TOOLS.ocr.read(image, photo).pieces]


def test_lines_are_read_letter_by_letter(letter: Image.Image) -> None:
    found = texts(letter)
    right = sum(line in found for line in LINES.values())
    assert right >= 3
    assert "1,226.50" in " ".join(found)


def test_words_have_boxes_of_their_own(letter: Image.Image) -> None:
    words = {w.text: w for p in TOOLS.ocr.read(letter).pieces for w in p.words}
    assert near(words["brown"].box, (222 / 760, 85 / 480, 310 / 760, 115 / 480), 0.03)
    assert words["brown"].confidence > 0.8


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_pages_on_their_side_or_head_are_turned(letter: Image.Image, turn: int) -> None:
    turned = letter.rotate(turn, expand=True)
    read = TOOLS.ocr.read(turned)
    assert (read.turn + turn) % 360 == 0
    assert read.turned(turned).size == letter.size
    assert "invoice 4711" in " ".join(piece.text for piece in read.pieces)


def test_a_skewed_page_keeps_its_rows_level() -> None:
    rows = {(60, 100 + 70 * i): f"A line of running text, number {i}" for i in range(5)}
    ends = {(760, 100 + 70 * i): f"{i}{i}.50" for i in range(5)}
    skewed = page((960, 560), rows | ends).rotate(4, expand=True, fillcolor="white")
    read = TOOLS.ocr.read(skewed)
    for number in range(5):
        label = next(p for p in read.pieces if p.text.endswith(f"number {number}"))
        amount = next(p for p in read.pieces if p.text == f"{number}{number}.50")
        middle = (amount.box[1] + amount.box[3]) / 2
        assert label.box[1] < middle < label.box[3]


def test_a_blank_page_holds_nothing() -> None:
    assert texts(Image.new("RGB", (600, 400), "white")) == []
    assert texts(Image.new("RGB", (600, 400), "white"), photo=True) == []
