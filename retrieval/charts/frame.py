"""The plot: the area between the axes, and the labels of its categories.

Written for an upright value axis; charts whose bars lie are turned before. Knows no bars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from retrieval.charts.axes import Axis, snapped
from retrieval.charts.ink import Canvas, Rect, long_rows, middles
from retrieval.charts.labels import Label


@dataclass(frozen=True)
class Category:
    """A place on the category axis, in pixels, and what it is called."""

    x: float
    text: str
    number: float | None = None


@dataclass(frozen=True)
class Frame:
    """The plot area, its value axis, its categories from left to right and their labels."""

    area: Rect
    axis: Axis
    categories: tuple[Category, ...]
    row: tuple[Label, ...] = ()

    def others(self, labels: Sequence[Label]) -> list[Label]:
        """Return the labels that are neither on the value axis nor of a category."""
        return [o for o in labels if o not in self.axis.labels and o not in self.row]

    @property
    def step(self) -> float:
        """Pixels between two categories."""
        places = [c.x for c in self.categories]
        return float(np.median(np.diff(places))) if len(places) > 1 else float(self.area.width)

    @property
    def nought(self) -> float | None:
        """The row of nought, when it lies in the plot."""
        row, axis = self.axis.pixel(0.0), self.axis
        return row if axis.low - axis.spacing < row < axis.high + 1.3 * axis.spacing else None


def frame_of(canvas: Canvas, axis: Axis, labels: Sequence[Label]) -> Frame | None:
    """Return the plot of a value axis; None when no category is named under it."""
    area = _area(canvas, axis)
    if area.width < 40 or area.height < 30:
        return None
    inner = Rect(area.x0, max(0, int(axis.low)), area.x1, min(canvas.height, int(axis.high)))
    canvas.take_ground(inner)
    axis = snapped(axis, middles(long_rows(canvas.ink, area, 0.5)) + _ticks(canvas, axis))
    others = [label for label in labels if label not in axis.labels]
    row, named = _categories(others, area, axis)
    if not named or named[-1].x - named[0].x < 0.35 * area.width:
        return None
    foot = min(o.y0 for o in row) - 0.3 * row[0].size
    frame = Frame(area, axis, tuple(named), tuple(row))
    if frame.nought is not None and abs(frame.nought - foot) < 1.2 * row[0].size:
        foot = max(foot, frame.nought + 3)  # boxes of words may reach over the base line
    if area.y1 < foot < axis.high + 2.2 * axis.spacing:
        area = replace(area, y1=min(canvas.height, int(foot)))
    return replace(frame, area=area)


def _area(canvas: Canvas, axis: Axis) -> Rect:
    """Return the plot: beside the tick labels, as far as its lines reach."""
    size = median(o.size for o in axis.labels)
    top = max(0, int(axis.low - 0.95 * axis.spacing))
    bottom = min(canvas.height, int(axis.high + max(3.0, 0.12 * axis.spacing)))
    left, right = max(o.x1 for o in axis.labels), min(o.x0 for o in axis.labels)
    if left < canvas.width / 2:
        x0, x1 = int(left + 0.15 * size), canvas.width
    else:
        x0, x1 = 0, int(right - 0.15 * size)
    reach = _reach(canvas, axis, max(0, x0), x1)
    if reach is not None:
        x0, x1 = max(x0, reach[0]), min(x1, reach[1])
    return Rect(x0, top, x1, bottom)


def _reach(canvas: Canvas, axis: Axis, x0: int, x1: int) -> tuple[int, int] | None:
    """Return how far the longest straight rows near the ticks reach."""
    found: list[tuple[int, int]] = []
    weak = canvas.distance > 9  # grid lines may be pale
    for label in axis.labels:
        middle = int(axis.pixel(float(label.number or 0.0)))
        best = (0, 0)
        for y in range(max(0, middle - 5), min(canvas.height, middle + 6)):
            run = _longest(weak[y, x0:x1])
            best = max(best, run, key=lambda r: r[1] - r[0])
        if best[1] - best[0] > 0.4 * (x1 - x0):
            found.append((best[0] + x0, best[1] + x0))
    if not found:
        return None
    return max(found, key=lambda r: r[1] - r[0])


def _longest(row: np.ndarray) -> tuple[int, int]:
    """Return the longest run of ink in a row, gaps of four pixels (dashes) left aside."""
    at = np.flatnonzero(row)
    if not len(at):
        return (0, 0)
    breaks = np.flatnonzero(np.diff(at) > 8)
    starts = np.concatenate(([0], breaks + 1))
    ends = np.concatenate((breaks, [len(at) - 1]))
    best = int(np.argmax(at[ends] - at[starts]))
    return int(at[starts[best]]), int(at[ends[best]]) + 1


def _ticks(canvas: Canvas, axis: Axis) -> list[float]:
    """Return the rows of the tick marks between the labels and the plot."""
    left = max(o.x1 for o in axis.labels)
    x0 = int(left) + 1
    strip = canvas.ink[:, x0 : x0 + int(median(o.size for o in axis.labels)) + 2]
    if strip.shape[1] < 3:
        return []
    counts = strip.sum(axis=1)
    return middles([int(y) for y in np.flatnonzero(counts >= np.median(counts) + 2)])


def _categories(
    labels: Sequence[Label], area: Rect, axis: Axis
) -> tuple[list[Label], list[Category]]:
    """Return the labels of the row under the plot, or of one within it (under bars that hang)."""
    size = median(o.size for o in axis.labels)
    under = [
        o for o in labels if area.x0 - size < o.cx < area.x1 + size and o.y0 > area.y1 - 0.8 * size
    ]
    row = _row(under, size, 1)
    if len(row) < 2:
        inside = [
            o
            for o in labels
            if area.x0 < o.cx < area.x1 and area.y0 + size < o.y0 and o.number is None
        ]
        near = [o for o in inside if abs(o.y0 - axis.pixel(0)) < 2.5 * size] if not axis.log else []
        row = max(row, _row(near, size, 2), key=len)
    lines = [_second(o, under, row) for o in row]
    several = sum(line is not None for line in lines) > 1  # one alone is the title of the axis
    return row, [
        Category(o.cx, f"{o.text} {line.text}" if several and line else o.text, o.number)
        for o, line in zip(row, lines, strict=True)
    ]


def _row(labels: Sequence[Label], size: float, least: int) -> list[Label]:
    """Return the uppermost labels that begin at one height, from left to right."""
    for first in sorted(labels, key=lambda o: o.y0):
        level = [
            o
            for o in labels
            if abs(o.y0 - first.y0) < 0.6 * size or abs(o.cy - first.cy) < 0.4 * size
        ]
        if len(level) >= max(least, 2):
            return sorted(level, key=lambda o: o.cx)
    return []


def _second(label: Label, labels: Sequence[Label], row: Sequence[Label]) -> Label | None:
    """Return the second line of a label of the row."""
    return next(
        (
            o
            for o in labels
            if o not in row
            and abs(o.cx - label.cx) < 0.5 * max(label.x1 - label.x0, o.x1 - o.x0)
            and -0.3 * label.size < o.y0 - label.y1 < 0.45 * label.size
        ),
        None,
    )
