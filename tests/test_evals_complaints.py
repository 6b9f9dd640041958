"""A thumbs-down becomes a case, and the case passes once the answer is better."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from assistant.build import build_assistant
from assistant.config import Settings
from assistant.drafting import checked
from assistant.errors import AssetNotFound, CaseUnknown, MessageUnknown
from assistant.messages import Abstained, Answered, AttachmentFile, Citation, Failed
from assistant.service import Assistant
from evals.compare import compare
from evals.context import Reply
from evals.errors import EvalDataInvalid
from evals.running import measure
from evals.suites.library import says
from evals.suites.own import judge
from evals.values import Case, Options
from retrieval.values import TextLocator

QUESTION = "How long is the Harbour Bridge?"
TEXT = "The Harbour Bridge at Port Ellen was opened in 1962 and is 418 metres long."


@pytest.fixture
def assistant(settings: Settings, tmp_path: Path) -> Iterator[Assistant]:
    """An assistant with one file and a chat model that has nothing to say."""
    path = tmp_path / "bridge.txt"
    path.write_text(TEXT)
    values = {**settings.model_dump(), "chat_model": "scripted"}
    built = build_assistant(Settings(**values))
    built.ingest([path])
    yield built
    built.close()


def test_from_thumbs_down_to_a_case_that_passes(assistant: Assistant, settings: Settings) -> None:
    *_, last = assistant.ask(QUESTION)
    assert isinstance(last, Answered | Abstained)
    assert "418" not in last.text
    assistant.feedback(last.message, "down", "it is in bridge.txt")
    (told,) = assistant.cases.complaints("default")
    assert (told.question, told.comment, told.status) == (QUESTION, "it is in bridge.txt", "draft")
    assert {p["asset"] for p in told.retrieved} == {"bridge.txt"}
    assert all(p["chunk_id"] for p in told.retrieved if not p.get("cited"))
    draft = assistant.cases.from_message(told.message)
    assert (draft.status, draft.answerable) == ("draft", True)
    assert assistant.cases.complaints("default") == []  # it is a case now
    with pytest.raises(EvalDataInvalid, match="no case yet"):  # a draft expects nothing
        measure(settings, "own", None, None, Options(), print)
    kept = assistant.cases.from_message(told.message, ["418 metres"], "bridge.txt")
    assert [case.id for case in assistant.cases.all("default")] == [kept.id]
    assert kept.versions["model"] == "scripted"
    assert (kept.was, kept.answers, kept.status) == (last.text, ("418 metres",), "ready")
    with pytest.raises(MessageUnknown):
        assistant.cases.from_message("none")
    before = len(assistant.conversations())
    scripted = Settings(**{**settings.model_dump(), "chat_model": "scripted"})
    bad = measure(scripted, "own", None, None, Options(), print)
    assert bad.metrics["correct"] == 0.0  # the same answer is still bad
    assistant.close()
    result = measure(settings, "own", None, None, Options(), print)
    found = {name: value for name, value in result.metrics.items() if value is not None}
    assert found == {"correct": 1.0, "cited": 1.0}
    moved = compare(bad, result)["metrics"]["correct"]
    assert (moved["a"], moved["b"]) == (0.0, 1.0)
    again = build_assistant(settings)
    assert len(again.conversations()) == before  # asking left nothing behind
    again.close()


def test_attached_files_and_redaction(assistant: Assistant, tmp_path: Path) -> None:
    photo = tmp_path / "note.png"
    Image.new("RGB", (80, 40), "red").save(photo)
    files = [AttachmentFile("note.png", photo)]
    asked = "Did Ruth Ames of ruth@example.org pay 1,250.00 for bridge.txt?"
    *_, last = assistant.ask(asked, images=files)
    assert isinstance(last, Answered | Abstained | Failed)
    assistant.feedback(last.message, "should_have_refused")
    case = assistant.cases.from_message(last.message, ["Yes, on 3 May"], "bridge.txt")
    (held,) = case.files
    assistant.delete_conversation(last.conversation)
    open_, hidden = tmp_path / "open", tmp_path / "hidden"
    assert assistant.cases.export(open_) == 1
    assert (open_ / held.sha256).is_file()  # the case keeps its picture when the talk is gone
    assert assistant.cases.export(hidden, redacted=True) == 1
    (line,) = (hidden / "cases.jsonl").read_text().splitlines()
    for private in ("Ruth", "Ames", "ruth@", "1,250", "bridge", "May", held.sha256):
        assert private not in line, private
    row = json.loads(line)
    assert (row["asset"], row["answers"]) == ("file-1.txt", ["xxx, xx 0 xxx"])
    assert row["verdict"] == "should_have_refused"
    assert [path.name for path in hidden.iterdir()] == ["cases.jsonl"]
    assistant.cases.delete(case.id)
    with pytest.raises(CaseUnknown):
        assistant.cases.delete(case.id)
    with pytest.raises(AssetNotFound):
        assistant.attachment(held.sha256)


def test_drafts_are_proved_by_their_passage(assistant: Assistant, tmp_path: Path) -> None:
    path = tmp_path / "order.txt"
    path.write_text("Order form\nCustomer: Ruth Ames\nDeposit: 87.40\n")
    assistant.ingest([path])
    drafts = list(assistant.cases.draft("default", 2))
    assert drafts  # by rule: the scripted model has nothing to ask
    for case in drafts:
        assert (case.status, case.origin, case.asset) == ("draft", "drafted", "order.txt")
        assert case.answers[0] in case.snippet
        assert case.locator
    again = list(assistant.cases.draft("default", 2))
    assert not {c.question for c in again} & {c.question for c in drafts}
    ready = assistant.cases.change(drafts[0].id, answers=("Ruth Ames",), status="ready")
    assert assistant.cases.all("default", "ready") == [ready]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Question: When was it opened?\nAnswer: 1962", ("When was it opened?", "1962")),
        ("When was it opened?\nAnswer: 1962.", ("When was it opened?", "1962")),
        ("Question: Who built it?\nAnswer: Tom Reyes", None),  # not in the text
        ("Question: Was it opened in 1962?\nAnswer: 1962", None),  # gives itself away
        ("I cannot.", None),
    ],
)
def test_what_a_model_drafts_is_checked(said: str, found: tuple[str, str] | None) -> None:
    assert checked(said, TEXT) == found


def reply(text: str, asset: str = "", abstained: bool = False) -> Reply:
    cited = (Citation(1, asset, "", "text", TextLocator(0, 1), ""),) if asset else ()
    return Reply(text, abstained, cited)


def values(case: dict[str, object], given: Reply) -> dict[str, float]:
    return {name: score.value for name, score in judge(Case("x:1", case), given).items()}


def test_a_case_is_judged_by_what_it_says() -> None:
    assert values({"answers": ["418 metres"]}, reply("It is 418 metres long. [1]")) == {
        "correct": 1.0
    }
    assert values({"asset": "a.txt"}, reply("x", "b.txt")) == {"cited": 0.0}
    place = {"asset": "a.txt", "locator": {"chars": [0, 10]}}
    assert values(place, reply("x", "a.txt")) == {"cited": 1.0, "placed": 1.0}
    place = {"asset": "a.txt", "locator": {"chars": [50, 90]}}
    assert values(place, reply("x", "a.txt")) == {"cited": 1.0, "placed": 0.0}
    assert values({"answerable": False}, reply("x")) == {"refused": 0.0}
    assert values({"answerable": False}, reply("no", abstained=True)) == {"refused": 1.0}
    assert values({}, reply("x")) == {}


def test_numbers_must_be_there() -> None:
    assert says("The answer is four hundred and 418 metres", ["418 metres"])
    assert not says("417 metres", ["418 metres"])
    assert says("滨江图书馆三楼报告厅", ["滨江图书馆"])


@pytest.mark.parametrize(
    ("text", "answer", "given"),
    [
        ("58000 visitors", "58,000", True),
        ("On 03/05/1962.", "3 May 1962", True),
        ("On 3 May 1963.", "3 May 1962", False),
        ("a reddish door", "red", False),
        ("It is red.", "red", True),
    ],
)
def test_numbers_dates_and_whole_words(text: str, answer: str, given: bool) -> None:
    assert says(text, [answer]) is given
