"""Words in pictures that are set into documents: pages, Word files, slides, mails; the real OCR."""

from __future__ import annotations

import io
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path

import docx
import pptx
import pytest
from assisting import open_assistant
from parsing import near, read
from PIL import Image, ImageDraw, ImageFont
from pptx.util import Inches
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from assistant.config import Settings
from assistant.models.scripted import ScriptedChat
from retrieval.values import PageLocator, TextLocator

NOTE = ("Boiler serviced on 14 March", "by Ines Okafor, engineer", "Next visit: October")


def _picture(lines: tuple[str, ...] = NOTE, size: tuple[int, int] = (640, 260)) -> Image.Image:
    image = Image.new("RGB", size, "#f4f1e6")
    pen = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        pen.text((30, 30 + 64 * number), line, "#1c2b4a", ImageFont.load_default(34))
    return image


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def _pdf(path: Path, pictures: list[Image.Image], pages: int = 1) -> None:
    pen = Canvas(str(path), pagesize=A4)
    for number in range(pages):
        pen.drawString(72, 780, f"Page {number + 1} of the house file, and what was pasted in.")
        for place, picture in enumerate(pictures):
            wide, high = 300, 300 * picture.height / picture.width
            pen.drawImage(ImageReader(picture), 90, 560 - 180 * place, wide, high)
        pen.showPage()
    pen.save()


def test_a_picture_on_a_page_is_read_where_it_stands(tmp_path: Path) -> None:
    _pdf(tmp_path / "house.pdf", [_picture()])
    found = read(tmp_path / "house.pdf")
    (said,) = [b for b in found.blocks if b.kind == "ocr"]
    assert "Boiler serviced on 14 March" in said.text and "Ines Okafor" in said.text
    assert isinstance(said.locator, PageLocator) and said.locator.page == 1
    word = next(w for w in said.words if w.text.startswith("Boiler"))
    high = 300 * 260 / 640
    top = 560 + high - (30 + 6) / 260 * high  # the letters begin under the top of their line
    wanted = (
        (90 + 300 * 30 / 640) / A4[0], 1 - top / A4[1],
        (90 + 300 * 130 / 640) / A4[0], 1 - (top - 30 / 260 * high) / A4[1],
    )  # fmt: skip
    assert near(word.box, wanted, 0.02)


def test_a_letterhead_on_every_page_is_told_once_and_a_logo_not_at_all(tmp_path: Path) -> None:
    head = _picture(("Hollow Lane Heating", "12 Quay Street, Lahti", "Open every weekday"))
    logo = _picture(("HOLLOW",), (300, 120))
    _pdf(tmp_path / "letters.pdf", [head, logo], pages=3)
    said = [b for b in read(tmp_path / "letters.pdf").blocks if b.kind == "ocr"]
    assert [b.locator.page for b in said if isinstance(b.locator, PageLocator)] == [1]
    assert "Quay Street" in said[0].text and "HOLLOW\n" not in said[0].text


def test_a_text_layer_is_not_told_twice(tmp_path: Path) -> None:
    pen = Canvas(str(tmp_path / "over.pdf"), pagesize=A4)
    pen.drawImage(ImageReader(Image.new("RGB", (400, 200), "#dde6f0")), 72, 500, 400, 200)
    for number, line in enumerate(NOTE):
        pen.drawString(90, 660 - 30 * number, line)
    pen.save()
    found = read(tmp_path / "over.pdf")
    assert not [b for b in found.blocks if b.kind == "ocr"]
    assert found.text.count("Boiler serviced") == 1


def test_pictures_in_office_files_and_mails_are_read(tmp_path: Path) -> None:
    (tmp_path / "note.png").write_bytes(_png(_picture()))
    paper = docx.Document()
    paper.add_paragraph("What the engineer left behind:")
    paper.add_picture(str(tmp_path / "note.png"))
    paper.add_paragraph("Filed under heating.")
    paper.save(str(tmp_path / "file.docx"))
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Heating"
    slide.shapes.add_picture(str(tmp_path / "note.png"), Inches(1), Inches(2), width=Inches(5))
    deck.save(str(tmp_path / "deck.pptx"))
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "The boiler", "ines@example.org"
    mail.set_content("See the note.")
    mail.add_attachment(_png(_picture()), maintype="image", subtype="png", filename="note.png")
    (tmp_path / "mail.eml").write_bytes(mail.as_bytes())
    for name in ("file.docx", "deck.pptx", "mail.eml"):
        found = read(tmp_path / name)
        (said,) = [b for b in found.blocks if b.kind == "ocr"]
        assert "Next visit: October" in said.text, name
        if isinstance(said.locator, TextLocator):
            whole = "\n\n".join(b.text for b in found.blocks)
            assert whole[said.locator.start : said.locator.end] == said.text
        else:
            assert said.locator.boxes, "a slide's picture has its place"


def test_a_broken_picture_costs_nothing_else(tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Subject"] = "The boiler"
    mail.set_content("The text stays.")
    broken = _png(_picture())[:900]
    mail.add_attachment(broken, maintype="image", subtype="png", filename="note.png")
    (tmp_path / "mail.eml").write_bytes(mail.as_bytes())
    assert "The text stays." in read(tmp_path / "mail.eml").text


@pytest.mark.parametrize("kind", ["pdf", "docx"])
def test_what_a_picture_says_is_found_and_cited(tmp_path: Path, kind: str) -> None:
    (tmp_path / "note.png").write_bytes(_png(_picture()))
    if kind == "pdf":
        _pdf(tmp_path / "house.pdf", [_picture()])
    else:
        paper = docx.Document()
        paper.add_paragraph("Papers of the house, one after the other.")
        paper.add_picture(str(tmp_path / "note.png"))
        paper.save(str(tmp_path / "house.docx"))
    with closing(open_assistant(Settings(home=tmp_path / "home"), ScriptedChat())) as helper:
        helper.ingest([tmp_path / f"house.{kind}"])
        best = helper.search("who serviced the boiler").passages[0]
        assert "Ines Okafor" in best.text and best.asset == f"house.{kind}"
