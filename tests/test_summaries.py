"""Summaries that the check leaves something of; the conversation; fields that fit a schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from assisting import open_assistant, outcome, write
from jsonschema import Draft202012Validator

from assistant.config import Settings
from assistant.messages import Abstained, Answered
from assistant.models.scripted import ScriptedChat
from assistant.papers import PAPER, fitting
from assistant.service import Assistant
from assistant.summaries import central

FERRY = (
    "The ferry of Varn crosses the bay six times a day. It carries forty people and two cars. "
    "The captain is Lena Holt. In winter the ferry of Varn crosses the bay only twice a day."
)
NOTICE = (
    "港口图书馆每周二至周日开放。读者凭借书证可借五本书。"
    "港口图书馆的阅览室每晚八点关门。逾期还书每天收费一元。"
)


@pytest.fixture
def model() -> ScriptedChat:
    return ScriptedChat(script=["Something wholly different was invented."])


@pytest.fixture
def helper(tmp_path: Path, model: ScriptedChat) -> Iterator[Assistant]:
    opened = open_assistant(Settings(home=tmp_path / "home"), model)
    bill = "NORTH BOOKS LTD\nReceipt\nDate: 03/05/2024\nTel: 01-234 5678\nTOTAL 12.00\n"
    files = {"ferry.txt": FERRY, "notice.txt": NOTICE, "bill.txt": bill}
    opened.ingest(write(tmp_path / "files", files))
    yield opened
    opened.close()


def test_a_summary_that_the_text_does_not_bear_out_gives_way_to_its_own_words(
    helper: Assistant,
) -> None:
    end = outcome(helper.ask("Summarise ferry.txt"))
    assert isinstance(end, Answered) and "invented" not in end.text
    assert "crosses the bay" in end.text and {c.asset for c in end.citations} == {"ferry.txt"}


def test_a_summary_that_says_the_whole_text_again_gives_way_to_its_central_sentences(
    helper: Assistant, model: ScriptedChat
) -> None:
    model.script = [FERRY]
    end = outcome(helper.ask(f"Summarise this text: {FERRY}", use_library=False))
    assert isinstance(end, Answered) and len(end.text) <= len(FERRY) / 2
    assert "crosses the bay" in end.text


def test_a_chinese_summary_in_free_words_is_not_lost(
    helper: Assistant, model: ScriptedChat
) -> None:
    model.script = ["该馆几乎天天营业，费用低廉。"]
    end = outcome(helper.ask("总结 notice.txt"))
    assert isinstance(end, Answered) and "港口图书馆" in end.text
    model.script = ["渡轮每天往返。"]
    end = outcome(helper.ask("请总结 ferry.txt"))
    assert isinstance(end, Answered) and "ferry" in end.text, "the text's own words, in English"


def test_the_conversation_is_summed_up_from_what_was_said(
    helper: Assistant, model: ScriptedChat
) -> None:
    first = outcome(helper.ask("Summarise ferry.txt"))
    model.script = ["You asked about a ferry."]
    end = outcome(helper.ask("Summarise our conversation", conversation=first.conversation))
    assert isinstance(end, Answered) and end.text == "You asked about a ferry."
    assert end.citations == ()
    assert "Summarise ferry.txt" in str(model.calls[-1][0])
    for asked in ("Summarise our conversation", "Sum up what we talked about", "总结我们聊了什么"):
        assert isinstance(outcome(helper.ask(asked)), Abstained)


def test_a_summary_of_the_conversation_leaves_no_fact_out(
    helper: Assistant, model: ScriptedChat
) -> None:
    model.copies = {"forty people": -0.1}
    first = outcome(helper.ask("How many people does the ferry of Varn carry?"))
    model.copies = {"six times a day": -0.1}
    outcome(helper.ask("How often does it cross the bay?", conversation=first.conversation))
    model.script = ["The ferry carries forty people."]
    end = outcome(helper.ask("Summarise our conversation", conversation=first.conversation))
    assert isinstance(end, Answered) and end.text.count("\n- ") == 1, (
        "each question with its answer"
    )
    assert "carry? forty" in end.text and "bay? six times a day" in end.text


def test_the_sentences_that_say_most_are_chosen_in_order() -> None:
    assert "ferry of Varn crosses the bay" in central(FERRY, 1)[0]
    chosen = central(FERRY)
    assert chosen == sorted(chosen, key=FERRY.index)
    assert central("") == []


def test_fields_that_do_not_fit_the_schema_are_no_fields(helper: Assistant) -> None:
    given = {"total": "RM 12.00", "email": "at the desk", "phone": "see back", "colour": "red"}
    assert fitting(given) == {"total": "RM 12.00"}
    data = dict(helper.use_tool("extract", file="bill.txt").data)
    assert data["total"] == "12.00" and data["company"] == "NORTH BOOKS LTD"
    Draft202012Validator(PAPER).validate(data)
