"""Charts, and pictures that are no charts, for the suite charts.

Charts of surveys (``surveys``) have their values printed at their bars; those of two halves print
none, by different code: ``painted`` (``plots``, with which the reader was tried while it was
made) and ``pages`` (reportlab, on PDF pages, never tried before it was measured).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals.smoke import surveys
from evals.smoke.plots import Plot, chinese_font, paint
from evals.smoke.shapes import photos

Rows = list[dict[str, Any]]
_LABELS = (
    ("2018", "2019", "2020", "2021", "2022"), ("Kiel", "Lahti", "Derby", "Nara"),
    ("Jan", "Feb", "Mar", "Apr", "May", "Jun"), ("Apples", "Pears", "Plums", "Figs", "Dates"),
)  # fmt: skip
_PAIRS = (("Tea", "Coffee"), ("Trains", "Buses"), ("Day", "Night"))
_THINGS = ("Kites sold", "Lamps made", "Letters sent", "Boats hired", "Books lent", "Bells cast")
_KINDS = ("bar", "line", "lying", "stacked", "bar", "pie", "line", "bar")
_BARE = ("coffee", "brick", "astronaut")
"""Photos of the small set that are no charts."""


def charts(folder: Path, count: int) -> Rows:
    """Write the files; returns a row for each: painted and pages by turns, no charts, surveys."""
    rng = random.Random(11)
    halves = [_painted(folder, rng), _pages(folder, rng)]
    mixed = [row for pair in zip(*halves, strict=True) for row in pair]
    return [*[*mixed, *_none(folder)][:count], *surveys.charts(folder)]


def _plot(rng: random.Random, number: int, kind: str, several: bool) -> Plot:
    labels = _LABELS[number % len(_LABELS)]
    names = _PAIRS[number % len(_PAIRS)] if several else ("",)
    top = 10 ** rng.choice((1, 2, 3))
    rows = {name: tuple(round(rng.uniform(0.12, 1) * top, 2) for _ in labels) for name in names}
    thing = _THINGS[number % len(_THINGS)]
    return Plot(kind, thing, labels, rows, grid=number % 2 == 0, dark=number % 5 == 3)


def _painted(folder: Path, rng: random.Random) -> Rows:
    rows: Rows = []
    for number, kind in enumerate(_KINDS):
        plot = _plot(rng, number, kind, several=kind == "stacked" or number in (4, 6))
        if number == 7 and chinese_font() is not None:
            values = {"": tuple(rng.randint(100, 900) for _ in range(4))}
            plot = Plot("bar", "各城市借书", ("北京", "上海", "广州", "成都"), values)
        name = f"painted-{number}.{'jpg' if number in (1, 4) else 'png'}"
        paint(plot).save(folder / name, quality=75)
        rows.append(_row(name, "painted", plot))
    return rows


def _pages(folder: Path, rng: random.Random) -> Rows:
    rows: Rows = []
    for number, kind in enumerate(_KINDS):
        plot = _plot(rng, number + 1, kind, several=kind == "stacked" or number in (4, 6))
        name = f"page-{number}.pdf"
        _write_page(folder / name, plot)
        rows.append(_row(name, "pages", plot))
    return rows


def _row(name: str, half: str, plot: Plot) -> dict[str, Any]:
    values: list[list[Any]] = [
        [label, series if len(plot.series) > 1 else "", value]
        for series, row in plot.series.items()
        for label, value in zip(plot.labels, row, strict=True)
    ]
    if plot.kind == "pie":
        whole = sum(value for *_, value in values)
        values = [[label, series, round(100 * v / whole, 2)] for label, series, v in values]
    return {"file": name, "kind": half, "values": values, "questions": _asked(name, values)}


def _asked(name: str, values: Sequence[Sequence[Any]]) -> list[list[str]]:
    """Return a question for one value and one for an extreme, which must stand out."""
    label, series, value = values[1]
    of = f" of {series}" if series else ""
    first = series or None
    row = sorted((v for v in values if first is None or v[1] == series), key=lambda v: -v[2])
    if any(ord(c) > 0x2E80 for c in label):
        asked = [[f"{name} 图表中{label}是多少？", f"{value:g}"]]
        return [*asked, [f"{name} 图表里最高的是哪个？", row[0][0]]]
    asked = [[f"What is the value{of} for {label} in the chart in {name}?", f"{value:g}"]]
    if row[0][2] > 1.05 * row[1][2]:
        asked.append([f"Which is the highest{of} in the chart in {name}?", row[0][0]])
    return asked


def _none(folder: Path) -> Rows:
    """Write three photos, a painted chart without numbers and a table; nothing is to be read."""
    shown = {row["image"]: row for row in photos(folder.parent, 20)}
    for image in shown:
        if Path(image).stem not in _BARE:
            (folder / image).unlink()
    bare = _plot(random.Random(5), 0, "bar", several=True)
    without = Plot(bare.kind, bare.title, bare.labels, bare.series, grid=True, ticks=False)
    paint(without).save(folder / "without-numbers.png")
    names = [*(f"{name}.jpg" for name in _BARE), "without-numbers.png"]
    return [{"file": name, "kind": "none"} for name in names]


# --- pages -----------------------------------------------------------------------------------


def _write_page(path: Path, plot: Plot) -> None:
    from reportlab.graphics.shapes import Drawing
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

    style = getSampleStyleSheet()
    drawing = Drawing(440, 280)
    drawing.add(_chart(plot))
    if len(plot.series) > 1 or plot.kind == "pie":
        drawing.add(_legend(plot))
    story = [
        Paragraph("Yearly notes", style["Title"]),
        Paragraph("The figures were gathered by hand over the whole year.", style["BodyText"]),
        Spacer(1, 12),
        Paragraph(plot.title, style["Heading2"]),
        drawing,
        Spacer(1, 12),
        Paragraph("They were counted twice, and once more by a neighbour.", style["BodyText"]),
    ]  # fmt: skip
    SimpleDocTemplate(str(path), pagesize=A4, title=plot.title, invariant=1).build(story)


def _colours() -> list[Any]:
    from reportlab.lib import colors

    return [colors.teal, colors.salmon, colors.slateblue, colors.goldenrod, colors.olive,
            colors.indianred]  # fmt: skip


def _chart(plot: Plot) -> Any:
    if plot.kind == "pie":
        return _pie(plot)
    if plot.kind == "line":
        from reportlab.graphics.charts.linecharts import HorizontalLineChart

        chart = HorizontalLineChart()
        for number in range(len(plot.series)):
            chart.lines[number].strokeColor = _colours()[number]
            chart.lines[number].strokeWidth = 2
    else:
        from reportlab.graphics.charts.barcharts import HorizontalBarChart, VerticalBarChart

        chart = HorizontalBarChart() if plot.kind == "lying" else VerticalBarChart()
        for number in range(len(plot.series)):
            chart.bars[number].fillColor = _colours()[number]
        if plot.kind == "stacked":
            chart.categoryAxis.style = "stacked"
    chart.x, chart.y, chart.width, chart.height = 60, 30, 340, 200
    chart.data = [list(row) for row in plot.series.values()]
    chart.categoryAxis.categoryNames = list(plot.labels)
    chart.valueAxis.valueMin = 0
    chart.valueAxis.visibleGrid = plot.grid
    return chart


def _pie(plot: Plot) -> Any:
    from reportlab.graphics.charts.piecharts import Pie

    (row,) = plot.series.values()
    pie = Pie()
    pie.x, pie.y, pie.width, pie.height = 40, 40, 190, 190
    pie.data = list(row)
    pie.labels = None
    for number, colour in enumerate(_colours()[: len(row)]):
        pie.slices[number].fillColor = colour
    return pie


def _legend(plot: Plot) -> Any:
    from reportlab.graphics.charts.legends import Legend

    legend = Legend()
    legend.x, legend.y = (290, 200) if plot.kind == "pie" else (300, 275)
    legend.alignment = "right"
    legend.columnMaximum = 8 if plot.kind == "pie" else 1
    names = plot.labels if plot.kind == "pie" else list(plot.series)
    legend.colorNamePairs = list(zip(_colours(), names, strict=False))
    return legend
