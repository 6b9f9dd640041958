"""From lines in reading order to blocks: paragraphs, tables by aligned cells, headings.

Knows boxes and letters only; headings are told by size and bold type.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from retrieval.parse.base import clean
from retrieval.parse.grid import by_columns
from retrieval.parse.layout import Line, union
from retrieval.values import Block, ChunkKind, PageLocator, RegionLocator, Word

_HYPHENS = "-\u00ad\u2010\x02"


def blocks_of(
    regions: Sequence[list[Line]],
    kind: ChunkKind,
    page: int | None,
    unit: int,
    heading: str,
    aspect: float = 1.0,
) -> tuple[list[Block], str]:
    """Make blocks of the regions' lines.

    Args:
        aspect: height of the page by its width, for the columns of tables.
        kind: ``body`` or ``ocr``; tables of a text layer become ``table``.
        page: 1-based page, or None for a photo.
        heading: the heading in force when the page begins.

    Returns:
        The blocks in reading order, and the heading in force at the end.
    """
    sizes = [line.size for region in regions for line in region for _ in line.words]
    body = median(sizes) if sizes else 0.0
    blocks: list[Block] = []
    for region in regions:
        for group in _paragraphs(region, body):
            if kind == "body" and _is_heading(group, body):
                heading = _text_of(group)[0].replace("\n", " ")[:200]
            is_table = _is_table(group)
            if is_table and kind == "body" and not group[0].table:
                group = by_columns(group, aspect)
            text, words = _text_of(group, " | " if is_table else "   ")
            if text:
                named: ChunkKind = "table" if is_table and kind == "body" else kind
                blocks.append(
                    Block(text, named, _locate(words, page), words, unit=unit, heading=heading)
                )
    return blocks, heading


def _locate(words: Sequence[Word], page: int | None) -> PageLocator | RegionLocator:
    box = union([word.box for word in words if word.box is not None])
    box = (round(box[0], 5), round(box[1], 5), round(box[2], 5), round(box[3], 5))
    return RegionLocator(box) if page is None else PageLocator(page, (box,))


def _paragraphs(lines: list[Line], body: float) -> list[list[Line]]:
    """Split lines where the white between them grows, the size changes, or a table begins."""
    gaps = [b.box[1] - a.box[3] for a, b in pairwise(lines)]
    usual = median(gaps) if gaps else 0.0
    tabular = _table_rows(lines)
    groups: list[list[Line]] = []
    for index, line in enumerate(lines):
        if index:
            before = lines[index - 1]
            height = min(before.box[3] - before.box[1], line.box[3] - line.box[1])
            apart = gaps[index - 1] > max(usual, 0.0) + 0.6 * height
            other_size = abs(line.size - before.size) > 0.18 * max(line.size, before.size)
            heads = max(line.size, before.size) > 1.15 * body and other_size
            heads = heads or line.bold != before.bold
            in_table = tabular[index] and tabular[index - 1]
            if (not in_table and (apart or heads)) or tabular[index] != tabular[index - 1]:
                groups.append([])
        else:
            groups.append([])
        groups[-1].append(line)
    return groups


def _table_rows(lines: list[Line]) -> list[bool]:
    """Which lines stand in a run of three or more whose cells line up."""
    marks = [False] * len(lines)
    start = 0
    for index in range(1, len(lines) + 1):
        if index < len(lines) and _aligned(lines[index - 1], lines[index]):
            continue
        if index - start >= 3:
            marks[start:index] = [True] * (index - start)
        start = index
    return marks


def _aligned(a: Line, b: Line) -> bool:
    """Whether two lines of several cells have at least two columns in common, or are rows of one
    ruled table."""
    if a.table or b.table:
        return a.table == b.table
    if len(a.cells) < 2 or len(b.cells) < 2:
        return False
    height = a.box[3] - a.box[1]
    common = 0
    for cell in b.cells:
        for other in a.cells:
            starts = abs(cell.box[0] - other.box[0])
            ends = abs(cell.box[2] - other.box[2])
            middle = abs(cell.box[0] + cell.box[2] - other.box[0] - other.box[2]) / 2
            if min(starts, ends, middle) < 0.5 * height:
                common += 1
                break
    return common >= 2 and b.box[1] - a.box[3] < 3 * height


def _is_table(group: list[Line]) -> bool:
    return len(group) >= 3 and all(_table_rows(group))


def _is_heading(group: list[Line], body: float) -> bool:
    text = " ".join(word.text for line in group for word in line.words)
    if len(group) > 3 or not 2 < len(text) < 150 or sum(c.isalpha() for c in text) < 3:
        return False
    larger = min(line.size for line in group) > 1.15 * body
    bold = len(group) <= 2 and all(line.bold for line in group) and text[-1] not in ".,;"
    return larger or (bold and not any(len(line.cells) > 2 for line in group))


def _text_of(group: list[Line], gap: str = "   ") -> tuple[str, tuple[Word, ...]]:
    """Join the lines; a word divided at a line's end is put together again.

    Returns:
        The text, and its words in the order in which they stand in it.
    """
    text = ""
    words: list[Word] = []
    for line in group:
        row = gap.join(cell.text for cell in line.cells)
        divided = (
            len(line.cells) == 1
            and len(text) > 1
            and text[-1] in _HYPHENS
            and text[-2].isalpha()
            and row[:1].islower()
        )
        if divided:
            last = words[-1]
            words[-1] = Word(last.text[:-1], last.box, confidence=last.confidence)
            text = text[:-1]
        elif text:
            text += "\n"
        text += row
        words.extend(line.words)
    return clean(text), tuple(word for word in words if word.text)
