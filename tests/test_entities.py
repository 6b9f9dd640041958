"""Names in a text by kind, and the links between them; only what stands in the text is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from assisting import open_assistant, outcome, write

from assistant.config import Settings
from assistant.entities import links_in
from assistant.messages import Abstained, Answered
from assistant.models.scripted import ScriptedChat
from assistant.planner import plan
from assistant.service import Assistant
from retrieval.values import TextLocator

LETTER = "Ruth Ames met Omar Haddad in Lisbon on 3 May 1962. The Tern Society paid for the hall."
LISTED = "People: Ruth Ames; Nobody Known\nOrganisations: Tern Society\nPlaces: Lisbon\nDates:"


@pytest.fixture
def model() -> ScriptedChat:
    return ScriptedChat(script=[LISTED])


@pytest.fixture
def helper(tmp_path: Path, model: ScriptedChat) -> Iterator[Assistant]:
    opened = open_assistant(Settings(home=tmp_path / "home"), model)
    opened.ingest(write(tmp_path / "files", {"letter.txt": LETTER}))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "question",
    [
        "Extract the names of people, places and dates from this text: Ruth met Omar.",
        "List all the people mentioned in letter.txt",
        "Which people are mentioned in letter.txt?",
        "What are the relationships between the people in letter.txt?",
        "提取这段文字中的人名、地名和日期：佐藤莲在京都。",
        "letter.txt 中提到了哪些人？",
    ],
)
def test_names_are_asked_for(question: str) -> None:
    assert plan(question).intent == "entities"


@pytest.mark.parametrize(
    "question",
    ["What is the name of the captain?", "List all photos of people", "Extract the fields of a.pdf",
     "How many people live in Varn?", "Find photos of people in Lisbon"],
)  # fmt: skip
def test_other_questions_are_not(question: str) -> None:
    assert plan(question).intent != "entities"


def test_names_of_a_file_are_cited_and_what_is_not_there_is_left_out(helper: Assistant) -> None:
    end = outcome(helper.ask("List all the people and places mentioned in letter.txt"))
    assert isinstance(end, Answered)
    lines = dict(line.split(": ", 1) for line in end.text.splitlines() if line)
    assert "Ruth Ames [" in lines["People"] and "Tern Society [" in lines["People"]
    assert lines["Dates"].startswith("3 May 1962 [") and "Nobody" not in end.text
    for citation in end.citations:
        assert citation.asset == "letter.txt" and isinstance(citation.locator, TextLocator)
        pointed = LETTER[citation.locator.start : citation.locator.end]
        assert f"{pointed} [{citation.number}]" in end.text


def test_links_are_the_words_between_two_names(helper: Assistant) -> None:
    end = outcome(helper.ask("What are the relationships between the people in letter.txt?"))
    assert isinstance(end, Answered) and "Ruth Ames – met" in end.text
    assert links_in("Ren Sato lives in Kyoto; Ada works.", ["Ren Sato", "Kyoto", "Ada"]) == [
        ("Ren Sato", "lives in", "Kyoto")
    ]
    assert links_in("Kyoto | visits | Osaka", ["Kyoto", "Osaka"]) == [], "a row is no sentence"
    assert links_in("佐藤莲住在京都。", ["佐藤莲", "京都"]) == [("佐藤莲", "住在", "京都")]


def test_a_text_without_names_says_so(helper: Assistant, model: ScriptedChat) -> None:
    model.script = ["People:\nOrganisations:\nPlaces:\nDates:"]
    asked = "List the names of people in this text: we had soup and bread."
    end = outcome(helper.ask(asked, use_library=False))
    assert isinstance(end, Abstained) and "no names" in end.text
