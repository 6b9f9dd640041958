"""Where in a file a span of a passage stands: boxes of a page, part of a photo, seconds, cells.

Also the words that are shown of it. Knows neither answers nor how a span was found.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from retrieval.table_values import BETWEEN
from retrieval.tables import cell_spans
from retrieval.values import (
    Box,
    CellLocator,
    Locator,
    PageLocator,
    Passage,
    RegionLocator,
    TextLocator,
    TimeLocator,
    Word,
)

SNIPPET = 240
"""Characters that are shown of a passage."""


def narrow(passage: Passage, span: tuple[int, int], words: Sequence[Word]) -> Locator:
    """Return the passage's place, cut down to a span of its text where that can be told."""
    place = passage.locator
    if isinstance(place, CellLocator):
        return _cells(place, passage.text, span)
    if isinstance(place, TextLocator):
        return TextLocator(place.start + span[0], min(place.end, place.start + span[1]))
    inside = _words_in(passage.text, span, words)
    if isinstance(place, TimeLocator):
        starts = [w.start for w in inside if w.start is not None]
        ends = [w.end for w in inside if w.end is not None]
        return TimeLocator(min(starts), max(ends)) if starts and ends else place
    boxes = [w.box for w in inside if w.box is not None]
    if isinstance(place, PageLocator):
        lines = by_line(boxes) if boxes else _lines_of(passage, span, place.boxes)
        return replace(place, boxes=tuple(lines))
    return RegionLocator(_hull(boxes) if boxes else _band(passage.text, span, place.region))


def line_around(
    passage: Passage, span: tuple[int, int] | None
) -> tuple[str, tuple[int, int] | None]:
    """Return the row of a sheet that a span stands in, and the span within it.

    Of any other passage, and of several rows, the whole text and the span as they are.
    """
    text = passage.text
    if span is None or not isinstance(passage.locator, CellLocator) or "\n" in text[slice(*span)]:
        return text, span
    start = text.rfind("\n", 0, span[0]) + 1
    end = text.find("\n", span[1])
    return text[start : end if end >= 0 else None], (span[0] - start, span[1] - start)


def _cells(place: CellLocator, text: str, span: tuple[int, int]) -> CellLocator:
    """Return the rows that a span stands in, and the column when it is within one cell."""
    if len(place.rows) != text.count("\n") + 1:
        return place
    first, last = (text.count("\n", 0, at) for at in span)
    rows = place.rows[first : last + 1]
    line = text.rfind("\n", 0, span[0]) + 1
    bar = text.rfind(BETWEEN, line, span[0])
    start = line if bar < 0 else bar + len(BETWEEN)
    named = re.match(r"([^\n]+?): ", text[start : span[1]])
    alone = named and first == last and BETWEEN not in text[start : span[1]]
    return replace(place, rows=rows, column=named[1] if named and alone else "")


def _lines_of(passage: Passage, span: tuple[int, int], boxes: Sequence[Box]) -> Sequence[Box]:
    """Return the line boxes that a span falls into, its place told by the lines' widths.

    The catalog keeps a box a line; letters are spread over the lines by how wide these are. Of a
    table it keeps a box for each cell: those of one row are shown together.
    """
    text = passage.text
    cells = cell_spans(text) if passage.kind == "table" else []
    if cells and len(boxes) == len(cells):
        rows: dict[int, list[Box]] = {}
        for (begin, end), box in zip(cells, boxes, strict=True):
            if begin < span[1] and end > span[0]:
                rows.setdefault(text.count("\n", 0, begin), []).append(box)
        return [_hull(row) for row in rows.values()] or boxes
    total = sum(box[2] - box[0] for box in boxes)
    if total <= 0 or not text:
        return boxes
    first, last = (total * at / len(text) for at in span)
    chosen, at = [], 0.0
    for box in boxes:
        start, at = at, at + box[2] - box[0]
        if at > first and start < last:
            chosen.append(box)
    return chosen or boxes


def _band(text: str, span: tuple[int, int], region: Box) -> Box:
    """Return the horizontal band of a region that a span's lines take up, and a half more."""
    lines = text.count("\n") + 1
    if lines < 3:
        return region
    x0, y0, x1, y1 = region
    height = (y1 - y0) / lines
    top = y0 + height * (text.count("\n", 0, span[0]) - 0.5)
    bottom = y0 + height * (text.count("\n", 0, span[1]) + 1.5)
    return (x0, round(max(y0, top), 5), x1, round(min(y1, bottom), 5))


def snippet(text: str, span: tuple[int, int] | None) -> str:
    """Return the words around a span, on one line, cut at words with an ellipsis."""
    start, end = span or (0, 0)
    spare = max(0, SNIPPET - (end - start))
    left = max(0, start - spare // 2)
    right = min(len(text), end + spare - (start - left), left + SNIPPET + 60)
    if left and text[left - 1].isalnum() and text[left].isascii():
        left += len(re.match(r"\S*\s*", text[left:start] or "").group())  # type: ignore[union-attr]
    if right < len(text) and text[right].isascii() and text[right].isalnum():
        cut = text.rfind(" ", end, right)
        right = cut if cut > 0 else right
    piece = " ".join(text[left:right].split())
    return ("… " if left else "") + piece + (" …" if right < len(text) else "")


def _words_in(text: str, span: tuple[int, int], words: Sequence[Word]) -> list[Word]:
    """Return the words that stand in a span, found by walking through the text once."""
    inside: list[Word] = []
    at = 0
    for word in words:
        start = text.find(word.text, at)
        if start < 0:
            continue
        at = start + len(word.text)
        if start < span[1] and at > span[0]:
            inside.append(word)
    return inside


def by_line(boxes: Sequence[Box]) -> list[Box]:
    """Join the boxes of words, in order, that stand on one line: a box for each line."""
    lines: list[list[Box]] = []
    for box in boxes:
        middle = (box[1] + box[3]) / 2
        last = lines[-1][-1] if lines else None
        if last and last[1] <= middle <= last[3] and box[0] >= last[0]:
            lines[-1].append(box)
        else:
            lines.append([box])
    return [_hull(line) for line in lines]


def _hull(boxes: Sequence[Box]) -> Box:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)
