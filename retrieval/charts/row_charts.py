"""A picture and its words in, the tables of all charts whose bars lie in rows out.

Such charts have no axis: what they say is printed at their bars (``rows``) and beside and over
them (``headings``). A page may hold several.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from retrieval.charts.headings import Names, names_of
from retrieval.charts.ink import Canvas
from retrieval.charts.labels import number_of, single_labels
from retrieval.charts.rows import Bar, Rows, filled, rows_of
from retrieval.charts.values import Chart, Value
from retrieval.values import Box, Word

if TYPE_CHECKING:
    from PIL.Image import Image

SURE = 0.8
"""Confidence of what is printed where lengths agree."""
_LONGEST = 1600
_PERCENT = re.compile(r"%|％|\bper ?cent|百分比|百分率|占比", re.IGNORECASE)
_GLANCE = 700
_NAMED = 0.75
"""Share of the bars that must have a name."""
_ON = 4.0
"""Thicknesses of a bar between two parts of one chart, each with names of its own."""


def may_have_rows(image: Image, words: Sequence[Word]) -> bool:
    """Whether a picture, made small, has bars whose numbers agree with their lengths: asked before
    it is drawn larger."""
    if len({w.text for w in words if number_of(w.text) is not None}) < 3:
        return False
    small = image.convert("RGB")
    small.thumbnail((_GLANCE, _GLANCE))
    rects, _ = filled(Canvas(np.asarray(small), ()), thin=3)
    return any(True for _ in rows_of(rects, single_labels(words, *small.size), small.width))


def read_rows(image: Image, words: Sequence[Word]) -> list[Chart]:
    """Return the charts of a picture whose bars lie in rows and have their numbers printed.

    Args:
        image: RGB; more than 1600 pixels a side are shrunk.
        words: its words, boxes in fractions of the picture.
    """
    small = image.convert("RGB")
    small.thumbnail((_LONGEST, _LONGEST))
    canvas = Canvas(np.asarray(small), ())
    labels = single_labels(words, *small.size)
    if len({o.number for o in labels if o.number is not None}) < 3:
        return []
    rects, colours = filled(canvas)
    found = [
        (rows, names_of(rows, labels, rects, colours, canvas.ink_of))
        for rows in rows_of(rects, labels, small.width)
    ]
    found.sort(key=lambda pair: pair[0].top)
    titles = [names.title for _, names in found]
    for at, ((above, _), (below, _)) in enumerate(pairwise(found)):
        if _goes_on(above, below):
            titles[at + 1] = titles[at]
    charts = [
        _chart(rows, names, title, small.size)
        for (rows, names), title in zip(found, titles, strict=True)
    ]
    return [chart for chart in charts if chart is not None]


def _goes_on(above: Rows, below: Rows) -> bool:
    """Whether bars are the second part of the chart over them."""
    level = abs(above.panels[0][0] - below.panels[0][0]) < 5
    alike = abs(above.scale - below.scale) < 0.03 * above.scale
    foot = max(bar.rect.y1 for bar in above.bars)
    return level and alike and 0 < below.top - foot < _ON * below.thick


def _chart(rows: Rows, names: Names, title: str, size: tuple[int, int]) -> Chart | None:
    """Make the table; None when too few bars are named, or two have the same names."""
    said = list(names.bars.values())
    if len(said) < _NAMED * len(rows.bars) or len(set(said)) < len(said):
        return None
    values = tuple(
        Value(row, series, bar.value, _placed(bar, size), bar.number is not None)
        for bar, (row, series) in names.bars.items()
    )
    units = [b.number.unit for b in rows.bars if b.number is not None and b.number.unit]
    if not units and _PERCENT.search(" ".join((title, *(series for _, series in said)))):
        units = ["%"]
    unit = units[0] if units else ""
    told = tuple(_share((o.x0, o.y0, o.x1, o.y1), size) for o in names.told)
    box = _share(names.box, size)
    return Chart("bar", title, unit, values, 1 / rows.scale, SURE, box, told)


def _placed(bar: Bar, size: tuple[int, int]) -> Box:
    rect = bar.rect
    return _share((rect.x0, rect.y0, rect.x1, rect.y1), size)


def _share(box: tuple[float, float, float, float], size: tuple[int, int]) -> Box:
    """Return a place in pixels as fractions of the picture."""
    wide, high = size
    sides = (box[0] / wide, box[1] / high, box[2] / wide, box[3] / high)
    x0, y0, x1, y1 = (round(min(1.0, max(0.0, side)), 5) for side in sides)
    return (x0, y0, x1, y1)
