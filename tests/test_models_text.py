"""What the chat engines share: ChatML, streamed text, loops, turns, the scripted model, choice."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool

from assistant.config import Settings
from assistant.errors import ModelBusy, ModelError, ModelUnavailable
from assistant.models.chatml import Markup, Quoted, read_tool_calls, render
from assistant.models.images import ImageBlock, images_of
from assistant.models.llama_text import TextStream
from assistant.models.pace import Pace
from assistant.models.protocol import never
from assistant.models.registry import build_chat_model, choose, choose_tier
from assistant.models.sampling import loops
from assistant.models.scripted import ScriptedChat
from assistant.models.turns import Turns
from retrieval.weights import ModelStore


def _text(parts: list[Markup | Quoted | ImageBlock]) -> str:
    return "".join(part.sha256 if isinstance(part, ImageBlock) else part.text for part in parts)


def test_chatml_with_tools_calls_and_results() -> None:
    call = {"name": "calculate", "args": {"text": "1+1"}, "id": "1", "type": "tool_call"}
    schema = {"type": "function", "function": {"name": "calculate", "parameters": {}}}
    messages = [
        SystemMessage("Be brief."),
        HumanMessage("1+1?"),
        AIMessage("", tool_calls=[call]),
        ToolMessage("2", tool_call_id="1"),
    ]
    text = _text(render(messages, [schema]))
    assert text.startswith("<|im_start|>system\nBe brief.\n\n# Tools")
    assert json.dumps(schema) in text
    assert '<tool_call>\n{"name": "calculate", "arguments": {"text": "1+1"}}\n</tool_call>' in text
    assert "<|im_start|>user\n<tool_response>\n2\n</tool_response><|im_end|>\n" in text
    assert text.endswith("<|im_start|>assistant\n")


def test_an_open_answer_is_continued() -> None:
    assert _text(render([HumanMessage("Hi"), AIMessage("Well,")])).endswith("assistant\nWell,")


def test_images_stand_where_they_were_given() -> None:
    block = {"type": "image", "base64": "AAAA", "sha256": "PIC", "mime_type": "image/png"}
    message = HumanMessage([block, block, {"type": "text", "text": "Same?"}])
    assert "user\nPICPIC\nSame?<|im_end|>" in _text(render([message]))
    assert len(images_of([message])) == 2


def test_an_image_that_cannot_be_read(tmp_path: Path) -> None:
    for block in ({"type": "image"}, {"type": "image", "path": str(tmp_path / "no.png")}):
        with pytest.raises(ModelError, match="image"):
            images_of([HumanMessage([block])])
    bad = {"type": "image", "base64": "AAAA"}
    with pytest.raises(ModelError, match="cannot be opened"):
        images_of([HumanMessage([bad])])[0].open()


def test_tool_calls_are_read_back() -> None:
    text = 'Let me see.\n<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>'
    assert read_tool_calls(text) == ("Let me see.", [{"name": "f", "args": '{"a": 1}'}])
    assert read_tool_calls("<tool_call>nonsense")[1] == [{"name": "", "args": "nonsense"}]
    assert read_tool_calls("plain ") == ("plain ", [])


def test_text_stream_waits_for_whole_characters_and_stops() -> None:
    stream = TextStream(["STOP"])
    data = "价格é".encode()
    shown = [stream.feed(bytes([byte])) for byte in data]
    assert "".join(shown) == "价格é"
    assert "" in shown
    assert stream.feed(b" and ST") == " and "
    assert stream.feed(b"ILL ST") == "STILL "
    assert stream.feed(b"OP more") == ""
    assert stream.stopped
    assert stream.rest() == ""


def test_text_stream_keeps_tool_calls_back() -> None:
    stream = TextStream([], hold="<tool_call>")
    assert stream.feed(b"Yes <tool") == "Yes "
    assert stream.feed(b"_call>{}") == ""
    assert stream.rest() == "<tool_call>{}"


def test_loops_are_seen_and_lists_are_not() -> None:
    assert loops([1, 2, 3] * 9)
    assert loops([9, 8, *([5] * 24)])
    assert not loops(list(range(200)))
    assert not loops([5] * 10)
    assert not loops([token for row in range(30) for token in (row, 7, 7, 9)])


def test_turns_are_fair_limited_and_can_be_given_up() -> None:
    turns = Turns("m", limit=1)
    order: list[str] = []
    with turns.take(never):
        waiting = threading.Thread(target=lambda: _take(turns, order))
        waiting.start()
        while len(turns._queue) < 2:
            pass
        with pytest.raises(ModelBusy), turns.take(never):
            pass
        order.append("first")
    waiting.join(timeout=5)
    assert order == ["first", "second"]
    with turns.take(lambda: True) as mine:
        assert not mine


def _take(turns: Turns, order: list[str]) -> None:
    with turns.take(never) as mine:
        assert mine
        order.append("second")


def test_pace_gives_up_starved_threads() -> None:
    used: list[int] = []
    pace = Pace(2, used.append)
    assert pace.chunk(256) == 64
    pace._wall, pace._cpu = 10.0, 6.0  # two threads that got a third of a core each
    with pace.measured(64):
        pass
    assert used == [1]
    assert pace.threads == 1
    assert pace.chunk(256) == 256


@tool
def look(what: str) -> str:
    """Look at something."""
    return what


def test_scripted_model_streams_calls_tools_and_cancels() -> None:
    call = '<tool_call>{"name": "look", "arguments": {"what": "cat"}}</tool_call>'
    model = ScriptedChat(script=["one two three", call, ValueError("broken")])
    assert [chunk.content for chunk in model.stream("x")] == ["one", " two", " three", ""]
    answer = model.bind_tools([look]).invoke("x")
    assert answer.tool_calls[0]["args"] == {"what": "cat"}
    with pytest.raises(ValueError, match="broken"):
        model.invoke("x")
    stopped = ScriptedChat(script=lambda messages, options: str(messages[-1].content))
    assert stopped.invoke("a b c d", max_tokens=2).content == "a b"
    last = list(stopped.stream("a b c d", cancel=lambda: True))[-1]
    assert last.response_metadata["finish_reason"] == "cancelled"
    assert len(model.calls) == 3


def test_choice_of_tier(tmp_path: Path) -> None:
    def settings(**given: str) -> Settings:
        return Settings(home=tmp_path, **given)  # type: ignore[arg-type]

    assert choose_tier(settings())[0] == "embedded"
    assert choose_tier(settings(endpoint="http://localhost:1"))[0] == "served"
    name, reason = choose_tier(settings(chat_model="nobody/nothing-at-all"))
    assert name == "embedded"
    assert "nobody/nothing-at-all is not on this machine" in reason
    (tmp_path / "vlm").mkdir()
    (tmp_path / "vlm" / "config.json").write_text("{}")
    assert choose(settings(chat_model=str(tmp_path / "vlm"))).engine == "transformers"
    (tmp_path / "m.gguf").write_bytes(b"x")
    assert choose(settings(chat_model=str(tmp_path / "m.gguf"))).engine == "llama"
    assert choose(settings(tier="embedded", endpoint="http://x")).tier == "embedded"
    for bad in ({"tier": "served"}, {"tier": "hub"}, {"tier": "hub", "chat_model": "a/b"}):
        with pytest.raises(ModelUnavailable):
            choose(settings(**bad))


def test_models_are_built_without_loading(tmp_path: Path, model_store: ModelStore) -> None:
    model = build_chat_model(Settings(home=tmp_path), model_store)
    assert model.model_id == "embedded"
    assert not model.loaded
    scripted = build_chat_model(Settings(home=tmp_path, chat_model="scripted"), model_store)
    assert isinstance(scripted, ScriptedChat)
