"""Questions that go wrong midway: each ends in one clear event, what was written is kept."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from assisting import outcome, photo, said
from langchain_core.messages import AIMessageChunk, BaseMessage
from PIL import Image

from assistant.errors import ContextTooLong, ConversationBusy, EndpointFailed
from assistant.messages import (
    Abstained,
    Answered,
    AttachmentFile,
    Failed,
    Status,
    Token,
    ToolFinished,
    ToolStarted,
)
from assistant.models.protocol import Options, last_chunk
from assistant.models.scripted import ScriptedChat
from assistant.service import Assistant
from assistant.session import Limits
from assistant.tools import Toolbox

pytest_plugins = ["assisting_fixtures"]
SUMMARY = "Summarise harbour.txt."


def test_thirty_pictures_are_looked_at_as_far_as_it_goes_and_that_is_said(
    helper: Assistant, tmp_path: Path
) -> None:
    files = [photo(tmp_path / f"{n}.png", (8 * n, 90, 60)) for n in range(30)]
    images = [AttachmentFile(path.name, path) for path in files]
    end = outcome(helper.ask("What is in these pictures?", images=images))
    assert isinstance(end, Answered)
    assert "8 of 30" in end.text
    assert len(end.citations) == 8


def test_a_picture_of_noise_is_no_discovery(helper: Assistant, tmp_path: Path) -> None:
    path = tmp_path / "noise.png"
    Image.effect_noise((160, 120), 90).convert("RGB").save(path)
    end = outcome(helper.ask("What is this?", images=[AttachmentFile(path.name, path)]))
    assert isinstance(end, Answered | Abstained) and end.text


def test_a_text_longer_than_the_model_reads(helper: Assistant, model: ScriptedChat) -> None:
    model.script = [ContextTooLong(model="scripted", tokens=9000, limit=4096)]
    end = outcome(helper.ask(SUMMARY))
    assert isinstance(end, Failed) and end.code == "context_too_long"
    assert helper.conversation(end.conversation).messages[-1].status == "failed"


def test_a_tool_that_hangs_is_given_up(
    helper: Assistant, model: ScriptedChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.build.Limits", partial(Limits, tool_seconds=0.3))
    monkeypatch.setattr(Toolbox, "_read", lambda _self, _given: time.sleep(2) or {})
    events = list(helper.ask(SUMMARY))
    end = outcome(events)
    assert isinstance(end, Failed) and end.code == "tool_failed"
    assert "no result" in end.params["detail"]


def test_a_server_that_breaks_off_in_the_middle(
    helper: Assistant, model: ScriptedChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(
        _self: Any, _messages: Sequence[BaseMessage], _options: Options
    ) -> Iterator[AIMessageChunk]:
        yield AIMessageChunk(content="Mira Lund founded the Harbour")
        raise EndpointFailed(endpoint="http://127.0.0.1:1", detail="the stream broke off")

    monkeypatch.setattr(ScriptedChat, "answer", half)
    end = outcome(helper.ask(SUMMARY))
    assert isinstance(end, Failed) and end.code == "endpoint_failed"
    assert end.text == "Mira Lund founded the Harbour"
    stored = helper.conversation(end.conversation).messages[-1]
    assert (stored.text, stored.status) == (end.text, "failed")


def test_a_model_that_repeats_itself_is_still_checked(
    helper: Assistant, model: ScriptedChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loop(
        _self: Any, _messages: Sequence[BaseMessage], _options: Options
    ) -> Iterator[AIMessageChunk]:
        for _ in range(30):
            yield AIMessageChunk(content="It holds pineapples. ")
        yield last_chunk("scripted", "loop", written=90)

    monkeypatch.setattr(ScriptedChat, "answer", loop)
    end = outcome(helper.ask(SUMMARY))
    assert isinstance(end, Answered) and "pineapples" not in end.text  # the text's own words


@pytest.mark.parametrize("step", [Status, ToolStarted, ToolFinished, Token])
def test_stopping_at_every_step(helper: Assistant, model: ScriptedChat, step: type) -> None:
    def slowly(_messages: Sequence[BaseMessage], options: Options) -> str:
        return "word " * 400

    model.script = slowly
    run = helper.start(SUMMARY)
    events = []
    for _, event in helper.follow(run):
        events.append(event)
        if isinstance(event, step):
            helper.cancel(run)
    end = outcome(events)
    assert isinstance(end, Failed | Abstained)
    if isinstance(end, Failed):
        assert end.code == "answer_cancelled"
        assert end.text == said(events)


def test_two_questions_at_once_in_one_conversation(helper: Assistant, model: ScriptedChat) -> None:
    released: list[bool] = []

    def wait(_messages: Sequence[BaseMessage], _options: Options) -> str:
        while not released:
            time.sleep(0.01)
        return "It holds about 42,000 volumes."

    model.script = wait
    conversation = helper.new_conversation().id
    run = helper.start(SUMMARY, conversation=conversation)
    with pytest.raises(ConversationBusy):
        helper.start("And who founded it?", conversation=conversation)
    released.append(True)
    assert isinstance(outcome(e for _, e in helper.follow(run)), Answered)
    assert len(helper.conversation(conversation).messages) == 2
