"""Charts read off their pixels: the OCR is the real one, the charts are painted here."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageDraw, ImageFont

from evals.smoke.plots import Plot, chinese_font, paint
from retrieval.charts.reader import read_chart
from retrieval.charts.values import Chart, from_lines
from retrieval.ocr import OcrEngine

YEARS = ("2019", "2020", "2021", "2022", "2023")
TOWNS = ("Kiel", "Lahti", "Derby", "Nara")


@cache
def _engine() -> OcrEngine:
    return OcrEngine(2)


def _read(image: Image.Image) -> Chart | None:
    page = _engine().read(image, photo=True)
    return read_chart(image, [word for piece in page.pieces for word in piece.words])


def _noisy(image: Image.Image) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=60)
    return Image.open(stream).convert("RGB")


def _check(chart: Chart | None, plot: Plot, off: float = 0.02) -> Chart:
    """Every value within ``off`` of the largest."""
    assert chart is not None
    said = {(v.x, v.series): v.value for v in chart.values}
    largest = max(abs(v) for row in plot.series.values() for v in row)
    several = len(plot.series) > 1
    for name, row in plot.series.items():
        for label, value in zip(plot.labels, row, strict=True):
            assert said[label, name if several else ""] == pytest.approx(value, abs=off * largest)
    return chart


ONE = {"": (412, 575, 233, 690, 548)}
TWO = {"Tea": (31, 48, 12, 60), "Coffee": (22, 35, 55, 18)}


@pytest.mark.parametrize(
    "plot",
    [
        Plot("bar", "Bicycles sold", YEARS, ONE),
        Plot("bar", "Bicycles sold", YEARS, ONE, grid=True, dark=True),
        Plot("bar", "Cups a day", TOWNS, TWO, grid=True),
        Plot("stacked", "Cups a day", TOWNS, TWO),
        Plot("lying", "Cups a day", TOWNS, {"": (31, 48, 12, 60)}, grid=True),
        Plot("bar", "Profit", YEARS, {"": (120, -85, 40, -130, 210)}),
        Plot("line", "Bicycles sold", YEARS, ONE, grid=True),
        Plot("line", "Cups a day", TOWNS, TWO),
    ],
    ids=lambda plot: f"{plot.kind}-{len(plot.series)}{'-dark' * plot.dark}-{plot.title}",
)
def test_values_are_read_off_bars_and_lines(plot: Plot) -> None:
    chart = _check(_read(paint(plot)), plot)
    assert not any(value.printed for value in chart.values)
    assert chart.title == plot.title
    assert chart.error < 0.02 * max(abs(v) for row in plot.series.values() for v in row)


def test_jpeg_noise_does_not_hurt() -> None:
    plot = Plot("bar", "Cups a day", TOWNS, TWO, grid=True)
    _check(_read(_noisy(paint(plot))), plot)


def test_a_value_points_at_its_bar() -> None:
    plot = Plot("bar", "Bicycles sold", YEARS, ONE)
    image = paint(plot)
    chart = _check(_read(image), plot)
    for value in chart.values:
        x0, y0, x1, y1 = value.box
        middle = (int((x0 + x1) / 2 * image.width), int((y0 + y1) / 2 * image.height))
        red, _, blue = image.getpixel(middle)
        assert blue > red + 60, "the middle of the box is the bar's blue"
        assert y1 == pytest.approx(chart.values[0].box[3], abs=0.01), "all stand on one base"


def test_slices_are_told_in_percent() -> None:
    plot = Plot("pie", "Visitors", TOWNS, {"": (40, 25, 20, 15)})
    chart = _check(_read(paint(plot)), plot)
    assert (chart.kind, chart.unit) == ("pie", "%")


def test_printed_values_are_exact() -> None:
    plot = Plot("bar", "Bicycles sold", YEARS, {"": (413, 577, 231, 689, 549)}, printed=True)
    chart = _read(paint(plot))
    assert chart is not None
    assert [v.value for v in chart.values if v.printed] == [
        v for v, told in zip(plot.series[""], chart.values, strict=True) if told.printed
    ]
    assert sum(v.printed for v in chart.values) >= 4


def test_bars_without_an_axis_are_read_by_their_printed_numbers() -> None:
    plot = Plot("bar", "Bicycles sold", YEARS, ONE, ticks=False, printed=True)
    chart = _check(_read(paint(plot)), plot)
    printed = [value.value for value in chart.values if value.printed]
    assert len(printed) >= 4 and set(printed) <= set(ONE[""]), "exact where the number was read"
    assert "Bicycles sold" in chart.title


def test_numbers_that_are_not_the_lengths_of_bars_are_no_values() -> None:
    image = paint(Plot("bar", "Bicycles sold", YEARS, ONE, ticks=False))
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(16)
    for column, text in enumerate(("12", "880", "45", "310", "7")):
        pen.text((110 + 123 * column, 360), text, "white", font)
    assert _read(image) is None


@pytest.mark.skipif(chinese_font() is None, reason="no font with Chinese characters")
def test_chinese_labels() -> None:
    plot = Plot("bar", "各城市销量", ("北京", "上海", "广州", "成都"), {"": (320, 510, 275, 140)})
    chart = _check(_read(paint(plot)), plot)
    assert chart.title == "各城市销量"


def test_the_text_form_is_read_back() -> None:
    chart = _read(paint(Plot("bar", "Cups a day", TOWNS, TWO)))
    assert chart is not None
    again = from_lines(chart.words())
    assert again is not None
    assert again.values == chart.values
    assert (again.title, again.kind, again.unit) == (chart.title, chart.kind, chart.unit)


def test_no_tick_labels_no_numbers() -> None:
    assert _read(paint(Plot("bar", "Bicycles sold", YEARS, ONE, ticks=False))) is None
    assert _read(paint(Plot("line", "Cups a day", TOWNS, TWO, ticks=False))) is None


@pytest.mark.parametrize("name", ["astronaut", "coffee", "coins", "page", "text", "rocket"])
def test_photos_are_no_charts(name: str) -> None:
    pixels = np.asarray(getattr(skimage.data, name)())
    assert _read(Image.fromarray(pixels).convert("RGB")) is None


def test_a_table_of_years_is_no_chart() -> None:
    image = Image.new("RGB", (720, 480), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(22)
    for row, year in enumerate(range(2023, 2016, -1)):
        for column, text in enumerate((str(year), f"{1000 - 100 * row}", "Kiel")):
            pen.text((40 + 220 * column, 40 + 60 * row), text, "black", font)
        pen.line((30, 80 + 60 * row, 690, 80 + 60 * row), "#888888", 2)
    pen.rectangle((20, 10, 700, 36), "#3366aa")
    assert _read(image) is None
