"""Word documents: headings, paragraphs and tables in the order in which they stand.

Pages are a matter of layout that the file does not hold, so text is located by characters.
Knows nothing of chunks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from retrieval.errors import FileDamaged
from retrieval.parse.archive import check_archive
from retrieval.parse.base import Limits, ParseTools, Source, TextFlow, one_line
from retrieval.parse.figures import figure_of
from retrieval.parse.pictured import Pictured
from retrieval.values import Block, Figure, Header, Parsed

_ITEMS_A_UNIT = 200


def parse_docx(source: Source, limits: Limits, tools: ParseTools) -> Iterator[Parsed]:
    """Yield the body of a Word document; tables as rows ``a | b | c``; headers and notes last.

    Raises:
        FileBomb, FileDamaged, FileEncrypted: the archive is refused, or no document is in it.
    """
    check_archive(source)
    import docx

    try:
        document = docx.Document(str(source.path))
        items = list(document.iter_inner_content())
    except Exception as error:  # python-docx lets lxml, zip and key errors through alike
        raise FileDamaged(name=source.name, detail="it holds no whole document") from error
    units = 1 + len(items) // _ITEMS_A_UNIT
    yield Header("text", source.media_type, units, core_properties(document))
    flow, pictured = TextFlow(), Pictured(tools)
    for index, item in enumerate(items):
        unit = index // _ITEMS_A_UNIT
        block = _table(item, flow, unit) if hasattr(item, "rows") else _paragraph(item, flow, unit)
        if block:
            yield block
        yield from _figures(item, document, flow, limits, pictured, unit)
    yield from _margins(document, flow, units - 1)


def _figures(
    item: Any, document: Any, flow: TextFlow, limits: Limits, pictured: Pictured, unit: int
) -> Iterator[Figure | Block]:
    """Yield the images that stand in a paragraph or table, each with the words in it."""
    element = getattr(item, "_p", None) if hasattr(item, "_p") else getattr(item, "_tbl", None)
    if element is None:
        return
    for name in element.xpath(".//a:blip/@r:embed"):
        try:
            data = document.part.related_parts[name].blob
        except (KeyError, AttributeError):
            continue
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


def _paragraph(item: Any, flow: TextFlow, unit: int) -> Block | None:
    try:
        style = (item.style.name or "").lower()
    except (AttributeError, KeyError):
        style = ""
    if style.startswith(("heading", "title", "标题")) and item.text.strip():
        return flow.title(item.text, unit)
    text = item.text
    if style.startswith("list") and text.strip():
        text = f"• {text}"
    return flow.block(text, unit=unit)


def _table(item: Any, flow: TextFlow, unit: int) -> Block | None:
    rows: list[str] = []
    for row in item.rows:
        cells: list[str] = []
        seen: set[int] = set()
        for cell in row.cells:
            if id(cell._tc) in seen:  # a merged cell is listed once for each column it covers
                continue
            seen.add(id(cell._tc))
            cells.append(one_line(_cell_text(cell)))
        rows.append(" | ".join(cells))
    return flow.block("\n".join(row for row in rows if row.strip(" |")), "table", unit)


def _cell_text(cell: Any, depth: int = 0) -> str:
    parts = [cell.text]
    if depth < 3:
        for table in cell.tables:
            parts += [_cell_text(c, depth + 1) for row in table.rows for c in row.cells]
    return " ".join(parts)


def _margins(document: Any, flow: TextFlow, unit: int) -> Iterator[Parsed]:
    """Yield headers and footers, each text once: a letterhead names the sender."""
    seen: set[str] = set()
    for section in document.sections:
        for part in (section.header, section.footer):
            try:
                text = "\n".join(p.text for p in part.paragraphs if p.text.strip())
            except (KeyError, AttributeError):
                continue
            if text and text not in seen:
                seen.add(text)
                block = flow.block(text, unit=unit)
                if block:
                    yield block
