"""The table of a pie: each slice with its name and its percentage."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from retrieval.charts.ink import Array, Canvas
from retrieval.charts.labels import Label, number_of
from retrieval.charts.legend import keys_of
from retrieval.charts.pies import Pie, Slice, named_slices, pie_of
from retrieval.charts.values import Chart, Value
from retrieval.values import Box

_PERCENT = re.compile(r"(\d+(?:[.,]\d+)?)\s*[%％]")
_ERROR = 0.7
"""Percentage points by which the angle of a slice is off, as measured on drawn pies."""
_AGREES = 2.5
"""Percentage points up to which a printed percentage is that of the slice."""


def read_pie(rgb: Array, labels: Sequence[Label]) -> Chart | None:
    """Return the table of a pie; None when there is none, or its slices have no names."""
    if len(labels) < 2:
        return None
    canvas = Canvas(rgb, labels)
    pie = pie_of(canvas)
    if pie is None:
        return None
    near = named_slices(pie, labels)
    colours = [part.colour for part in pie.slices]
    keys = keys_of([_outside(mask, pie) for mask in canvas.areas(colours)], labels)
    values: list[Value] = []
    for number, part in enumerate(pie.slices):
        beside = near.get(number, [])
        name = keys[number].label.text if number in keys else _name(beside)
        printed = _printed([*beside, *([keys[number].label] if number in keys else [])], part)
        measured = round(100 * part.share, 1)
        values.append(
            Value(
                _PERCENT.sub("", name).strip(" ,;:()（）-–") or name,
                "",
                measured if printed is None else printed,
                _box(pie, part, canvas),
                printed is not None,
            )
        )
    names = [v.x for v in values if v.x]
    if len(names) < 0.7 * len(values) or len(set(names)) < len(names):
        return None
    values = [v for v in values if v.x]
    confidence = round(0.95 * len(names) / len(pie.slices), 2)
    return Chart(
        "pie", _title(labels, pie), "%", tuple(values), _ERROR, confidence, (0.0, 0.0, 1.0, 1.0)
    )


def _outside(mask: Array, pie: Pie) -> Array:
    """Leave out what belongs to the pie itself: samples of a legend stand beside it."""
    ys, xs = np.ogrid[: mask.shape[0], : mask.shape[1]]
    far = (xs - pie.x) ** 2 + (ys - pie.y) ** 2 > (1.02 * pie.radius) ** 2
    return np.asarray(mask & far)


def _name(labels: Sequence[Label]) -> str:
    words = [o.text for o in labels if o.number is None and number_of(o.text) is None]
    return words[0] if words else ""


def _printed(labels: Sequence[Label], part: Slice) -> float | None:
    for label in labels:
        if found := _PERCENT.search(label.text):
            value = float(found[1].replace(",", "."))
            if abs(value - 100 * part.share) <= _AGREES:
                return value
    return None


def _title(labels: Sequence[Label], pie: Pie) -> str:
    above = [o for o in labels if o.y1 < pie.y - pie.radius and o.number is None]
    return max(above, key=lambda o: (o.size, len(o.text))).text[:160] if above else ""


def _box(pie: Pie, part: Slice, canvas: Canvas) -> Box:
    rect = pie.rect(part)
    sides = (
        rect.x0 / canvas.width,
        rect.y0 / canvas.height,
        rect.x1 / canvas.width,
        rect.y1 / canvas.height,
    )
    cut = [round(min(1.0, max(0.0, v)), 5) for v in sides]
    return (cut[0], cut[1], cut[2], cut[3])
