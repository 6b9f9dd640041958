"""Charts of slides and Word files asked in words: real parser, scripted model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import docx
import pptx
import pytest
from assisting import open_assistant, outcome, write
from office_files import add_word_chart, chart_xml
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from assistant.chart_names import meant_names
from assistant.config import Settings
from assistant.messages import Answered
from assistant.models.scripted import ScriptedChat
from assistant.service import Assistant
from retrieval.charts.values import Chart, Value
from retrieval.values import PageLocator, TextLocator

MONTHS = ("Oct", "Nov", "Dec", "Jan", "Feb")


@pytest.fixture(scope="module")
def helper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("office")
    firings = CategoryChartData()
    firings.categories = MONTHS
    firings.add_series("Bisque", (14, 17, 9, 12, 21))
    firings.add_series("Glaze", (11, 13, 8, 10, 15))
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Kiln firings by month"
    where = (Inches(1), Inches(3), Inches(5), Inches(3))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *where, firings)
    deck.save(str(folder / "kiln.pptx"))
    shares = CategoryChartData(number_format="0%")
    shares.categories = ("Tents", "Caravans", "Boats")
    shares.add_series("Share", (0.35, 0.45, 0.2))
    document = docx.Document()
    document.add_paragraph("The campsite in its tenth year.")
    document.add_heading("Share of guests by lodging", 1)
    add_word_chart(document, chart_xml(shares, XL_CHART_TYPE.PIE))
    document.save(str(folder / "campsite.docx"))
    opened = open_assistant(Settings(home=folder / "home"), ScriptedChat())
    note = write(folder, {"note.txt": "The sea is calm."})
    opened.ingest([folder / "kiln.pptx", folder / "campsite.docx", *note])
    yield opened
    opened.close()


def test_a_value_on_a_slide_is_told_exactly_and_cited_by_its_chart(helper: Assistant) -> None:
    end = outcome(helper.ask("How many bisque firings were there in February?"))
    assert isinstance(end, Answered) and end.text == "21 [1]."
    assert end.citations[0].locator == PageLocator(1, ((0.1, 0.4, 0.6, 0.8),))
    end = outcome(helper.ask("Which month had the fewest glaze firings?"))
    assert end.text.startswith("Dec, Glaze: 8 ") and "about" not in end.text


def test_a_value_in_a_word_file_is_cited_by_its_characters(helper: Assistant) -> None:
    end = outcome(helper.ask("What share of guests by lodging are caravans?"))
    assert isinstance(end, Answered) and end.text == "45% [1]."
    locator = end.citations[0].locator
    before = "The campsite in its tenth year.\n\nShare of guests by lodging\n\n"
    head = "Chart (pie): Share of guests by lodging | unit: % | within: 0 | confidence: 1.00\n"
    start = len(before + head + "Tents | Share | 35\n")
    assert locator == TextLocator(start, start + len("Caravans | Share | 45"))


def test_months_are_found_in_dates() -> None:
    box = (0.0, 0.0, 1.0, 1.0)
    days = (date(2025, 2, 1), date(2026, 1, 1), date(2026, 2, 1))
    for labels in ([d.isoformat() for d in days], [f"{d:%b %Y}" for d in days]):
        values = tuple(Value(x, "", n, box, True) for n, x in enumerate(labels))
        chart = Chart("line", "Rain", "mm", values, 0.0, 1.0, box)
        assert meant_names("How much rain in February 2026?", chart)[0] == labels[2:]
        assert meant_names("How much rain in February?", chart)[0] == [labels[0], labels[2]]
        assert meant_names("How much rain in February 2024?", chart)[0] == []
