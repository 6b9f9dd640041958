"""Charts asked in words, by tool and by call: real parser and OCR, scripted model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from assisting import open_assistant, outcome, write

from assistant.chart_names import mentioned
from assistant.config import Settings
from assistant.messages import Answered, AttachmentFile
from assistant.models.scripted import ScriptedChat
from assistant.planner import plan
from assistant.service import Assistant
from evals.smoke.plots import Plot, paint
from retrieval.values import PageLocator, RegionLocator

YEARS = ("2019", "2020", "2021", "2022", "2023")
SOLD = (412, 575, 233, 690, 548)
TOWNS = ("Kiel", "Lahti", "Derby", "Nara")


@pytest.fixture(scope="module")
def helper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("charts")
    paint(Plot("bar", "Bicycles sold", YEARS, {"": SOLD}, grid=True)).save(folder / "sales.png")
    cups = Plot("line", "Cups a day", TOWNS, {"Tea": (31, 48, 12, 60), "Coffee": (22, 35, 55, 18)})
    paint(cups).save(folder / "cups.png")
    image = paint(Plot("bar", "Visitors of the museum", YEARS, {"": (52, 31, 77, 18, 64)}))
    image.save(folder / "museum.pdf", resolution=100)
    paint(Plot("bar", "Profit", YEARS, {"": SOLD}, ticks=False)).save(folder / "bare.png")
    opened = open_assistant(Settings(home=folder / "home"), ScriptedChat())
    files = [folder / n for n in ("sales.png", "cups.png", "museum.pdf", "bare.png")]
    opened.ingest([*files, *write(folder, {"note.txt": "The chart of the sea is in the cabin."})])
    yield opened
    opened.close()


def _number(text: str) -> float:
    import re

    found = re.search(r"(?:about|约) ([\d,.]*\d)", text)
    assert found, text
    return float(found[1].replace(",", ""))


@pytest.mark.parametrize(
    ("question", "value", "off"),
    [
        ("How many were sold in 2021 by the chart in sales.png?", 233, 8),
        ("What is the value for 2019 in sales.png?", 412, 8),
        ("sales.png 图表中2020年是多少？", 575, 8),
        ("What is the difference between 2022 and 2021 in the chart sales.png?", 457, 12),
        ("What is the sum of all values in the chart sales.png?", sum(SOLD), 30),
        ("What is the average in the chart sales.png?", sum(SOLD) / 5, 8),
        ("How many cups of Coffee in Derby does the chart in cups.png show?", 55, 1.5),
        ("How many bicycles were sold in 2022 according to the chart?", 690, 8),
    ],
)
def test_values_and_what_is_made_of_them(
    helper: Assistant, question: str, value: float, off: float
) -> None:
    end = outcome(helper.ask(question))
    assert isinstance(end, Answered)
    assert _number(end.text) == pytest.approx(value, abs=off)
    assert "read off the chart" in end.text or "从图上量得" in end.text


def test_a_value_is_cited_by_its_bar(helper: Assistant) -> None:
    end = outcome(helper.ask("Which year was highest in sales.png?"))
    assert isinstance(end, Answered) and end.text.startswith("2022: about")
    (citation,) = end.citations
    assert isinstance(citation.locator, RegionLocator)
    x0, y0, x1, y1 = citation.locator.region
    assert 0.6 < (x0 + x1) / 2 < 0.8 and x1 - x0 < 0.15 and y0 < 0.35, "the fourth bar"
    end = outcome(helper.ask("Which year was lowest in sales.png?"))
    assert end.text.startswith("2021: about")


def test_a_trend_is_told_of_each_series(helper: Assistant) -> None:
    end = outcome(helper.ask("What is the trend in the chart cups.png?"))
    assert "Tea: goes up and down" in end.text and "Coffee: goes up and down" in end.text


def test_the_table_as_json_and_csv(helper: Assistant) -> None:
    end = outcome(helper.ask("Give me the data of the chart in sales.png as JSON"))
    table = json.loads(end.text.split("```")[1].removeprefix("json"))
    assert table["labels"] == list(YEARS) and len(table["values"]) == 5
    end = outcome(helper.ask("把 cups.png 图表的数据给我，CSV 格式"))
    lines = end.text.split("```")[1].removeprefix("csv").strip().splitlines()
    assert lines[0] == ",Tea,Coffee" and lines[1].startswith("Kiel,")


def test_a_chart_in_a_pdf_is_cited_by_page_and_box(helper: Assistant) -> None:
    end = outcome(helper.ask("How many visitors had the museum in 2021 by the chart?"))
    assert isinstance(end, Answered) and _number(end.text) == pytest.approx(77, abs=2)
    (citation,) = end.citations
    assert citation.asset == "museum.pdf" and isinstance(citation.locator, PageLocator)
    assert citation.locator.page == 1 and len(citation.locator.boxes) == 1


def test_a_chart_does_not_answer_for_an_invoice(helper: Assistant, tmp_path: Path) -> None:
    bill = "INVOICE of Bicycles Ltd\nBicycles sold and repaired\nTotal due: EUR 84.20\n"
    helper.ingest(write(tmp_path, {"bicycles.txt": bill}))
    end = outcome(helper.ask("What is the total due on the invoice of Bicycles Ltd?"))
    assert isinstance(end, Answered) and "84.20" in end.text
    assert {c.asset for c in end.citations} == {"bicycles.txt"}


def test_a_report_is_not_answered_from_its_chart_unless_that_is_meant(helper: Assistant) -> None:
    end = outcome(helper.ask("What is the highest mountain in museum.pdf?"))
    assert "read off the chart" not in end.text
    end = outcome(helper.ask("Which year had the most visitors in museum.pdf?"))
    assert "2021" in end.text and "read off the chart" in end.text


def test_an_attached_chart_is_read(helper: Assistant, tmp_path: Path) -> None:
    picture = tmp_path / "shot.png"
    paint(Plot("lying", "Cups a day", TOWNS, {"": (31, 48, 12, 60)})).save(picture)
    given = [AttachmentFile("shot.png", picture)]
    end = outcome(helper.ask("What is the value for Lahti?", images=given))
    assert _number(end.text) == pytest.approx(48, abs=1.5)


def test_what_cannot_be_read_is_said(helper: Assistant) -> None:
    end = outcome(helper.ask("How many were sold in 2021 by the chart in bare.png?"))
    assert not isinstance(end, Answered) and "could not read a chart" in end.text
    end = outcome(helper.ask("How many were sold in 1999 by the chart in sales.png?"))
    assert not isinstance(end, Answered) and "2019" in end.text


def test_the_tool_is_an_api_call(helper: Assistant) -> None:
    result = helper.use_tool("read_chart", file="sales.png")
    (chart,) = result.data["charts"]
    assert chart["title"] == "Bicycles sold" and chart["kind"] == "bar"
    assert [round(v["value"], -2) for v in chart["values"]] == [400, 600, 200, 700, 500]
    assert helper.use_tool("read_chart", file="note.txt").data["charts"] == []
    assert helper.use_tool("read_chart", file="none.png").error


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("What does the chart show?", "chart"),
        ("柱状图里哪一年最高？", "chart"),
        ("Which photo shows a graphic novel?", "pick"),
        ("How many receipts do I have?", "aggregate"),
    ],
)
def test_questions_of_charts_are_told_from_others(question: str, intent: str) -> None:
    assert plan(question).intent == intent


def test_labels_are_found_in_questions() -> None:
    assert mentioned("what is the value for May", ("Apr", "May", "Jun")) == ["May"]
    assert mentioned("in january and Feb", ("Jan", "Feb", "Mar")) == ["Jan", "Feb"]
    assert mentioned("sales in 20211 and 1.5", ("2021", "5")) == []
    assert mentioned("北京和上海相差多少", ("北京", "上海", "广州")) == ["北京", "上海"]
