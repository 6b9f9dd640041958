"""Types by content; names are only ever shown."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from parsing import VOICE_NOTE, silence, write_wav
from PIL import Image

from retrieval.errors import FileEmpty, FileNotFound, FileTypeMismatch, FileTypeUnknown
from retrieval.sniff import DOCX, PPTX, XLSX, safe_name, sniff


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def picture(format_name: str) -> bytes:
    stream = io.BytesIO()
    Image.effect_noise((64, 64), 50).convert("RGB").save(stream, format_name)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("format_name", "media_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("TIFF", "image/tiff"),
        ("BMP", "image/bmp"),
    ],
)
def test_pictures_are_told_by_content_whatever_their_name(
    tmp_path: Path, format_name: str, media_type: str
) -> None:
    assert sniff(put(tmp_path, "photo.txt", picture(format_name))) == media_type


@pytest.mark.parametrize(
    ("main", "media_type"),
    [("word/document.xml", DOCX), ("ppt/presentation.xml", PPTX), ("xl/workbook.xml", XLSX)],
)
def test_office_files_are_told_by_what_is_inside_the_archive(
    tmp_path: Path, main: str, media_type: str
) -> None:
    path = tmp_path / "file.bin"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(main, "<x/>")
    assert sniff(path) == media_type


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.txt", b"Plain words in a plain file.\n", "text/plain"),
        ("notes.md", b"# Title\n\nSome *words* here.\n", "text/markdown"),
        ("t.csv", b"name;age\nAda;36\nAlan;41\n", "text/csv"),
        ("noname", b"<!DOCTYPE html><html><body><p>Hi</p></body></html>", "text/html"),
        ("page.html", b"<div><p>A fragment of a page</p></div>", "text/html"),
        ("x.eml", b"From: a@b.c\r\nTo: d@e.f\r\nSubject: Hi\r\n\r\nBody\r\n", "message/rfc822"),
        ("saved", b"From: a@b.c\r\nTo: d@e.f\r\nSubject: Hi\r\n\r\nBody\r\n", "message/rfc822"),
        ("u.txt", "Grüße aus Köln\n".encode("utf-16"), "text/plain"),
        ("raw.txt", "Plain text without a mark\n".encode("utf-16-le"), "text/plain"),
        ("zh.txt", "今天下午三点在会议室开会。\n".encode("gb18030"), "text/plain"),
        ("program.py", b"def f(x):\n    return x + 1\n", "text/plain"),
    ],
)
def test_kinds_of_text(tmp_path: Path, name: str, data: bytes, media_type: str) -> None:
    assert sniff(put(tmp_path, name, data)) == media_type


def test_recordings(tmp_path: Path) -> None:
    assert sniff(write_wav(tmp_path / "a.mp3", 0.5, silence)) == "audio/wav"
    assert sniff(VOICE_NOTE, "note.jpg") == "audio/mp4"


def test_an_archive_named_as_a_photo_is_a_mismatch(tmp_path: Path) -> None:
    path = tmp_path / "holiday.jpg"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(FileTypeMismatch, match="application/zip"):
        sniff(path)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("tool", b"\x7fELF\x02\x01\x01" + bytes(200)),
        ("noise.bin", bytes(range(256)) * 20),
        ("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'),
        ("letter.rtf", b"{\\rtf1\\ansi hello}"),
    ],
)
def test_what_no_parser_reads_is_unknown(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(FileTypeUnknown):
        sniff(put(tmp_path, name, data))


def test_an_archive_behind_a_picture_is_read_as_the_picture(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "x" * 1000)
    path = put(tmp_path, "two.png", picture("PNG") + stream.getvalue())
    assert sniff(path) == "image/png"  # its pixels are written anew; what follows them is dropped


def test_nothing_and_nowhere(tmp_path: Path) -> None:
    with pytest.raises(FileEmpty):
        sniff(put(tmp_path, "a.jpg", b""))
    with pytest.raises(FileNotFound):
        sniff(tmp_path / "gone.jpg")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../x", "x"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/etc/passwd", "passwd"),
        ("a\x00b\n\u202ec.txt", "abc.txt"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("发票 三月.pdf", "发票 三月.pdf"),
    ],
)
def test_safe_name(given: str, kept: str) -> None:
    assert safe_name(given) == kept
    assert len(safe_name("x" * 5000 + ".jpeg")) == 200
    assert safe_name("x" * 5000 + ".jpeg").endswith(".jpeg")
