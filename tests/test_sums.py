"""Sums over bills: which bills a question means, what they are grouped by, what is told apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from assisting import open_assistant, outcome, write

from assistant.config import Settings
from assistant.messages import Abstained, Answered
from assistant.models.scripted import ScriptedChat
from assistant.planner import plan
from assistant.service import Assistant

BILLS = {
    "a.txt": "NORTH BOOKS LTD\nReceipt\nDate: 03/05/2024\nNovel 12.00\nTOTAL 12.00\n",
    "b.txt": "HARBOUR CAFE LTD\nReceipt\nDate: 11/06/2024\nCoffee 3.50\nTOTAL 3.50\n",
    "c.txt": "NORTH BOOKS LTD\nReceipt\nDate: 20/06/2024\nAtlas 30.25\nTOTAL 30.25\n",
    "d.txt": "HARBOUR CAFE LTD\nReceipt\nDate: 02/06/2023\nCake 60.10\nTOTAL 60.10\n",
    "undated.txt": "HARBOUR CAFE LTD\nReceipt\nTea 2.15\nTOTAL 2.15\n",
    "essay.txt": "The library of the harbour holds a total of 42,000 volumes.\n",
}

ALL = {"a.txt", "b.txt", "c.txt", "d.txt", "undated.txt"}


@pytest.fixture(scope="module")
def helper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """An assistant whose model must never be asked to add up."""
    folder: Path = tmp_path_factory.mktemp("sums")
    opened = open_assistant(Settings(home=folder / "home"), ScriptedChat(script=["99.99"]))
    opened.ingest(write(folder / "files", BILLS))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("question", "said", "cited"),
    [
        ("What did I spend in total?", "108.00", ALL),
        ("我一共花了多少钱？", "108.00", ALL),
        ("How much did I spend in June 2024?", "33.75", {"b.txt", "c.txt"}),
        ("2024年6月我花了多少钱？", "33.75", {"b.txt", "c.txt"}),
        ("How much did I spend at North Books?", "42.25", {"a.txt", "c.txt"}),
        ("Which month did I spend most?", "2023-06, with 60.10", {"d.txt"}),
        ("Which year did I spend most?", "2023, with 60.10", {"d.txt"}),
        ("哪个月花钱最少？", "2024-05", {"a.txt"}),
        ("Which shop did I spend the most at?", "HARBOUR CAFE LTD, with 65.75",
         {"b.txt", "d.txt", "undated.txt"}),
        ("What is the average of my receipts?", "21.60", ALL),
        ("How many receipts are over 12?", "2", {"c.txt", "d.txt"}),
        ("What is the cheapest receipt?", "2.15", {"undated.txt"}),
        ("List my receipts from 2023", "d.txt", {"d.txt"}),
    ],
)  # fmt: skip
def test_a_figure_is_worked_out_from_the_bills_it_is_about(
    helper: Assistant, question: str, said: str, cited: set[str]
) -> None:
    end = outcome(helper.ask(question))
    assert isinstance(end, Answered), end
    assert said in end.text
    assert {c.asset for c in end.citations} == cited
    assert "99.99" not in end.text, "no model adds up"


def test_amounts_by_month_are_a_line_each_and_undated_bills_are_named(helper: Assistant) -> None:
    end = outcome(helper.ask("How much did I spend each month?"))
    lines = end.text.splitlines()
    assert [line[2:9] for line in lines[:3]] == ["2023-06", "2024-05", "2024-06"]
    assert "33.75" in lines[2] and "undated.txt" in lines[-1]


def test_no_bill_of_that_time_is_said(helper: Assistant) -> None:
    end = outcome(helper.ask("How much did I spend in January 2020?"))
    assert isinstance(end, Abstained) and "none" in end.text


def test_currencies_are_not_added_to_each_other(tmp_path: Path) -> None:
    bills = {
        "euro.txt": "CAFE NORD GMBH\nReceipt\nDate: 03/05/2024\nTOTAL €10.00\n",
        "dollar.txt": "HILL STORE LTD\nReceipt\nDate: 04/05/2024\nTOTAL $7.50\n",
        "euro2.txt": "CAFE NORD GMBH\nReceipt\nDate: 05/05/2024\nTOTAL €2.25\n",
    }
    opened = open_assistant(Settings(home=tmp_path / "home"), ScriptedChat())
    opened.ingest(write(tmp_path / "files", bills))
    end = outcome(opened.ask("What did I spend in total?"))
    opened.close()
    assert "EUR 12.25" in end.text and "$7.50" in end.text and "19.75" not in end.text


@pytest.mark.parametrize(
    ("question", "intent", "topic"),
    [
        ("How much did I spend at Asia Mart?", "aggregate", "Asia Mart"),
        ("How many receipts mention coffee?", "count", "receipts coffee"),
        ("What did I pay for the taxi?", "find", ""),
        ("How many receipts do I have?", "aggregate", ""),
        ("What's my total spending?", "aggregate", ""),
    ],
)
def test_which_questions_are_about_sums(question: str, intent: str, topic: str) -> None:
    made = plan(question)
    assert (made.intent, made.topic) == (intent, topic)
