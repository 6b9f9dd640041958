"""Files that are empty, cut off, locked, disguised, or meant to explode: each ends in words."""

from __future__ import annotations

import io
import struct
import time
import zipfile
import zlib
from pathlib import Path

import docx
import openpyxl
import pytest
from parsing import noise, page, read, silence, write_wav
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from retrieval.errors import (
    AudioEmpty,
    FileBomb,
    FileDamaged,
    FileEmpty,
    FileEncrypted,
    FileNotFound,
    FileRejected,
    FileTooLarge,
    FileTypeMismatch,
    FileTypeUnknown,
)
from retrieval.parse import Limits


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def photo() -> bytes:
    stream = io.BytesIO()
    Image.effect_noise((800, 600), 80).convert("RGB").save(stream, "JPEG", quality=90)
    return stream.getvalue()


def pdf(**settings: object) -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, **settings)  # type: ignore[arg-type]
    for number in range(30):
        canvas.drawString(72, 700, f"Page {number}")
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


@pytest.mark.parametrize("name", ["a.jpg", "a.pdf", "a.txt", "a.wav", "a.docx", "a"])
def test_empty_files(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileEmpty, match=f"{name} is empty"):
        read(put(tmp_path, name, b""))


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.csv", "a.html"])
def test_files_of_nothing_but_white_space(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileEmpty):
        read(put(tmp_path, name, b" \n\n\t\n \xe2\x80\x8b\n"))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFound):
        read(tmp_path / "gone.pdf")


def test_a_recording_of_no_length(tmp_path: Path) -> None:
    with pytest.raises(AudioEmpty):
        read(write_wav(tmp_path / "a.wav", 0, silence))


def test_silence_and_noise_bring_no_words(tmp_path: Path) -> None:
    for name, sound in (("quiet.wav", silence), ("hiss.wav", noise(0.2))):
        with pytest.raises(AudioEmpty, match="no audible speech"):
            read(write_wav(tmp_path / name, 5, sound))


def huge_png(width: int, height: int) -> bytes:
    """A PNG of the size stated, grey, made row by row: 400 megapixels in 50 kB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    packer = zlib.compressobj(9)
    row = bytes(width // 8 + 1)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def test_an_image_of_400_megapixels_is_refused_from_its_header(tmp_path: Path) -> None:
    path = put(tmp_path, "wall.png", huge_png(20_000, 20_000))
    assert path.stat().st_size < 100_000
    begun = time.process_time()
    with pytest.raises(FileTooLarge, match=r"400 megapixels \(20,000 × 20,000\).*100 megapixels"):
        read(path)
    assert time.process_time() - begun < 2


def test_pictures_that_break_off(tmp_path: Path) -> None:
    data = photo()
    with pytest.raises(FileDamaged, match=r"cut\.jpg is damaged or cut off"):
        read(put(tmp_path, "cut.jpg", data[: len(data) // 2]))
    with pytest.raises(FileDamaged):
        read(put(tmp_path, "head.jpg", data[:300]))
    stream = io.BytesIO()
    Image.effect_noise((300, 300), 50).save(stream, "PNG")
    with pytest.raises(FileDamaged):
        read(put(tmp_path, "cut.png", stream.getvalue()[:2000]))


def test_pdfs_that_break_off_or_are_none(tmp_path: Path) -> None:
    data = pdf()
    for name, part in (
        ("cut.pdf", data[:700]),
        ("head.pdf", data[:60]),
        ("junk.pdf", b"%PDF-1.7\n" + bytes(4000)),
    ):
        with pytest.raises(FileDamaged, match=name):
            read(put(tmp_path, name, part))


def test_a_pdf_without_its_last_part_is_read_as_far_as_it_goes_or_refused(tmp_path: Path) -> None:
    data = pdf()
    try:
        found = read(put(tmp_path, "a.pdf", data[: int(len(data) * 0.9)]))
        assert found.blocks
    except FileDamaged as error:
        assert "a.pdf" in str(error)


def test_a_pdf_under_a_password(tmp_path: Path) -> None:
    locked = pdf(encrypt=StandardEncryption("secret", canPrint=0))
    with pytest.raises(FileEncrypted, match=r"a\.pdf is protected by a password"):
        read(put(tmp_path, "a.pdf", locked))


def test_an_office_file_under_a_password(tmp_path: Path) -> None:
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(FileEncrypted):
        read(put(tmp_path, "a.docx", data + bytes(400)))


def test_disguises(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("payload.txt", "hello " * 100)
    with pytest.raises(FileTypeMismatch, match="not what its name says"):
        read(put(tmp_path, "a.jpg", stream.getvalue()))
    with pytest.raises(FileTypeUnknown):
        read(put(tmp_path, "a.zip", stream.getvalue()))
    with pytest.raises(FileTypeMismatch):
        read(put(tmp_path, "a.docx", stream.getvalue()))
    assert read(put(tmp_path, "real.pdf", photo())).header.media_type == "image/jpeg"
    with pytest.raises(FileTypeUnknown):
        read(put(tmp_path, "a.bin", bytes(range(256)) * 40))


def test_only_the_base_name_is_ever_used(tmp_path: Path) -> None:
    found = read(put(tmp_path, "x", photo()), name="../../../etc/summer\x00.jpg")
    (sentence,) = found.blocks
    assert sentence.text.startswith("Photo summer.jpg")
    with pytest.raises(FileEmpty, match="^x is empty"):
        read(put(tmp_path, "y", b""), name="../../x")


def explode(path: Path, part: str, size: int) -> Path:
    """Add a part of ``size`` equal bytes to an Office file."""
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open(part, "w", force_zip64=True) as out,
    ):
        block = b" " * (1 << 20)
        for _ in range(size >> 20):
            out.write(block)
    return path


def test_office_files_that_would_explode(tmp_path: Path) -> None:
    docx.Document().save(str(tmp_path / "a.docx"))
    explode(tmp_path / "a.docx", "word/bomb.xml", 64 << 20)
    assert (tmp_path / "a.docx").stat().st_size < 200_000
    with pytest.raises(FileBomb, match=r"a\.docx would unpack to far more"):
        read(tmp_path / "a.docx")
    openpyxl.Workbook().save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx", "a") as archive:
        for number in range(20_001):
            archive.writestr(f"xl/media/{number}", "")
    with pytest.raises(FileBomb, match="entries"):
        read(tmp_path / "a.xlsx")


def test_an_archive_whose_directory_lies(tmp_path: Path) -> None:
    docx.Document().save(str(tmp_path / "a.docx"))
    explode(tmp_path / "a.docx", "word/bomb.xml", 16 << 20)
    data = bytearray((tmp_path / "a.docx").read_bytes())
    honest = struct.pack("<I", 16 << 20)
    at = data.rindex(honest)
    data[at : at + 4] = struct.pack("<I", 1000)
    (tmp_path / "a.docx").write_bytes(data)
    with pytest.raises((FileBomb, FileDamaged)):
        read(tmp_path / "a.docx")


def test_office_files_that_break_off_or_hold_nothing(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("word " * 5000)
    document.save(str(tmp_path / "a.docx"))
    data = (tmp_path / "a.docx").read_bytes()
    with pytest.raises(FileDamaged):
        read(put(tmp_path, "cut.docx", data[: len(data) // 2]))
    docx.Document().save(str(tmp_path / "none.docx"))
    with pytest.raises(FileEmpty):
        read(tmp_path / "none.docx")


def test_entities_in_office_xml_are_not_expanded(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("MARK")
    document.save(str(tmp_path / "plain.docx"))
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE d [<!ENTITY l0 "lol">{lol}<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    with (
        zipfile.ZipFile(tmp_path / "plain.docx") as old,
        zipfile.ZipFile(tmp_path / "a.docx", "w") as new,
    ):
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == "word/document.xml":
                data = data.replace(b"?>", b"?>" + bomb.encode(), 1).replace(
                    b"MARK", b"MARK &l9; &f;"
                )
            new.writestr(entry, data)
    try:
        text = read(tmp_path / "a.docx").text
        assert "lollol" not in text
        assert "root:" not in text
    except FileRejected as error:
        assert "a.docx" in str(error)


def test_too_many_bytes(tmp_path: Path) -> None:
    with pytest.raises(FileTooLarge, match="3 MB, the limit is 2 MB"):
        read(put(tmp_path, "a.txt", b"word " * (600 << 10)), limits=Limits(max_bytes=2 << 20))


def test_a_font_without_unicode_is_read_from_its_pixels(tmp_path: Path) -> None:
    """Its codes mean nothing, so the words have to come from how they look."""
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(600, 400))
    image = io.BytesIO()
    page((1200, 800), {(100, 200): "Words that only pixels tell"}, 48).save(image, "PNG")
    from reportlab.lib.utils import ImageReader

    canvas.drawImage(ImageReader(image), 0, 0, 600, 400)
    canvas.save()
    assert "Words that only pixels tell" in read(tmp_path / "a.pdf").text
