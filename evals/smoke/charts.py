"""Draws annual reports of invented firms: a text page, a table page, a page with a bar chart."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

_FIRMS = (
    ("Heron Bicycles", "bicycles sold"), ("Port Ellen Ferry", "passengers in thousands"),
    ("Moss & Daughter", "clocks repaired"), ("Karn Honey", "jars of honey"),
)  # fmt: skip
_YEARS = ("2019", "2020", "2021", "2022", "2023")
_TOWNS = ("Kiel", "Lahti", "Derby", "Nara")


def reports(folder: Path) -> list[dict[str, Any]]:
    """Write four PDF reports; returns rows with questions, answers and evidence pages."""
    rng = random.Random(4)
    rows: list[dict[str, Any]] = []
    for number, (firm, what) in enumerate(_FIRMS):
        name = f"{firm.split()[0].lower()}-report.pdf"
        sold = {year: rng.randint(120, 980) for year in _YEARS}
        staff = {town: rng.randint(3, 60) for town in _TOWNS}
        founded = 1900 + 7 * (number + 3)
        _write(folder / name, firm, what, founded, staff, sold)
        year, town = _YEARS[number + 1], _TOWNS[number]
        best = max(sold, key=lambda y: sold[y])
        asked = [
            (f"In which year was {firm} founded?", str(founded), 1, "text"),
            (f"How many people work for {firm} in {town}?", str(staff[town]), 2, "table"),
            (f"How many people work for {firm} in all towns together?",
             str(sum(staff.values())), 2, "table"),
            (f"According to the chart of {firm}, how many {what} were there in {year}?",
             str(sold[year]), 3, "chart"),
            (f"In which year does the chart of {firm} show the most {what}?", best, 3, "chart"),
        ]  # fmt: skip
        rows += [
            {"file": name, "question": q, "answers": [a], "pages": [page], "kind": kind}
            for q, a, page, kind in asked
        ]
    return rows


def _write(
    path: Path, firm: str, what: str, founded: int, staff: dict[str, int], sold: dict[str, int]
) -> None:
    from reportlab.graphics.charts.barcharts import VerticalBarChart
    from reportlab.graphics.shapes import Drawing
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Table

    style = getSampleStyleSheet()
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = 40, 40, 360, 220
    chart.data = [list(sold.values())]
    chart.categoryAxis.categoryNames = list(sold)
    chart.valueAxis.valueMin = 0
    chart.barLabels.nudge = 8
    chart.barLabelFormat = "%d"
    drawing = Drawing(440, 300)
    drawing.add(chart)
    rows = [["Town", "People"], *([town, str(n)] for town, n in staff.items())]
    story = [
        Paragraph(f"{firm}: annual report", style["Title"]),
        Paragraph(
            f"{firm} was founded in {founded}. Its books are kept by hand.", style["BodyText"]
        ),
        PageBreak(),
        Paragraph(f"People who work for {firm}, by town", style["Heading2"]),
        Table(rows),
        PageBreak(),
        Paragraph(f"{firm}: {what} by year", style["Heading2"]),
        drawing,
    ]
    SimpleDocTemplate(str(path), pagesize=A4, title=firm, invariant=1).build(story)
