"""Questions that bring their answers along, and the answers made of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from langchain_core.messages import BaseMessage

from assistant.choices import (
    any_named,
    asks_yes_no,
    choose,
    options_of,
    telling_sentence,
    yes_or_no,
)
from assistant.gist import bare_question
from assistant.library import EmptyLibrary
from assistant.models.scripted import ScriptedChat
from assistant.planner import plan
from assistant.session import Limits, Request, Session


@pytest.mark.parametrize(
    ("question", "options"),
    [
        ("Which is cheaper, the train or the bus?", ("the train", "the bus")),
        ("Among Lima, Quito and Bogota, which one is the highest?", ("Lima", "Quito", "Bogota")),
        ("Who won? Ada Moss, or Tom Reyes?", ("Ada Moss", "Tom Reyes")),
        ("馆长是林晓还是王芳？", ("林晓", "王芳")),
        ("Which states or cities signed it?", ()),
        ("Besides the songs of the sea and the hills, what else did Luther write?", ()),
        ("录像带能否修复，还是会丢失?", ()),
    ],
)
def test_things_to_choose_among(question: str, options: tuple[str, ...]) -> None:
    assert options_of(question) == options


@pytest.mark.parametrize(
    ("question", "yes_no"),
    [
        ("Does the new deal include films?", True),
        ("According to this report, is the bridge open?", True),
        ("新协议包括电影吗？", True),
        ("馆长是否住在卑尔根？", True),
        ("Is it open or closed on Mondays?", False),
        ("哪项法令规定了申请人精神是否异常？", False),
        ("Who is the director?", False),
    ],
)
def test_yes_or_no_is_wanted(question: str, yes_no: bool) -> None:
    assert asks_yes_no(question) is yes_no


def test_the_evidence_decides_not_the_words_a_model_likes() -> None:
    def chooser(messages: Sequence[BaseMessage], candidates: Sequence[str]) -> list[float]:
        """Like the first candidate best; the text moves the odds of the second."""
        seen = "Ada Moss won." in str(messages[-1].content)
        return [-1.0, -3.0 + 1.5 * seen][: len(candidates)]

    question = "Who won? Tom Reyes, or Ada Moss?"
    model = ScriptedChat(chooser=chooser)
    session = Session(Request("c", "m", question, "en", EmptyLibrary()), model, Limits(), bool)
    assert choose(session, question, "Ada Moss won.", ("Tom Reyes", "Ada Moss")) == "Ada Moss"
    assert yes_or_no(session, "Did she win?", "Ada Moss won.") == "no"
    assert yes_or_no(session, "Did she win?", "It rained.") == ""  # nothing speaks for either
    assert telling_sentence("Who won?", "It rained. Ada Moss won. Nobody saw.") == "Ada Moss won."
    rules = "The children need a coat. Mobile phones stay at home."
    assert telling_sentence("Can the children bring phones?", rules).startswith("Mobile phones")


@pytest.mark.parametrize(
    ("asked", "bare"),
    [
        (
            "According to this report, how many came in 2018? Give me an integer.",
            "how many came in 2018?",
        ),
        ("When was it built? Format the date as YYYY-MM", "When was it built?"),
        ('How many rooms? Write the answer in the list format, e.g., ["1"]', "How many rooms?"),
        ("根据这份报告，有多少人参加？请用整数回答。", "有多少人参加？"),
        ("Who is the author of this report?", "Who is the author of this report?"),
        ("What were sales in 2021? In millions.", "What were sales in 2021?"),
        ("Give the name of the director.", "Give the name of the director."),
    ],
)
def test_the_form_of_an_answer_is_not_looked_for(asked: str, bare: str) -> None:
    assert bare_question(asked) == bare


def test_pages_are_named_by_number_or_order() -> None:
    assert plan("What date is on the second page?").page == 2
    assert plan("第三页写了什么？").page == 3 and plan("What is on page 12?").page == 12


def test_one_of_the_things_to_choose_among_must_be_told_of() -> None:
    question = "Who won, Tom Reyes or Ada Moss?"
    assert any_named(question, ["The race was won by Ada\nMoss."])
    assert not any_named(question, ["The race was won by Vera Holm."])
    assert any_named("Who won? The boat with red sails, or the one with none?", ["Nothing."])
    assert any_named("Who won?", ["Nothing."])
