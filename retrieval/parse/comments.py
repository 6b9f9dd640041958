"""What readers wrote at the edge of slides and sheets: comments, each with who wrote it.

The parts that hold them differ by program and year, but a comment is in all of them an element
that names its author, with its text inside. Knows no slides, sheets or documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from retrieval.parse.base import one_line
from retrieval.parse.office_xml import root_of

_COMMENTS = ("cm", "reply", "comment", "threadedComment")
_STUB = "[Threaded comment]"
"""Begins the text that stands in for a conversation where a program knows none."""


def names_in(xml: bytes) -> dict[str, str]:
    """Return the authors of comments by their numbers; none of a damaged part."""
    found: dict[str, str] = {}
    for count, one in enumerate(_elements(xml, ("cmAuthor", "author", "person"))):
        name = one.get("name") or one.get("displayName") or one.text or ""
        found[one.get("id") or str(count)] = one_line(name)
    return found


def comments_in(xml: bytes, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the comments of a part, replies after what they reply to; none of a damaged one.

    Yields:
        The cell it is of (empty on slides), and the comment as it is told.
    """
    for one in _elements(xml, _COMMENTS):
        text = one_line(" ".join(_texts(one)))
        if text and not text.startswith(_STUB):
            name = names.get(one.get("authorId") or one.get("personId") or "", "")
            text = text.removeprefix(f"{name}:").strip()  # as spreadsheet programs begin it
            yield one.get("ref", ""), told(name, text)


def told(name: str, text: str) -> str:
    """Return a comment as a line of text."""
    return f"Comment by {name}: {text}" if name else f"Comment: {text}"


def _elements(xml: bytes, names: tuple[str, ...]) -> Iterator[Any]:
    from lxml import etree

    try:
        root = root_of(xml)
    except etree.XMLSyntaxError:  # broken comments are no reason to refuse the file
        return
    yield from (one for one in root.iter() if _name(one) in names)


def _texts(comment: Any) -> Iterator[str]:
    """Yield the runs of a comment's own text, those of its replies left out."""
    for child in comment:
        if _name(child) in ("t", "text") and child.text:
            yield child.text
        if not _name(child).startswith("reply"):
            yield from _texts(child)


def _name(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
