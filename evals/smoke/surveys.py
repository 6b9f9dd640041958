"""Draws pages of survey reports: charts without an axis, whose bars lie in rows with their numbers.

Stacked bars, bars to both sides of a line, panels side by side; names over the bars, in black or in
their colours. People and figures are invented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FONT, _BOLD = "Helvetica", "Helvetica-Bold"
_CHINESE = "STSong-Light"
_LEFT, _TOP = 72, 640
_PALE = {"#dcd6c6", "#e3c96b"}


@dataclass(frozen=True)
class Panel:
    """Bars over each other: of every series its name and colour, of every row its label and its
    values. ``head`` stands over the names."""

    series: Sequence[tuple[str, str]]
    rows: Sequence[tuple[str, Sequence[int]]]
    head: str = ""
    labels: bool = True


@dataclass(frozen=True)
class Survey:
    """A chart: its lines of title, and panels.

    ``sides`` sets the second bar of a row to the other side of a line; ``tinted`` prints the names
    in the colours of their bars, ``outside`` every number beside its bar, ``over`` the labels over
    the rows."""

    title: Sequence[str]
    panels: Sequence[Panel]
    sides: bool = False
    tinted: bool = False
    unit: str = "%"
    own_scales: bool = False
    legend: bool = False
    outside: bool = False
    over: bool = False
    asked: Sequence[tuple[str, str]] = ()
    """Questions in a person's words, and the numbers that answer them."""

    def values(self) -> list[tuple[str, str, float]]:
        """Return label, series and number of every bar, the series as it should be told."""
        several = sum(len(panel.series) for panel in self.panels) > 1
        return [
            (label, self._said(panel, name) if several else "", float(value))
            for panel in self.panels
            for label, row in panel.rows
            for (name, _), value in zip(panel.series, row, strict=True)
        ]

    def _said(self, panel: Panel, name: str) -> str:
        return f"{panel.head}: {name}" if panel.head else name


def draw(
    path: Path, surveys: Sequence[Survey], *, in_form: bool = False, one_page: bool = False
) -> None:
    """Write a PDF with a chart a page (or all on one), under a paragraph; ``in_form`` draws it in
    a form that is placed on the page, as office programs do."""
    from reportlab.lib.pagesizes import letter
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))
    pen = Canvas(str(path), pagesize=letter, invariant=1)
    for number, survey in enumerate(surveys):
        pen.setFont(_FONT, 11)
        for line in range(3):
            pen.drawString(_LEFT, 720 - 15 * line, "Most of those asked had an opinion on this.")
        if in_form:
            pen.beginForm(f"chart{number}", 0, 0, 612, 792)
            _chart(pen, survey, 0, _TOP - 300)
            pen.endForm()
            pen.translate(_LEFT, 300)
            pen.doForm(f"chart{number}")
        else:
            _chart(pen, survey, _LEFT, _TOP - (220 * number if one_page else 0))
        if not one_page:
            pen.showPage()
    pen.save()


def _chart(pen: Any, survey: Survey, left: float, top: float) -> None:
    for number, line in enumerate(survey.title):
        _write(pen, left, top - 15 * number, line, 12, bold=True)
    foot = top - 15 * len(survey.title) - 36
    across = left
    wide = 460 / len(survey.panels)
    scale = min(_scale(survey, panel, wide - 84) for panel in survey.panels)
    for panel in survey.panels:
        room = 60.0 if panel.labels else 14.0
        own = _scale(survey, panel, wide - 84) if survey.own_scales else scale
        _panel(pen, survey, panel, across + room, foot, own)
        across += wide
    if survey.legend:
        at = left + 60.0
        for name, colour in survey.panels[0].series:
            pen.setFillColor(colour)
            pen.rect(at, foot + 12, 9, 9, stroke=0, fill=1)
            _write(pen, at + 14, foot + 13, name, 9)
            at += 110


def _scale(survey: Survey, panel: Panel, wide: float) -> float:
    rows = [row for _, row in panel.rows]
    if survey.sides:
        return wide / (max(row[0] for row in rows) + max(row[1] for row in rows))
    return wide / max(sum(row) for row in rows)


def _panel(pen: Any, survey: Survey, panel: Panel, left: float, top: float, scale: float) -> None:
    side = survey.sides
    first = max(row[0] for _, row in panel.rows) if side else 0
    for number, (label, row) in enumerate(panel.rows):
        y = top - (38 if survey.over else 26) * (number + 1)
        if survey.over:
            _write(pen, left, y + 21, label, 9)
        elif panel.labels:
            _write(pen, left - 6, y + 5, label, 9, right=True)
        at = left + scale * (first - row[0] if side else 0)
        for place, ((name, colour), value) in enumerate(zip(panel.series, row, strict=True)):
            pen.setFillColor(colour)
            pen.rect(at, y, scale * value, 17, stroke=0, fill=1)
            said = f"{value}{survey.unit if number == 0 else ''}"
            room = 0 if survey.outside else scale * value
            _number(pen, at, y, scale * value, room, said, colour, before=side and place == 0)
            if number == 0 and name and not survey.legend:
                ink = colour if survey.tinted else "#000000"
                if side:
                    x = left + scale * first + (6 if place else -6)
                    _write(pen, x, y + 24, name, 9, bold=True, right=place == 0, ink=ink)
                else:
                    x = at + scale * value / 2
                    _write(pen, x, y + 24, name, 9, bold=True, middle=True, ink=ink)
            at += scale * value
    if panel.head:
        _write(
            pen, left + scale * (first or 50), top + 16, panel.head, 9, middle=True, ink="#555555"
        )


def _number(
    pen: Any, at: float, y: float, wide: float, room: float, said: str, colour: str, before: bool
) -> None:
    if room >= 5 * len(said) + 4:
        ink = "#000000" if colour in _PALE else "#ffffff"
        _write(pen, at + wide / 2, y + 5, said, 9, middle=True, ink=ink)
    elif before:
        _write(pen, at - 3, y + 5, said, 9, right=True)
    else:
        _write(pen, at + wide + 3, y + 5, said, 9)


def _write(
    pen: Any,
    x: float,
    y: float,
    text: str,
    size: int,
    *,
    bold: bool = False,
    middle: bool = False,
    right: bool = False,
    ink: str = "#000000",
) -> None:
    wide = any(ord(c) > 0x2E80 for c in text)
    pen.setFont(_CHINESE if wide else _BOLD if bold else _FONT, size)
    pen.setFillColor(ink)
    place = pen.drawCentredString if middle else pen.drawRightString if right else pen.drawString
    place(x, y, text)


_GREEN, _SAND, _BLUE, _GOLD, _BROWN = "#949d48", "#dcd6c6", "#006699", "#e3c96b", "#957b24"
STACKED = Survey(
    ("Ferry users want more crossings, drivers do not", "% who want the ferry to run"),
    (Panel(
        (("More often", _GREEN), ("As now", _SAND), ("Less often", _BLUE)),
        (("Ferry users", (58, 31, 11)), ("Drivers", (22, 37, 41)), ("Cyclists", (47, 44, 9))),
    ),),
    asked=(
        ("What percentage of drivers want the ferry to run less often?", "41"),
        ("What share of cyclists want the ferry more often or as now?", "91"),
    ),
)  # fmt: skip
SIDES = Survey(
    ("Two towns differ on the old harbour", "% who say the harbour should be"),
    (
        Panel(
            (("Sold", _BLUE), ("Kept", _GREEN)),
            (("Under 30", (13, 76)), ("30 to 60", (28, 61)), ("Over 60", (52, 35))), "In Lahti",
        ),
        Panel(
            (("Sold", _BLUE), ("Kept", _GREEN)),
            (("Under 30", (41, 50)), ("30 to 60", (35, 57)), ("Over 60", (7, 84))), "In Derby",
            labels=False,
        ),
    ),
    sides=True,
    asked=(
        ("What percentage of those over 60 in Derby say the harbour should be kept?", "84"),
    ),
)  # fmt: skip
PANELS = Survey(
    ("What people come to the library for", "% of visitors, by day"),
    (
        Panel((("Books", _BLUE),), (("Weekdays", (50,)), ("Weekends", (24,)))),
        Panel((("Films", "#bf3927"),), (("Weekdays", (32,)), ("Weekends", (53,))), labels=False),
        Panel((("Talks", "#746a7e"),), (("Weekdays", (17,)), ("Weekends", (6,))), labels=False),
    ),
    asked=(("What percentage of visitors come to the library for films at weekends?", "53"),),
)
TINTED = Survey(
    ("Who pays for the bridge", "% who say it should be paid by"),
    (Panel(
        (("The town", _GOLD), ("Those who use it", _BROWN)),
        (("All", (58, 40)), ("Farmers", (11, 87)), ("Traders", (92, 6)), ("Others", (62, 36))),
    ),),
    sides=True, tinted=True,
    asked=(
        ("How many percent of farmers say the bridge should be paid by those who use it?", "87"),
    ),
)  # fmt: skip
CHINESE = Survey(
    ("居民对新公园的看法", "各年龄段的百分比"),
    (Panel(
        (("支持", _GREEN), ("无所谓", _SAND), ("反对", _BLUE)),
        (("青年", (63, 21, 16)), ("中年", (45, 25, 30)), ("老年", (71, 18, 11))),
    ),),
    asked=(
        ("老年人中支持新公园的百分比是多少？", "71"),
    ),
)  # fmt: skip

SCALES = Survey(
    ("What is wrong with the timetable", "% who name it"),
    (
        Panel(
            (("Ferry users", _GREEN),),
            (("Too early", (36,)), ("Too rare", (23,)), ("Too dear", (12,))),
        ),
        Panel(
            (("Drivers", _BLUE),),
            (("Too dear", (61,)), ("Too slow", (42,)), ("Too rare", (15,))),
        ),
    ),
    own_scales=True,
    asked=(
        ("What share of drivers call the timetable too slow?", "42"),
    ),
)  # fmt: skip
LEGEND = Survey(
    ("The new bus line, one year on", "% of households"),
    (Panel(
        (("Very content", _GREEN), ("Content", _SAND), ("Not content", _BLUE)),
        (("Old town", (31, 40, 29)), ("North shore", (12, 34, 54)), ("Hills", (55, 28, 17))),
    ),),
    legend=True,
    asked=(
        ("In the hills, what percentage of households are content with the new bus line?", "28"),
    ),
)  # fmt: skip
OUTSIDE = Survey(
    ("Working from the island", "% who find it harder or easier than on the mainland"),
    (Panel(
        (("Harder here", "#bf3927"), ("Easier here", _BLUE)),
        (("Parcels", (69, 8)), ("Quiet", (9, 74)), ("Video calls", (46, 28))),
    ),),
    sides=True, tinted=True, outside=True,
    asked=(("How many percent find video calls harder on the island?", "46"),),
)  # fmt: skip
OVER = Survey(
    ("What the allotments grew", "% of plot holders"),
    (Panel(
        (("", _BROWN),),
        (("Potatoes", (71,)), ("Beans and peas", (58,)), ("Grapes", (6,)), ("Onions", (47,))),
    ),),
    over=True, outside=True,
    asked=(("What percentage of plot holders grew grapes?", "6"),),
)  # fmt: skip
ALL = (STACKED, SIDES, PANELS, TINTED, SCALES, LEGEND, OUTSIDE, OVER, CHINESE)


def charts(folder: Path) -> list[dict[str, Any]]:
    """Write a PDF for each chart, every other in a form; returns a row for each."""
    rows: list[dict[str, Any]] = []
    for number, survey in enumerate(ALL):
        name = f"survey-{number}.pdf"
        draw(folder / name, [survey], in_form=number % 2 == 1)
        values = [list(value) for value in survey.values()]
        asked = [list(pair) for pair in survey.asked]
        rows.append({"file": name, "kind": "surveys", "values": values, "questions": asked})
    return rows
