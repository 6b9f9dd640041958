"""Lines and points: the place of a stroke at each category, read against the value axis.

After FigureSeer (Siegel et al., 2016): a series is traced by its colour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

import cv2
import numpy as np

from retrieval.charts.bars import Found, Mark
from retrieval.charts.frame import Frame
from retrieval.charts.ink import Array, Canvas, Rect, long_rows
from retrieval.charts.legend import Key

_COVERED = 0.45
"""Share of the columns between the first and the last category that a line runs through."""
_MARK = 7
"""Columns beside a point that its own mark may fill."""
_THICK = 14
"""Pixels of a column that a stroke covers at most, in the median."""


def may_be(canvas: Canvas) -> bool:
    """Whether a picture has a plain ground, little ink, and an axis or a grid along its foot and
    its side, no frame of a window around everything."""
    if not 0.004 < canvas.ink.mean() < 0.2:
        return False
    whole = Rect(0, 0, canvas.width, canvas.height)
    rows = long_rows(canvas.distance > 12, whole, 0.6)
    inner = [y for y in rows if 0.4 * canvas.height < y < 0.96 * canvas.height]
    return bool(inner) and len(rows) < 0.1 * canvas.height


def stroke_masks(canvas: Canvas, frame: Frame) -> tuple[list[Array], list[Array]]:
    """Return the colours of strokes in the plot and the pixels of each, axes and grid left out."""
    colours = canvas.strokes(frame.area)
    masks = canvas.traces(colours)
    for colour, mask in zip(colours, masks, strict=True):
        _without_lines(mask, frame.area, canvas.is_grey(colour))
    return colours, masks


def undashed(mask: Array) -> Array:
    """Return a mask with the gaps of dashed strokes closed, along rows."""
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, 9), np.uint8))
    return np.asarray(closed > 0)


def _without_lines(mask: Array, area: Rect, grey: bool) -> None:
    """Take straight rows and columns that cross the plot out of a mask; grey rows also in part."""
    part = mask[area.y0 : area.y1, area.x0 : area.x1]
    part[part.mean(axis=1) > 0.85] = False  # an axis, blurred into the colour of a line
    if grey:
        straight = np.flatnonzero(part.mean(axis=1) > 0.35)
        part[straight] = False
        if len(straight) and straight[-1] > 0.8 * len(part):
            part[straight[-1] :] = False  # tick marks under the axis
    part[:, part.mean(axis=0) > 0.5] = False


def lines_of(frame: Frame, masks: Sequence[Array], keys: Mapping[int, Key]) -> Found | None:
    """Return the values of the lines or points in a plot at its categories; None when there are
    none."""
    if len(frame.categories) < 2:
        return None
    traces: list[tuple[int, Array]] = []
    for number, mask in enumerate(masks):
        trace = _trace(mask, frame, keys.get(number))
        if trace is not None:
            traces.append((number, trace))
    traces = _apart(traces, keys)
    if not traces:
        return None
    places = _places(frame, [trace for _, trace in traces])
    marks: list[Mark] = []
    for number, trace in traces:
        for category, x in enumerate(places):
            y = _at(trace, x - frame.area.x0, frame.step)
            if y is not None:
                marks.append(_mark(category, number, x, y + frame.area.y0, frame))
    wanted = len(traces) * len(places)
    if len(marks) < 0.6 * wanted:
        return None
    return Found(tuple(marks), len(marks) / wanted)


def _apart(traces: Sequence[tuple[int, Array]], keys: Mapping[int, Key]) -> list[tuple[int, Array]]:
    """Leave out what runs along another line: its blurred edge, in a colour of its own."""
    kept: list[tuple[int, Array]] = []
    for number, trace in sorted(traces, key=lambda t: (t[0] not in keys, np.isnan(t[1]).mean())):
        off = [np.abs(trace - other) for _, other in kept]
        if not any(np.isfinite(o).any() and np.nanpercentile(o, 80) < 3 for o in off):
            kept.append((number, trace))
    return sorted(kept, key=lambda t: t[0])


def _mark(category: int, colour: int, x: float, y: float, frame: Frame) -> Mark:
    rect = Rect(int(x) - 5, int(y) - 5, int(x) + 6, int(y) + 6, colour)
    return Mark(category, colour, frame.axis.value(y), rect)


def _trace(mask: Array, frame: Frame, key: Key | None) -> Array | None:
    """Return the row of a stroke in each column of the plot (NaN: none); None: it is no line."""
    area = frame.area
    part = mask[area.y0 : area.y1, area.x0 : area.x1].copy()
    if key is not None:
        s = key.sample
        part[
            max(0, s.y0 - 4 - area.y0) : max(0, s.y1 + 4 - area.y0),
            max(0, s.x0 - 3 - area.x0) : max(0, s.x1 + 3 - area.x0),
        ] = False
    part = _main(part)
    heights = part.sum(axis=0)
    if not heights.any() or median(heights[heights > 0]) > _THICK:
        return None
    tops = part.argmax(axis=0).astype(np.float32)
    bottoms = (part.shape[0] - part[::-1].argmax(axis=0)).astype(np.float32)
    rows = (tops + bottoms) / 2
    rows[heights == 0] = np.nan
    # A column with ink far apart is of two strokes: none of them is known.
    rows[(bottoms - tops) > 2.5 * np.maximum(heights, 3) + 4] = np.nan
    known = np.isfinite(rows)
    first, last = frame.categories[0].x - area.x0, frame.categories[-1].x - area.x0
    covered = known[max(0, int(first)) : int(last) + 1]
    if not covered.any() or np.ptp(rows[known]) < 1.5:
        return None  # nothing, or a rule of a table
    return rows if covered.mean() >= _COVERED or _points(known, frame) else None


def _main(part: Array) -> Array:
    """Leave out specks: what is small and far smaller than the largest stroke."""
    count, marks, stats, _ = cv2.connectedComponentsWithStats(part.astype(np.uint8))
    if count < 2:
        return part
    spans = stats[1:, cv2.CC_STAT_AREA]
    kept = [i + 1 for i in np.flatnonzero(spans >= max(4, 0.02 * spans.max()))]
    return np.isin(marks, kept)


def _places(frame: Frame, traces: Sequence[Array]) -> list[float]:
    """Return the columns of the categories: evened out, and moved to the middle of the lines."""
    places = np.array([c.x for c in frame.categories])
    steps = np.arange(len(places))
    if len(places) >= 3:
        slope, start = np.polyfit(steps, places, 1)
        if np.abs(slope * steps + start - places).max() < 0.15 * slope:
            places = slope * steps + start
    ends = [np.flatnonzero(~np.isnan(t)) + frame.area.x0 for t in traces]
    first, last = median(e[0] for e in ends), median(e[-1] for e in ends)
    off = (first - places[0], last - places[-1])
    if all(abs(o) < 0.2 * frame.step for o in off):
        places = places + (off[0] + off[1]) / 2  # marks and caps reach as far out on both ends
    return [float(p) for p in places]


def _points(columns: Array, frame: Frame) -> bool:
    """Whether there is something at most of the categories, and little between them."""
    places = [c.x - frame.area.x0 for c in frame.categories]
    reach = max(3, int(0.12 * frame.step))
    at = [columns[max(0, int(p) - reach) : int(p) + reach + 1] for p in places]
    beside = columns.sum() - sum(int(part.sum()) for part in at)
    return float(np.mean([part.any() for part in at])) > 0.7 and beside < 0.3 * columns.sum()


def _at(trace: Array, x: float, step: float) -> float | None:
    """Return the row of a stroke in a column.

    A line bends at its points, and a stroke is thick there: both sides are drawn out to where
    they meet. What is hidden lies between its neighbours.
    """
    left, right = _side(trace, x, -1, step), _side(trace, x, 1, step)
    if left is not None and right is not None:
        bend = left[0] - right[0]
        meet = (right[1] - left[1]) / bend if abs(bend) > 0.25 else 0.0  # columns from x
        if abs(meet) > max(3.0, 0.06 * step):
            meet = 0.0
        return float((left[1] + left[0] * meet + right[1] + right[0] * meet) / 2)
    if (one := left or right) is not None:
        return float(one[1])
    at = int(round(x))
    reach = max(3, int(0.12 * step))
    near = trace[max(0, at - reach) : at + reach + 1]
    return float(np.nanmedian(near)) if np.isfinite(near).any() else None


def _side(trace: Array, x: float, way: int, step: float) -> tuple[float, float] | None:
    """Return (slope, row at x) of the stroke beside a point, the point's own mark left out."""
    offs = way * np.arange(_MARK, max(_MARK + 6, int(0.45 * step)))
    at = np.round(x + offs).astype(int)
    known = (at >= 0) & (at < len(trace))
    offs, rows = offs[known], trace[at[known]]
    known = np.isfinite(rows)
    if known.sum() < 5 or known.mean() < 0.4:
        return None
    slope, row = np.polyfit(offs[known], rows[known], 1)
    rest = np.abs(slope * offs[known] + row - rows[known])
    return (float(slope), float(row)) if float(np.median(rest)) < 2.0 else None
