"""Charts that slides and Word files keep as numbers, read as the tables they are."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import docx
import pptx
import pytest
from office_files import add_word_chart, chart_xml
from parsing import read
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.enum.chart import XL_CHART_TYPE as KINDS
from pptx.util import Inches

from retrieval.charts.values import Chart, from_lines
from retrieval.parse.native_charts import read_native
from retrieval.parse.number_formats import date_as_shown, is_date, shown_by
from retrieval.values import Block, PageLocator, TextLocator, Word


def _data(names: Any, form: str = "General", **series: Any) -> CategoryChartData:
    data = CategoryChartData(number_format=form)
    data.categories = names
    for name, values in series.items():
        data.add_series(name, values)
    return data


def _read(xml: str) -> tuple[Chart, ...]:
    return read_native(xml.encode(), "Kiln").charts


def _lines(chart: Chart) -> list[str]:
    return chart.text().split("\n")[1:]


def _back(block: Block) -> Chart:
    chart = from_lines(block.words or [Word(line) for line in block.text.split("\n")])
    assert chart is not None
    return chart


def test_a_chart_on_a_slide_is_a_table_with_its_place(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "The year"
    where = (Inches(1), Inches(3), Inches(5), Inches(3))
    data = _data(["Oct", "Nov"], Bisque=(14, 17), Glaze=(11, None))
    chart = slide.shapes.add_chart(KINDS.COLUMN_CLUSTERED, *where, data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Firings | by month"
    chart.category_axis.axis_title.text_frame.text = "Month of the season"
    chart.value_axis.axis_title.text_frame.text = "Power (kWh)"
    deck.save(str(tmp_path / "a.pptx"))
    _, block, words = read(tmp_path / "a.pptx").blocks
    assert block.kind == "chart" and block.heading == "The year"
    assert block.locator == PageLocator(1, ((0.1, 0.4, 0.6, 0.8),))
    told = _back(block)
    assert (told.kind, told.title, told.unit) == ("bar", "Firings / by month", "kWh")
    assert _lines(told) == ["Oct | Bisque | 14", "Oct | Glaze | 11", "Nov | Bisque | 17"]
    assert all(value.printed and value.box == (0.1, 0.4, 0.6, 0.8) for value in told.values)
    assert told.error == 0
    assert words.text == "Firings / by month\nMonth of the season\nPower (kWh)"


def test_charts_without_titles_on_one_slide_stay_apart(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Firings"
    for left, count in ((1, 3), (5, 4)):
        data = _data(["Oct", "Nov"], Bisque=(count, 1), Glaze=(2, 2))
        where = (Inches(left), Inches(3), Inches(3), Inches(3))
        slide.shapes.add_chart(KINDS.LINE, *where, data)
    deck.save(str(tmp_path / "a.pptx"))
    charts = [_back(b) for b in read(tmp_path / "a.pptx").blocks if b.kind == "chart"]
    assert [c.title for c in charts] == ["Firings", "Firings (2)"]
    assert [c.values[0].value for c in charts] == [3, 4]


def test_a_chart_in_a_word_file_is_located_by_characters(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("Members", 1)
    shares = _data(["New", "Old"], "0%", Share=(0.35, 0.65))
    add_word_chart(document, chart_xml(shares, KINDS.DOUGHNUT))
    document.add_paragraph("Figure 1: Members by year", style="Caption")
    document.add_paragraph("Those who came.")
    add_word_chart(document, chart_xml(_data(["May"], Visits=(7,), Days=(3,))), 2)
    document.save(str(tmp_path / "a.docx"))
    found = read(tmp_path / "a.docx").blocks
    assert [b.kind for b in found] == ["body", "chart", "body", "body", "chart"]
    shared, visits = _back(found[1]), _back(found[4])
    assert (shared.kind, shared.title, shared.unit) == ("pie", "Figure 1: Members by year", "%")
    assert _lines(shared) == ["New | Share | 35", "Old | Share | 65"]
    assert visits.title == "Members"
    joined = "\n\n".join(b.text for b in found)
    for block in found:
        assert isinstance(block.locator, TextLocator)
        assert joined[block.locator.start : block.locator.end] == block.text


def test_dates_levels_and_points_are_labels_as_shown() -> None:
    days = _data([date(2026, 1, 1), date(2026, 2, 1)], Use=(4, 5), Cost=(1, 2))
    xml = chart_xml(days, KINDS.LINE)
    assert _lines(_read(xml)[0])[0] == "2026-01-01 | Use | 4"
    (chart,) = _read(xml.replace(r"yyyy\-mm\-dd", "mmm\\-yy"))
    assert chart.labels == ("Jan 2026", "Feb 2026")
    levels = CategoryChartData()
    for year in ("2025", "2026"):
        top = levels.add_category(year)
        for half in ("first half", "second half"):
            top.add_sub_category(half)
    levels.add_series("Sales", (1, 2, 3, 4))
    (chart,) = _read(chart_xml(levels))
    assert chart.labels[1:3] == ("2025, second half", "2026, first half")
    points = XyChartData()
    run = points.add_series("Run")
    for x, y in ((0.5, 20), (2, 90)):
        run.add_data_point(x, y)
    (chart,) = _read(chart_xml(points, KINDS.XY_SCATTER))
    assert chart.kind == "scatter" and _lines(chart) == ["0.5 | Run | 20", "2 | Run | 90"]


def test_a_line_in_another_unit_is_a_chart_of_its_own() -> None:
    xml = chart_xml(_data(["Oct", "Nov"], Bisque=(14, 17)))
    line = chart_xml(_data(["Oct", "Nov"], '0.0" °C"', Heat=(981.5, 1003)), KINDS.LINE)
    plot = line[line.index("<c:lineChart>") : line.index("</c:lineChart>") + len("</c:lineChart>")]
    bars, heat = _read(xml.replace("</c:barChart>", "</c:barChart>" + plot))
    assert (bars.kind, bars.unit) == ("bar", "") and _lines(bars)[0] == "Oct | Bisque | 14"
    assert (heat.kind, heat.unit) == ("line", "°C") and _lines(heat)[0] == "Oct | Heat | 981.5"


def test_a_pie_whose_slices_show_shares_tells_shares() -> None:
    xml = chart_xml(_data(["New", "Old"], Members=(30, 90)), KINDS.PIE)
    labels = '<c:dLbls><c:showVal val="0"/><c:showPercent val="1"/></c:dLbls>'
    (chart,) = _read(xml.replace("<c:cat>", labels + "<c:cat>"))
    assert chart.unit == "%" and _lines(chart) == ["New | Members | 25", "Old | Members | 75"]


def test_shares_on_the_axis_of_stacked_bars_are_not_their_unit() -> None:
    xml = chart_xml(_data(["Oct"], A=(3,), B=(9,)), KINDS.COLUMN_STACKED_100)
    shown = '<c:numFmt formatCode="0%" sourceLinked="0"/>'
    (chart,) = _read(xml.replace("<c:valAx>", f"<c:valAx>{shown}"))
    assert (chart.unit, chart.values[0].value) == ("", 3)
    (chart,) = _read(
        xml.replace("percentStacked", "stacked").replace("<c:valAx>", f"<c:valAx>{shown}")
    )
    assert (chart.unit, chart.values[0].value) == ("%", 300)


def test_what_cannot_be_told_whole_tells_its_names_only() -> None:
    large = chart_xml(_data([str(n) for n in range(4001)], Level=range(4001)))
    native = read_native(large.encode(), "Tide")
    assert native.charts == () and native.text == "Tide\nLevel"
    xml = chart_xml(_data(["Oct"], Bisque=(14,), Glaze=(3,)))
    for broken in (xml[:-200], "", "<a/>", xml.replace("<c:v>14</c:v>", "<c:v>#N/A</c:v>")):
        assert all(value.series == "Glaze" for c in _read(broken) for value in c.values)
    entity = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    body = xml.split("?>", 1)[1].replace("<c:v>Oct</c:v>", "<c:v>&e;</c:v>")
    assert all(chart.labels == ("1",) for chart in _read(entity + body))


@pytest.mark.parametrize(
    ("code", "unit", "factor"),
    [
        ("0.0%", "%", 100),
        ("[$£-809]#,##0.00;[Red]-0", "£", 1),
        ('_("$"* #,##0_)', "$", 1),
        ('#,##0" kWh"', "kWh", 1),
        ('#,##0,"k"', "", 1),
        ("General", "", 1),
        ("d mmm yyyy", "", 1),
    ],
)
def test_units_of_number_formats(code: str, unit: str, factor: int) -> None:
    assert shown_by(code)[:2] == (unit, factor)


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("[$-409]mmm\\-yy;@", "Feb 2026"),
        ("mmmm", "February"),
        ("m/d/yyyy", "2026-02-03"),
        ("d-mmm", "3 Feb"),
        ("yyyy", "2026"),
        ('yyyy"年"m"月"', "2026年2月"),
        ("h:mm", "06:00"),
    ],
)
def test_dates_of_number_formats(code: str, shown: str) -> None:
    assert is_date(code) and date_as_shown(46056.25, code) == shown
    assert date_as_shown(1e15, code) == ""
