"""A picture and its words in, a table out: the steps of reading a chart, and when to refuse.

Classical chart data extraction (Savva et al., 2011, "ReVision"; Siegel et al., 2016,
"FigureSeer"; Jung et al., 2017, "ChartSense"): find the value axis by its numbers, the plot beside
it, the categories under it, the series by colour, then measure. Nothing is guessed: without an
axis that fits, without names, or with marks that do not fit, there is no chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from retrieval.charts import bars, lines
from retrieval.charts.axes import Axis, columns
from retrieval.charts.frame import Frame, frame_of
from retrieval.charts.ink import Array, Canvas, Rect
from retrieval.charts.labels import Label, labels_of, turned
from retrieval.charts.legend import Key, colour_name, keys_of
from retrieval.charts.naming import printed_value, title_of, unit_of, words_above
from retrieval.charts.pies import pie_of
from retrieval.charts.printed import numbered_bars
from retrieval.charts.slices import read_pie
from retrieval.charts.values import Chart, Kind, Value
from retrieval.values import Box, Word

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST = 1600
"""Pixels of the longer side that are looked at; more is shrunk."""
SURE = 0.5
"""Confidence below which nothing is read."""
_SMALLEST = 80
_GLANCE = 420
_PRINTED = 900


def may_have_axis(words: Sequence[Word], aspect: float) -> bool:
    """Whether words have numbers that stand like those of a value axis: asked before pixels are
    looked at. ``aspect`` is height / width."""
    labels = labels_of(words, 1000, max(1, int(1000 * aspect)))
    return bool(columns(labels) or columns([turned(label, 1000) for label in labels]))


def may_be_pie(image: Image) -> bool:
    """Whether a picture, made small, has a round area of several colours: a few milliseconds."""
    small = image.copy()
    small.thumbnail((_GLANCE, _GLANCE))
    return pie_of(Canvas(np.asarray(small.convert("RGB")), ())) is not None


def may_be_bars(image: Image) -> bool:
    """Whether a picture, made small, has bars on one base: asked before its words are read."""
    small = image.copy()
    small.thumbnail((_GLANCE, _GLANCE))
    rgb = np.asarray(small.convert("RGB"))
    return any(bars.may_be(Canvas(np.ascontiguousarray(way), ())) for way in (rgb, np.rot90(rgb)))


def may_have_fills(image: Image) -> bool:
    """Whether a picture, made small, has four filled rectangles of one width."""
    small = image.copy()
    small.thumbnail((_GLANCE, _GLANCE))
    rgb = np.asarray(small.convert("RGB"))
    return any(bars.fills(Canvas(np.ascontiguousarray(way), ())) for way in (rgb, np.rot90(rgb)))


def may_be_lines(image: Image) -> bool:
    """Whether a picture, made small, has a plain ground and two axes that meet."""
    small = image.copy()
    small.thumbnail((_GLANCE, _GLANCE))
    return lines.may_be(Canvas(np.asarray(small.convert("RGB")), ()))


def read_chart(image: Image, words: Sequence[Word]) -> Chart | None:
    """Return the table of the chart that a picture shows; None when it shows none, or none that
    can be read with confidence.

    Args:
        image: RGB.
        words: its words, boxes in fractions of the picture.
    """
    if min(image.size) < _SMALLEST or len(words) < 2:
        return None
    if max(image.size) > LONGEST:
        image = image.copy()
        image.thumbnail((LONGEST, LONGEST))
    rgb = np.asarray(image.convert("RGB"))
    labels = labels_of(words, image.width, image.height)
    found = [
        _read(rgb, labels, lying=False),
        _read(np.rot90(rgb), [turned(o, image.width) for o in labels], lying=True),
    ]
    charts = [chart for chart in found if chart is not None]
    if not charts and may_be_numbered(labels) and may_have_fills(image):
        charts = _numbered(image, words)
    if not charts and may_be_pie(image):
        pie = read_pie(rgb, labels)
        charts = [pie] if pie is not None else []
    best = max(charts, key=lambda chart: chart.confidence, default=None)
    return best if best is not None and best.confidence >= SURE else None


def _read(rgb: Array, labels: Sequence[Label], *, lying: bool) -> Chart | None:
    """Read a chart whose values go up."""
    axes = columns(labels)
    if not axes or _disagree(axes):
        return None
    canvas = Canvas(np.ascontiguousarray(rgb), labels)
    for axis in axes[:2]:
        frame = frame_of(canvas, axis, labels)
        if frame is None:
            continue
        chart = _bar_chart(canvas, frame, labels, lying)
        if chart is None and not lying:
            chart = _line_chart(canvas, frame, labels)
        if chart is not None:
            return chart
    return None


def _disagree(axes: Sequence[Axis]) -> bool:
    """Whether two axes stand beside each other and count differently: nobody can tell which of
    them a bar or line is meant for."""
    if len(axes) < 2:
        return False
    one, other = axes[0], axes[1]
    shared = min(one.high, other.high) - max(one.low, other.low)
    beside = shared > 0.6 * min(one.high - one.low, other.high - other.low)
    middle = (one.low + one.high) / 2
    return beside and abs(one.value(middle) - other.value(middle)) > 3 * one.error


def _like_table(frame: Frame, found: bars.Found, labels: Sequence[Label]) -> bool:
    """Whether far more numbers stand in the plot than there are values to print."""
    area = frame.area
    numbers = [
        o
        for o in frame.others(labels)
        if o.number is not None and area.x0 < o.cx < area.x1 and area.y0 < o.cy < area.y1
    ]
    return len(numbers) > 1.5 * len(found.marks) + 4


def _untitled(frame: Frame, labels: Sequence[Label]) -> list[Label]:
    """Return the labels that may name a series: not the title above the plot."""
    others = frame.others(labels)
    middle, near = (frame.area.x0 + frame.area.x1) / 2, 0.04 * frame.area.width
    return [o for o in others if o.y1 > frame.axis.low or abs(o.cx - middle) > near]


def _numbered(image: Image, words: Sequence[Word]) -> list[Chart]:
    """Read bars that stand and each have a number, on a smaller picture: the numbers are exact
    anyway."""
    small = image.copy()
    small.thumbnail((_PRINTED, _PRINTED))
    rgb = np.asarray(small.convert("RGB"))
    chart = _read_printed(rgb, labels_of(words, small.width, small.height))
    return [chart] if chart is not None else []


def may_be_numbered(labels: Sequence[Label]) -> bool:
    """Whether there are numbers enough for bars that each have one."""
    return len({o.number for o in labels if o.number is not None}) >= 3


def _read_printed(rgb: Array, labels: Sequence[Label]) -> Chart | None:
    """Read bars that have no axis but a number each."""
    canvas = Canvas(np.ascontiguousarray(rgb), labels)
    found, scale = numbered_bars(canvas, labels)
    if not found:
        return None
    units = [f.number.unit for f in found if f.number and f.number.unit]
    values = tuple(
        Value(
            f.category.text, f.series,
            _rounded(f.rect.height / scale, 1 / scale) if f.number is None
            else float(f.number.number or 0.0),
            _placed(f.rect, canvas, False), printed=f.number is not None,
        )
        for f in found
    )  # fmt: skip
    used = [o for f in found for o in (f.number, f.category) if o is not None]
    words = [o for o in labels if o not in used and o.number is None]
    title = words_above([f.rect for f in found], words)
    unit = units[0] if units else ""
    return Chart("bar", title, unit, values, 1 / scale, 0.8, (0.0, 0.0, 1.0, 1.0))


def _bar_chart(canvas: Canvas, frame: Frame, labels: Sequence[Label], lying: bool) -> Chart | None:
    colours, masks = bars.area_masks(canvas, frame)
    keys = keys_of(masks, _untitled(frame, labels))
    found = bars.bars_of(frame, masks, keys)
    if found is None or _like_table(frame, found, labels):
        return None
    return _table("bar", canvas, frame, found, colours, keys, labels, lying)


def _line_chart(canvas: Canvas, frame: Frame, labels: Sequence[Label]) -> Chart | None:
    colours, masks = lines.stroke_masks(canvas, frame)
    keys = keys_of([lines.undashed(mask) for mask in masks], _untitled(frame, labels))
    found = lines.lines_of(frame, masks, keys)
    if found is None or _like_table(frame, found, labels):
        return None
    return _table("line", canvas, frame, found, colours, keys, labels, False)


def _table(
    kind: Kind,
    canvas: Canvas,
    frame: Frame,
    found: bars.Found,
    colours: Sequence[Array],
    keys: dict[int, Key],
    labels: Sequence[Label],
    lying: bool,
) -> Chart:
    """Make the table: names of series, printed values, places, title, unit, confidence."""
    names = _series(found, colours, keys)
    keyed = [key.label for key in keys.values()]
    numbers = [o for o in frame.others(labels) if o.number is not None and o not in keyed]
    ordered = sorted(found.marks, key=lambda m: (m.category, _order(m.colour, keys)))
    if lying:  # what is read from top to bottom was turned to run from left to right
        ordered = sorted(ordered, key=lambda m: m.category)
    values = []
    for mark in ordered:
        exact = printed_value(mark, numbers, frame, kind)
        values.append(
            Value(
                frame.categories[mark.category].text,
                names[mark.colour],
                _rounded(mark.value, frame.axis.error) if exact is None else exact,
                _placed(mark.rect, canvas, lying),
                exact is not None,
            )
        )
    named = len(set(names.values())) == 1 and not (_unresolved(frame, labels) and not keys)
    named = named or all(c in keys for c in names)
    return Chart(
        kind,
        title_of(labels, frame, keyed, lying),
        unit_of(labels, frame.axis),
        tuple(values),
        frame.axis.error,
        round(_confidence(frame, found, named), 2),
        (0.0, 0.0, 1.0, 1.0),
    )


def _unresolved(frame: Frame, labels: Sequence[Label]) -> bool:
    """Whether words stand in the plot like the names of a legend, one under the other."""
    area = frame.area
    inside = [
        o
        for o in frame.others(labels)
        if area.x0 < o.cx < area.x1 and area.y0 < o.cy < area.y1 and len(o.text) > 1
    ]
    return any(
        abs(a.x0 - b.x0) < 4 and 0.5 * a.size < b.cy - a.cy < 2.2 * a.size
        for a in inside
        for b in inside
    )


def _series(found: bars.Found, colours: Sequence[Array], keys: dict[int, Key]) -> dict[int, str]:
    """Return the name of each colour's series: of the legend, else the colour's own."""
    used = list(dict.fromkeys(m.colour for m in found.marks))
    per_category = [m.category for m in found.marks]
    if len(used) == 1:
        return {c: keys[c].label.text if c in keys else "" for c in used}
    if len(set(per_category)) == len(per_category) and not any(c in keys for c in used):
        return dict.fromkeys(used, "")  # each bar has a colour of its own
    return {c: keys[c].label.text if c in keys else colour_name(colours[c]) for c in used}


def _order(colour: int, keys: dict[int, Key]) -> tuple[float, ...]:
    """Series stand in the order of the legend."""
    if colour not in keys:
        return (1.0, float(colour))
    label = keys[colour].label
    first = min(key.label.cy for key in keys.values())
    return (0.0, int((label.cy - first) / (0.8 * max(1.0, label.size))), label.x0)


def _confidence(frame: Frame, found: bars.Found, named: bool) -> float:
    axis = frame.axis
    straight = 1 - min(0.5, 4 * axis.spread / axis.spacing)
    many = 0.9 if len(axis.labels) == 3 else 1.0
    told = len({m.category for m in found.marks}) / len(frame.categories)
    return straight * many * found.fit * (0.6 + 0.4 * told) * (1.0 if named else 0.5)


def _rounded(value: float, error: float) -> float:
    """Return a measured value to the digits that its error leaves."""
    if error <= 0:
        return value
    digits = -int(np.floor(np.log10(error)))
    return round(float(value), digits) + 0.0


def _placed(rect: Rect, canvas: Canvas, lying: bool) -> Box:
    """Return a rectangle as fractions of the picture as it was given."""
    x0, x1 = rect.x0 / canvas.width, rect.x1 / canvas.width
    y0, y1 = rect.y0 / canvas.height, rect.y1 / canvas.height
    if lying:
        x0, y0, x1, y1 = 1 - y1, x0, 1 - y0, x1
    cut = [round(min(1.0, max(0.0, v)), 5) for v in (x0, y0, x1, y1)]
    return (cut[0], cut[1], cut[2], cut[3])
