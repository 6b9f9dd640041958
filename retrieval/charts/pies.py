"""Pies and rings: the share of each slice by its angle.

A pie is the one round area of several colours; a ring of samples around its centre is cut where
the colour changes, as ReVision (Savva et al., 2011) does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from retrieval.charts.ink import Array, Canvas, Rect
from retrieval.charts.labels import Label

_SAMPLES = 1440
_LEAST = 5
"""Samples (1.25 degrees) a slice has at least: less is a border."""


@dataclass(frozen=True)
class Slice:
    """A slice: its colour, its share of the whole, its middle (degrees, clockwise from the top)."""

    colour: Array
    share: float
    middle: float
    start: float
    end: float


@dataclass(frozen=True)
class Pie:
    """A pie: centre and radius in pixels, and its slices clockwise."""

    x: float
    y: float
    radius: float
    slices: tuple[Slice, ...]

    def rect(self, part: Slice) -> Rect:
        """Return the box around a slice's outer half."""
        angles = np.radians(np.linspace(part.start, part.end, 32))
        radii = np.array([0.35, 1.0])[:, None] * self.radius
        xs, ys = self.x + radii * np.sin(angles), self.y - radii * np.cos(angles)
        return Rect(int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)

    def angle(self, label: Label) -> float:
        """Return where a label stands, in degrees clockwise from the top."""
        return math.degrees(math.atan2(label.cx - self.x, self.y - label.cy)) % 360

    def away(self, label: Label) -> float:
        """Return how far the nearest corner of a label is from the centre, in radii."""
        dx = max(label.x0 - self.x, 0.0, self.x - label.x1)
        dy = max(label.y0 - self.y, 0.0, self.y - label.y1)
        return math.hypot(dx, dy) / self.radius


def pie_of(canvas: Canvas) -> Pie | None:
    """Return the pie of a picture; None when there is no round area of several slices."""
    solid = cv2.morphologyEx(canvas.ink.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    outlines, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    largest = max(outlines, key=cv2.contourArea)
    area = cv2.contourArea(largest)
    if area < 0.02 * canvas.width * canvas.height or area < 2500:
        return None
    (x, y), radius = cv2.minEnclosingCircle(largest)
    if area < 0.93 * math.pi * radius**2:
        return None
    slices = _slices(canvas, x, y, radius)
    return Pie(float(x), float(y), float(radius), tuple(slices)) if len(slices) >= 2 else None


def _slices(canvas: Canvas, x: float, y: float, radius: float) -> list[Slice]:
    """Cut the ring where its colour changes; borders between slices are shared out."""
    angles = np.arange(_SAMPLES) * (2 * math.pi / _SAMPLES)
    rings = []
    for share in (0.80, 0.86, 0.91):
        xs = np.clip(np.round(x + share * radius * np.sin(angles)).astype(int), 0, canvas.width - 1)
        ys = np.clip(
            np.round(y - share * radius * np.cos(angles)).astype(int), 0, canvas.height - 1
        )
        rings.append(canvas.rgb[ys, xs])
    ring = np.median(np.stack(rings), axis=0)
    runs = _runs(ring)
    runs = [r for r in runs if r[1] - r[0] >= _LEAST]
    if not 2 <= len(runs) <= 14:
        return []
    covered = sum(end - start for start, end in runs)
    if covered < 0.9 * _SAMPLES:
        return []
    found = []
    for i, (start, end) in enumerate(runs):
        before, after = runs[i - 1][1], runs[(i + 1) % len(runs)][0]
        before -= _SAMPLES if before > start else 0
        after += _SAMPLES if after < end else 0
        first, last = (start + before) / 2, (end + after) / 2
        colour = np.median(ring[np.arange(start, end) % _SAMPLES], axis=0)
        turn = 360 / _SAMPLES
        middle = (first + last) / 2 * turn % 360
        share = (last - first) / _SAMPLES
        found.append(Slice(colour, share, middle, first * turn, last * turn))
    return found


def _runs(ring: Array) -> list[tuple[int, int]]:
    """Return runs of one colour around the ring as (first, one past last); the last may pass
    the end of the ring."""
    ahead = np.roll(ring, -2, axis=0)
    jumps = np.linalg.norm(ahead - ring, axis=1) > 24
    if not jumps.any():
        return []
    start = int(np.flatnonzero(jumps)[0])
    runs: list[tuple[int, int]] = []
    begin: int | None = None
    for i in range(start, start + _SAMPLES + 1):
        if jumps[i % _SAMPLES]:
            if begin is not None:
                runs.append((begin, i + 1))
            begin = None
        elif begin is None:
            begin = i + 1
    return [(a % _SAMPLES, a % _SAMPLES + b - a) for a, b in runs]


def nearest_slice(pie: Pie, label: Label) -> int:
    """Return the slice in whose angle a label stands."""
    angle = pie.angle(label)
    return next(
        (
            i
            for i, part in enumerate(pie.slices)
            if (angle - part.start) % 360 <= part.end - part.start
        ),
        0,
    )


def named_slices(pie: Pie, labels: Sequence[Label]) -> dict[int, list[Label]]:
    """Return the labels that stand in or just outside each slice."""
    found: dict[int, list[Label]] = {}
    for label in labels:
        if pie.away(label) < 1.45:
            found.setdefault(nearest_slice(pie, label), []).append(label)
    return found
