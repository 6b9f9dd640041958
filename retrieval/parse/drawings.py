"""Where a PDF page has drawings and pictures that lie together. Knows no charts and no words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retrieval.values import Box

_PARTS = 4000
"""Drawings looked at on one page; a map may have a million."""
_FEWEST, _SEVERAL = 5, 3
"""Drawings of a region; of a chart that is three bars and nothing else."""
_GRID = 160
_NEAR = 3
"""Grid cells (of _GRID a side) up to which two drawings belong together."""
_MARGIN = 0.07
"""Of the page: how far labels stand outside what is drawn; a title stands farther above."""
_BESIDE = 20
"""Grid cells that a legend is away from its chart, and that its names take."""
_WIDE, _HIGH = 0.12, 0.06


@dataclass(frozen=True)
class Region:
    """Drawings and pictures that lie together: ``drawn`` holds them alone, ``box`` what may be
    written around them too; ``is_picture`` when pictures take most of it."""

    box: Box
    drawn: Box
    is_picture: bool


@dataclass(frozen=True)
class Drawn:
    """What a page has besides words: ``several`` drawings or pictures, lying anywhere; the regions
    where they lie together, the largest first."""

    several: bool = False
    regions: tuple[Region, ...] = ()


def drawings_of(page: Any) -> Drawn:
    """Return where a PDFium page may have charts. PDFium's lock must be held."""
    import pypdfium2.raw as raw

    if page.get_rotation():
        return Drawn()  # places of objects are those before the turn
    width, height = page.get_size()
    cells = np.zeros((_GRID, _GRID), np.uint8)
    pictures = np.zeros((_GRID, _GRID), np.uint8)
    kinds = (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE)
    count = 0
    for item in page.get_objects(filter=kinds, max_depth=4):
        count += 1
        if count > _PARTS:
            break
        box = _fractions(bounds_of(item), width, height)
        if (box[2] - box[0]) * (box[3] - box[1]) > 0.7 or box[2] - box[0] > 0.97:
            continue
        x0, y0, x1, y1 = (int(side * (_GRID - 1)) for side in box)
        cells[y0 : y1 + 1, x0 : x1 + 1] = 1
        if item.type == raw.FPDF_PAGEOBJ_IMAGE:
            pictures[y0 : y1 + 1, x0 : x1 + 1] = 1
    several = count >= _SEVERAL
    if count < _FEWEST and not pictures.any():
        return Drawn(several)
    import cv2  # only for pages that have drawings

    joined = cv2.dilate(cells, np.ones((_NEAR, _NEAR), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    found: list[Region] = []
    parts = [(x, y, w, h) for x, y, w, h, _ in stats[1:].tolist()]
    small = [p for p in parts if p[2] < _WIDE * _GRID or p[3] < _HIGH * _GRID]
    for x, y, w, h in sorted(set(parts) - set(small), key=lambda s: -s[2] * s[3]):
        x, w = _with_legend(x, y, w, h, small)
        is_picture = bool(pictures[y : y + h, x : x + w].mean() > 0.6)
        pad = 0.0 if is_picture else _MARGIN
        box = (x / _GRID - pad, y / _GRID - 1.7 * pad, (x + w) / _GRID + pad, (y + h) / _GRID + pad)
        drawn = (x / _GRID, y / _GRID, (x + w) / _GRID, (y + h) / _GRID)
        found.append(Region(_clipped(box), _clipped(drawn), is_picture))
    return Drawn(several, tuple(found))


def _with_legend(
    x: int, y: int, w: int, h: int, small: Sequence[tuple[int, int, int, int]]
) -> tuple[int, int]:
    """Return a region's left side and width with the small drawings level with it, a legend's
    samples, and room for their names."""
    end = x + w
    for a, b, c, d in sorted(small):
        if b >= y and b + d <= y + h and a < end + _BESIDE and a + c > end:
            end = a + c + (_BESIDE if a > end else 0)
    return x, min(_GRID, end) - x


def bounds_of(item: Any) -> tuple[float, float, float, float]:
    """Return left, bottom, right and top of a PDFium object on its page, in points: what is drawn
    in a form is given in the form's own places."""
    left, bottom, right, top = item.get_bounds()
    corners = [(x, y) for x in (left, right) for y in (bottom, top)]
    form = item.container
    while form is not None:
        matrix = form.get_matrix()
        corners = [matrix.on_point(x, y) for x, y in corners]
        form = form.container
    across, down = [x for x, _ in corners], [y for _, y in corners]
    return min(across), min(down), max(across), max(down)


def _fractions(bounds: Sequence[float], width: float, height: float) -> Box:
    left, bottom, right, top = bounds
    return _clipped((left / width, 1 - top / height, right / width, 1 - bottom / height))


def _clipped(box: Box) -> Box:
    x0, y0, x1, y1 = (min(1.0, max(0.0, side)) for side in box)
    return (x0, y0, x1, y1)
