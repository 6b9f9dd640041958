"""What belongs to a place in a Word document and is kept apart from it: notes and comments.

Each is told once, after the paragraph or table that refers to it first, so that it is found with
what it is about. Knows no blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from retrieval.parse.base import one_line
from retrieval.parse.comments import told
from retrieval.parse.word_text import W, lines_of, within

_NOTES = (("footnote", "Note"), ("endnote", "Endnote"))


class WordNotes:
    """The notes and comments of one document, by what refers to them.

    Args:
        document: as python-docx opened it.
    """

    def __init__(self, document: Any) -> None:
        kinds = ("footnote", "endnote", "comment")
        self._kept = {kind: _kept(document, kind) for kind in kinds}
        self._numbers = dict.fromkeys(kinds, 0)

    def beside(self, element: Any) -> Iterator[str]:
        """Yield the notes and comments that a paragraph or table refers to, as ``Note 1: …`` and
        ``Comment by NAME: …``; notes are numbered as they come."""
        for kind, name in _NOTES:
            for note in self._taken(element, kind):
                self._numbers[kind] += 1
                if text := _text(note):
                    yield f"{name} {self._numbers[kind]}: {text}"
        for comment in self._taken(element, "comment"):
            if text := _text(comment):
                yield told(one_line(comment.get(f"{W}author", "")), text)

    def _taken(self, element: Any, kind: str) -> Iterator[Any]:
        if not self._kept[kind]:
            return
        for reference in within(element, f"{W}{kind}Reference"):
            note = self._kept[kind].pop(reference.get(f"{W}id", ""), None)
            if note is not None:
                yield note


def _text(note: Any) -> str:
    return one_line(" ".join(lines_of(note)))


def _kept(document: Any, kind: str) -> dict[str, Any]:
    """Return the notes or comments of a document by their numbers; none of a damaged part."""
    from docx.oxml.parser import parse_xml

    for link in document.part.rels.values():
        if link.reltype.endswith(f"/{kind}s") and not link.is_external:
            try:
                root = parse_xml(link.target_part.blob)
            except Exception:  # broken notes are no reason to refuse the text
                continue
            return {one.get(f"{W}id", ""): one for one in root.iter(f"{W}{kind}")}
    return {}
