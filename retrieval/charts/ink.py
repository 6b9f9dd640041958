"""The pixels of a chart: background, areas of one colour, thin strokes. Knows no axes.

Colours are told apart by their distance from the background and from each other, in RGB; words
are painted over first, so that letters are no ink.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from retrieval.charts.labels import Label

Array = np.ndarray[Any, np.dtype[Any]]
_INK = 30.0  # distance in RGB from which a pixel is not background
_ALIKE = 42.0  # distance up to which two colours are one
_FLAT = 26  # most that the channels of an area's neighbouring pixels differ: JPEG noise
_COLOURS = 12
_GREY = 24  # spread of channels up to which a colour is a grey


@dataclass(frozen=True)
class Rect:
    """A filled rectangle, in pixels: first and one past last column and row."""

    x0: int
    y0: int
    x1: int
    y1: int
    colour: int = 0

    @property
    def width(self) -> int:
        """Columns."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Rows."""
        return self.y1 - self.y0

    @property
    def cx(self) -> float:
        """Middle, across."""
        return (self.x0 + self.x1) / 2


class Canvas:
    """A picture without its words.

    Args:
        rgb: uint8 [height, width, 3].
    """

    def __init__(self, rgb: Array, labels: Sequence[Label]) -> None:
        self.height, self.width = rgb.shape[:2]
        self._bare = _without(rgb, labels)
        self.rgb = self._bare.astype(np.float32)
        rim = (rgb[:4], rgb[-4:], rgb[:, :4], rgb[:, -4:])
        self.page = _commonest(np.concatenate([side.reshape(-1, 3) for side in rim]))
        self._ground(_commonest(self._bare.reshape(-1, 3)))

    def _ground(self, colour: Array) -> None:
        self.background = colour
        self.distance = _distance(self.rgb, colour)
        self.ink = self.distance > _INK

    def take_ground(self, area: Rect) -> None:
        """Take the commonest colour along the top and the sides of a plot as background: the
        plot may have another than the page, and its bars may fill most of it."""
        part = self._bare[area.y0 : area.y1, area.x0 : area.x1]
        high, wide = max(3, area.height // 12), max(3, area.width // 40)
        edges = (part[:high], part[:, :wide], part[:, -wide:])
        self._ground(_commonest(np.concatenate([e.reshape(-1, 3) for e in edges])))

    def is_grey(self, colour: Array) -> bool:
        """Whether a colour is a grey: lines of axes and grids are, as a rule."""
        return float(colour.max() - colour.min()) < _GREY

    def ink_of(self, label: Label) -> Array:
        """Return the colour that a word is printed in, float32 [3]."""
        rows = slice(max(0, int(label.y0)), int(label.y1) + 1)
        pixels = self.rgb[rows, max(0, int(label.x0)) : int(label.x1) + 1].reshape(-1, 3)
        if not len(pixels):
            return self.page
        away = np.linalg.norm(pixels - self.page, axis=1)
        return np.asarray(pixels[away >= np.quantile(away, 0.9)].mean(axis=0))

    def fills(self, area: Rect) -> list[Array]:
        """Return the colours of the areas within a rectangle, the largest first."""
        part = self.rgb[area.y0 : area.y1, area.x0 : area.x1]
        kernel = np.ones((3, 3), np.uint8)
        range_ = (cv2.dilate(part, kernel) - cv2.erode(part, kernel)).max(axis=2)
        chosen = self.ink[area.y0 : area.y1, area.x0 : area.x1] & (range_ < _FLAT)
        found = _colours(part[chosen], max(12, int(0.0004 * chosen.size)))
        return [c for c in found if np.linalg.norm(c - self.page) > _ALIKE]

    def strokes(self, area: Rect) -> list[Array]:
        """Return the colours of the strokes within a rectangle: of pixels that are stronger ink
        than those beside them, so that blurred edges are no colours of their own."""
        part = slice(area.y0, area.y1), slice(area.x0, area.x1)
        near = self.distance[part]
        crest = near >= cv2.dilate(near, np.ones((3, 3), np.uint8)) - 6
        pixels = self.rgb[part][crest & self.ink[part]]
        found = [self._strongest(c, pixels) for c in _colours(pixels, 20)]
        return [c for c in found if not self._blend(c, found)]

    def _strongest(self, colour: Array, pixels: Array) -> Array:
        """Return the mean of the quarter of a colour's pixels that is farthest from the
        background: thin strokes are blurred all along."""
        like = pixels[np.linalg.norm(pixels - colour, axis=1) < _ALIKE]
        strength = np.linalg.norm(like - self.background, axis=1)
        return np.asarray(like[strength >= np.quantile(strength, 0.75)].mean(axis=0))

    def _blend(self, colour: Array, others: Sequence[Array]) -> bool:
        """Whether a colour is a weaker one of the others, towards the background: of the same
        hue, or on the straight way there."""
        here = colour - self.background
        for other in others:
            there = other - self.background
            longer = float(np.linalg.norm(there))
            share = float(here @ there) / longer**2
            off = float(np.linalg.norm(here - share * there)) / longer
            if 0.1 < share < 0.8 and (off < 0.07 or (off < 0.25 and _one_hue(colour, other))):
                return True
        return False

    def areas(self, colours: Sequence[Array]) -> list[Array]:
        """Return the pixels of each area's colour, bool [height, width]; a blurred edge ends half
        way to the background."""
        masks = []
        for colour, away, nearest in self._nearest(colours):
            share, off = self._along(colour, away)
            mask = (away < _ALIKE) | ((share > 0.5) & (share < 1.0) & (off < 0.1))
            masks.append(mask & nearest & (away < self.distance))
        return masks

    def traces(self, colours: Sequence[Array]) -> list[Array]:
        """Return the pixels of each stroke's colour, also where it is blurred into the ground."""
        masks = []
        for colour, away, nearest in self._nearest(colours):
            share, off = self._along(colour, away)
            masks.append((share > 0.4) & (share < 1.35) & (off < 0.2) & nearest)
        return masks

    def _nearest(self, colours: Sequence[Array]) -> Iterator[tuple[Array, Array, Array]]:
        """Yield each colour with the distance of every pixel from it, and whether no other is
        nearer."""
        every = [_distance(self.rgb, colour) for colour in colours]
        least: Array = np.minimum.reduce(every) if every else np.zeros(0)
        for colour, away in zip(colours, every, strict=True):
            yield colour, away, away <= least + 1e-3

    def _along(self, colour: Array, away: Array) -> tuple[Array, Array]:
        """Return how far every pixel is along the way from the background to a colour, and how
        far off it, in lengths of that way."""
        there = colour - self.background
        length = float(np.linalg.norm(there))
        share = (self.rgb @ there - float(self.background @ there)) / length**2
        off = np.sqrt(np.maximum(0.0, (away / length) ** 2 - (1 - share) ** 2))
        return share, off


def _distance(rgb: Array, colour: Array) -> Array:
    """Return the distance of every pixel from a colour, float32 [height, width]."""
    red, green, blue = (rgb[..., i] - float(colour[i]) for i in range(3))
    return np.asarray(np.sqrt(red * red + green * green + blue * blue))


def _one_hue(one: Array, other: Array) -> bool:
    """Whether two colours, neither of them a grey, differ in strength only."""
    a, b = one - one.mean(), other - other.mean()
    strong = min(float(np.ptp(one)), float(np.ptp(other))) >= _GREY
    return strong and float(a @ b) > 0.94 * float(np.linalg.norm(a) * np.linalg.norm(b))


def _commonest(pixels: Array) -> Array:
    """Return the commonest colour of uint8 [n, 3], float32 [3]."""
    coarse = (pixels >> 3).astype(np.int32)
    keys = (coarse[:, 0] << 10) | (coarse[:, 1] << 5) | coarse[:, 2]
    top = int(np.bincount(keys).argmax())
    return np.asarray(pixels[keys == top].mean(axis=0), np.float32)


def _colours(pixels: Array, least: int) -> list[Array]:
    """Return the mean colours of groups of like pixels, the largest first."""
    if not len(pixels):
        return []
    coarse = (pixels.astype(np.int32) >> 3).clip(0, 31)
    keys = (coarse[:, 0] << 10) | (coarse[:, 1] << 5) | coarse[:, 2]
    counts = np.bincount(keys, minlength=1 << 15)
    sums = [np.bincount(keys, pixels[:, i], 1 << 15) for i in range(3)]
    found: list[tuple[Array, int]] = []
    for key in np.argsort(-counts)[:400]:
        count = int(counts[key])
        if count == 0:
            break
        mean = np.array([s[key] / count for s in sums], np.float32)
        for at, (other, size) in enumerate(found):
            if np.linalg.norm(mean - other) < _ALIKE:
                found[at] = (other, size + count)
                break
        else:
            found.append((mean, count))
    kept = sorted((f for f in found if f[1] >= least), key=lambda f: -f[1])
    return [colour for colour, _ in kept[:_COLOURS]]


def _without(rgb: Array, labels: Sequence[Label]) -> Array:
    """Paint each word over, row by row, with what stands to its left; thin lines there end."""
    bare = rgb.copy()
    height, width = rgb.shape[:2]
    for label in labels:
        if sum(c.isalnum() for c in label.text) < 2:
            continue  # as like as not a point of a line that was taken for a letter
        inset = 0.08 * (label.y1 - label.y0)
        y0, y1 = max(0, int(label.y0 + inset)), min(height, int(label.y1 - inset) + 1)
        x0, x1 = max(0, int(label.x0) - 1), min(width, int(label.x1) + 2)
        if y0 < y1 and x0 < x1:
            beside = bare[y0:y1, max(0, x0 - 2)][:, None]
            size = min(2 * ((y1 - y0) // 3) + 1, 255)
            bare[y0:y1, x0:x1] = _middle(beside, size)
    return bare


def _middle(column: Array, size: int) -> Array:
    """Return a column of pixels, each the median of as many above and below it."""
    half = size // 2
    padded = np.pad(column, ((half, half), (0, 0), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=0)
    return np.asarray(np.median(windows, axis=-1)).astype(np.uint8)


def rectangles(mask: Array, colour: int) -> list[Rect]:
    """Return the filled rectangles of a mask; areas like stairs are cut at their steps."""
    count, marks, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    found: list[Rect] = []
    for i in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[i])
        if w < 3 or h < 2 or area < 8:
            continue
        if area >= 0.88 * w * h:
            found.append(Rect(x, y, x + w, y + h, colour))
        elif area >= 40:
            part = marks[y : y + h, x : x + w] == i
            found += [Rect(r.x0 + x, r.y0 + y, r.x1 + x, r.y1 + y, colour) for r in _steps(part)]
    return found


def _steps(part: Array) -> list[Rect]:
    """Cut an area into runs of columns that begin and end at one height."""
    height = part.shape[0]
    tops = part.argmax(axis=0)
    bottoms = height - part[::-1].argmax(axis=0)
    found: list[Rect] = []
    start = 0
    for x in range(1, part.shape[1] + 1):
        level = x < part.shape[1] and (
            abs(int(tops[x]) - int(tops[start])) <= 2
            and abs(int(bottoms[x]) - int(bottoms[start])) <= 2
        )
        if level:
            continue
        top, bottom = int(np.median(tops[start:x])), int(np.median(bottoms[start:x]))
        filled = part[top:bottom, start:x]
        if x - start >= 4 and bottom - top >= 2 and filled.mean() >= 0.88:
            found.append(Rect(start, top, x, bottom))
        start = x
    return found


def long_rows(ink: Array, area: Rect, share: float = 0.6) -> list[int]:
    """Return the rows within a rectangle of which so much is ink: axes and grid lines."""
    part = ink[area.y0 : area.y1, area.x0 : area.x1]
    return [area.y0 + int(y) for y in np.flatnonzero(part.mean(axis=1) > share)]


def middles(rows: Sequence[int], thickest: int = 4) -> list[float]:
    """Return the middles of thin runs of neighbouring rows."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row - runs[-1][-1] == 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    return [(run[0] + run[-1]) / 2 + 0.5 for run in runs if len(run) <= thickest]
