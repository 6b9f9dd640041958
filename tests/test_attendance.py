"""Who came to a meeting and who did not, by labels that nobody asks by."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from assisting import open_assistant, outcome, write

from assistant.candidates import can_be
from assistant.choices import denied
from assistant.config import Settings
from assistant.messages import Abstained, Answered
from assistant.models.scripted import ScriptedChat
from assistant.phrases import RUNG, any_of
from assistant.service import Assistant

MARCH = """Rowing club, minutes of the committee meeting on 11 March 2025

Present: Ada Finch (chair), Tom Reed, Ines Roth,
Karl Ude
Apologies for absence: Mira Lund, Joe Pike

1. The roof of the boat house leaks and shall be mended before the summer.
"""
MAY = """赛艇俱乐部五月会议纪要

出席：陈立、王芳
缺席：赵敏、孙浩，密码：otter4711

一、船库屋顶漏水，夏天之前修好。
"""


@pytest.fixture(scope="module")
def helper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("attendance")
    opened = open_assistant(Settings(home=folder / "home"), ScriptedChat(script=["NOT FOUND"] * 40))
    notes = {"minutes march.txt": MARCH, "会议纪要五月.txt": MAY, "soup.txt": "Leek soup for two."}
    opened.ingest(write(folder, notes))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("question", "names"),
    [
        (
            "Who couldn't make it to the rowing club's committee meeting in March?",
            "Mira Lund, Joe Pike",
        ),
        (
            "who was present at the march committee meeting of the rowing club",
            "Ada Finch (chair), Tom Reed, Ines Roth, Karl Ude",
        ),
        ("赛艇俱乐部五月的会谁没来？", "赵敏、孙浩，密码：•••"),
    ],
)
def test_minutes_tell_who_came(helper: Assistant, question: str, names: str) -> None:
    end = outcome(helper.ask(question))
    assert isinstance(end, Answered) and end.text.startswith(names), end
    assert names.split(",")[0].split("、")[0] in end.citations[0].snippet


def test_of_another_year_nobody_is_told(helper: Assistant) -> None:
    end = outcome(helper.ask("Who couldn't make it to the committee meeting of the club in 2019?"))
    assert isinstance(end, Abstained)


@pytest.mark.parametrize(
    "question",
    [
        "number for the plumber who did our bathroom?",
        "What number do I ring when the van breaks down",
    ],
)
def test_what_is_rung_is_a_telephone_number(question: str) -> None:
    assert any_of(RUNG).search(question)
    assert can_be("07700 900463", question) and not can_be("Kettlewell", question)


def test_what_was_turned_down_is_denied() -> None:
    question = "Did they say yes to the second set of goals?"
    assert denied("The request for a second set of goals was turned down.", question)
    assert not denied("A second set of goals was ordered.", question)
