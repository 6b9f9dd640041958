"""Values of charts asked for in other words than theirs: names by rule, then by real embeddings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.chart_meaning import asks_amount, value_meant
from assistant.chart_names import meant_names
from assistant.chart_scope import pair_meant
from assistant.chart_table import tell
from assistant.likeness import Likeness
from retrieval.charts.values import Chart, Value
from retrieval.embed.registry import e5_small
from retrieval.values import PageLocator, Passage
from retrieval.weights import ModelStore

BOX = (0.1, 0.1, 0.2, 0.2)


def _chart(title: str, unit: str, rows: dict[str, dict[str, float]]) -> Chart:
    values = tuple(
        Value(label, series, value, BOX, printed=True)
        for label, row in rows.items()
        for series, value in row.items()
    )
    return Chart("bar", title, unit, values, 0.2, 0.8, BOX)


FERRY = _chart("What islanders say of the ferry", "%", {
    "Under 30": {"It runs often enough": 21, "The fare is too high": 64},
    "Over 60": {"It runs often enough": 57, "The fare is too high": 18},
})  # fmt: skip
VOTES = _chart("% who oppose or favor the plans", "%", {
    "Republican":
        {"Wall: Oppose": 11, "Wall: Favor": 87, "Tariffs: Oppose": 16, "Tariffs: Favor": 74},
    "Democrat":
        {"Wall: Oppose": 92, "Wall: Favor": 6, "Tariffs: Oppose": 81, "Tariffs: Favor": 13},
})  # fmt: skip
POWERS = _chart("% who say it is the leading power", "%", {
    "U.S.": {"U.S.": 50, "China": 32, "Japan": 7}, "Germany": {"U.S.": 24, "China": 53, "Japan": 6},
})  # fmt: skip
TEXT = Passage(
    7, "ferry.pdf", "ab", "text", "application/pdf", "body", "The ferry was painted in May.",
    PageLocator(1), 1.0, 0.9, sentences=(0.38,),
)  # fmt: skip


@pytest.fixture(scope="module")
def likeness(model_store: ModelStore) -> Likeness:
    embedder = e5_small(model_store, 1)
    return Likeness(lambda: embedder)


@pytest.mark.parametrize(
    ("question", "labels", "series"),
    [
        ("What share of Republicans oppose the wall?", ["Republican"], ["Wall: Oppose"]),
        ("How many Democrats favor tariffs?", ["Democrat"], ["Tariffs: Favor"]),
        ("What do Democrats favor?", ["Democrat"], ["Wall: Favor", "Tariffs: Favor"]),
        ("What do independents say?", [], []),
        ("How many Democrats do not favor the wall?", ["Democrat"], []),
    ],
)
def test_names_are_known_in_other_endings(
    question: str, labels: list[str], series: list[str]
) -> None:
    assert meant_names(question, VOTES) == (labels, series)


def test_a_name_that_is_a_row_and_a_series_is_told_by_its_company() -> None:
    both = "What percentage in Germany name the U.S. or Japan?"
    assert meant_names(both, POWERS) == (["Germany"], ["U.S.", "Japan"])
    one = "What percentage in the U.S. name China?"
    assert meant_names(one, POWERS) == (["U.S."], ["China"])


def test_shares_that_belong_together_are_added_and_named() -> None:
    told = tell("What percentage in Germany name China or Japan?", POWERS, "en")
    assert told is not None and told.text == "59% (China 53% + Japan 6%)"
    alone = tell("What share in Germany name China or Japan? Give me a number.", POWERS, "en")
    assert alone is not None and alone.text == "59%"
    plain = replace(POWERS, unit="")  # counts of things are no parts of one whole
    apart = tell("How many in Germany name China or Japan?", plain, "en")
    assert apart is not None and "53" in apart.text and "59" not in apart.text


def test_the_share_of_the_top_power_is_no_question_for_the_highest() -> None:
    told = tell("What percentage in Germany name China as the top power?", POWERS, "en")
    assert told is not None and told.text == "53%"


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("How many percent of the people under thirty say that the ferry costs too much?", 64),
        ("What share of the over-60s think tickets cost too much?", 18),
        ("What part of the over-sixties is happy with the number of crossings?", 57),
    ],
)
def test_a_value_is_meant_without_being_named(
    likeness: Likeness, question: str, value: float
) -> None:
    meant = value_meant(question, [FERRY, POWERS], ["", ""], [TEXT], likeness)
    assert meant is not None and meant.chart == 0
    assert meant.value.value == value


def test_nothing_is_meant_of_another_year_or_where_a_sentence_is_liker(likeness: Likeness) -> None:
    question = "What share of the over-60s think tickets cost too much?"
    assert value_meant(question, [FERRY], [""], [TEXT], likeness) is not None
    near = replace(TEXT, sentences=(0.95,))
    assert value_meant(question, [FERRY], [""], [near], likeness) is None
    other = "In 2019, what share of the over-60s thought that tickets cost too much?"
    assert value_meant(other, [FERRY], [""], [TEXT], likeness) is None
    assert value_meant(other, [FERRY], ["survey-2019.pdf"], [TEXT], likeness) is not None


def test_of_two_that_are_as_like_none_is_meant(likeness: Likeness) -> None:
    question = "What share of pensioners are content with how often the ferry runs?"
    assert value_meant(question, [FERRY], [""], [TEXT], likeness) is None


def test_only_amounts_are_asked_of_charts_that_are_not_named() -> None:
    assert asks_amount("What share of the youngest pay?") and asks_amount("年轻人占多少？")
    assert not asks_amount("Who painted the ferry?")
    assert not asks_amount("By how many percent did it rise from May to June in total?")


JOBS = _chart("Number of jobs by kind", "", {
    "2021": {"Brakes": 120, "Gears": 52, "Wheels": 88},
    "2024": {"Brakes": 141, "Gears": 95, "Wheels": 90},
})  # fmt: skip


def test_the_difference_of_two_named_labels_is_of_the_series_that_is_meant(
    likeness: Likeness,
) -> None:
    asked = "How many more gear repairs did we do in 2024 than in 2021?"
    pair = pair_meant(asked, [FERRY, JOBS], ["", "Bicycle workshop"], [TEXT], likeness)
    assert pair is not None and pair.chart == 1
    assert {(v.x, v.series) for v in pair.values} == {("2021", "Gears"), ("2024", "Gears")}
    vague = "How much more did we do in 2024 than in 2021?"
    assert pair_meant(vague, [JOBS], [""], [TEXT], likeness) is None
    assert pair_meant("How many more gears than brakes?", [JOBS], [""], [TEXT], likeness) is None


def test_the_highest_is_none_of_all_together_and_of_the_kind_asked_for() -> None:
    shares = _chart(
        "How traders pay", "%", {"All traders": {"": 90}, "Cash": {"": 40}, "Card": {"": 70}}
    )
    told = tell("Which way to pay has the highest share?", shares, "en")
    assert told is not None and told.values[0].x == "Card"
    assert tell("On which weekday is the share highest?", shares, "en") is None
