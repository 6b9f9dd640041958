"""The text of a Word document's elements as a reader sees it: with what was inserted and without
what was deleted, with what stands in fields, forms, formulas and text boxes.

Content controls that still show their prompt ("Click here to enter text") are passed over, and so
are tables of contents that Word keeps up, whose lines all come again. Knows XML elements only, no
styles and no files.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from retrieval.parse.base import one_line

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_MARKUP = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_GONE = (f"{W}del", f"{W}moveFrom", f"{_MARKUP}Fallback")
"""What no reader sees, and what says again what stands beside it."""
_APART = {
    *_GONE, f"{W}pPr", f"{W}rPr", f"{W}sdtPr", f"{W}drawing", f"{W}pict", f"{W}object", f"{W}rt",
}  # fmt: skip
"""What is no text of the paragraph that it stands in."""
_SIGNS = {f"{W}tab": "\t", f"{W}ptab": "\t", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}
_WRAPPERS = {f"{W}{name}" for name in ("sdtContent", "ins", "moveTo", "customXml")}
_DEEPEST = 3


def children(parent: Any, *names: str) -> Iterator[Any]:
    """Yield the children of these names (``p``, ``tbl``), those in content controls among them."""
    tags = {f"{W}{name}" for name in names}
    for child in parent:
        if child.tag in tags:
            yield child
        elif child.tag in _WRAPPERS or (child.tag == f"{W}sdt" and not _is_prompt(child)):
            yield from children(child, *names)


def text_of(paragraph: Any) -> str:
    """Return the text of a paragraph."""
    return "".join(_runs(paragraph))


def rows_of(table: Any) -> Iterator[list[str]]:
    """Yield the cells of each row; one that reaches over several rows is in each of them."""
    above: dict[int, str] = {}
    for row in children(table, "tr"):
        told, column, cells = dict[int, str](), 0, list[str]()
        before = row.find(f"{W}trPr/{W}gridBefore")
        column += 0 if before is None else _number(before)
        for cell in children(row, "tc"):
            span, merged = (cell.find(f"{W}tcPr/{W}{name}") for name in ("gridSpan", "vMerge"))
            again = merged is not None and merged.get(f"{W}val", "continue") == "continue"
            told[column] = above.get(column, "") if again else one_line(_cell(cell))
            cells.append(told[column])
            column += 1 if span is None else max(1, _number(span))
        yield cells
        above = told


def lines_of(parent: Any) -> Iterator[str]:
    """Yield the paragraphs and the rows of tables in a text box, note, header or comment."""
    for child in children(parent, "p", "tbl"):
        if child.tag == f"{W}p":
            yield text_of(child)
        else:
            yield from (" | ".join(cells) for cells in rows_of(child))


def within(element: Any, tag: str) -> Iterator[Any]:
    """Yield the elements of a tag that a reader sees anywhere in an element, text boxes too."""
    for one in element.iter(tag):
        if not any(above.tag in _GONE for above in one.iterancestors()):
            yield one


def text_boxes(element: Any) -> Iterator[str]:
    """Yield what stands in the text boxes that are anchored in a paragraph or table."""
    for box in within(element, f"{W}txbxContent"):
        yield "\n".join(line for line in lines_of(box) if line.strip())


def _runs(element: Any) -> Iterator[str]:
    for child in element:
        tag = child.tag
        if tag in (f"{W}t", f"{_MATH}t"):
            yield child.text or ""
        elif tag == f"{W}br":
            yield "\n" if child.get(f"{W}type", "textWrapping") == "textWrapping" else ""
        elif tag in _SIGNS:
            yield _SIGNS[tag]
        elif tag not in _APART and not (tag == f"{W}sdt" and _is_prompt(child)):
            yield from _runs(child)


def _is_prompt(control: Any) -> bool:
    """Whether a content control shows its prompt, or is a table of contents."""
    if control.find(f"{W}sdtPr/{W}showingPlcHdr") is not None:
        return True
    gallery = control.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
    return gallery is not None and gallery.get(f"{W}val") == "Table of Contents"


def _cell(cell: Any, depth: int = 0) -> str:
    parts = []
    for child in children(cell, "p", "tbl"):
        if child.tag == f"{W}p":
            parts.append(text_of(child))
        elif depth < _DEEPEST:
            rows = children(child, "tr")
            parts += [_cell(inner, depth + 1) for row in rows for inner in children(row, "tc")]
    return "\n".join(parts)


def _number(element: Any) -> int:
    value = element.get(f"{W}val", "")
    return int(value) if value.isdecimal() and len(value) < 5 else 0
