"""PDF by PDFium: words with boxes, reading order, headings, page images; scans by OCR.

PDFium must not be entered by two threads, so one lock guards it here. Knows nothing of chunks.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.errors import FileDamaged, FileEncrypted, FileTooLarge
from retrieval.marks import PageMarks, marks_of
from retrieval.parse.base import Limits, ParseTools, Source, one_line
from retrieval.parse.drawings import Drawn, drawings_of
from retrieval.parse.figures import figures_of_page
from retrieval.parse.layout import Line, Piece, pieces_of, reading_order, union
from retrieval.parse.paragraphs import blocks_of
from retrieval.parse.pdf_text import PageText, read_text
from retrieval.parse.pictured import Pictured
from retrieval.parse.pixels import picture_of
from retrieval.parse.ruled import Rules, rules_of, take_rows
from retrieval.values import Block, Box, Header, PageLocator, Parsed

if TYPE_CHECKING:
    from PIL.Image import Image

    from retrieval.charts.values import Chart

_LOCK = threading.Lock()
_SHOWN = 1100  # longest side of a page image, in pixels
_SCANNED = 1754  # longest side of a page to be recognised: A4 at 150 dots an inch


def parse_pdf(source: Source, limits: Limits, tools: ParseTools) -> Iterator[Parsed]:
    """Yield the header, then for each page its picture and its blocks.

    Raises:
        FileEncrypted: it needs a password.
        FileDamaged: PDFium cannot open it.
        FileTooLarge: more pages than ``limits.max_pages``.
    """
    document = _open(source)
    try:
        with _LOCK:
            count = len(document)
            metadata = _metadata(document)
        if count == 0:
            raise FileDamaged(name=source.name, detail="it has no pages")
        if count > limits.max_pages:
            limit = f"{limits.max_pages:,} pages"
            raise FileTooLarge(name=source.name, size=f"{count:,} pages", limit=limit)
        yield Header("text", source.media_type, count, {**metadata, "pages": count})
        heading = ""
        broken = 0
        pictured = Pictured(tools)
        for index in range(count):
            try:
                values, heading = _page(document, index, heading, tools, pictured)
            except _PageBroken as error:
                broken += 1
                if broken == count:
                    raise FileDamaged(name=source.name, detail="no page can be drawn") from error
                continue
            yield from values
    finally:
        with _LOCK:
            document.close()


def marked_pages(source: Source, numbers: Sequence[int]) -> Iterator[PageMarks]:
    """Yield what pages look like, by their numbers, 1-based; those that cannot be drawn are left
    out. Words are those of the text layer.

    Raises:
        FileEncrypted: it needs a password.
        FileDamaged: PDFium cannot open it.
    """
    import pypdfium2 as pdfium

    document = _open(source)
    try:
        for number in numbers:
            with _LOCK:
                try:
                    page = document[number - 1]
                except (pdfium.PdfiumError, IndexError):
                    continue
                try:
                    text = read_text(page)
                    width, height = page.get_size()
                    image = _render(page, width, height, _SCANNED)
                finally:
                    page.close()
            yield marks_of(image, [word for word, _, _ in text.upright], number)
    finally:
        with _LOCK:
            document.close()


class _PageBroken(Exception):
    """One page cannot be loaded; the others may."""


def _open(source: Source) -> Any:
    import pypdfium2 as pdfium
    import pypdfium2.raw as raw

    try:
        with _LOCK:
            document = pdfium.PdfDocument(source.path)
            document.init_forms()  # before any page, so that what was filled in is seen
            return document
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise FileEncrypted(name=source.name) from error
        raise FileDamaged(name=source.name, detail="it is not a whole PDF") from error


def _metadata(document: Any) -> dict[str, Any]:
    try:
        found = document.get_metadata_dict(skip_empty=True)
    except Exception:  # a broken information dictionary is no reason to refuse the pages
        return {}
    wanted = {"Title": "title", "Author": "author", "Subject": "subject", "CreationDate": "created"}
    return {key: one_line(str(found[name]))[:300] for name, key in wanted.items() if name in found}


def _page(
    document: Any, index: int, heading: str, tools: ParseTools, pictured: Pictured
) -> tuple[list[Parsed], str]:
    import pypdfium2 as pdfium

    with _LOCK:
        try:
            page = document[index]
        except pdfium.PdfiumError as error:
            raise _PageBroken from error
        try:
            width, height = page.get_size()
            text = read_text(page)
            image = _render(page, width, height, _SCANNED if text.scan else _SHOWN)
            figures = list(figures_of_page(page, index + 1))
            drawn = Drawn() if text.scan else drawings_of(page)
            rules = rules_of(page)
        finally:
            page.close()
    number = index + 1
    recognised: list[Block] = []
    if text.scan and _has_ink(image):
        image, recognised = _recognise(image, text, number, index, tools)
    aspect = height / max(width, 1e-6)
    charts, lines = _drawn(document, index, image, text, drawn, pictured)
    text = _without(text, charts)
    blocks, heading = _blocks(text, rules, aspect, index, heading)
    picture = picture_of(image, _SHOWN, quality=80, page=number, unit=index)
    recognised += blocks_of(reading_order(lines, aspect), "ocr", number, index, heading)[0]
    told = _told(charts, number, index, heading)
    return [picture, *blocks, *recognised, *told, *figures], heading


def _drawn(
    document: Any,
    index: int,
    image: Image,
    text: PageText,
    drawn: Drawn,
    pictured: Pictured,
) -> tuple[list[Chart], list[Piece]]:
    """Return the charts of a page that has drawings, and the lines in its pictures; it is drawn
    anew, larger, for those."""
    if drawn == Drawn():
        return [], []
    from retrieval.parse.charts import DRAWN, charts_of_page

    def draw() -> Image:
        with _LOCK:
            page = document[index]
            try:
                width, height = page.get_size()
                return _render(page, width, height, DRAWN)
            finally:
                page.close()

    words = [word for word, _, _ in text.upright]
    return charts_of_page(image, draw, drawn, words, pictured)


def _told(charts: list[Chart], number: int, index: int, heading: str) -> list[Block]:
    if not charts:
        return []
    from retrieval.parse.charts import block_of

    return [block_of(c, PageLocator(number, (c.box,)), index, heading) for c in charts]


def _without(text: PageText, charts: list[Chart]) -> PageText:
    """Return the words of a page that its charts do not tell."""
    if not charts:
        return text
    from retrieval.parse.charts import untold

    kept = untold([word for word, _, _ in text.upright], charts)
    return replace(text, upright=list(compress(text.upright, kept)))


def _recognise(
    image: Image, text: PageText, number: int, index: int, tools: ParseTools
) -> tuple[Image, list[Block]]:
    """Read a page's pixels; what its text layer says already is not said twice."""
    from retrieval.parse.charts import chart_of_scan

    known = [word.box for word, _, _ in text.upright if word.box is not None]
    read = tools.ocr.read(image)
    if known and read.turn:  # its text layer knows which way is up
        return image, []
    image = read.turned(image)
    pieces = [piece for piece in read.pieces if not _covered(piece.box, known)]
    regions = reading_order(pieces, image.height / image.width)
    blocks = blocks_of(regions, "ocr", number, index, "")[0]
    return image, [*blocks, *chart_of_scan(image, read.pieces, number)]


def _covered(box: Box, known: list[Box]) -> bool:
    """Whether half of a line lies under words of the text layer."""
    shared = 0.0
    for other in known:
        wide = min(box[2], other[2]) - max(box[0], other[0])
        high = min(box[3], other[3]) - max(box[1], other[1])
        if wide > 0 and high > 0:
            shared += wide * high
    return shared > 0.4 * (box[2] - box[0]) * (box[3] - box[1])


def _blocks(
    text: PageText, rules: Rules, aspect: float, index: int, heading: str
) -> tuple[list[Block], str]:
    number = index + 1
    words, rows = take_rows(text.upright, rules, aspect)
    regions = reading_order([*pieces_of(words, aspect), *rows], aspect)
    blocks, heading = blocks_of(regions, "body", number, index, heading, aspect)
    if text.sideways:
        # Text on end has no rows in this direction; its own writing order is kept.
        boxes = [word.box for word in text.sideways if word.box is not None]
        joined = Line((Piece(tuple(text.sideways), union(boxes)),), union(boxes))
        blocks += blocks_of([[joined]], "body", number, index, heading)[0]
    return blocks, heading


def _render(page: Any, width: float, height: float, longest: int) -> Image:
    scale = longest / max(width, height, 1.0)
    bitmap = page.render(scale=scale, may_draw_forms=True)
    image: Image = bitmap.to_pil().convert("RGB")
    bitmap.close()
    return image


def _has_ink(image: Image) -> bool:
    grey = np.asarray(image.convert("L").resize((256, 256)))
    return bool(grey.std() > 1.5)
