"""A thumbs-down becomes a case, and the case passes once the answer is better."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.build import build_assistant
from assistant.config import Settings
from assistant.messages import Abstained, Answered, Citation
from assistant.service import Assistant
from evals.complaints import add_case, complaints
from evals.context import Reply
from evals.errors import MessageUnknown
from evals.running import measure
from evals.suites.own import judge, says
from evals.values import Case, Options
from retrieval.catalog.base import open_engine
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
    engine = open_engine(settings.database_url)
    (told,) = complaints(engine)
    assert (told.question, told.comment) == (QUESTION, "it is in bridge.txt")
    folder = settings.home / "evals" / "own"
    case = add_case(engine, folder, told.message, [], None)
    assert case["answerable"] is True
    add_case(engine, folder, told.message, ["418 metres"], "bridge.txt")  # replaces the draft
    (line,) = (folder / "cases.jsonl").read_text().splitlines()
    kept = json.loads(line)
    assert kept["versions"]["model"] == "scripted"
    assert (kept["was"], kept["answers"]) == (last.text, ["418 metres"])
    with pytest.raises(MessageUnknown):
        add_case(engine, folder, "none", [], None)
    engine.dispose()
    before = len(assistant.conversations())
    assistant.close()
    result = measure(settings, "own", None, None, Options(), print)
    assert result.metrics == {"correct": 1.0, "cited": 1.0, "refused": None}
    again = build_assistant(settings)
    assert len(again.conversations()) == before  # asking left nothing behind
    again.close()


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
    assert values({"answerable": False}, reply("x")) == {"refused": 0.0}
    assert values({"answerable": False}, reply("no", abstained=True)) == {"refused": 1.0}
    assert values({}, reply("x")) == {}


def test_numbers_must_be_there() -> None:
    assert says("The answer is four hundred and 418 metres", ["418 metres"])
    assert not says("417 metres", ["418 metres"])
    assert says("滨江图书馆三楼报告厅", ["滨江图书馆"])
