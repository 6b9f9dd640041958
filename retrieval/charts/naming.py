"""What is written in a chart beside its axes: title, unit, values printed at their marks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.charts.axes import Axis
from retrieval.charts.bars import Mark
from retrieval.charts.frame import Frame
from retrieval.charts.ink import Rect
from retrieval.charts.labels import Label
from retrieval.charts.values import Kind

_SCALE = re.compile(
    r"\b(?:in )?(?:thousands?|millions?|billions?|percent|per cent)\b"
    r"|[单單]位[:：]?\s*\S+|[百千万亿]+元",
    re.IGNORECASE,
)
_LINES = 4
_BRACKETS = re.compile(r"[(（\[]([^)）\]]{1,24})[)）\]]")


def printed_value(mark: Mark, numbers: Sequence[Label], frame: Frame, kind: Kind) -> float | None:
    """Return the number that is printed at a mark and agrees with what was measured."""
    rect = mark.rect
    reach = max(rect.width, 0.7 * frame.step) / 2 if kind == "line" else 0.6 * rect.width
    best: tuple[float, float] | None = None
    for label in numbers:
        if abs(label.cx - rect.cx) > reach or label.number is None:
            continue
        gap = max(rect.y0 - label.y1, label.y0 - rect.y1, 0.0)
        if gap > 1.6 * label.size:
            continue
        off = abs(label.number - mark.value)
        if off <= max(4 * frame.axis.error, 0.03 * abs(label.number)):
            best = min(best or (off, label.number), (off, label.number))
    return best[1] if best else None


def title_of(labels: Sequence[Label], frame: Frame, keyed: Sequence[Label], lying: bool) -> str:
    """Return the largest words above the plot; empty when there are none."""
    if lying:  # turned: what stood above stands left
        above = [o for o in labels if o.x1 < min(c.x for c in frame.categories)]
    else:
        above = [o for o in labels if o.cy < frame.axis.low - 0.3 * o.size]
    named = [
        o
        for o in above
        if o.number is None and o not in keyed and len(o.text) > 2 and o not in frame.axis.labels
    ]
    texts = {c.text for c in frame.categories}
    named = [o for o in named if o.text not in texts]
    if not named:
        return ""
    largest = max(o.size for o in named)
    return max((o for o in named if o.size > 0.85 * largest), key=lambda o: len(o.text)).text[:160]


def words_above(rects: Sequence[Rect], words: Sequence[Label]) -> str:
    """Return the lines just above bars, from the top: their title and what is said of it."""
    edge = min(r.y0 for r in rects)
    first, last = min(r.x0 for r in rects), max(r.x1 for r in rects)
    above = [o for o in words if o.y1 < edge and o.x1 > first and o.x0 < last]
    lines = sorted(above, key=lambda o: o.y0)[-_LINES:]
    return " ".join(o.text for o in lines)[:160]


def unit_of(labels: Sequence[Label], axis: Axis) -> str:
    """Return the unit of the values: of the tick labels, else as words say it."""
    if axis.unit:
        return axis.unit
    for label in labels:
        if label.number is None and (found := _BRACKETS.search(label.text)):
            return found[1]
    for label in labels:
        if found := _SCALE.search(label.text):
            return found[0]
    return ""
