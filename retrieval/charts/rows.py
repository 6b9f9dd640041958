"""Bars that lie in rows, each with its number: stacked, to both sides of a line, in panels.

Without an axis, what tells such bars from coloured cells is that their lengths are as the numbers
printed in or beside them. Bars of one thickness that stand near each other are one chart; its rows
are read by height, its panels by the gaps that no bar of any row crosses. Knows no headings
(``headings``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import cv2
import numpy as np

from retrieval.charts.ink import Array, Canvas, Rect, rectangles
from retrieval.charts.labels import Label

_LEAST, _FEWEST = 4, 3
"""Bars whose numbers agree with their lengths in one chart; fewest when those of all do."""
_AGREE = 0.75
_OFF = 0.04
"""Of a bar's length: how far it may be from what its number says."""
_APART = 3.5
"""Thicknesses of a bar between two rows of one chart."""
_ASIDE = 0.3
"""Of the picture's width: between two panels of one chart."""
_THIN, _THICK = 5, 90
"""Pixels that a bar may be high."""
_MOST = 1200
"""Areas that are compared with each other, the largest; a pattern or a map may have many more."""


@dataclass(frozen=True)
class Bar:
    """A bar: its row and panel, both counted from nought, its number and what that says; without
    one, what its length says."""

    rect: Rect
    number: Label | None
    value: float
    row: int
    panel: int


@dataclass(frozen=True)
class Rows:
    """The bars of one chart; ``scale`` is pixels to a unit, in its first panel."""

    bars: tuple[Bar, ...]
    scale: float
    rows: tuple[float, ...]
    """The middle of each row, down the picture."""
    panels: tuple[tuple[int, int], ...]
    """Where each panel begins and ends, across."""

    @property
    def thick(self) -> float:
        """Pixels that a bar is high."""
        return median(bar.rect.height for bar in self.bars)

    @property
    def top(self) -> int:
        """Where the first row begins."""
        return min(bar.rect.y0 for bar in self.bars)


def rows_of(rects: Sequence[Rect], words: Sequence[Label], width: int) -> Iterator[Rows]:
    """Yield the charts whose bars lie in rows.

    Args:
        rects: filled areas, see ``filled``.
        words: each a label of its own.
        width: pixels of the picture.
    """
    numbers = [o for o in words if o.number is not None]
    names = [o for o in words if o.number is None]
    inside = {r: held for r in rects if len(held := _held(r, numbers)) < 2}
    for near in _groups(list(inside), width):
        for group in _divided(near, names):
            if (found := _chart(group, inside, numbers)) is not None:
                yield found


def filled(canvas: Canvas, thin: int = _THIN) -> tuple[list[Rect], list[Array]]:
    """Return the filled rectangles of a picture, those that words stand in too, and the colours
    that they are numbered by."""
    colours = canvas.fills(Rect(0, 0, canvas.width, canvas.height))
    found: list[Rect] = []
    for number, mask in enumerate(canvas.areas(colours)):
        kernel = np.ones((3, 3), np.uint8)
        part = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
        part = cv2.morphologyEx(part, cv2.MORPH_OPEN, kernel)
        found += rectangles(_whole(part).astype(bool), number)
    fitting = [r for r in found if thin <= r.height <= _THICK]
    return sorted(fitting, key=lambda r: -r.width * r.height)[:_MOST], colours


def _whole(mask: Array) -> Array:
    """Return areas with the holes that letters leave in them filled; frames stay frames."""
    edges, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    kept = mask.copy()
    for edge in edges:
        x, y, w, h = cv2.boundingRect(edge)
        if h <= _THICK and mask[y : y + h, x : x + w].mean() > 0.5:
            cv2.drawContours(kept, [edge], -1, 1, cv2.FILLED)
    return kept


def _held(rect: Rect, numbers: Sequence[Label]) -> list[Label]:
    return [o for o in numbers if rect.x0 < o.cx < rect.x1 and rect.y0 < o.cy < rect.y1]


def _groups(rects: Sequence[Rect], width: int) -> list[list[Rect]]:
    """Gather bars of one thickness that stand near each other."""
    left = list(rects)
    groups: list[list[Rect]] = []
    while left:
        group = [left.pop()]
        for one in group:
            near = [r for r in left if _together(one, r, width)]
            group += near
            left = [r for r in left if r not in near]
        groups.append(group)
    return [group for group in groups if len(group) >= _FEWEST]


def _together(one: Rect, other: Rect, width: int) -> bool:
    thick = max(one.height, other.height)
    if abs(one.height - other.height) > max(2.0, 0.15 * thick):
        return False
    down = max(one.y0 - other.y1, other.y0 - one.y1)
    across = max(one.x0 - other.x1, other.x0 - one.x1)
    if down < -0.5 * thick:
        return across < _ASIDE * width
    return down < _APART * thick and across < 2 * thick


def _divided(group: Sequence[Rect], names: Sequence[Label]) -> list[list[Rect]]:
    """Divide bars where words stand between two rows, over the second: names of other series."""
    rows: list[list[Rect]] = []
    for rect in sorted(group, key=lambda r: r.y0):
        if rows and rect.y0 < max(r.y1 for r in rows[-1]):
            rows[-1].append(rect)
        else:
            rows.append([rect])
    worded = [
        any(
            max(r.y1 for r in above) <= o.cy < min(r.y0 for r in below)
            and any(r.x0 < o.cx < r.x1 for r in group)
            for o in names
        )
        for above, below in pairwise(rows)
    ]
    if len(worded) > 1 and all(worded):  # every row has its own name over it
        return [list(group)]
    parts = [list(rows[0])]
    for row, apart in zip(rows[1:], worded, strict=True):
        if apart:
            parts.append(list(row))
        else:
            parts[-1] += row
    return parts


def _chart(
    group: Sequence[Rect], inside: dict[Rect, list[Label]], numbers: Sequence[Label]
) -> Rows | None:
    """Return a group of bars as a chart; None when lengths and numbers do not agree, by one scale
    or by one for each panel."""
    panels = _panels(group)
    agreed = _agreed(group, inside, numbers)
    if agreed is None and len(panels) > 1:
        agreed = {}
        for first, last in panels:
            part = [r for r in group if first <= r.x0 and r.x1 <= last]
            agreed.update(_agreed(part, inside, numbers) or {})
    if not agreed or len(agreed) < _AGREE * len(group):
        return None
    known = {r.colour for r in agreed}
    held = {r for r in group if inside[r]}
    thin = 0.6 * (_scale(agreed) or 1.0)  # blurred edges, not a unit long
    kept = [
        r
        for r in group
        if r in agreed or (r not in held and r.colour in known and r.width > max(4, thin))
    ]
    rows, panels = _middles(kept), _panels(kept)
    scales = [_scale({r: o for r, o in agreed.items() if a <= r.x0 < b}) for a, b in panels]
    bars = []
    for rect in kept:
        at, number = _at(panels, rect.cx), agreed.get(rect)
        scale = scales[at] or _scale(agreed) or 1.0
        value = float(round(rect.width / scale)) if number is None else number.number or 0.0
        row = _nearest(rows, (rect.y0 + rect.y1) / 2)
        bars.append(Bar(rect, number, value, row, at))
    ordered = sorted(bars, key=lambda b: (b.row, b.rect.x0))
    return Rows(tuple(ordered), scales[0] or _scale(agreed) or 1.0, tuple(rows), tuple(panels))


def _agreed(
    group: Sequence[Rect], inside: dict[Rect, list[Label]], numbers: Sequence[Label]
) -> dict[Rect, Label] | None:
    """Return the numbers of bars whose lengths they say; None when those are too few."""
    pairs = {r: inside[r][0] for r in group if inside[r]}
    scale = _scale(pairs) or _scale_beside(group, numbers)
    if scale is None:
        return None
    used = set(pairs.values())
    free = [o for o in numbers if o not in used and not any(_held(r, [o]) for r in group)]
    for rect in group:
        if rect not in pairs and (beside := _beside(rect, free, scale)) is not None:
            pairs[rect] = beside
            free.remove(beside)
    agreed = {r: o for r, o in pairs.items() if _agrees(r, o, scale)}
    enough = len(agreed) >= _LEAST or len(agreed) == len(group)
    several = len({o.number for o in agreed.values()}) >= 3
    return agreed if enough and several and len(agreed) >= _AGREE * len(group) else None


def _scale(pairs: dict[Rect, Label]) -> float | None:
    """Return the usual pixels to a unit."""
    ratios = [r.width / abs(o.number) for r, o in pairs.items() if o.number]
    return median(ratios) if len(ratios) >= _FEWEST else None


def _scale_beside(group: Sequence[Rect], numbers: Sequence[Label]) -> float | None:
    """Return the pixels to a unit that most numbers beside bars agree on."""
    pairs = [(r, o) for r in group for o in numbers if o.number and _is_beside(r, o)]
    ratios = [r.width / abs(o.number) for r, o in pairs if o.number]
    if len(ratios) < _FEWEST:
        return None
    return max(ratios, key=lambda scale: sum(_agrees(r, o, scale) for r, o in pairs))


def _is_beside(rect: Rect, label: Label) -> bool:
    gap = max(label.x0 - rect.x1, rect.x0 - label.x1)
    return rect.y0 < label.cy < rect.y1 and gap < 1.2 * label.size


def _agrees(rect: Rect, label: Label, scale: float) -> bool:
    wanted = scale * abs(label.number or 0.0)
    return abs(rect.width - wanted) <= max(2.5, _OFF * rect.width, scale)


def _beside(rect: Rect, numbers: Sequence[Label], scale: float) -> Label | None:
    """Return the number just beside a bar that says its length."""
    near = [o for o in numbers if _is_beside(rect, o) and _agrees(rect, o, scale)]
    return min(near, key=lambda o: max(o.x0 - rect.x1, rect.x0 - o.x1), default=None)


def _middles(rects: Sequence[Rect]) -> list[float]:
    rows: list[list[float]] = []
    for rect in sorted(rects, key=lambda r: r.y0):
        middle = (rect.y0 + rect.y1) / 2
        if rows and middle - rows[-1][-1] < 0.4 * rect.height:
            rows[-1].append(middle)
        else:
            rows.append([middle])
    return [median(row) for row in rows]


def _panels(rects: Sequence[Rect]) -> list[tuple[int, int]]:
    """Return the stretches across that bars cover in any row: gaps are thinner within one."""
    spans: list[tuple[int, int]] = []
    for rect in sorted(rects, key=lambda r: r.x0):
        if spans and rect.x0 - spans[-1][1] <= max(4, 0.25 * rect.height):
            spans[-1] = (spans[-1][0], max(spans[-1][1], rect.x1))
        else:
            spans.append((rect.x0, rect.x1))
    return spans


def _nearest(places: Sequence[float], place: float) -> int:
    return min(range(len(places)), key=lambda i: abs(places[i] - place))


def _at(spans: Sequence[tuple[int, int]], place: float) -> int:
    return next(i for i, (first, last) in enumerate(spans) if first <= place <= last)
