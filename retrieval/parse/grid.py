"""The columns of a table on a page, told by the white that runs down through all of its lines.

A row is first read by the gaps within it, and a narrow gap beside a long entry looks like a blank
between words. All rows together tell better. Knows no words and no language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median

import numpy as np

from retrieval.parse.layout import Line, Piece, union
from retrieval.values import Word

_LEAST = 0.45
"""Line heights that the white must be wide; a blank between words is a quarter to a third."""


def by_columns(lines: Sequence[Line], aspect: float) -> list[Line]:
    """Return a table's lines with their cells divided where white runs down through all of them.

    Args:
        aspect: height of the page by its width, since boxes are fractions of either.
    """
    borders = _borders(lines, aspect)
    rows = [[part for cell in line.cells for part in _divided(cell, borders)] for line in lines]
    names = rows[0] if rows else []
    if len(names) == len(borders) + 1 and not any(c.isdigit() for n in names for c in n.text):
        rows = [_filled(row, borders) for row in rows]
    return [Line(tuple(row), line.box) for row, line in zip(rows, lines, strict=True)]


def _filled(row: list[Piece], borders: Sequence[float]) -> list[Piece]:
    """Return a row under named columns with empty cells where it has none.

    An amount paid in and one paid out are told apart by nothing else. Not a row of a single cell,
    which is a heading or a note, nor one with two in a column.
    """
    columns = [int(np.searchsorted(borders, (c.box[0] + c.box[2]) / 2)) for c in row]
    if len(row) < 2 or len(set(columns)) < len(columns):
        return row
    there = dict(zip(columns, row, strict=True))
    empty = Piece((), row[0].box, row[0].bold)
    return [there.get(column, empty) for column in range(len(borders) + 1)]


def _borders(lines: Sequence[Line], aspect: float) -> list[float]:
    """Return where the columns end: the middles of the white between them."""
    spans = ((w.box[0], w.box[2]) for line in lines for w in line.words if w.box)
    return borders_between(spans, median(line.size for line in lines) * aspect)


def borders_between(found: Iterable[tuple[float, float]], height: float) -> list[float]:
    """Return the middles of the white between spans, where it is wide enough.

    Args:
        found: where words begin and end, in any order.
        height: of a line, by the width of the page.
    """
    spans, least = sorted(found), _LEAST * height
    borders: list[float] = []
    reached = spans[0][1] if spans else 0.0
    for left, right in spans:
        if left - reached >= least:
            borders.append((left + reached) / 2)
        reached = max(reached, right)
    return borders


def _divided(cell: Piece, borders: Sequence[float]) -> Iterator[Piece]:
    """Yield the parts of a cell that lie in one column each."""
    held: list[Word] = []
    last = -1
    for word in cell.words:
        centre = (word.box[0] + word.box[2]) / 2 if word.box else 0.0
        column = int(np.searchsorted(borders, centre)) if word.box else last
        if held and column != last:
            yield _piece(held, cell)
            held = []
        held.append(word)
        last = column
    yield _piece(held, cell)


def _piece(words: Sequence[Word], cell: Piece) -> Piece:
    boxes = [word.box for word in words if word.box]
    left_right = union(boxes) if boxes else cell.box
    return Piece(tuple(words), (left_right[0], cell.box[1], left_right[2], cell.box[3]), cell.bold)
