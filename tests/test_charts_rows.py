"""Charts whose bars lie in rows, off real PDF pages and pictures of them: words of the text layer,
or recognised by the real OCR."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
from parsing import read
from PIL import Image
from reportlab.lib import colors
from reportlab.lib.pagesizes import letter
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import SimpleDocTemplate, Table, TableStyle

from evals.smoke.surveys import ALL, OUTSIDE, PANELS, SIDES, STACKED, TINTED, Survey, draw
from retrieval.charts import ink
from retrieval.charts.rows import filled
from retrieval.charts.values import Chart, from_lines
from retrieval.values import PageLocator


def _charts(path: Path) -> list[Chart]:
    """The charts that taking a file in tells."""
    found = [from_lines(b.words) for b in read(path).blocks if b.kind == "chart"]
    return [chart for chart in found if chart is not None]


def _picture(path: Path, number: int) -> Image.Image:
    document = pdfium.PdfDocument(path)
    return document[number].render(scale=2).to_pil().convert("RGB")


def _check(chart: Chart, survey: Survey) -> None:
    assert {(v.x, v.series, v.value) for v in chart.values} == set(survey.values())
    assert all(v.printed for v in chart.values)
    assert chart.unit == "%"


@pytest.mark.parametrize("in_form", [False, True], ids=["page", "form"])
def test_every_bar_has_its_number_and_names(tmp_path: Path, in_form: bool) -> None:
    draw(tmp_path / "survey.pdf", ALL, in_form=in_form)
    charts = _charts(tmp_path / "survey.pdf")
    assert [chart.title for chart in charts] == [" ".join(survey.title) for survey in ALL]
    for chart, survey in zip(charts, ALL, strict=True):
        _check(chart, survey)


def test_a_value_points_at_its_bar(tmp_path: Path) -> None:
    draw(tmp_path / "survey.pdf", [STACKED])
    image = _picture(tmp_path / "survey.pdf", 0)
    (block,) = [b for b in read(tmp_path / "survey.pdf").blocks if b.kind == "chart"]
    assert isinstance(block.locator, PageLocator) and block.locator.page == 1
    (chart,) = _charts(tmp_path / "survey.pdf")
    colours = dict(STACKED.panels[0].series)
    for value in chart.values:
        x0, y0, x1, y1 = value.box
        corner = (
            int((x0 + 0.1 * (x1 - x0)) * image.width),
            int((y0 + 0.15 * (y1 - y0)) * image.height),
        )
        wanted = np.array(colors.HexColor(colours[value.series]).bitmap_rgb())
        assert np.abs(np.array(image.getpixel(corner)) - wanted).max() < 12, value


@pytest.mark.parametrize("survey", [STACKED, SIDES, TINTED], ids=["stacked", "sides", "tinted"])
def test_a_picture_of_a_chart_is_read(tmp_path: Path, survey: Survey) -> None:
    draw(tmp_path / "survey.pdf", [survey])
    image = _picture(tmp_path / "survey.pdf", 0)
    image.crop((100, 250, 1160, 680)).save(tmp_path / "shot.png")
    (chart,) = _charts(tmp_path / "shot.png")
    _check(chart, survey)


def test_a_picture_of_a_chart_set_into_a_page_is_read(tmp_path: Path) -> None:
    draw(tmp_path / "survey.pdf", [SIDES])
    part = _picture(tmp_path / "survey.pdf", 0).crop((130, 330, 1160, 680))
    part.save(tmp_path / "part.png")
    pen = Canvas(str(tmp_path / "report.pdf"), pagesize=letter)
    pen.drawString(72, 700, "What the towns say of the harbour is shown in the picture below.")
    pen.drawString(72, 300, "Nobody was asked twice, and nobody was paid for an answer.")
    pen.drawImage(str(tmp_path / "part.png"), 72, 420, width=480, height=480 * 350 / 1030)
    pen.save()
    (chart,) = _charts(tmp_path / "report.pdf")
    wanted = {(label, series): value for label, series, value in SIDES.values()}
    assert {(v.x, v.series) for v in chart.values} == set(wanted)
    for value in chart.values:  # a number too small for the OCR is measured
        assert abs(value.value - wanted[value.x, value.series]) <= (0 if value.printed else 1)
    assert sum(value.printed for value in chart.values) >= len(wanted) - 2


def test_two_charts_on_a_page_are_two(tmp_path: Path) -> None:
    draw(tmp_path / "two.pdf", [STACKED, PANELS], one_page=True)
    first, second = _charts(tmp_path / "two.pdf")
    _check(first, STACKED)
    _check(second, PANELS)
    assert first.title == " ".join(STACKED.title)
    assert second.title == " ".join(PANELS.title)


def test_numbers_that_are_not_the_lengths_of_bars_are_no_values(tmp_path: Path) -> None:
    pen = Canvas(str(tmp_path / "plan.pdf"), pagesize=letter)
    for row, numbers in enumerate(((12, 88, 45), (31, 7, 64), (90, 52, 5))):
        pen.setFillColor("black")
        pen.drawRightString(130, 605 - 26 * row, f"Week {row + 1}")
        for column, number in enumerate(numbers):
            x = 140 + 130 * column
            pen.setFillColor(("#006699", "#949d48", "#bf3927")[column])
            pen.rect(x, 600 - 26 * row, 40 + 25 * ((row + column) % 3), 17, stroke=0, fill=1)
            pen.setFillColor("white")
            pen.drawString(x + 6, 605 - 26 * row, str(number))
    pen.save()
    assert _charts(tmp_path / "plan.pdf") == []


def test_coloured_cells_are_a_table(tmp_path: Path) -> None:
    rows = [
        ["Town", "2021", "2022"],
        ["Kiel", "31", "48"],
        ["Lahti", "12", "60"],
        ["Nara", "7", "9"],
    ]
    cells = Table(rows, colWidths=[120, 90, 90])
    cells.setStyle(TableStyle([
        ("BACKGROUND", (1, 1), (1, -1), colors.HexColor("#949d48")),
        ("BACKGROUND", (2, 1), (2, -1), colors.HexColor("#006699")),
    ]))  # fmt: skip
    SimpleDocTemplate(str(tmp_path / "table.pdf"), pagesize=letter).build([cells])
    assert _charts(tmp_path / "table.pdf") == []


def test_what_a_chart_tells_is_not_told_by_the_text_again(tmp_path: Path) -> None:
    draw(tmp_path / "survey.pdf", [OUTSIDE])
    found = read(tmp_path / "survey.pdf")
    body = " ".join(b.text for b in found.blocks if b.kind in ("body", "table"))
    assert "Working from the island" in body and "had an opinion" in body
    assert not any(number in body.split() for number in ("69%", "74", "46", "28", "9"))


def test_other_columns_beside_bars_stay_in_the_text(tmp_path: Path) -> None:
    pen = Canvas(str(tmp_path / "stock.pdf"), pagesize=letter)
    for row, (town, asked, share) in enumerate(
        (("Kiel", 812, 64), ("Lahti", 377, 21), ("Nara", 945, 47), ("Derby", 533, 9))
    ):
        y = 600 - 26 * row
        pen.setFillColor("black")
        pen.drawString(72, y + 5, town)
        pen.drawString(140, y + 5, f"{asked} asked")
        pen.drawString(530, y + 5, f"wave {row + 2}")
        pen.setFillColor("#006699")
        pen.rect(220, y, 4 * share, 17, stroke=0, fill=1)
        pen.setFillColor("white")
        pen.drawString(226, y + 5, str(share))
    pen.save()
    found = read(tmp_path / "stock.pdf")
    text = " ".join(b.text for b in found.blocks)
    assert all(word in text for word in ("812", "377", "945", "533", "wave 5"))


def test_a_page_of_patterns_is_compared_in_bounds() -> None:
    tiles = np.full((1600, 1200, 3), 255, np.uint8)
    for y in range(0, 1590, 10):
        for x in range(0, 1190, 8):
            tiles[y : y + 7, x : x + 3 + (x * y) % 4] = (0, 100, 150)
    rects, _ = filled(ink.Canvas(tiles, ()))
    assert 1000 <= len(rects) <= 1200
