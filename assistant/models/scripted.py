"""A chat model that says what a script tells it: for tests, selectable by name like any other.

The script is a list of answers, given in turn (the last one repeats), or a function of the
messages. Every call is kept in ``calls``, so that a test can look at what the model was asked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage
from pydantic import Field, PrivateAttr

from assistant.models.chatml import read_tool_calls
from assistant.models.images import images_of
from assistant.models.protocol import (
    Cancel,
    Copied,
    FinishReason,
    Options,
    SightlineChatModel,
    last_chunk,
    never,
)
from assistant.models.spans import Span

Script = Sequence[str | Exception] | Callable[[Sequence[BaseMessage], Options], str]


class ScriptedChat(SightlineChatModel):
    """Plays a script, word by word. An exception in the script is raised.

    ``copies`` are stretches it would copy where they stand, with their log-probabilities.
    """

    model_id: str = "scripted"
    script: Any = Field(default=("I have no script.",), exclude=True, repr=False)
    chooser: Any = Field(default=None, exclude=True, repr=False)
    copies: Any = Field(default=None, exclude=True, repr=False)

    _calls: list[tuple[Sequence[BaseMessage], Options]] = PrivateAttr(default_factory=list)
    _lock: Any = PrivateAttr(default_factory=threading.Lock)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def calls(self) -> list[tuple[Sequence[BaseMessage], Options]]:
        """The messages and options of every call so far."""
        return self._calls

    def count_tokens(self, text: str) -> int:
        """Count a token for every four characters."""
        return (len(text) + 3) // 4

    def score(self, messages: Sequence[BaseMessage], candidates: Sequence[str]) -> list[float]:
        """Return ``chooser(messages, candidates)``, or prefer the first candidate."""
        if self.chooser is not None:
            return [float(value) for value in self.chooser(messages, candidates)]
        return [-float(index) for index in range(len(candidates))]

    def copy_answer(
        self,
        messages: Sequence[BaseMessage],
        text: str,
        refusal: str,
        cancel: Cancel = never,
        starts: Collection[int] | None = None,
    ) -> Copied:
        """Return those of ``copies`` that stand in the text; refusing is as likely as -3."""
        if self.copies is None:
            return super().copy_answer(messages, text, refusal, cancel, starts)
        found = [
            Span(text.index(copy), text.index(copy) + len(copy), odds)
            for copy, odds in self.copies.items()
            if copy in text and (starts is None or text.index(copy) in starts)
        ]
        return Copied(tuple(sorted(found, key=lambda s: -s.log_probability)), -3.0)

    def answer(self, messages: Sequence[BaseMessage], options: Options) -> Iterator[AIMessageChunk]:
        """Yield the next answer of the script."""
        with self._lock:
            turn = len(self._calls)
            self._calls.append((list(messages), options))
        said = self._next(turn, messages, options)
        text, calls = read_tool_calls(said) if options.tools else (said, [])
        words = text.split(" ")
        written = 0
        for index, word in enumerate(words):
            if options.cancel() or written == options.max_tokens:
                reason: FinishReason = "cancelled" if options.cancel() else "length"
                yield last_chunk(self.model_id, reason, read=self._read(messages), written=written)
                return
            yield AIMessageChunk(content=word if index == 0 else f" {word}")
            written += 1
        yield last_chunk(
            self.model_id, "stop", read=self._read(messages), written=written, tool_calls=calls
        )

    def _next(self, turn: int, messages: Sequence[BaseMessage], options: Options) -> str:
        if callable(self.script):
            return str(self.script(messages, options))
        said = self.script[min(turn, len(self.script) - 1)]
        if isinstance(said, Exception):
            raise said
        return str(said)

    def _read(self, messages: Sequence[BaseMessage]) -> int:
        text = sum(self.count_tokens(str(message.text)) for message in messages)
        return text + 32 * len(images_of(messages))
