"""What a file is, by its content. The name only breaks ties between kinds of plain text.

Signatures decide for binary formats, and the decoder has the last word; magika, a small model
over the bytes, decides for text and must not see a program behind a signature. Knows nothing of
how a format is read.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.errors import (
    FileDamaged,
    FileEmpty,
    FileEncrypted,
    FileNotFound,
    FileTypeMismatch,
    FileTypeUnknown,
)

if TYPE_CHECKING:
    from magika import Magika

_HEAD = 64 << 10
_OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX = _OFFICE + "wordprocessingml.document"
PPTX = _OFFICE + "presentationml.presentation"
XLSX = _OFFICE + "spreadsheetml.sheet"
ZIP = "application/zip"
OLE = "application/x-ole-storage"

EXTENSIONS: dict[str, str] = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".bmp": "image/bmp",
    ".heic": "image/heic",
    ".heif": "image/heic",
    ".pdf": "application/pdf",
    ".docx": DOCX,
    ".pptx": PPTX,
    ".xlsx": XLSX,
    ".csv": "text/csv",
    ".tsv": "text/csv",
    ".html": "text/html",
    ".htm": "text/html",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".txt": "text/plain",
    ".eml": "message/rfc822",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".oga": "audio/ogg",
    ".webm": "audio/webm",
}
"""Every extension taken when folders are walked, with the type it usually means."""

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"\x1aE\xdf\xa3", "audio/webm"),
    (b"ID3", "audio/mpeg"),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"{\\rtf", "application/rtf"),
    (b"%!PS", "application/postscript"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ", "application/x-dosexec"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
)
_BINARY = frozenset(EXTENSIONS.values()) - {
    "text/csv",
    "text/html",
    "text/markdown",
    "text/plain",
    "message/rfc822",
}
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif"})
_MAIL_FIELD = re.compile(
    rb"^(from|to|subject|date|received|message-id|mime-version|return-path|delivered-to)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_HTML_START = re.compile(
    rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)", re.I | re.S
)
_HTML_TAG = re.compile(rb"<(?:html|head|body|div|p|h[1-6]|table|title|span|a)[\s>]", re.I)


def safe_name(name: str) -> str:
    """Return the base name alone, without control characters; never empty, at most 200 long.

    ``../../x`` becomes ``x``: a name is only ever shown, never joined to a path.
    """
    base = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    kept = "".join(c for c in base if unicodedata.category(c)[0] != "C").strip()
    if kept in ("", ".", ".."):
        return "unnamed"
    if len(kept) > 200:
        suffix = Path(kept).suffix[:12]
        kept = kept[: 200 - len(suffix)] + suffix
    return kept


def sniff(path: Path, name: str = "") -> str:
    """Return the media type of a file that can be read.

    Args:
        path: the file.
        name: what it was called; used in messages and between kinds of text.

    Raises:
        FileNotFound, FileEmpty: there is no file, or nothing in it.
        FileTypeUnknown: no parser reads it.
        FileTypeMismatch: as before, and its name claims a type that can be read.
        FileEncrypted: an Office file under a password.
    """
    name = safe_name(name or path.name)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise FileNotFound(name=name) from error
    if not head:
        raise FileEmpty(name=name)
    found = _by_signature(head)
    if found in (ZIP, OLE):
        found = _inside_zip(path, name) if found == ZIP else _inside_ole(path, name)
    if found in _BINARY:
        if not found.startswith("image/"):  # decoding and writing it anew is the second opinion
            _no_contradiction(path, name)
        return found
    if found is None:
        found = _by_text(path, head, name)
    if found in _BINARY or found.startswith("text/") or found == "message/rfc822":
        return found
    if EXTENSIONS.get(Path(name).suffix.lower(), found) != found:
        raise FileTypeMismatch(name=name, media_type=found)
    raise FileTypeUnknown(name=name, media_type=found)


def _by_signature(head: bytes) -> str | None:
    for start, media_type in _SIGNATURES:
        if head.startswith(start):
            return media_type
    if head[:4] == b"RIFF":
        return {b"WAVE": "audio/wav", b"WEBP": "image/webp"}.get(head[8:12])
    if head[:4] == b"RF64" and head[8:12] == b"WAVE":
        return "audio/wav"
    if head[:2] == b"BM" and len(head) > 26 and head[14] in (12, 40, 52, 56, 64, 108, 124):
        return "image/bmp"
    if head[4:8] == b"ftyp":
        return "image/heic" if head[8:12] in _HEIF_BRANDS else "audio/mp4"
    if b"%PDF-" in head[:1024]:
        return "application/pdf"
    if _mpeg_frame(head):
        return "audio/mpeg"
    return None


def _mpeg_frame(head: bytes) -> bool:
    """Two MPEG audio layer III headers in a row, the second where the first says it is."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    version, bitrate, rate = (head[1] >> 3) & 3, head[2] >> 4, (head[2] >> 2) & 3
    if version == 1 or bitrate in (0, 15) or rate == 3:
        return False
    kbps = (
        (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
        if version == 3
        else (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    )[bitrate]
    hertz = (44100, 48000, 32000)[rate] // {3: 1, 2: 2, 0: 4}[version]
    size = (144 if version == 3 else 72) * kbps * 1000 // hertz + ((head[2] >> 1) & 1)
    following = head[size : size + 2]
    return len(following) < 2 or (following[0] == 0xFF and following[1] & 0xE6 == 0xE2)


def _inside_zip(path: Path, name: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        wanted = EXTENSIONS.get(Path(name).suffix.lower())
        if wanted in (DOCX, PPTX, XLSX):
            raise FileDamaged(name=name, detail="its archive cannot be opened") from error
        return ZIP
    for main, media_type in (
        ("word/document.xml", DOCX),
        ("ppt/presentation.xml", PPTX),
        ("xl/workbook.xml", XLSX),
    ):
        if main in names and "[Content_Types].xml" in names:
            return media_type
    return ZIP


def _inside_ole(path: Path, name: str) -> str:
    """Old Office formats, or a new one encrypted: the latter holds a stream of that name."""
    with path.open("rb") as file:
        content = file.read(4 << 20)
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise FileEncrypted(name=name)
    return OLE


def _no_contradiction(path: Path, name: str) -> None:
    """Refuse a file with two faces: by its first bytes a recording, by all the rest a program."""
    guess = _magika().identify_path(path)
    if guess.ok and guess.score >= 0.95 and guess.output.group == "executable":
        raise FileTypeMismatch(name=name, media_type=str(guess.output.mime_type))


def _by_text(path: Path, head: bytes, name: str) -> str:
    suffix = Path(name).suffix.lower()
    if not _is_text(head):
        guess = _magika().identify_path(path)
        mime = str(guess.output.mime_type) if guess.ok else "application/octet-stream"
        return "application/octet-stream" if mime.startswith("text/") else mime
    plain = head.removeprefix(b"\xef\xbb\xbf")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        plain = head.decode("utf-16", "ignore").encode()
    if re.match(
        rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg\b", plain, re.S
    ):
        return "image/svg+xml"
    if _HTML_START.match(plain) or (suffix in (".html", ".htm") and _HTML_TAG.search(plain)):
        return "text/html"
    if _is_mail(plain, suffix):
        return "message/rfc822"
    if suffix in (".md", ".markdown"):
        return "text/markdown"
    if suffix in (".csv", ".tsv"):
        return "text/csv"
    if suffix != ".txt":
        guess = _magika().identify_path(path)
        known = {"csv": "text/csv", "tsv": "text/csv", "markdown": "text/markdown"}
        if guess.ok and guess.score > 0.9:
            return known.get(str(guess.output.label), "text/plain")
    return "text/plain"


def _is_mail(head: bytes, suffix: str) -> bool:
    header = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]
    fields = {match.group(1).lower() for match in _MAIL_FIELD.finditer(header)}
    starts = re.match(rb"^[A-Za-z][A-Za-z0-9-]*[ \t]*:", header) is not None
    return starts and len(fields) >= (1 if suffix == ".eml" else 3)


def _is_text(head: bytes) -> bool:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    if b"\x00" in head:
        # UTF-16 without a mark: nearly every second byte of Western text is zero.
        even, odd = head[0::2].count(0), head[1::2].count(0)
        return max(even, odd) > 0.4 * len(head) / 2 and min(even, odd) < 0.01 * len(head)
    control = sum(head.count(bytes([c])) for c in range(32) if c not in (9, 10, 12, 13, 27))
    return control <= 0.005 * len(head)


@cache
def _magika() -> Magika:
    """The model, loaded once a process."""
    from magika import Magika

    return Magika()
