"""From words on a page to lines in reading order: columns, rows, cells.

Works on boxes alone, so text layers and recognised pixels go the same way. The page is cut
where a gutter of white runs down between two bodies of running text (columns); everything
else is read in rows, so that a label stays on one line with its amount. Knows nothing of PDF
or OCR. Coordinates are fractions of the page; ``aspect`` (height / width) makes the horizontal
and the vertical comparable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from retrieval.values import Box, Word

_BINS = 200
_JOINT = 0.8  # gap, in line heights, up to which two words belong to one run
_WIDE = 1.0  # gap, in line heights, from which two runs are cells of a row
_LEVEL = 0.2  # difference, in line heights, up to which rows of two tables are level
_ACROSS = 3  # level rows from which the two are one table
_CURRENCY = frozenset({"$", "€", "£", "¥", "US$", "RM"})


@dataclass(frozen=True)
class Piece:
    """Words that belong together on one line; ``box`` places them, straightened.

    Or a row of the ruled table ``table`` (counted from 1), already divided into ``cells``, which
    may have several lines, each ``line_height`` high.
    """

    words: tuple[Word, ...]
    box: Box
    bold: bool = False
    line_height: float = 0.0
    cells: tuple[Piece, ...] = ()
    table: int = 0

    @property
    def height(self) -> float:
        """Height of a line as a fraction of the page."""
        return self.line_height or self.box[3] - self.box[1]

    @property
    def text(self) -> str:
        """The words, spaced."""
        return join_words(self.words)


@dataclass(frozen=True)
class Line:
    """One row: its cells from left to right; ``table`` is that of ``Piece``, 0 without rules."""

    cells: tuple[Piece, ...]
    box: Box
    table: int = 0

    @property
    def size(self) -> float:
        """Height of the largest letters on the line."""
        return max(cell.height for cell in self.cells)

    @property
    def bold(self) -> bool:
        """Whether all of it is in bold type, as far as is known."""
        return all(cell.bold for cell in self.cells)

    @property
    def words(self) -> tuple[Word, ...]:
        """Words from left to right."""
        return tuple(word for cell in self.cells for word in cell.words)


def _is_wide_script(char: str) -> bool:
    code = ord(char)
    return 0x2E80 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0xFF00 <= code <= 0xFFEF


def join_words(words: Sequence[Word]) -> str:
    """Join words with spaces, except between two Chinese or Japanese characters."""
    text = ""
    for word in words:
        if text and not (_is_wide_script(text[-1]) and _is_wide_script(word.text[:1] or " ")):
            text += " "
        text += word.text
    return text


def union(boxes: Sequence[Box]) -> Box:
    """Return the smallest box around the boxes."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return (min(x0), min(y0), max(x1), max(y1))


def pieces_of(words: Sequence[tuple[Word, Box, bool]], aspect: float) -> list[Piece]:
    """Gather words, given in writing order with placing box and boldness, into runs of a line."""
    runs: list[list[tuple[Word, Box, bool]]] = []
    for item in words:
        if runs and _continues(runs[-1][-1], item, aspect):
            runs[-1].append(item)
        else:
            runs.append([item])
    return [
        Piece(tuple(w for w, _, _ in run), union([b for _, b, _ in run]), all(x for *_, x in run))
        for run in runs
    ]


def _continues(
    before: tuple[Word, Box, bool], after: tuple[Word, Box, bool], aspect: float
) -> bool:
    if after[0].text in _CURRENCY or before[2] != after[2]:
        return False  # a sign belongs to the amount behind it; type changes where headings run in
    height = max(before[1][3] - before[1][1], after[1][3] - after[1][1])
    gap = after[1][0] - before[1][2]
    limit = _JOINT * height * aspect
    return _overlap(before[1], after[1]) > 0.5 and -0.5 * limit < gap < limit


def _overlap(a: Box, b: Box) -> float:
    """Shared height as a fraction of the smaller height."""
    shared = min(a[3], b[3]) - max(a[1], b[1])
    return shared / max(1e-9, min(a[3] - a[1], b[3] - b[1]))


def reading_order(pieces: Sequence[Piece], aspect: float) -> list[list[Line]]:
    """Return regions in reading order, each a list of lines from top to bottom."""
    ordered = sorted(pieces, key=lambda p: (p.box[1] + p.box[3], p.box[0]))
    return _cut(ordered, aspect, depth=0)


def _cut(pieces: list[Piece], aspect: float, depth: int) -> list[list[Line]]:
    if not pieces:
        return []
    found = _gutter(pieces, aspect) if len(pieces) >= 6 and depth < 8 else None
    if found is None:
        return [_rows(pieces, aspect)]
    first, last, x = found
    inside = pieces[first:last]
    left = [p for p in inside if p.box[0] + p.box[2] < 2 * x]
    right = [p for p in inside if p.box[0] + p.box[2] >= 2 * x]
    parts = (pieces[:first], left, right, pieces[last:])
    return [region for part in parts for region in _cut(part, aspect, depth + 1)]


def _gutter(pieces: list[Piece], aspect: float) -> tuple[int, int, float] | None:
    """Find the longest run of pieces, top to bottom, that leaves a column of white uncrossed.

    Returns:
        (first, one past last, x of the gutter), or None when no two bodies of text face it.
    """
    boxes = np.array([p.box for p in pieces])
    left, right = boxes[:, 0].min(), boxes[:, 2].max()
    span = max(1e-6, right - left)
    # Half a line height of white is needed on the whole: a quarter at each side of a bin.
    pad = 0.25 * float(np.median(boxes[:, 3] - boxes[:, 1])) * aspect
    centres = left + span * (np.arange(_BINS) + 0.5) / _BINS
    crossed = (boxes[:, :1] - pad < centres) & (boxes[:, 2:3] + pad > centres)
    best: tuple[int, int, float] | None = None
    most = 0.0
    for column in range(_BINS // 8, _BINS - _BINS // 8):
        for first, last in _runs(crossed[:, column]):
            worth = _facing(boxes[first:last], float(centres[column]))
            if worth > most and _columns(pieces[first:last], float(centres[column])):
                most, best = worth, (first, last, float(centres[column]))
    return best


def _runs(crossed: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([1], crossed.astype(np.int8), [1]))))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= 6]


def _facing(boxes: np.ndarray, x: float) -> float:
    """Amount of text on the lesser side of the gutter (summed box widths)."""
    is_left = boxes[:, 0] + boxes[:, 2] < 2 * x
    widths = boxes[:, 2] - boxes[:, 0]
    return float(min(widths[is_left].sum(), widths[~is_left].sum()))


def _columns(pieces: list[Piece], x: float) -> bool:
    """Whether both sides hold running text: several lines, mostly long ones that fill the side.

    Rows of a table that stands within a side say nothing; a table across both is not cut.
    """
    across: list[list[float]] = []
    for side in (
        [p for p in pieces if p.box[0] + p.box[2] < 2 * x],
        [p for p in pieces if p.box[0] + p.box[2] >= 2 * x],
    ):
        if len(side) < 3:
            return False
        box = union([p.box for p in side])
        rows = _gathered(side)
        tables = [len(row) > 1 and _fills(row, box) for row in rows]
        lines = [p for row, tabled in zip(rows, tables, strict=True) if not tabled for p in row]
        across.append([row[0].box[1] for row, tabled in zip(rows, tables, strict=True) if tabled])
        if len(lines) < 3:
            return False
        widths = [p.box[2] - p.box[0] for p in lines]
        letters = [sum(len(w.text) * _letter_width(w.text) for w in p.words) for p in lines]
        if median(letters) < 16 or median(widths) < 0.5 * (box[2] - box[0]):
            return False
    height = median(p.height for p in pieces)
    left, right = (np.array(tops) for tops in across)
    level = (np.abs(left[:, None] - right) < _LEVEL * height).any(axis=1).sum()
    return bool(level < _ACROSS)


def _fills(row: Sequence[Piece], side: Box) -> bool:
    box = union([piece.box for piece in row])
    return box[2] - box[0] >= 0.5 * (side[2] - side[0])


def _letter_width(text: str) -> int:
    return 2 if text and _is_wide_script(text[0]) else 1


def _rows(pieces: list[Piece], aspect: float) -> list[Line]:
    """Gather pieces on one baseline into lines, cells from left to right."""
    rows = _gathered(pieces)
    lines = [_line(sorted(row, key=lambda p: p.box[0]), aspect) for row in rows]
    return sorted(lines, key=lambda line: line.box[1] + line.box[3])


def _gathered(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return the pieces by rows, as they are found."""
    rows: list[list[Piece]] = []
    for piece in pieces:
        row = next((r for r in reversed(rows[-4:]) if _same_row(r, piece)), None)
        if row is None:
            rows.append([piece])
        else:
            row.append(piece)
    return rows


def _same_row(row: list[Piece], piece: Piece) -> bool:
    near = min(row, key=lambda p: abs(p.box[0] - piece.box[2]) + abs(piece.box[0] - p.box[2]))
    if _overlap(near.box, piece.box) < 0.5:
        return False
    shared = min(near.box[2], piece.box[2]) - max(near.box[0], piece.box[0])
    return shared < 0.5 * min(near.box[2] - near.box[0], piece.box[2] - piece.box[0])


def _line(row: list[Piece], aspect: float) -> Line:
    ruled = next((piece for piece in row if piece.table), None)
    if ruled is not None:  # what stands beside the table is lost to it: one row, all of its words
        beside = tuple(piece for piece in row if piece is not ruled)
        return Line((*ruled.cells, *beside), union([p.box for p in row]), ruled.table)
    cells = [row[0]]
    for piece in row[1:]:
        before = cells[-1]
        height = max(before.height, piece.height) * aspect
        limit = 0.5 * height if piece.text in _CURRENCY else _WIDE * height
        if piece.box[0] - before.box[2] < limit or before.text in _CURRENCY:
            cells[-1] = Piece(
                before.words + piece.words,
                union([before.box, piece.box]),
                before.bold and piece.bold,
            )
        else:
            cells.append(piece)
    return Line(tuple(cells), union([cell.box for cell in cells]))
