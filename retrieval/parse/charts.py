"""Charts in photos and on pages, as blocks of text: the table that each can be read back to.

Looking is cheap for what is no chart: a photo without numbers in a row is not looked at, nor a
page without drawings. On a page the drawings that lie together are one region, read by the words
of the text layer; a picture set into the page is recognised when its colours are few. Knows how
to find charts, not how to read them (``retrieval.charts``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from retrieval.charts.reader import (
    may_be_bars,
    may_be_lines,
    may_be_pie,
    may_have_axis,
    may_have_fills,
    read_chart,
)
from retrieval.charts.row_charts import may_have_rows, read_rows
from retrieval.charts.values import Chart
from retrieval.parse.drawings import Drawn, Region
from retrieval.parse.layout import Piece
from retrieval.parse.pictured import Pictured, worth_telling
from retrieval.values import Block, Box, PageLocator, RegionLocator, Word

if TYPE_CHECKING:
    from PIL.Image import Image

DRAWN = 2000
"""Longest side of the page image that regions are cut from, in pixels."""
_MOST = 6
"""Drawings and pictures looked at on one page."""
_SMALLEST = 24
"""Pixels, on the page as it is shown, of the shorter side of what is looked at."""
_FEW_COLOURS = 0.75
"""Share of a picture's pixels that its eight commonest colours take, when it is drawn."""


def chart_of_photo(image: Image, words: Sequence[Word]) -> Iterator[Block]:
    """Yield the charts that a whole picture shows, if it is of any.

    Args:
        image: upright, RGB.
        words: those recognised in it.
    """
    if len(words) >= 4 and looks_drawn(image):
        for chart in _charts(image, words):
            yield block_of(chart, RegionLocator(chart.box))


def chart_of_scan(image: Image, pieces: Sequence[Piece], page: int) -> Iterator[Block]:
    """Yield the charts that a recognised page shows: bars in rows, or one other and little else."""
    words = [word for piece in pieces for word in piece.words]
    if looks_drawn(image):
        for chart in _charts(image, words, may_have_axis(words, image.height / image.width)):
            yield block_of(chart, PageLocator(page, (chart.box,)), page - 1)


def _charts(image: Image, words: Sequence[Word], axis: bool = True) -> list[Chart]:
    """Return the charts of a picture: those whose bars lie in rows, else one with an axis, or of
    another kind."""
    rows = read_rows(image, words) if may_have_rows(image, words) else []
    chart = read_chart(image, words) if axis and not rows else None
    return rows if chart is None else [chart]


def charts_of_page(
    image: Image,
    draw: Callable[[], Image],
    drawn: Drawn,
    words: Sequence[Word],
    pictured: Pictured,
) -> tuple[list[Chart], list[Piece]]:
    """Return the charts of a page, and the lines in its pictures that no chart tells.

    Args:
        image: the page as it is shown.
        draw: returns the page ``DRAWN`` pixels long; called when something there may be a chart.
        drawn: what the page has besides words.
        words: those of the text layer.
        pictured: recognises the pictures of the document.
    """
    page = _Page(image, draw, drawn)
    found = page.charts(words, [])
    # What no word of the text layer tells may still be told by words that are drawn.
    known, lines = list(words), list[Piece]()
    for region in page.without(found):
        if not _is_unread(region, image, words):
            continue
        part = _cut(image, region.drawn)
        pieces, first = pictured.read(part, _cut(page.large(), region.drawn), region.drawn)
        fresh = [p for p in pieces if not any(_mostly(p.box, k.box) for k in known)]
        known += [word for piece in fresh for word in piece.words]
        if first and region.is_picture and worth_telling(fresh):
            lines += fresh
    if len(known) > len(words):
        found += page.charts(known, found)
    plots = [chart.box for chart in found]
    return found, [line for line in lines if not any(_mostly(line.box, plot) for plot in plots)]


class _Page:
    """A page as it is shown, and larger when something there may be a chart."""

    def __init__(self, image: Image, draw: Callable[[], Image], drawn: Drawn) -> None:
        self._image, self._draw, self._several = image, draw, drawn.several
        self._regions = drawn.regions[:_MOST]
        self._large: Image | None = None

    def large(self) -> Image:
        """Return the page ``DRAWN`` pixels long."""
        if self._large is None:
            self._large = self._draw()
        return self._large

    def without(self, charts: Sequence[Chart]) -> list[Region]:
        """Return the regions that no chart takes most of."""
        return [r for r in self._regions if not any(_mostly(r.drawn, c.box) for c in charts)]

    def charts(self, words: Sequence[Word], known: Sequence[Chart]) -> list[Chart]:
        """Return the charts that words tell, but for those that are known."""
        found: list[Chart] = []
        if (self._several or self._regions) and may_have_rows(self._image, words):
            rows = read_rows(self.large(), words)
            found += [c for c in rows if not any(_mostly(c.box, k.box) for k in known)]
        for region in self.without([*known, *found]):
            inside, part = _within(words, region.box), _cut(self._image, region.box)
            if not may_be_read(inside, part):
                continue
            chart = read_chart(_cut(self.large(), region.box), inside)
            if chart is not None:
                found.append(chart.within(region.box))
        return found


def _is_unread(region: Region, image: Image, words: Sequence[Word]) -> bool:
    """Whether words may stand in a picture, or in drawings that look like a chart, which the text
    layer does not have."""
    if len(_within(words, region.drawn)) >= 4:
        return False
    part = _cut(image, region.drawn)
    if min(part.size) < _SMALLEST:
        return False
    return region.is_picture or (looks_drawn(part) and may_show_chart(part))


def _mostly(part: Box | None, whole: Box | None) -> bool:
    """Whether most of a box lies in another."""
    if part is None or whole is None:
        return False
    wide = min(part[2], whole[2]) - max(part[0], whole[0])
    high = min(part[3], whole[3]) - max(part[1], whole[1])
    area = (part[2] - part[0]) * (part[3] - part[1])
    return wide > 0 and high > 0 and wide * high > 0.5 * area


def may_be_read(words: Sequence[Word], image: Image) -> bool:
    """Whether words with a drawing are those of a chart."""
    numbers = {word.text for word in words if any(c.isdigit() for c in word.text)}
    if may_have_axis(words, image.height / image.width) or may_be_pie(image):
        return True
    return len(numbers) >= 3 and may_have_fills(image)


def may_show_chart(image: Image) -> bool:
    """Whether the shapes in a picture are those of a chart: asked before its words are read."""
    return may_be_bars(image) or may_be_lines(image) or may_be_pie(image)


def looks_drawn(image: Image) -> bool:
    """Whether few colours make up most of a picture, as in a drawing and unlike a photo."""
    small = np.asarray(image.resize((160, 160)).convert("RGB")).reshape(-1, 3) >> 5
    keys = (small[:, 0].astype(int) << 6) | (small[:, 1].astype(int) << 3) | small[:, 2]
    counts = np.sort(np.bincount(keys, minlength=512))[::-1]
    return bool(counts[:8].sum() > _FEW_COLOURS * len(keys))


def untold(words: Sequence[Word], charts: Sequence[Chart]) -> list[bool]:
    """Return of each word whether no chart tells it: numbers of bars and names of rows, in the
    order they were drawn in, are no text."""
    told = [box for chart in charts for box in chart.told]
    return [not any(_mostly(word.box, box) for box in told) for word in words]


def block_of(
    chart: Chart, locator: PageLocator | RegionLocator, unit: int = 0, heading: str = ""
) -> Block:
    """Return a chart as a block: its text form, every line with its place."""
    return Block(chart.text(), "chart", locator, chart.words(), unit, heading)


def _cut(image: Image, region: Box) -> Image:
    x0, y0, x1, y1 = region
    width, height = image.size
    return image.crop((int(x0 * width), int(y0 * height), int(x1 * width), int(y1 * height)))


def _within(words: Sequence[Word], region: Box) -> list[Word]:
    """Return the words whose middle lies in a region, placed in it."""
    x0, y0, x1, y1 = region
    wide, high = x1 - x0, y1 - y0
    found = []
    for word in words:
        if word.box is None:
            continue
        a, b, c, d = word.box
        if x0 < (a + c) / 2 < x1 and y0 < (b + d) / 2 < y1:
            box = ((a - x0) / wide, (b - y0) / high, (c - x0) / wide, (d - y0) / high)
            found.append(replace(word, box=box))
    return found
