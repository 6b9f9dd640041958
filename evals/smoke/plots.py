"""Paints charts whose values are nowhere printed: bars, lines, pies, in several styles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

_COLOURS = ("#2f6fb7", "#e07b39", "#3f9e58", "#b8417a", "#7a5bb5", "#c9a227")
_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
)


@dataclass(frozen=True)
class Plot:
    """What to paint: ``kind`` is bar, lying, stacked, line or pie; a series has one value a label
    (a pie has one series)."""

    kind: str
    title: str
    labels: Sequence[str]
    series: Mapping[str, Sequence[float]]
    grid: bool = False
    dark: bool = False
    ticks: bool = True
    printed: bool = False
    size: tuple[int, int] = (720, 480)


def chinese_font() -> str | None:
    """Return the file of a font with Chinese characters, when the machine has one."""
    return next((name for name in _FONTS if Path(name).is_file()), None)


def paint(plot: Plot) -> Image.Image:
    """Return the picture of a chart."""
    return _Painter(plot).paint()


class _Painter:
    """Paints one chart on twice the size, then shrinks it, so that edges are smooth."""

    def __init__(self, plot: Plot) -> None:
        self._plot = plot
        self._ink = "#e8e8e8" if plot.dark else "#202020"
        self._pale = "#4a4a4a" if plot.dark else "#cccccc"
        self._width, self._height = (2 * side for side in plot.size)
        ground = "#16181d" if plot.dark else "white"
        self._image = Image.new("RGB", (self._width, self._height), ground)
        self._pen = ImageDraw.Draw(self._image)
        wide = any(ord(c) > 0x2E80 for c in "".join((*plot.labels, *plot.series, plot.title)))
        name = chinese_font() if wide else None
        self._fonts: dict[int, Any] = {
            size: ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
            for size in (30, 40)
        }
        self._box = (150, 110, self._width - 60, self._height - 110)

    def paint(self) -> Image.Image:
        plot = self._plot
        self._pen.text((self._width / 2, 45), plot.title, self._ink, self._fonts[40], anchor="mm")
        if plot.kind == "pie":
            self._pie()
        else:
            self._axes()
            {"line": self._lines}.get(plot.kind, self._bars)()
            if len(plot.series) > 1:
                self._legend()
        return self._image.resize(plot.size, Image.Resampling.LANCZOS)

    # --- axes ----------------------------------------------------------------------------------

    def _scale(self) -> tuple[float, float, float]:
        """Return the lowest and highest tick and the step between ticks."""
        values = [v for row in self._plot.series.values() for v in row]
        if self._plot.kind == "stacked":
            values = [sum(column) for column in zip(*self._plot.series.values(), strict=True)]
        high, low = max(*values, 0), min(*values, 0)
        raw = (high - low) / 5
        power = 10.0 ** math.floor(math.log10(raw))
        step = power * next(m for m in (1, 2, 2.5, 5, 10) if m * power >= raw)
        return math.floor(low / step) * step, math.ceil(high / step) * step, step

    def _at(self, value: float) -> float:
        """Return where a value is: a row, or a column when bars lie."""
        low, high, _ = self._scale()
        x0, y0, x1, y1 = self._box
        share = (value - low) / (high - low)
        return x0 + share * (x1 - x0) if self._lying else y1 - share * (y1 - y0)

    @property
    def _lying(self) -> bool:
        return self._plot.kind == "lying"

    def _place(self, number: int) -> float:
        """Return the middle of a category."""
        x0, y0, x1, y1 = self._box
        share = (number + 0.5) / len(self._plot.labels)
        return y0 + share * (y1 - y0) if self._lying else x0 + share * (x1 - x0)

    def _axes(self) -> None:
        low, high, step = self._scale()
        x0, y0, x1, y1 = self._box
        for number in range(round((high - low) / step) + 1):
            value = low + number * step
            at, said = self._at(value), f"{value:,.10g}"
            line = (at, y0, at, y1) if self._lying else (x0, at, x1, at)
            spot, anchor = ((at, y1 + 34.0), "mm") if self._lying else ((x0 - 16.0, at), "rm")
            if self._plot.grid:
                self._pen.line(line, self._pale, 2)
            if self._plot.ticks:
                self._pen.text(spot, said, self._ink, self._fonts[30], anchor=anchor)
        for number, label in enumerate(self._plot.labels):
            at = self._place(number)
            spot = (x0 - 16.0, at) if self._lying else (at, y1 + 38.0)
            anchor = "rm" if self._lying else "mm"
            self._pen.text(spot, label, self._ink, self._fonts[30], anchor=anchor)
        self._pen.line(((x0, y0), (x0, y1), (x1, y1)), self._ink, 3)

    # --- marks ---------------------------------------------------------------------------------

    def _bars(self) -> None:
        rows = list(self._plot.series.values())
        x0, y0, x1, y1 = self._box
        step = ((y1 - y0) if self._lying else (x1 - x0)) / len(self._plot.labels)
        stacked = self._plot.kind == "stacked"
        thick = 0.6 * step / (1 if stacked else len(rows))
        for column in range(len(self._plot.labels)):
            below = 0.0
            for number, row in enumerate(rows):
                start = self._place(column) - 0.3 * step + (0 if stacked else number * thick)
                ends = sorted((self._at(below), self._at(below + row[column])))
                along = (start, start + thick)
                box = (ends[0], along[0], ends[1], along[1]) if self._lying else (
                    along[0], ends[0], along[1], ends[1],
                )  # fmt: skip
                self._pen.rectangle(box, _COLOURS[number])
                if self._plot.printed:
                    spot = ((along[0] + along[1]) / 2, ends[0] - 22)
                    self._pen.text(
                        spot, f"{row[column]:,}", self._ink, self._fonts[30], anchor="mm"
                    )
                below += row[column] if stacked else 0.0

    def _lines(self) -> None:
        for number, row in enumerate(self._plot.series.values()):
            points = [(self._place(i), self._at(v)) for i, v in enumerate(row)]
            self._pen.line(points, _COLOURS[number], 6, joint="curve")
            for x, y in points:
                self._pen.ellipse((x - 9, y - 9, x + 9, y + 9), _COLOURS[number])

    def _legend(self) -> None:
        x = self._box[0] + 40.0
        for number, name in enumerate(self._plot.series):
            self._pen.rectangle((x, 84, x + 44, 104), _COLOURS[number])
            self._pen.text((x + 60, 94), name, self._ink, self._fonts[30], anchor="lm")
            x += 110 + self._pen.textlength(name, self._fonts[30])

    def _pie(self) -> None:
        (row,) = self._plot.series.values()
        radius = 0.36 * self._height
        x, y = 0.38 * self._width, 0.54 * self._height
        angle = -90.0
        for number, (label, value) in enumerate(zip(self._plot.labels, row, strict=True)):
            turn = 360 * value / sum(row)
            box = (x - radius, y - radius, x + radius, y + radius)
            self._pen.pieslice(box, angle, angle + turn, _COLOURS[number])
            top = 0.3 * self._height + 60 * number
            left = x + radius + 90
            self._pen.rectangle((left, top, left + 36, top + 26), _COLOURS[number])
            spot = (left + 54, top + 13)
            self._pen.text(spot, label, self._ink, self._fonts[30], anchor="lm")
            angle += turn
