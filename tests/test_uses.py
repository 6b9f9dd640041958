"""Where an image is used: found in PDFs, Word files, slides and mails that hold it."""

from __future__ import annotations

import io
from email.message import EmailMessage
from pathlib import Path

import docx
import numpy as np
import pptx
from library import Library, write_photo
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from retrieval.values import PageLocator

pytest_plugins = ["library_fixtures"]


def photo(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    rough = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(rough).resize(size, Image.Resampling.BICUBIC)


def jpeg(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=88)
    return stream.getvalue()


def documents(folder: Path) -> dict[str, Path]:
    """Write one document of each kind around photos 1 to 4; the PDF has its on page 2."""
    made = {}
    pdf = canvas.Canvas(str(folder / "report.pdf"))
    pdf.drawString(72, 700, "The first page speaks of the harbour in plain words only.")
    pdf.showPage()
    pdf.drawString(72, 700, "The second page shows the boat that was bought in spring.")
    pdf.drawImage(ImageReader(photo(1)), 100, 300, 240, 180)
    pdf.showPage()
    pdf.save()
    made["report.pdf"] = folder / "report.pdf"
    word = docx.Document()
    word.add_paragraph("Something long before it. " * 20)
    word.add_paragraph("Here is the garden.")
    word.add_picture(io.BytesIO(jpeg(photo(2))))
    word.save(str(folder / "letter.docx"))
    made["letter.docx"] = folder / "letter.docx"
    deck = pptx.Presentation()
    deck.slides.add_slide(deck.slide_layouts[6])
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Our new shop"
    slide.shapes.add_picture(io.BytesIO(jpeg(photo(3))), 0, 0)
    deck.save(str(folder / "talk.pptx"))
    made["talk.pptx"] = folder / "talk.pptx"
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "A photo", "a@example.org", "b@example.org"
    mail.set_content("See the attachment.")
    mail.add_attachment(jpeg(photo(4)), "image", "jpeg", filename="p.jpg")
    (folder / "mail.eml").write_bytes(mail.as_bytes())
    made["mail.eml"] = folder / "mail.eml"
    return made


def test_each_kind_of_document_is_found_by_the_image_it_holds(
    library: Library, tmp_path: Path
) -> None:
    ended = library.ingest(*documents(tmp_path).values(), write_photo(tmp_path / "x.png", "red"))
    assert {f.status for f in ended} == {"indexed"}
    for seed, name in enumerate(("report.pdf", "letter.docx", "talk.pptx", "mail.eml"), 1):
        smaller = photo(seed).resize((160, 120))
        found = library.search(image=smaller)
        assert found.passages[0].asset == name
        assert "used" in found.passages[0].signals
        assert found.confident
    page = library.search(image=photo(1)).passages[0]
    assert isinstance(page.locator, PageLocator)
    assert page.locator.page == 2
    garden = library.search(image=photo(2)).passages[0]
    assert "garden" in garden.text
    other = library.search(image=photo(9)).passages
    assert all("used" not in passage.signals for passage in other)


def test_a_deleted_document_uses_nothing_any_more(library: Library, tmp_path: Path) -> None:
    (report,) = library.ingest(documents(tmp_path)["report.pdf"])
    assert report.asset_id is not None
    library.catalog.delete(report.asset_id, library.blobs)
    assert library.rows("figures") == 0
    assert library.search(image=photo(1)).passages == ()
