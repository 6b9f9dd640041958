"""Tables that are drawn with lines: what stands between two rules is one row, whatever its height.

Rows are told by baselines elsewhere; an entry that takes two lines would be two rows of these, and
tear its table apart. Rules that part groups of rows, or boxes around paragraphs, are left alone.
Knows PDFium's paths, boxes and words; no reading order.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from retrieval.parse.grid import borders_between
from retrieval.parse.layout import Piece, union
from retrieval.parse.pdf_text import place, placing
from retrieval.values import Box, Word

Placed = tuple[Word, Box, bool]
"""A word, where it is placed, and whether it is bold."""
_PARTS = 4000
"""Drawings looked at on one page; a map may have a million."""
_RULES = 600
"""Lines across one page; more are a drawing."""
_SEGMENTS = 6
"""Of a path that is a line or a rectangle."""
_THIN = 0.004
"""Of the page: how thick a line may be, and how far off its neighbours it may stand."""
_SAME = 0.012
"""Of the page: how far the ends of a table's rules may differ."""
_LEAST, _MOST = 0.008, 0.15
"""Of the page: how high a row may be."""
_BANDS = 3
_BESIDE = 10
"""One in so many words level with a table may stand beside it."""
_FIGURE = re.compile(r"(?!.*\d-\d)[\d.,()%$€£¥+\-–—−]+(?<!\d-)$")
"""A line of figures; dates, and what is broken at a hyphen, are none."""
_PROSE = 300
"""Characters of a cell from which it is a paragraph in a box."""


@dataclass(frozen=True)
class Rules:
    """Lines of a page in fractions of it: where each stands, and from where to where it runs."""

    across: list[tuple[float, float, float]]
    down: list[tuple[float, float, float]]


def rules_of(page: Any) -> Rules:
    """Return the straight lines and the sides of the rectangles of a PDFium page.

    PDFium's lock must be held.
    """
    import pypdfium2.raw as raw

    across: list[tuple[float, float, float]] = []
    down: list[tuple[float, float, float]] = []
    matrix, rect = placing(page).tolist(), raw.FS_RECTF()
    for count, item in enumerate(page.get_objects(filter=(raw.FPDF_PAGEOBJ_PATH,), max_depth=2)):
        if count >= _PARTS:
            return Rules([], [])
        if raw.FPDFPath_CountSegments(item.raw) > _SEGMENTS:
            continue
        rect.left, rect.bottom, rect.right, rect.top = item.get_bounds()
        x0, y0, x1, y1 = place(rect, matrix)
        if y1 - y0 < _THIN:
            across.append(((y0 + y1) / 2, x0, x1))
        elif x1 - x0 < _THIN:
            down.append(((x0 + x1) / 2, y0, y1))
        else:
            across += [(y0, x0, x1), (y1, x0, x1)]
            down += [(x0, y0, y1), (x1, y0, y1)]
    rules = Rules(_joined(across), _joined(down))
    return rules if len(rules.across) <= _RULES else Rules([], [])


def _joined(rules: Iterable[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Join lines that lie on each other or go on, as the borders of cells do."""
    found: list[tuple[float, float, float]] = []
    level: list[tuple[float, float, float]] = []

    def close() -> None:
        at = median(rule[0] for rule in level)
        spans = sorted((start, end) for _, start, end in level)
        first, reached = spans[0]
        for start, end in spans[1:]:
            if start > reached + _THIN:
                found.append((at, first, reached))
                first = start
            reached = max(reached, end)
        found.append((at, first, reached))

    for rule in sorted(rules):
        if level and rule[0] - level[-1][0] > _THIN:
            close()
            level = []
        level.append(rule)
    if level:
        close()
    return sorted(found)


def take_rows(
    words: Sequence[Placed], rules: Rules, aspect: float
) -> tuple[list[Placed], list[Piece]]:
    """Take the words of ruled tables out of a page's.

    Returns:
        The other words, and for each row of a table a piece that has the row's cells.
    """
    rest, rows = list(words), list[Piece]()
    for number, ends in enumerate(_chains(rules.across), 1):
        level = [w for w in rest if ends[0][0] < (w[1][1] + w[1][3]) / 2 < ends[-1][0]]
        inside = [w for w in level if _within(w[1], ends)]
        if _BESIDE * (len(level) - len(inside)) > len(level):
            continue  # the rules are of a part of the rows
        table = _Table([at for at, _, _ in ends], ends[0][1:], inside, rules.down, aspect)
        if inside and table.holds():
            taken = {id(w) for w in inside}
            rest = [w for w in rest if id(w) not in taken]
            rows += table.pieces(number)
    return rest, rows


def _chains(
    across: Sequence[tuple[float, float, float]],
) -> Iterator[list[tuple[float, float, float]]]:
    """Yield runs of rules of one width, each a row's height below the one before."""
    left = [rule for rule in across if rule[2] - rule[1] > 5 * _SAME]
    while left:
        chain = [left.pop(0)]
        for rule in list(left):
            same = all(abs(a - b) < _SAME for a, b in zip(rule[1:], chain[0][1:], strict=True))
            high = rule[0] - chain[-1][0]
            if high > _MOST:
                break  # those below are farther still
            if same and high > _LEAST:
                chain.append(rule)
                left.remove(rule)
        if len(chain) > _BANDS:
            yield chain


def _within(box: Box, ends: Sequence[tuple[float, float, float]]) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return ends[0][0] < y < ends[-1][0] and ends[0][1] < x < ends[0][2]


class _Table:
    """Words between rules, each in its row and column."""

    def __init__(
        self,
        rules: Sequence[float],
        sides: tuple[float, float],
        words: Sequence[Placed],
        down: Sequence[tuple[float, float, float]],
        aspect: float,
    ) -> None:
        self._sides = sides
        drawn = [x for x, *ends in down if sides[0] + _SAME < x < sides[1] - _SAME
                 and min(ends[1], rules[-1]) - max(ends[0], rules[0])
                 > 0.6 * (rules[-1] - rules[0])]  # fmt: skip
        heights = [w[1][3] - w[1][1] for w in words]
        spans = ((w[1][0], w[1][2]) for w in words)
        borders = drawn or borders_between(spans, median(heights) * aspect) if words else []
        self._columns = len(borders) + 1
        self._cells: list[list[list[Placed]]] = [
            [[] for _ in range(self._columns)] for _ in pairwise(rules)
        ]
        for word in words:
            x, y = (word[1][0] + word[1][2]) / 2, (word[1][1] + word[1][3]) / 2
            self._cells[bisect(rules, y) - 1][bisect(borders, x)].append(word)

    def holds(self) -> bool:
        """Whether it is a table of rows: of several cells, one entry each, none a paragraph."""
        rows = [[cell for cell in row if cell] for row in self._cells]
        filled = [row for row in rows if row]
        if self._columns < 2 or len(filled) < _BANDS:
            return False
        if 2 * sum(len(row) > 1 for row in filled) <= len(filled):
            return False
        if any(sum(len(w[0].text) for w in cell) > _PROSE for row in filled for cell in row):
            return False
        return not any(_is_column(cell) for row in filled for cell in row)

    def pieces(self, number: int) -> Iterator[Piece]:
        """Yield the rows that have words, each a piece as wide as the table."""
        for row in ([_unbroken(cell) for cell in cells] for cells in self._cells):
            words = [word for cell in row for word in cell]
            if not words:
                continue
            box = union([box for _, box, _ in words])
            height = max(b[3] - b[1] for _, b, _ in words)
            cells = tuple(
                Piece(
                    tuple(word for word, _, _ in cell),
                    union([b for _, b, _ in cell]) if cell else box,
                    all(bold for *_, bold in cell or words),
                    line_height=height,
                )
                for cell in row
            )
            yield Piece(
                tuple(word for word, _, _ in words),
                (self._sides[0], box[1], self._sides[1], box[3]),
                all(bold for *_, bold in words),
                line_height=height,
                cells=cells,
                table=number,
            )


def _unbroken(cell: Sequence[Placed]) -> list[Placed]:
    """Put together again what a narrow cell breaks at a hyphen: ``2024-`` and ``01-20``."""
    whole: list[Placed] = []
    for word, box, bold in cell:
        before = whole[-1] if whole else None
        broken = before and before[0].text[:-1] and before[0].text.endswith("-")
        if before and broken and box[1] > (before[1][1] + before[1][3]) / 2:
            text = before[0].text
            divided = text[-2].isalpha() and word.text[:1].islower()
            boxes = [b for b in (before[0].box, word.box) if b]
            joined = Word((text[:-1] if divided else text) + word.text, union(boxes))
            whole[-1] = (joined, union([before[1], box]), bold)
        else:
            whole.append((word, box, bold))
    return whole


def _is_column(cell: Sequence[Placed]) -> bool:
    """Whether a cell has figures one below the other: of several rows that no rule parts."""
    height = max(box[3] - box[1] for _, box, _ in cell)
    lines: list[tuple[float, str]] = []
    for word, box, _ in sorted(cell, key=lambda placed: placed[1][1] + placed[1][3]):
        middle = (box[1] + box[3]) / 2
        if lines and middle - lines[-1][0] <= 0.5 * height:
            lines[-1] = (middle, lines[-1][1] + word.text)
        else:
            lines.append((middle, word.text))
    return len(lines) > 1 and all(_FIGURE.match(text) for _, text in lines)
