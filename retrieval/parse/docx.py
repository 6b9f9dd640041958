"""Word documents: headings, paragraphs, tables and charts in the order in which they stand.

Text boxes, notes and comments come after the paragraph they belong to, headers and footers last.
Pages are a matter of layout that the file does not hold, so text is located by characters.
Knows nothing of chunks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from retrieval.errors import FileDamaged
from retrieval.parse.archive import check_archive
from retrieval.parse.base import Limits, ParseTools, Source, TextFlow, one_line
from retrieval.parse.figures import figure_of
from retrieval.parse.native_charts import apart, read_native
from retrieval.parse.office_xml import texts_of
from retrieval.parse.pictured import Pictured
from retrieval.parse.word_notes import WordNotes
from retrieval.parse.word_text import W, children, lines_of, rows_of, text_boxes, text_of, within
from retrieval.values import Block, ChunkKind, Figure, Header, Parsed

_ITEMS_A_UNIT = 200
_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


def parse_docx(source: Source, limits: Limits, tools: ParseTools) -> Iterator[Parsed]:
    """Yield the body of a Word document; tables as rows ``a | b | c``; headers and footers last.

    Raises:
        FileBomb, FileDamaged, FileEncrypted: the archive is refused, or no document is in it.
    """
    check_archive(source)
    import docx

    try:
        document = docx.Document(str(source.path))
        items = list(children(document.element.body, "p", "tbl"))
        notes = WordNotes(document)
    except Exception as error:  # python-docx lets lxml, zip and key errors through alike
        raise FileDamaged(name=source.name, detail="it holds no whole document") from error
    units = 1 + len(items) // _ITEMS_A_UNIT
    yield Header("text", source.media_type, units, core_properties(document))
    flow, pictured, told = TextFlow(), Pictured(tools), set[str]()
    for index, item in enumerate(items):
        unit = index // _ITEMS_A_UNIT
        if item.tag == f"{W}tbl":
            block = _table(item, flow, unit)
        else:
            block = _paragraph(item, _style(item, document), flow, unit)
        drawn = _drawn(items, index, document, flow.heading, told)
        aside = (flow.block(text, unit=unit) for text in (*text_boxes(item), *notes.beside(item)))
        tables = (flow.block(text, kind, unit) for text, kind in drawn)
        yield from (one for one in (block, *tables, *aside) if one)
        yield from _figures(item, document, flow, limits, pictured, unit)
    yield from _margins(document, flow, units - 1)


def _drawn(
    items: Sequence[Any], index: int, document: Any, heading: str, told: set[str]
) -> Iterator[tuple[str, ChunkKind]]:
    """Yield the charts and diagrams that stand in a paragraph or table, as text.

    Args:
        heading: what a chart is called that has neither a title nor a caption.
        told: heads of the charts before.
    """
    for one in within(items[index], _CHART):
        named = _caption(items, index, document) or heading
        native = read_native(_part(document, one.get(f"{_LINK}id")), named)
        for chart in apart(native.charts, told):
            yield chart.text(), "chart"
        yield native.text, "body"
    for one in within(items[index], _DIAGRAM):
        yield "\n".join(texts_of(_part(document, one.get(f"{_LINK}dm")))), "body"


def _part(document: Any, name: str | None) -> bytes:
    """Return what a name of the document's links leads to; nothing when that is missing."""
    try:
        data: bytes = document.part.related_parts[name].blob
    except (KeyError, AttributeError):
        return b""
    return data


def _figures(
    item: Any, document: Any, flow: TextFlow, limits: Limits, pictured: Pictured, unit: int
) -> Iterator[Figure | Block]:
    """Yield the images that stand in a paragraph or table, each with the words in it."""
    for name in item.xpath(".//a:blip/@r:embed"):
        data = _part(document, name)
        if (figure := figure_of(data, limits, position=flow.position, unit=unit)) is not None:
            yield figure
        if said := flow.block(pictured.text(data, limits), "ocr", unit):
            yield said


def core_properties(document: Any) -> dict[str, Any]:
    """Return title, author and dates of an Office file, those that are set."""
    try:
        core = document.core_properties
        found = {"title": core.title, "author": core.author, "subject": core.subject}
        if core.created:
            found["created"] = core.created.isoformat()
    except Exception:  # broken properties are no reason to refuse the text
        return {}
    return {key: one_line(value)[:300] for key, value in found.items() if value}


def _style(paragraph: Any, document: Any) -> str:
    """Return the name of a paragraph's style in small letters."""
    from docx.text.paragraph import Paragraph

    styled: Any = Paragraph(paragraph, document._body)
    try:
        return (styled.style.name or "").lower()
    except (AttributeError, KeyError):
        return ""


def _caption(items: Sequence[Any], index: int, document: Any) -> str:
    """Return the caption below or above what stands in a paragraph; nothing when it has none."""
    for near in (*items[index + 1 : index + 2], *items[max(0, index - 1) : index]):
        if near.tag == f"{W}p" and _style(near, document).startswith(("caption", "题注")):
            return one_line(text_of(near))
    return ""


def _paragraph(item: Any, style: str, flow: TextFlow, unit: int) -> Block | None:
    text = text_of(item)
    if style.startswith(("heading", "title", "标题")) and text.strip():
        return flow.title(text, unit)
    if style.startswith("list") and text.strip():
        text = f"• {text}"
    return flow.block(text, unit=unit)


def _table(item: Any, flow: TextFlow, unit: int) -> Block | None:
    rows = (" | ".join(cells) for cells in rows_of(item))
    return flow.block("\n".join(row for row in rows if row.strip(" |")), "table", unit)


def _margins(document: Any, flow: TextFlow, unit: int) -> Iterator[Parsed]:
    """Yield headers and footers, each text once: a letterhead names the sender."""
    seen: set[str] = set()
    for section in document.sections:
        parts = [section.header, section.footer]
        if section.different_first_page_header_footer:
            parts += [section.first_page_header, section.first_page_footer]
        if document.settings.odd_and_even_pages_header_footer:
            parts += [section.even_page_header, section.even_page_footer]
        for part in parts:
            try:
                lines = [*lines_of(part._element), *text_boxes(part._element)]
            except (KeyError, AttributeError):
                continue
            text = "\n".join(line for line in lines if line.strip())
            if text and text not in seen:
                seen.add(text)
                block = flow.block(text, unit=unit)
                if block:
                    yield block
