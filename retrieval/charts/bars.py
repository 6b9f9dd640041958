"""Bars that stand: grouped, stacked, hanging. Their ends are read against the value axis.

After ReVision (Savva et al., 2011): rectangles of one colour and like width, on one base line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np

from retrieval.charts.frame import Frame
from retrieval.charts.ink import Array, Canvas, Rect, rectangles
from retrieval.charts.legend import Key

_BASE = 4
"""Pixels from the base line up to which a bar stands on it: its border is between."""


@dataclass(frozen=True)
class Mark:
    """Something drawn that has a value: its category (by number), its colour (by number)."""

    category: int
    colour: int
    value: float
    rect: Rect


@dataclass(frozen=True)
class Found:
    """The marks of a chart and the share of what was drawn that fits them."""

    marks: tuple[Mark, ...]
    fit: float
    stacked: bool = False


def area_masks(canvas: Canvas, frame: Frame) -> tuple[list[Array], list[Array]]:
    """Return the colours of areas in the plot and the pixels of each."""
    colours = canvas.fills(frame.area)
    return colours, canvas.areas(colours)


def bars_of(frame: Frame, masks: Sequence[Array], keys: Mapping[int, Key]) -> Found | None:
    """Return the bars of a plot; None when what is filled there is no set of bars."""
    rects = [r for number, mask in enumerate(masks) for r in _bars(mask, number, frame, keys)]
    rects = _without_borders(of_one_width(rects))
    if len(rects) < 2:
        return None
    base = _base(rects, frame)
    standing, hung, floating = _on_base(rects, base)
    stacked = [r for r in floating if _rests(r, rects)]
    if len(standing) + len(hung) < 2 or len(floating) - len(stacked) > 0.15 * len(rects):
        return None
    kept = [*standing, *hung, *stacked]
    share = sum(r.width * r.height for r in kept) / sum(r.width * r.height for r in rects)
    marks = _marks(kept, frame, base, bool(stacked), keys)
    if marks is None:
        return None
    return Found(tuple(marks), share, bool(stacked))


def may_be(canvas: Canvas) -> bool:
    """Whether a picture has three areas of like width on one base line."""
    alike = _filled(canvas)
    for foot in {r.y1 for r in alike}:
        bars = [r for r in alike if abs(r.y1 - foot) <= 1]
        # Buttons and cells of a window are of one height.
        if len(bars) >= 3 and len({r.height // 3 for r in bars}) >= 3:
            return True
    return False


def fills(canvas: Canvas) -> bool:
    """Whether a picture has areas of like width and of several heights."""
    alike = _filled(canvas)
    return len(alike) >= 4 and len({r.height // 3 for r in alike}) >= 3


def _filled(canvas: Canvas) -> list[Rect]:
    """Return the areas of one colour and of the width that covers most."""
    whole = Rect(0, 0, canvas.width, canvas.height)
    found: list[Rect] = []
    for number, mask in enumerate(canvas.areas(canvas.fills(whole))):
        part: Array = mask.astype(np.uint8)
        part = cv2.morphologyEx(part, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        part = cv2.morphologyEx(part, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        found += [r for r in rectangles(part.astype(bool), number) if r.width < canvas.width / 2]
    return of_one_width([r for r in found if r.width >= 4])


def _bars(mask: Array, number: int, frame: Frame, keys: Mapping[int, Key]) -> list[Rect]:
    """Return the rectangles of a colour in the plot, without its sample in the legend."""
    area = frame.area
    part: Array = mask[area.y0 : area.y1, area.x0 : area.x1].astype(np.uint8)
    # Grid lines may be drawn over bars, and letters were painted over.
    part = cv2.morphologyEx(part, cv2.MORPH_CLOSE, np.ones((5, 1), np.uint8))
    part = cv2.morphologyEx(part, cv2.MORPH_OPEN, np.ones((2, 3), np.uint8))
    found = [
        Rect(r.x0 + area.x0, r.y0 + area.y0, r.x1 + area.x0, r.y1 + area.y0, number)
        for r in rectangles(part.astype(bool), number)
    ]
    found = _mended(found, [c.x for c in frame.categories])
    sample = keys[number].sample if number in keys else None
    whole = 0.7 * area.width
    return [
        r
        for r in found
        if r.width < whole
        and not (sample and abs(r.x0 - sample.x0) < 4 and abs(r.y0 - sample.y0) < 4)
    ]


def _mended(rects: Sequence[Rect], places: Sequence[float]) -> list[Rect]:
    """Join the halves of bars that the grid line of their category runs through."""
    found: list[Rect] = []
    for rect in sorted(rects, key=lambda r: r.x0):
        halves = [
            r
            for r in found
            if 0 < rect.x0 - r.x1 <= 3
            and abs(r.y0 - rect.y0) <= 1
            and abs(r.y1 - rect.y1) <= 1
            and any(abs(place - rect.x0) <= 6 for place in places)
        ]
        if halves:
            half = halves[-1]
            found[found.index(half)] = Rect(half.x0, half.y0, rect.x1, half.y1, half.colour)
        else:
            found.append(rect)
    return found


def of_one_width(rects: Sequence[Rect]) -> list[Rect]:
    """Return the rectangles of the width that covers most."""
    best: list[Rect] = []
    covered = 0
    for one in rects:
        alike = [r for r in rects if abs(r.width - one.width) <= max(2, 0.12 * one.width)]
        area = sum(r.width * r.height for r in alike)
        if area > covered:
            best, covered = alike, area
    return best


def _without_borders(rects: Sequence[Rect]) -> list[Rect]:
    """Leave out the outlines of bars: thin, with another colour right under or over them."""
    return [
        r
        for r in rects
        if r.height > 4
        or not any(
            o.colour != r.colour
            and o.height > 4
            and abs(o.cx - r.cx) <= 3
            and min(abs(o.y0 - r.y1), abs(o.y1 - r.y0)) <= 2
            for o in rects
        )
    ]


def _base(rects: Sequence[Rect], frame: Frame) -> float:
    """Return the row where bars begin: what most of them share, near nought when that is in the
    plot."""
    ends = Counter(row for r in rects for row in (r.y0, r.y1))
    nought = frame.nought
    if nought is None:
        ends = Counter(r.y1 for r in rects)
    else:
        ends = Counter({row: n for row, n in ends.items() if abs(row - nought) <= 2 * _BASE})
    if not ends:
        return nought if nought is not None else float(frame.area.y1)
    return float(max(ends, key=lambda y: sum(n for row, n in ends.items() if abs(row - y) <= 1)))


def _on_base(rects: Sequence[Rect], base: float) -> tuple[list[Rect], list[Rect], list[Rect]]:
    """Divide bars into those that stand on the base line, hang from it, and neither."""
    standing = [r for r in rects if abs(r.y1 - base) <= _BASE]
    hung = [r for r in rects if r not in standing and abs(r.y0 - base) <= _BASE]
    return standing, hung, [r for r in rects if r not in standing and r not in hung]


def _rests(rect: Rect, rects: Sequence[Rect]) -> bool:
    """Whether a bar lies on (or hangs under) another of its column."""
    return any(
        abs(r.cx - rect.cx) <= 3
        and r is not rect
        and (abs(r.y0 - rect.y1) <= _BASE or abs(r.y1 - rect.y0) <= _BASE)
        for r in rects
    )


def _marks(
    rects: Sequence[Rect], frame: Frame, base: float, stacked: bool, keys: Mapping[int, Key]
) -> list[Mark] | None:
    """Give every bar its category and its value; None when the categories do not fit."""
    places = [c.x for c in frame.categories]
    groups = _columns(rects, frame.step)
    in_order = len(groups) == len(places)
    marks: list[Mark] = []
    for number, group in enumerate(groups):
        middle = median([min(r.x0 for r in group), max(r.x1 for r in group)])
        nearest = min(range(len(places)), key=lambda i: abs(places[i] - middle))
        far = abs(places[nearest] - middle) > 0.5 * frame.step
        if far and not in_order:
            return None
        category = number if in_order else nearest
        for rect in group:
            marks.append(Mark(category, rect.colour, _value(rect, frame, base, stacked), rect))
    marks = _without_strays(marks, keys)
    told = Counter((m.category, m.colour) for m in marks)
    return marks if max(told.values()) == 1 else None


def _without_strays(marks: Sequence[Mark], keys: Mapping[int, Key]) -> list[Mark]:
    """Leave out what a legend with names for the others does not name: a see-through legend over
    a bar, say."""
    named = [m for m in marks if m.colour in keys]
    return list(named) if len(named) > 0.7 * len(marks) else list(marks)


def _columns(rects: Sequence[Rect], step: float) -> list[list[Rect]]:
    """Gather bars into the groups of one category: no gap as wide as between groups."""
    ordered = sorted(rects, key=lambda r: r.x0)
    gaps = [b.x0 - a.x1 for a, b in zip(ordered, ordered[1:], strict=False)]
    # Bars of one group touch or nearly do; between groups lies a wider gap.
    limit = max(2.0, min(0.5 * median(r.width for r in rects), 0.25 * step))
    if len({r.colour for r in rects}) == 1:
        limit = -1.0
    groups = [[ordered[0]]]
    for rect, gap in zip(ordered[1:], gaps, strict=True):
        span = max(r.x1 for r in groups[-1]) - min(r.x0 for r in groups[-1])
        same = gap < 0 or (gap <= limit and rect.x1 - groups[-1][0].x0 < 1.02 * step and span > 0)
        known = {r.colour for r in groups[-1] if abs(r.cx - rect.cx) > 3}
        if same and rect.colour not in known:
            groups[-1].append(rect)
        else:
            groups.append([rect])
    return groups


def _value(rect: Rect, frame: Frame, base: float, stacked: bool) -> float:
    axis = frame.axis
    hangs = rect.y0 > base - _BASE and rect.y1 - base > base - rect.y0
    end = rect.y1 if hangs else rect.y0
    if not stacked:
        return axis.value(end)
    low, high = axis.value(rect.y1), axis.value(rect.y0)
    if abs(rect.y1 - base) <= _BASE:
        low = axis.value(base)
    return low - high if hangs else high - low
