"""The value axis: labels that stand in a row or column and whose numbers follow their places.

A line is fitted through (place, number) of the labels that stand aligned, as in ReVision (Savva
et al., 2011) and ChartSense (Jung et al., 2017), by consensus of pairs; a fit that few labels
agree with is refused. Knows no colours but the ink of tick marks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import median
from typing import Any

import numpy as np

from retrieval.charts.labels import Label

_LEAST = 3
"""Tick labels an axis has at least."""
_AGREE = 0.7
"""Share of the aligned numbers that lie on the line."""
_OFF = 0.12
"""Distance from the line, in tick spacings, up to which a label agrees."""


@dataclass(frozen=True)
class Axis:
    """A map from pixels to values along one direction; ``log`` axes are linear in log10.

    ``slope`` and ``start`` map a pixel to (the logarithm of) a value; ``spread`` is the root mean
    square of the labels' distances from the line, in pixels; ``low`` and ``high`` are the first
    and last tick's pixels.
    """

    labels: tuple[Label, ...]
    slope: float
    start: float
    spread: float
    low: float
    high: float
    log: bool = False
    unit: str = ""

    def value(self, pixel: float) -> float:
        """Return the value at a pixel."""
        flat = self.slope * pixel + self.start
        return float(10**flat) if self.log else flat

    def pixel(self, value: float) -> float:
        """Return the pixel of a value; a log axis has none of nought or less."""
        if self.log:
            if value <= 0:
                return math.nan
            value = math.log10(value)
        return (value - self.start) / self.slope

    @property
    def spacing(self) -> float:
        """Pixels between two ticks, in the mean."""
        return (self.high - self.low) / (len(self.labels) - 1)

    @property
    def error(self) -> float:
        """Expected error of a value, of the fit and one pixel (in the middle, on a log axis)."""
        off = math.hypot(0.7, self.spread / math.sqrt(len(self.labels)))
        if self.log:
            middle = self.value((self.low + self.high) / 2)
            return middle * (10 ** (abs(self.slope) * off) - 1)
        return abs(self.slope) * off


def columns(labels: Sequence[Label]) -> list[Axis]:
    """Return the axes whose numbers stand one above the other, the best first."""
    return _axes(labels, lambda o: o.cy, (lambda o: o.x1, lambda o: o.x0, lambda o: o.cx), True)


def rows(labels: Sequence[Label]) -> list[Axis]:
    """Return the axes whose numbers stand side by side, the best first."""
    return _axes(labels, lambda o: o.cx, (lambda o: o.cy,), False)


def _axes(
    labels: Sequence[Label],
    along: Callable[[Label], float],
    aligned: Sequence[Callable[[Label], float]],
    upright: bool,
) -> list[Axis]:
    numbers = [o for o in labels if o.number is not None]
    found: list[Axis] = []
    for edge in aligned:
        for group in _groups(numbers, edge):
            axis = _fit(sorted(group, key=along), along, upright)
            if axis is not None and not any(_same(axis, other) for other in found):
                found.append(axis)
    return sorted(found, key=lambda a: (-len(a.labels), a.labels[0].x0))


def _same(one: Axis, other: Axis) -> bool:
    return len(set(one.labels) & set(other.labels)) >= 2


def _groups(numbers: Sequence[Label], edge: Callable[[Label], float]) -> list[list[Label]]:
    """Gather labels whose edge is at one place."""
    groups: list[list[Label]] = []
    for one in sorted(numbers, key=edge):
        size = median(o.size for o in groups[-1]) if groups else 0.0
        if groups and edge(one) - edge(groups[-1][-1]) < max(3.0, 0.45 * size):
            groups[-1].append(one)
        else:
            groups.append([one])
    return [group for group in groups if len(group) >= _LEAST]


def _fit(group: Sequence[Label], along: Callable[[Label], float], upright: bool) -> Axis | None:
    """Fit a line, or a logarithmic one, that most of the labels agree with."""
    places = np.array([along(o) for o in group])
    numbers = np.array([float(o.number or 0.0) for o in group])
    best: Axis | None = None
    for log in (False, True):
        if log and (numbers.min() <= 0 or numbers.max() < 20 * numbers.min()):
            continue
        values = np.log10(numbers) if log else numbers
        chosen = _consensus(places, values, group)
        if chosen is None or (best is not None and len(chosen) <= len(best.labels)):
            continue
        best = _line(places, values, chosen, group, log)
    if best is None or len(best.labels) < max(_LEAST, math.ceil(_AGREE * len(group))):
        return None
    if not best.log and not _round([float(o.number or 0.0) for o in best.labels]):
        return None
    # Labels of a column stand apart by a line at least, and an upright axis counts upwards.
    if upright and (best.slope > 0 or best.spacing < 1.1 * median(o.size for o in group)):
        return None
    return best if upright or best.slope > 0 else None


def _round(numbers: Sequence[float]) -> bool:
    """Whether numbers are multiples of half their least step, as those of ticks are and values
    that happen to be printed beside the ends of lines are not."""
    ordered = sorted(set(numbers))
    half = min(b - a for a, b in zip(ordered, ordered[1:], strict=False)) / 2
    return all(abs(n / half - round(n / half)) < 0.04 for n in ordered)


def _consensus(
    places: np.ndarray[Any, Any], values: np.ndarray[Any, Any], group: Sequence[Label]
) -> list[int] | None:
    """Return the labels that agree with the line through the pair that most agree with."""
    best: list[int] = []
    for a, b in combinations(range(len(group)), 2):
        if abs(places[b] - places[a]) < 4 or values[a] == values[b]:
            continue
        slope = (values[b] - values[a]) / (places[b] - places[a])
        off = np.abs(values[a] + slope * (places - places[a]) - values) / abs(slope)
        span = (places.max() - places.min()) / max(1, len(group) - 1)
        agree = [int(i) for i in np.flatnonzero(off < max(2.0, _OFF * span))]
        if len(agree) > len(best):
            best = agree
    return best if len(best) >= _LEAST else None


def _line(
    places: np.ndarray[Any, Any],
    values: np.ndarray[Any, Any],
    chosen: Sequence[int],
    group: Sequence[Label],
    log: bool,
) -> Axis:
    at, of = places[list(chosen)], values[list(chosen)]
    slope, start = (float(v) for v in np.polyfit(at, of, 1))
    spread = float(np.sqrt(np.mean(((slope * at + start - of) / slope) ** 2)))
    kept = tuple(group[i] for i in chosen)
    units = [o.unit for o in kept if o.unit]
    unit = max(set(units), key=units.count) if units else ""
    return Axis(kept, slope, start, spread, float(at.min()), float(at.max()), log, unit)


def snapped(axis: Axis, lines: Sequence[float]) -> Axis:
    """Move an axis onto the tick marks or grid lines nearest its labels, when these agree.

    A label's box is not always centred on its tick; all of one axis are off alike.
    """
    pixels = [axis.pixel(float(o.number or 0.0)) for o in axis.labels]
    offs = []
    for pixel in pixels:
        near = min(lines, key=lambda line: abs(line - pixel), default=math.inf)
        if abs(near - pixel) < 0.2 * axis.spacing:
            offs.append(near - pixel)
    if len(offs) < max(2, math.ceil(0.6 * len(pixels))):
        return axis
    shift = median(offs)
    if median(abs(off - shift) for off in offs) > 1.2 or abs(shift) > 8:
        return axis
    return replace(
        axis,
        start=axis.start - axis.slope * shift,
        low=axis.low + shift,
        high=axis.high + shift,
    )
