"""Served models: a real llama.cpp server over the real weights, and servers that misbehave."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from assistant.config import Settings
from assistant.errors import ContextTooLong, EndpointFailed, ModelUnavailable
from assistant.models.llama_server import MmprojChat
from assistant.models.openai_compatible import ServedChat
from assistant.models.registry import build_chat_model
from retrieval.weights import ModelStore


@pytest.fixture(scope="module")
def server(model_store: ModelStore) -> Iterator[MmprojChat]:
    """llama.cpp's server in this process."""
    model = MmprojChat(
        model_id="qwen", path=model_store.path("qwen2.5-coder-0.5b"), context_tokens=512
    )
    model.warm()
    yield model
    model.unload()


def test_a_real_server(server: MmprojChat, tmp_path: Path, model_store: ModelStore) -> None:
    settings = Settings(home=tmp_path, endpoint=server.endpoint, max_answer_tokens=16)
    model = build_chat_model(settings, model_store)
    question = [HumanMessage("Receipt: total 38.69. What is the total? Only the number.")]
    chunks = list(model.stream(question, seed=1))
    assert "38" in "".join(str(chunk.content) for chunk in chunks)
    assert len(chunks) > 3
    assert chunks[-1].response_metadata["finish_reason"] in ("stop", "length")
    usage = chunks[-1].usage_metadata
    assert usage is not None
    assert usage["input_tokens"] > 20
    assert 0 < usage["output_tokens"] <= 16
    chosen = model.invoke([HumanMessage("Is it day?")], grammar='root ::= "maybe" | "never"')
    assert chosen.content in ("maybe", "never")


def test_a_real_server_refuses_what_is_too_long(server: MmprojChat) -> None:
    with pytest.raises(ContextTooLong) as caught:
        server.invoke([HumanMessage("word " * 800)])
    assert caught.value.params["limit"] == 512


def test_cancel_stops_a_real_server(server: MmprojChat) -> None:
    seen: list[str] = []
    chunks = []
    asked = [HumanMessage("Count from one to one hundred.")]
    stream = server.stream(asked, cancel=lambda: len(seen) > 1)
    for chunk in stream:
        chunks.append(chunk)
        seen += [str(chunk.content)] if chunk.content else []
    assert chunks[-1].response_metadata["finish_reason"] == "cancelled"
    assert len(seen) <= 3


def test_an_unknown_name_and_a_missing_file(server: MmprojChat, tmp_path: Path) -> None:
    with pytest.raises(EndpointFailed, match="it has no model gpt-9"):
        ServedChat(model_id="gpt-9", endpoint=server.endpoint).warm()
    with pytest.raises(ModelUnavailable, match="is gone"):
        MmprojChat(model_id="x", path=tmp_path / "x.gguf").warm()
    (tmp_path / "bad.gguf").write_bytes(b"no model")
    with pytest.raises(ModelUnavailable, match="cannot serve"):
        MmprojChat(model_id="x", path=tmp_path / "bad.gguf").warm()


def piece(text: str, finish: str | None = None) -> bytes:
    """One server-sent event of a chat completion."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    body = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return f"data: {json.dumps({**body, 'choices': [choice]})}\n\n".encode()


Reply = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Reply], ServedChat]]:
    """Start an HTTP server that answers chat requests by a function; return a model on it."""
    running: list[ThreadingHTTPServer] = []

    def start(reply: Reply) -> ServedChat:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps({"data": [{"id": "m"}]}).encode())

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                reply(self, json.loads(self.rfile.read(length)))

            def log_message(self, format: str, *args: Any) -> None:
                return

        httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        running.append(httpd)
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        return ServedChat(
            model_id="default",
            endpoint=f"http://127.0.0.1:{httpd.server_port}",
            silence_seconds=0.5,
            sees_images=True,
        )

    yield start
    for httpd in running:
        httpd.shutdown()
        httpd.server_close()


def stream_head(handler: BaseHTTPRequestHandler) -> None:
    """Begin an event stream."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.end_headers()


def test_a_server_that_is_down() -> None:
    model = ServedChat(model_id="default", endpoint="http://127.0.0.1:9")
    with pytest.raises(EndpointFailed, match=r"127\.0\.0\.1:9 did not answer"):
        model.invoke([HumanMessage("Hi")])


def test_a_stream_that_breaks_off_keeps_what_came(serve: Callable[[Reply], ServedChat]) -> None:
    def reply(handler: BaseHTTPRequestHandler, _asked: dict[str, Any]) -> None:
        stream_head(handler)
        handler.wfile.write(piece("half an "))

    seen: list[str] = []
    with pytest.raises(EndpointFailed, match="broke off"):
        for chunk in serve(reply).stream([HumanMessage("Hi")]):
            seen.append(str(chunk.content))
    assert "".join(seen) == "half an "


def test_a_server_that_falls_silent_or_refuses(serve: Callable[[Reply], ServedChat]) -> None:
    def silent(handler: BaseHTTPRequestHandler, _asked: dict[str, Any]) -> None:
        stream_head(handler)
        handler.wfile.write(piece("well"))
        handler.wfile.flush()
        time.sleep(1.5)

    def refuse(handler: BaseHTTPRequestHandler, _asked: dict[str, Any]) -> None:
        handler.send_response(401)
        handler.end_headers()
        handler.wfile.write(b'{"error": {"message": "wrong key"}}')

    def nonsense(handler: BaseHTTPRequestHandler, _asked: dict[str, Any]) -> None:
        stream_head(handler)
        handler.wfile.write(b"data: this is not json\n\n")

    for reply in (silent, refuse, nonsense):
        with pytest.raises(EndpointFailed):
            serve(reply).invoke([HumanMessage("Hi")])


def test_cancel_while_the_server_is_silent(serve: Callable[[Reply], ServedChat]) -> None:
    model = serve(lambda handler, asked: time.sleep(1))
    looks = iter([False, False, True])
    chunks = list(model.stream([HumanMessage("Hi")], cancel=lambda: next(looks, True)))
    assert chunks[-1].response_metadata["finish_reason"] == "cancelled"


def test_pictures_and_limits_are_sent(serve: Callable[[Reply], ServedChat], tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []

    def reply(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        asked.append(body)
        stream_head(handler)
        handler.wfile.write(piece("A cat", "stop") + b"data: [DONE]\n\n")

    photo = tmp_path / "cat.png"
    photo.write_bytes(b"pixels")
    block = {"type": "image", "path": str(photo), "mime_type": "image/png"}
    message = HumanMessage([block, {"type": "text", "text": "What is it?"}])
    model = serve(reply)
    assert model.invoke([message], max_tokens=9, seed=3, stop=["\n"]).content == "A cat"
    data = base64.b64encode(b"pixels").decode()
    assert asked[0]["messages"][0]["content"] == [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
        {"type": "text", "text": "What is it?"},
    ]
    assert (asked[0]["seed"], asked[0]["model"], asked[0]["stop"]) == (3, "m", ["\n"])
    assert 9 in (asked[0].get("max_tokens"), asked[0].get("max_completion_tokens"))
