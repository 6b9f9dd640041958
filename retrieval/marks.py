"""What the pixels of a page say of its words: the colour of ink and marker, what is blacked out.

Words carry no colour, so that a page is looked at anew when somebody asks. Knows pixels and the
places of words, no file and no question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.colours import names_of
from retrieval.values import Box, Word

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = np.ndarray[Any, Any]
_INK = 0.8
"""Share of the greatest distance from the ground from which a pixel of a word is its ink."""
_EDGE = 0.2
"""Share of a word's height, above and below, that is left out: the box is a line's."""
_SIDES = 0.1
"""Share of a word's width that is left out on both sides: recognised boxes are rough."""
_COMMON = 0.15
"""Share of a word's pixels from which a shade may be its ground."""
_FAR, _ALIKE, _SOME = 180, 40, 0.08
"""Distances, of 255, of a marker from paper at most, and of like shades; share of a word's pixels
from which its edges' shade is one of its own."""
_CONTRAST = 60
"""Least distance, of 255, between ink and ground."""
_SOLID, _WHOLLY, _DARKEST = 0.93, 0.995, 70
"""A blacked-out place is filled to the first share with pixels not lighter than the last; from the
second on no letters can be on it."""
_LOW, _HIGH = 0.007, 0.05
"""Heights of one, as shares of the page's."""
_OPENED = 0.0045
"""Share of the page's height below which what is dark is a line, not a place."""
_MOST_OF = 0.7
_SHARE = {"black": 0.002, "grey": 0.04, "white": 0.04}
_SEEN = 0.0015
"""Shares of its pixels from which a page has a colour."""
_SIDE = 500


@dataclass(frozen=True)
class MarkedWord:
    """A word with the names of the colours of its ink and of the ground it stands on."""

    word: Word
    ink: str
    ground: str


@dataclass(frozen=True)
class PageMarks:
    """What a page looks like: 1-based ``page``, its words in order, the places that are blacked
    out, from the top, and the names of its colours, the most common first."""

    page: int
    words: tuple[MarkedWord, ...]
    blackened: tuple[Box, ...]
    colours: tuple[str, ...]

    @property
    def covered(self) -> int:
        """How many of the blacked-out places have words below them, which a text layer still
        holds: whoever has the file can copy them."""
        return sum(any(_is_in(one, box) for one in self.words) for box in self.blackened)


def marks_of(image: Image, words: Sequence[Word], page: int) -> PageMarks:
    """Look at a page.

    Args:
        image: the page, RGB; words of ten pixels' height are enough.
        words: with boxes on it; others are left out.
        page: its number, 1-based.
    """
    pixels = np.asarray(image.convert("RGB"))
    placed = [word for word in words if word.box is not None]
    inked = _inked(pixels, placed)
    return PageMarks(page, inked, _blackened(pixels, inked), _colours(image))


def _inked(pixels: Pixels, words: Sequence[Word]) -> tuple[MarkedWord, ...]:
    seen = [(w, shades) for w in words if w.box and (shades := _shades(_cut(pixels, w.box)))]
    if not seen:
        return ()
    inks = names_of(np.array([ink for _, (ink, _) in seen]))
    grounds = names_of(np.array([ground for _, (_, ground) in seen]))
    return tuple(
        MarkedWord(word, str(ink), str(ground))
        for (word, _), ink, ground in zip(seen, inks, grounds, strict=True)
    )


def _cut(pixels: Pixels, box: Box) -> Pixels:
    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = box
    return pixels[int(y0 * height) : round(y1 * height) + 1, int(x0 * width) : round(x1 * width)]


def _shades(cut: Pixels) -> tuple[Pixels, Pixels] | None:
    """Return the colours of a word's ink and ground as RGB; None of a word without pixels.

    Looked at is the letters' own height, which a marker covers. The ground is the commonest
    shade there, unless another is much more like the line's edges; the ink the mean of what is
    farthest from the ground.
    """
    high, wide = cut.shape[:2]
    edge, side = int(_EDGE * high), int(_SIDES * wide) if wide > high else 0
    flat = cut[edge : high - edge, side : wide - side].reshape(-1, 3).astype(np.int32)
    if not flat.size:
        return None
    around = np.median(np.concatenate([cut[:2], cut[-2:]]).reshape(-1, 3), axis=0)
    coarse = flat // 24
    codes = coarse[:, 0] * 121 + coarse[:, 1] * 11 + coarse[:, 2]
    counts = np.bincount(codes)
    ground, *others = [
        np.median(flat[codes == code], axis=0)
        for code in counts.argsort()[:-3:-1]
        if counts[code] >= min(counts.max(), _COMMON * len(codes))
    ]
    if np.abs(ground - around).max() >= _FAR:  # it may be the ink of heavy letters
        there = (np.abs(flat - around).max(axis=1) < _ALIKE).mean() >= _SOME
        shades = [ground, *others, *([around] if there else [])]
        ground = min(shades, key=lambda shade: np.abs(shade - around).max())
    distance = np.abs(flat - ground).max(axis=1)
    if distance.max() < _CONTRAST:
        return ground, ground
    return flat[distance >= _INK * distance.max()].mean(axis=0), ground


def _blackened(pixels: Pixels, words: Sequence[MarkedWord]) -> tuple[Box, ...]:
    """Return the boxes that black out a stretch of a line: solid, of a line's height, beside words.

    A black heading of a table has letters on it; a bar of a chart has no words in its line.
    """
    import cv2

    height, width = pixels.shape[:2]
    dark = (pixels.max(axis=2) <= _DARKEST).astype(np.uint8)
    side = max(3, round(_OPENED * height))
    opened = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    solid = []
    for x, y, w, h, area in stats[1:].tolist():
        box = (x / width, y / height, (x + w) / width, (y + h) / height)
        filled = area / (w * h)
        seen = filled < _WHOLLY and any(_is_on(word, box) for word in words)
        if filled >= _SOLID and not seen and _LOW <= h / height <= _HIGH and w >= 0.8 * h:
            solid.append(box)
    sure = [box[3] - box[1] for box in solid if _in_a_line(box, words)]
    # One that fills its line has no word beside it, but is as tall as the others.
    found = [b for b in solid if any(0.7 < (b[3] - b[1]) / tall < 1.4 for tall in sure)]
    return tuple(sorted(found, key=lambda box: (box[1], box[0])))


def _is_on(marked: MarkedWord, box: Box) -> bool:
    """Whether a word can be seen, most of it, within a black box."""
    return marked.ink != "black" and _is_in(marked, box)


def _is_in(marked: MarkedWord, box: Box) -> bool:
    """Whether most of a word lies in a box."""
    assert marked.word.box is not None
    x0, y0, x1, y1 = marked.word.box
    within = min(x1, box[2]) - max(x0, box[0]) >= _MOST_OF * (x1 - x0)
    return within and box[1] < (y0 + y1) / 2 < box[3]


def _in_a_line(box: Box, words: Sequence[MarkedWord]) -> bool:
    """Whether some words stand at the height of a box, and are about as tall."""
    tall = box[3] - box[1]
    beside = 0
    for marked in words:
        assert marked.word.box is not None
        _, top, _, bottom = marked.word.box
        shared = min(bottom, box[3]) - max(top, box[1])
        beside += shared >= 0.5 * min(tall, bottom - top) and 0.4 <= (bottom - top) / tall <= 2.5
    return beside >= 2


def _colours(image: Image) -> tuple[str, ...]:
    from PIL.Image import Resampling

    small = image.convert("RGB")
    small.thumbnail((_SIDE, _SIDE), Resampling.NEAREST)
    names, counts = np.unique(names_of(np.asarray(small)), return_counts=True)
    shares = {str(n): c / counts.sum() for n, c in zip(names, counts, strict=True)}
    kept = [n for n, share in shares.items() if share >= _SHARE.get(n, _SEEN)]
    return tuple(sorted(kept, key=lambda n: -shares[n]))
