"""Which parser reads which type, and the one way in. Adding a format is one file and one row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from retrieval.errors import FileDamaged, FileEmpty, FileNotFound, FileTooLarge, SightlineError
from retrieval.marks import PageMarks
from retrieval.parse.audio import parse_audio
from retrieval.parse.base import Limits, Parser, ParseTools, Source, readable_size
from retrieval.parse.docx import parse_docx
from retrieval.parse.email import parse_email
from retrieval.parse.html import parse_html
from retrieval.parse.image import parse_image
from retrieval.parse.pdf import marked_pages, parse_pdf
from retrieval.parse.pptx import parse_pptx
from retrieval.parse.text import parse_csv, parse_markdown, parse_text
from retrieval.parse.xlsx import parse_xlsx
from retrieval.sniff import DOCX, PPTX, XLSX, safe_name, sniff
from retrieval.values import Header, Parsed

_Value = TypeVar("_Value")

PARSERS: dict[str, Parser] = {
    "image/jpeg": parse_image,
    "image/png": parse_image,
    "image/webp": parse_image,
    "image/gif": parse_image,
    "image/tiff": parse_image,
    "image/bmp": parse_image,
    "image/heic": parse_image,
    "application/pdf": parse_pdf,
    DOCX: parse_docx,
    PPTX: parse_pptx,
    XLSX: parse_xlsx,
    "text/csv": parse_csv,
    "text/html": parse_html,
    "text/markdown": parse_markdown,
    "text/plain": parse_text,
    "message/rfc822": parse_email,
    "audio/wav": parse_audio,
    "audio/mpeg": parse_audio,
    "audio/mp4": parse_audio,
    "audio/flac": parse_audio,
    "audio/ogg": parse_audio,
    "audio/webm": parse_audio,
}


def parse(path: Path, name: str, limits: Limits, tools: ParseTools) -> Iterator[Parsed]:
    """Read one file: a ``Header`` first, then blocks and pictures as they are found.

    Args:
        path: the file.
        name: what it was called; only its base name is used.
        limits: the most it may hold.
        tools: recognisers of characters and speech.

    Raises:
        FileRejected: it cannot be taken, and why.
        WeightsError: a model it needs is missing.
    """
    name = safe_name(name)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise FileNotFound(name=name) from error
    if size > limits.max_bytes:
        limit = readable_size(limits.max_bytes)
        raise FileTooLarge(name=name, size=readable_size(size), limit=limit)
    source = Source(path, name, sniff(path, name))
    found = False
    for value in _refusing(name, PARSERS[source.media_type](source, limits, tools)):
        found = found or not isinstance(value, Header)
        yield value
    if not found:
        raise FileEmpty(name=name)


def look(path: Path, name: str, pages: Sequence[int]) -> Iterator[PageMarks]:
    """Look at pages of a PDF, by their numbers, 1-based: see ``marks``.

    Raises:
        FileRejected: it is not there, or cannot be drawn.
    """
    name = safe_name(name)
    if not path.is_file():
        raise FileNotFound(name=name)
    yield from _refusing(name, marked_pages(Source(path, name, "application/pdf"), pages))


def _refusing(name: str, values: Iterator[_Value]) -> Iterator[_Value]:
    """Pass values on; whatever goes wrong is an error of the file."""
    try:
        yield from values
    except SightlineError:
        raise
    except MemoryError as error:
        raise FileDamaged(name=name, detail="reading it took all the memory allowed") from error
    except RecursionError as error:
        detail = "its parts lie inside each other too deeply"
        raise FileDamaged(name=name, detail=detail) from error
    except Exception as error:  # a parser met a file its author did not think of
        raise FileDamaged(name=name, detail=f"its content is not valid ({error})"[:200]) from error
