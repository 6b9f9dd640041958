"""Requests that fit several files, and files that disagree."""

from __future__ import annotations

from pathlib import Path

import pytest
from assisting import RECEIPTS, outcome, write

from assistant.clarify import vague
from assistant.messages import Abstained, Answered
from assistant.models.scripted import ScriptedChat
from assistant.service import Assistant

pytest_plugins = ["assisting_fixtures"]


@pytest.mark.parametrize(
    ("question", "is_vague"),
    [
        ("What is the total of the receipt?", True),
        ("When was my invoice issued? What is its date?", False),
        ("收据的总额是多少？", True),
        ("Summarise the document.", True),
        ("What is the total of the North Books receipt?", False),
        ("Summarise the report about whales.", False),
        ("北方书店收据的总额是多少？", False),
    ],
)
def test_questions_that_part_no_file_from_another(question: str, is_vague: bool) -> None:
    assert vague(question) is is_vague


def test_a_question_that_fits_several_receipts_is_asked_back(helper: Assistant) -> None:
    end = outcome(helper.ask("What is the total of the receipt?"))
    assert isinstance(end, Abstained)
    assert "Which one" in end.text
    assert sum(name in end.text for name in RECEIPTS) >= 2
    plain = outcome(helper.ask("What is the total of receipt-may.txt?"))
    assert isinstance(plain, Answered) and plain.text.startswith("12.00")


@pytest.mark.parametrize(
    ("first", "second", "question", "read", "other"),
    [
        (
            "The tower of Ilmen is 61 metres high and was built of oak.",
            "The tower of Ilmen is 74 metres high and was built of oak.",
            "How high is the tower of Ilmen?",
            "61 metres",
            "74 metres",
        ),
        (
            "伊尔门塔的设计者是王丽，塔高六十一米。",
            "伊尔门塔的设计者是赵强，塔高六十一米。",
            "伊尔门塔的设计者是谁？",
            "王丽",
            "赵强",
        ),
    ],
)
def test_files_that_disagree_are_both_cited(
    helper: Assistant,
    model: ScriptedChat,
    tmp_path: Path,
    first: str,
    second: str,
    question: str,
    read: str,
    other: str,
) -> None:
    helper.ingest(write(tmp_path / "two", {"one.txt": first, "two.txt": second}), library="towers")
    model.script = lambda messages, _options: read if read in str(messages[-1].content) else other
    end = outcome(helper.ask(question, library="towers"))
    assert isinstance(end, Answered)
    assert read in end.text and other in end.text
    assert {c.asset for c in end.citations} == {"one.txt", "two.txt"}
    model.script = ["oak"] if read.isascii() else ["六十一米"]
    agreed = outcome(helper.ask("What was the tower of Ilmen built of?", library="towers"))
    assert not isinstance(agreed, Answered) or len(agreed.citations) == 1
