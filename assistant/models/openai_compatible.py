"""Models behind an OpenAI-compatible server: vLLM, llama-server, Ollama.

The stream is read by a thread of its own, so that a cancel is seen at once even while the server
is silent. Whatever goes wrong on the way becomes ``EndpointFailed``; text that came before it has
been yielded. The only engine that uses the network, and only to the endpoint the user set.
"""

from __future__ import annotations

import base64
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from langchain_core.messages import AIMessageChunk, BaseMessage
from pydantic import Field, PrivateAttr, SecretStr

from assistant.errors import ContextTooLong, EndpointFailed
from assistant.models.images import ImageBlock, blocks_of
from assistant.models.protocol import FinishReason, Options, SightlineChatModel, last_chunk

_POLL_SECONDS = 0.1
_REASONS: dict[str, FinishReason] = {"stop": "stop", "length": "length", "tool_calls": "stop"}


class ServedChat(SightlineChatModel):
    """A model served over HTTP.

    Args:
        endpoint: the server's base URL; ``/v1`` is added when it has no path.
        model_id: the model's name there; ``default`` takes the first the server lists.
        connect_seconds, silence_seconds: longest waits for a connection, and between two pieces.
    """

    endpoint: str
    key: SecretStr = Field(default=SecretStr(""))
    connect_seconds: float = 5.0
    silence_seconds: float = 120.0

    _name: str = PrivateAttr(default="")

    @property
    def _llm_type(self) -> str:
        return "openai-compatible"

    def count_tokens(self, text: str) -> int:
        """Estimate the tokens of ``text``, rather too high: tokenizers differ between servers."""
        plain = sum(character.isascii() for character in text)
        return (plain + 2) // 3 + (len(text) - plain)

    def warm(self) -> None:
        """Ask the server which models it has.

        Raises:
            EndpointFailed: it does not answer, or has no such model.
        """
        self._name = self._find_name()

    def answer(self, messages: Sequence[BaseMessage], options: Options) -> Iterator[AIMessageChunk]:
        """Yield the answer; see ``protocol``.

        Raises:
            EndpointFailed: the server is down, slow, refuses, or breaks off.
            ContextTooLong: the server says that the prompt is too long.
        """
        if not self._name:
            self.warm()
        reading = _Reading(self._client(options), [_plain(m) for m in messages], options)
        finish: str | None = None
        usage: Mapping[str, Any] = {}
        written = 0
        try:
            for chunk in reading.chunks():
                finish = chunk.response_metadata.get("finish_reason") or finish
                usage = chunk.usage_metadata or usage
                if chunk.content or chunk.tool_call_chunks:
                    written += 1
                    yield AIMessageChunk(
                        content=chunk.content, tool_call_chunks=chunk.tool_call_chunks
                    )
        except Exception as error:
            raise self._failure(error) from error
        if finish is None and not reading.cancelled:
            raise EndpointFailed(endpoint=self.endpoint, detail="the answer broke off")
        reason = "cancelled" if reading.cancelled else _REASONS.get(str(finish), "stop")
        cached = (usage.get("input_token_details") or {}).get("cache_read", 0)
        yield last_chunk(
            self.model_id,
            reason,
            read=usage.get("input_tokens", 0),
            reused=cached,
            written=usage.get("output_tokens", written),
        )

    def _client(self, options: Options) -> Any:
        import httpx
        from langchain_openai import ChatOpenAI

        bound: dict[str, Any] = {"extra_body": {"grammar": options.grammar}}
        return ChatOpenAI(
            model=self._name,
            base_url=self._url(),
            api_key=SecretStr(self.key.get_secret_value() or "none"),
            temperature=options.temperature,
            max_completion_tokens=options.max_tokens,
            seed=options.seed,
            stop_sequences=list(options.stop) or None,
            timeout=httpx.Timeout(self.silence_seconds, connect=self.connect_seconds),
            max_retries=1,
            stream_usage=True,
            **(bound if options.grammar else {}),
        )

    def _url(self) -> str:
        url = self.endpoint.rstrip("/")
        return url if urlsplit(url).path else f"{url}/v1"

    def _find_name(self) -> str:
        import httpx

        key = self.key.get_secret_value()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            found = httpx.get(
                f"{self._url()}/models", headers=headers, timeout=self.connect_seconds
            )
            found.raise_for_status()
            names = [str(row["id"]) for row in found.json()["data"]]
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
            raise self._failure(error) from error
        if self.model_id == "default" and names:
            return names[0]
        if self.model_id not in names:
            has = ", ".join(names[:5]) or "none"
            raise EndpointFailed(
                endpoint=self.endpoint, detail=f"it has no model {self.model_id} (it has {has})"
            )
        return self.model_id

    def _failure(self, error: Exception) -> EndpointFailed | ContextTooLong:
        body = getattr(error, "body", None)
        if isinstance(body, dict) and "n_prompt_tokens" in body:
            return ContextTooLong(
                tokens=body["n_prompt_tokens"], model=self.model_id, limit=body.get("n_ctx", "?")
            )
        reason = str(error) or type(error).__name__
        return EndpointFailed(endpoint=self.endpoint, detail=reason[:300])


class _Reading:
    """The stream of one answer, read by a thread."""

    def __init__(self, client: Any, messages: Sequence[BaseMessage], options: Options) -> None:
        self._client, self._messages, self._options = client, messages, options
        self._queue: queue.Queue[AIMessageChunk | Exception | None] = queue.Queue()
        self._over = threading.Event()
        self.cancelled = False

    def chunks(self) -> Iterator[AIMessageChunk]:
        """Yield what the server sends, until it ends or the caller cancels."""
        threading.Thread(target=self._read, name="endpoint", daemon=True).start()
        try:
            while not self._options.cancel():
                try:
                    item = self._queue.get(timeout=_POLL_SECONDS)
                except queue.Empty:
                    continue
                if item is None:
                    return
                if isinstance(item, Exception):
                    raise item
                yield item
            self.cancelled = True
        finally:
            self._over.set()

    def _read(self) -> None:
        given = {"tools": list(self._options.tools)} if self._options.tools else {}
        try:
            for chunk in self._client.stream(self._messages, **given):
                if self._over.is_set():
                    return
                self._queue.put(chunk)
            self._queue.put(None)
        except Exception as error:  # carried to the reader of the queue
            self._queue.put(error)


def _plain(message: BaseMessage) -> BaseMessage:
    """Return the message with its pictures as data URLs."""
    if isinstance(message.content, str):
        return message
    content: list[str | dict[Any, Any]] = []
    for part in blocks_of(message):
        if isinstance(part, ImageBlock):
            data = base64.b64encode(part.read()).decode()
            url = f"data:{part.mime_type};base64,{data}"
            content.append({"type": "image_url", "image_url": {"url": url}})
        else:
            content.append({"type": "text", "text": part})
    return message.model_copy(update={"content": content})
