"""Questions that bring their answers along, and the answers made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from langchain_core.messages import BaseMessage

from assistant.choices import (
    any_named,
    asks_yes_no,
    choose,
    denied,
    options_of,
    telling_sentence,
    yes_or_no,
)
from assistant.gist import bare_question
from assistant.library import EmptyLibrary
from assistant.models.scripted import ScriptedChat
from assistant.planner import plan
from assistant.session import Limits, Request, Session
from assistant.telling import telling
from retrieval.values import Passage, TextLocator


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
        ("If the pipe bursts at night, will they come?", True),
        ("妈妈的转氨酶超标了没有？", True),
        ("拿着小票停车能免费不？", True),
        ("可以装空调吗（成都那套）", True),
        ("火锅店的wifi密码是什么", False),
        ("Is it open or closed on Mondays?", False),
        ("哪项法令规定了申请人精神是否异常？", False),
        ("Who is the director?", False),
    ],
)
def test_yes_or_no_is_wanted(question: str, yes_no: bool) -> None:
    assert asks_yes_no(question) is yes_no


def _session(question: str, moved: float) -> Session:
    """A session whose model likes the first candidate best, while a text moves the odds of the
    second, so that it may or may not be likelier than without."""

    def chooser(messages: Sequence[BaseMessage], candidates: Sequence[str]) -> list[float]:
        seen = "…" not in str(messages[-1].content)
        return [-1.0, -3.0 + moved * seen][: len(candidates)]

    model = ScriptedChat(chooser=chooser)
    return Session(Request("c", "m", question, "en", EmptyLibrary()), model, Limits(), bool)


def test_the_evidence_decides_not_the_words_a_model_likes() -> None:
    question = "Who won? Tom Reyes, or Ada Moss?"
    both = "Tom Reyes met Ada Moss."
    assert choose(_session(question, 1.5), question, both, ("Tom Reyes", "Ada Moss")) == "Ada Moss"


@pytest.mark.parametrize(
    ("question", "text", "options", "chosen"),
    [
        ("Is heating or electricity included?", "Heating is included, electricity is not.",
         ("electricity", "heating"), "heating"),
        ("Is salt added before or after the lentils are soft?",
         "Do not add salt before the lentils are soft.", ("before", "after"), "after"),
        ("Is it open or closed on Mondays?", "It is closed on Mondays.", ("open", "closed"),
         "closed"),
        ("Must it be paid by 2 May or by 14 May?", "It starts on 14 May. It must be paid by 2 May.",
         ("14 May", "2 May"), "2 May"),
    ],
)  # fmt: skip
def test_the_clause_that_tells_decides_between_things(
    question: str, text: str, options: tuple[str, ...], chosen: str
) -> None:
    assert choose(_session(question, 0.0), question, text, options) == chosen


def test_yes_or_no_is_said_only_where_it_is_sure() -> None:
    question = "Are towels provided?"
    sure, unsure = _session(question, -1.5), _session(question, 0.1)
    assert yes_or_no(sure, question, "Towels are provided.") == "yes"
    assert yes_or_no(sure, question, "Towels are not provided, aprons are.") == "no"
    assert yes_or_no(sure, question, "Aprons are provided, towels are not.") == ""
    assert yes_or_no(unsure, question, "Towels are at the desk.") == ""
    closed = _session("Is the sauna closed on Mondays?", 0.1)
    assert yes_or_no(closed, "Is the sauna closed on Mondays?", "It is closed on Mondays.") == ""


@pytest.mark.parametrize(
    ("text", "question", "denies"),
    [
        ("Dogs are not allowed.", "Are dogs allowed?", True),
        ("Dogs are not allowed.", "Aren't dogs allowed?", True),
        ("It is closed on Mondays.", "Is it closed on Mondays?", False),
        ("It is closed on Mondays.", "Is it open on Mondays?", True),
        ("There is no fee.", "Is there now a fee?", True),
        ("不得饲养宠物。", "可不可以养宠物？", True),
        ("可以安装空调。", "能不能装空调？", False),
    ],
)
def test_what_denies(text: str, question: str, denies: bool) -> None:
    assert denied(text, question) is denies


def test_the_sentence_that_tells() -> None:
    assert telling_sentence("Who won?", "It rained. Ada Moss won. Nobody saw.") == "Ada Moss won."
    rules = "The children need a coat. Mobile phones stay at home."
    assert telling_sentence("Can the children bring phones?", rules).startswith("Mobile phones")
    camp = "Camp Fernhollow at the lake. Fires are forbidden."
    asked = "Are fires allowed at the camp Fernhollow?"
    assert telling_sentence(asked, camp, "camp fernhollow.txt") == "Fires are forbidden."


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


LEASE = (
    "3.2 If the rent or a part of it is late, interest is paid on it from that day on.\n"
    "3.3 Water and sewerage are included in the rent up to £360 in any twelve months."
)


def test_the_sentence_that_is_nearest_by_meaning_tells() -> None:
    question = "Do we get our water paid for as part of the rent?"
    passage = Passage(
        1, "lease.pdf", "0", "text", "", "body", LEASE, TextLocator(0, 1), 1.0, 1.0,
        sentences=(0.58, 0.65),
    )  # fmt: skip
    session = _session(question, 0.0)
    assert "Water" in telling(session, question, [passage])[1]
    alone = replace(passage, sentences=())  # not searched for: by its words
    assert "interest" in telling(session, question, [alone])[1]


def test_of_a_table_no_names_of_columns_tell() -> None:
    text = "Section of cover | Most that we will ever pay\nAccidental damage, spills | £35,000, no"
    passage = Passage(
        1, "policy.pdf", "0", "text", "", "table", text, TextLocator(0, 1), 1.0, 1.0,
        sentences=(0.6, 0.5),
    )  # fmt: skip
    question = "Will my cover pay for wine on the rug?"
    assert telling(_session(question, 0.0), question, [passage])[1].startswith("Accidental")
