"""Which colour is which series: a sample of the colour stands before its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np

from retrieval.charts.ink import Array, Rect
from retrieval.charts.labels import Label


@dataclass(frozen=True)
class Key:
    """An entry of a legend: its sample, and its name."""

    sample: Rect
    label: Label


def keys_of(masks: Sequence[Array], labels: Sequence[Label]) -> dict[int, Key]:
    """Return the entries by the number of their mask; of one colour only named by words."""
    found: dict[int, Key] = {}
    for number, mask in enumerate(masks):
        best = min(_samples(mask, labels), key=lambda pair: pair[0], default=None)
        if best is not None:
            found[number] = best[1]
    if not found:
        return {}
    # Samples of one legend are of one size; small bars with their values beside them are not.
    wide = median(key.sample.width for key in found.values())
    high = median(key.sample.height for key in found.values())
    even = {
        number: key
        for number, key in found.items()
        if abs(key.sample.width - wide) <= max(3, 0.3 * wide)
        and abs(key.sample.height - high) <= max(3, 0.3 * high)
    }
    if len(even) < 2:
        even = {n: k for n, k in even.items() if k.label.number is None}
    return even


def _samples(mask: Array, labels: Sequence[Label]) -> list[tuple[float, Key]]:
    """Return what may be samples of a colour, with their distance from the name behind them."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    found: list[tuple[float, Key]] = []
    for i in range(1, min(count, 4000)):
        x, y, w, h, area = (int(v) for v in stats[i])
        if area < 6 or w < 3 or area < 0.3 * w * h:
            continue
        for label in labels:
            size = label.size
            gap = label.x0 - (x + w)
            level = abs(label.cy - (y + h / 2)) < 0.5 * size
            if level and w < 5 * size and h < 1.7 * size and -3 < gap < 1.8 * size:
                found.append((gap, Key(Rect(x, y, x + w, y + h), label)))
    return found


_NAMES = {
    "black": (20, 20, 20), "grey": (128, 128, 128), "white": (245, 245, 245), "red": (210, 40, 40),
    "green": (45, 150, 55), "blue": (45, 100, 200), "orange": (250, 140, 20),
    "yellow": (240, 220, 50), "purple": (130, 70, 170), "pink": (235, 130, 190),
    "brown": (130, 80, 50), "light blue": (120, 185, 235), "turquoise": (30, 180, 180),
}  # fmt: skip


def colour_name(colour: Array) -> str:
    """Return the name of the colour nearest to an RGB value."""
    return min(
        _NAMES, key=lambda n: float(np.linalg.norm(colour - np.array(_NAMES[n], np.float32)))
    )
