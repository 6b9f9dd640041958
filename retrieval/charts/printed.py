"""Bars that stand without an axis, each with its number: their lengths are as those numbers.

That lengths and numbers agree is what tells a chart from a table with coloured cells. Bars that
lie are read by ``rows``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np

from retrieval.charts.bars import of_one_width
from retrieval.charts.ink import Array, Canvas, Rect, rectangles
from retrieval.charts.labels import Label
from retrieval.charts.legend import colour_name, keys_of

_LEAST = 4
"""Bars whose numbers agree with their lengths."""
_AGREE = 0.75
_OFF = 0.04
"""Of a bar's length: how far it may be from what its number says."""


@dataclass(frozen=True)
class Numbered:
    """A bar with the number printed at it (None: by its length), its category and its series."""

    rect: Rect
    number: Label | None
    category: Label
    series: str


def numbered_bars(canvas: Canvas, labels: Sequence[Label]) -> tuple[list[Numbered], float]:
    """Return the bars with their numbers, and pixels for one unit; nothing where lengths and
    numbers do not agree, or a bar has no name."""
    whole = Rect(0, 0, canvas.width, canvas.height)
    colours = canvas.fills(whole)
    masks = canvas.areas(colours)
    rects = of_one_width([r for n, mask in enumerate(masks) for r in _rects(mask, n)])
    pairs = [(r, label) for r in rects if (label := _number_at(r, labels)) is not None]
    agreed, scale = _agreeing(pairs)
    if len(agreed) < _LEAST or len(agreed) < _AGREE * max(len(pairs), 0.8 * len(rects)):
        return [], 0.0
    used = [label for _, label in agreed]
    words = [o for o in labels if o not in used and (o.number is None or o.number >= 1900)]
    numbers: dict[Rect, Label] = dict(agreed)
    kept = [r for r in rects if r in numbers or r.colour in {a.colour for a in numbers}]
    names = _series(kept, masks, colours, words)
    found = [
        Numbered(rect, numbers.get(rect), category, names[rect.colour])
        for rect in kept
        if (category := _category(rect, kept, words)) is not None
    ]
    told = {(f.category.text, f.series) for f in found}
    if len(found) < len(kept) or len(told) < len(found):
        return [], 0.0
    return sorted(found, key=lambda f: f.rect.x0), scale


def _rects(mask: Array, number: int) -> list[Rect]:
    part: Array = cv2.morphologyEx(
        mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)
    )
    part = cv2.morphologyEx(part, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return [
        Rect(r.x0, r.y0, r.x1, r.y1, number)
        for r in rectangles(part.astype(bool), number)
        if r.width >= 6 and r.height >= 4
    ]


def _number_at(rect: Rect, labels: Sequence[Label]) -> Label | None:
    """Return the number inside a bar, else the one just beyond one of its ends."""
    best: tuple[float, Label] | None = None
    for label in labels:
        if label.number is None or not rect.x0 <= label.cx <= rect.x1:
            continue
        gap = max(rect.y0 - label.y1, label.y0 - rect.y1)
        away = 0.0 if rect.y0 < label.cy < rect.y1 else max(0.0, gap) + 1
        if away < 1.2 * label.size and (best is None or away < best[0]):
            best = (away, label)
    return best[1] if best else None


def _agreeing(pairs: Sequence[tuple[Rect, Label]]) -> tuple[list[tuple[Rect, Label]], float]:
    """Return the pairs of which length and number are in the usual ratio, and that ratio."""
    ratios = [r.height / abs(o.number) for r, o in pairs if o.number]
    if not ratios or len({o.number for _, o in pairs}) < 3:
        return [], 0.0
    scale = median(ratios)
    agreed = [
        (r, o)
        for r, o in pairs
        if o.number and abs(r.height - scale * abs(o.number)) <= max(2.5, _OFF * r.height, scale)
    ]
    return agreed, scale


def _category(rect: Rect, rects: Sequence[Rect], words: Sequence[Label]) -> Label | None:
    """Return the name below the bars of a column."""
    foot = max(r.y1 for r in rects if abs(r.cx - rect.cx) < rect.width / 2)
    under = [o for o in words if abs(o.cx - rect.cx) < 0.6 * rect.width and o.cy > foot]
    return min(under, key=lambda o: o.y0, default=None)


def _series(
    rects: Sequence[Rect], masks: Sequence[Array], colours: Sequence[Array], words: Sequence[Label]
) -> dict[int, str]:
    """Return the name of each colour: of a legend, else the words before its first bar."""
    used = list(dict.fromkeys(r.colour for r in rects))
    if len(used) == 1:
        return {used[0]: ""}
    keys = keys_of(masks, words)
    names: dict[int, str] = {}
    for colour in used:
        first = min((r for r in rects if r.colour == colour), key=lambda r: r.x0)
        near = 0.2 * first.height
        before = [
            o
            for o in words
            if o.x1 <= first.x0 + 3
            and first.x0 - o.x1 < 2.5 * o.size
            and first.y0 - near < o.cy < first.y1 + near
        ]
        head = max(before, key=lambda o: o.x1, default=None)
        named = keys[colour].label.text if colour in keys else ""
        names[colour] = named or (head.text if head else colour_name(colours[colour]))
    return names
