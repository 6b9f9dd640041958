"""GGUF models in this process through llama.cpp: the embedded tier's chat model.

Loaded at the first question, one answer at a time in fair turns, work of earlier prompts reused
(``llama_engine``), pictures read by ``eyes`` when there are trained weights.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage
from pydantic import Field, PrivateAttr

from assistant.errors import ContextTooLong, ModelError
from assistant.models.chatml import CALL_START, read_tool_calls
from assistant.models.copying import LONGEST, copy_answer
from assistant.models.eyes import Eyes
from assistant.models.images import ImageBlock
from assistant.models.likelihood import line_likelihood
from assistant.models.llama_capi import open_llama
from assistant.models.llama_engine import LlamaEngine, Prefilled, Rows
from assistant.models.llama_text import TextStream, Vocabulary
from assistant.models.opinions import as_trained, opinions, picture_asked
from assistant.models.protocol import (
    Cancel,
    Copied,
    FinishReason,
    Options,
    SightlineChatModel,
    last_chunk,
    never,
)
from assistant.models.sampling import Grammar, Sampler, loops
from assistant.models.spans import Copier
from assistant.models.turns import Turns
from assistant.models.weighing import Adviser, Ask, agreed_line

READER = "reader.gguf"
"""The adapter in a reader's folder; how sure its copies are lies beside it."""
_LEAST_ROOM = 16  # an answer needs at least this many tokens of context


class LlamaChat(SightlineChatModel):
    """A GGUF chat model.

    Args:
        locate: returns the file; asked at every load, so that a repaired file is found.
        threads: most threads; fewer are used while the machine is busy.
        eyes: what turns pictures into rows, or None for a model that only reads.
        reader: the adapter trained to copy answers, or None.
        int8: whether prompts are read in int8 where that is faster; takes as much memory again.
    """

    locate: Callable[[], Path] = Field(exclude=True, repr=False)
    constrains: bool = True
    threads: int = 1
    eyes: Any = Field(default=None, exclude=True, repr=False)
    reader: Path | None = Field(default=None, exclude=True, repr=False)

    int8: bool = False

    _engine: LlamaEngine | None = PrivateAttr(default=None)
    _vocabulary: Vocabulary | None = PrivateAttr(default=None)
    _loading: Any = PrivateAttr(default_factory=threading.RLock)
    _turns: Turns = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Set up the queue; nothing is loaded yet."""
        super().model_post_init(context)
        self._turns = Turns(self.model_id)
        self.sees_images = self.eyes is not None
        self.reads = self.reader is not None
        self.confidence = self.reader.with_name("confidence.json") if self.reader else None

    @property
    def _llm_type(self) -> str:
        return "llama.cpp"

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._engine is not None

    @property
    def decoded_tokens(self) -> int:
        """Tokens and image rows decoded since the model was loaded (reused ones do not count)."""
        return self._engine.decoded if self._engine else 0

    def warm(self) -> None:
        """Load the model and run one token through it."""
        with self._turns.take(never):
            engine, vocabulary = self._load()
            engine.prefill(vocabulary.tokens("\n"), never)

    def idle_seconds(self) -> float | None:
        """Return how long no answer was written or waited for; None while one is."""
        return self._turns.idle_seconds()

    def unload(self) -> None:
        """Free the memory once the answer under way is done."""
        with self._turns.take(never), self._loading:
            engine, self._engine, self._vocabulary = self._engine, None, None
            if engine:
                engine.close()

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` takes, without markup."""
        with self._loading:  # not a turn: counting need not wait for an answer
            return len(self._load()[1].tokens(text))

    def answer(self, messages: Sequence[BaseMessage], options: Options) -> Iterator[AIMessageChunk]:
        """Yield the answer; see ``protocol``.

        Raises:
            ContextTooLong: prompt and shortest answer do not fit.
            ModelUnavailable: the file is gone or cannot be read.
            ModelBusy: too many are waiting.
        """
        with self._turns.take(options.cancel) as mine:
            if not mine:
                yield last_chunk(self.model_id, "cancelled")
                return
            engine, vocabulary = self._load()
            prompt = self._prompt(messages, options)
            ready = engine.prefill(prompt, options.cancel, self._sight(prompt))
            if not ready.done:
                yield last_chunk(self.model_id, "cancelled", read=ready.read, reused=ready.reused)
                return
            writing = _Writing(engine, vocabulary, options, ready)
            asked = picture_asked(messages, options)
            if asked and isinstance(self.eyes, Adviser):
                yield from writing.agreed(asked, self.eyes)
            else:
                yield from writing.chunks()
            yield writing.end(self.model_id)

    def score(self, messages: Sequence[BaseMessage], candidates: Sequence[str]) -> list[float]:
        """Return the log-probability (natural) of each candidate as the whole answer.

        The end of the answer is counted, so that "2" does not profit from "20". With a picture
        the eyes' own opinion is added (a product of two experts).
        """
        with self._turns.take(never):
            engine, vocabulary = self._load()
            options = Options(max_tokens=_LEAST_ROOM)
            prompt = self._prompt(messages, options)
            ready = engine.prefill(prompt, never, self._sight(prompt))
            first = engine.logits().copy()
            scores = []
            for candidate in candidates:
                tokens = [*vocabulary.tokens(candidate), vocabulary.end]
                if ready.read + len(tokens) > engine.context:
                    raise ContextTooLong(
                        tokens=ready.read + len(tokens), model=self.model_id, limit=engine.context
                    )
                scores.append(line_likelihood(engine, ready, first, tokens))
            if not isinstance(self.eyes, Adviser):
                return scores
            more = opinions(messages, self.eyes, vocabulary.tokens, candidates)
            return [mine + other for mine, other in zip(scores, more, strict=True)]

    def copy_answer(
        self,
        messages: Sequence[BaseMessage],
        text: str,
        refusal: str,
        cancel: Cancel = never,
        starts: Collection[int] | None = None,
    ) -> Copied:
        """Return the likeliest stretches of ``text`` as the whole answer; none when cancelled."""
        with self._turns.take(cancel) as mine:
            if not mine:
                return Copied((), 0.0)
            engine, vocabulary = self._load()
            prompt = self._prompt(messages, Options(max_tokens=LONGEST))
            ready = engine.prefill(prompt, cancel, self.reader)
            if not ready.done:
                return Copied((), 0.0)
            return copy_answer(engine, vocabulary, ready, Copier(text, starts), refusal)

    def _load(self) -> tuple[LlamaEngine, Vocabulary]:
        with self._loading:
            if self._engine is None or self._vocabulary is None:
                engine = LlamaEngine(self.locate(), self.context_tokens, self.threads, self.int8)
                self._vocabulary = Vocabulary(
                    open_llama(), engine.model, engine.vocab, self.model_id
                )
                self._engine = engine
            return self._engine, self._vocabulary

    def _prompt(self, messages: Sequence[BaseMessage], options: Options) -> list[int | Rows]:
        engine, vocabulary = self._load()
        prompt = [
            self._look(part) if isinstance(part, ImageBlock) else part
            for part in vocabulary.prompt(as_trained(messages), options.tools)
        ]
        size = sum(len(part.values) if isinstance(part, Rows) else 1 for part in prompt)
        if size + _LEAST_ROOM > engine.context:
            raise ContextTooLong(tokens=size, model=self.model_id, limit=engine.context)
        return prompt

    def _sight(self, prompt: Sequence[int | Rows]) -> Path | None:
        """Return the changes to the model that a prompt with pictures is read with."""
        seeing = self.eyes is not None and any(isinstance(part, Rows) for part in prompt)
        found: Path | None = self.eyes.adapter() if seeing else None
        return found

    def _look(self, image: ImageBlock) -> Rows:
        if self.eyes is None:
            raise ModelError(model=self.model_id, detail="it reads text only, not images")
        eyes: Eyes = self.eyes
        return eyes.look(image)


class _Writing:
    """One answer being written."""

    def __init__(
        self, engine: LlamaEngine, vocabulary: Vocabulary, options: Options, ready: Prefilled
    ) -> None:
        self._engine, self._vocabulary, self._options = engine, vocabulary, options
        self._ready = ready
        grammar = Grammar(open_llama(), engine.vocab, options.grammar) if options.grammar else None
        self._sampler = Sampler(options, grammar)
        self._text = TextStream(options.stop, CALL_START if options.tools else "")
        self._tokens: list[int] = []
        self._calls: list[dict[str, str]] = []
        self._finish: FinishReason = "length"

    def chunks(self) -> Iterator[AIMessageChunk]:
        """Yield the text as it is written."""
        room = self._engine.context - self._ready.read
        for _ in range(min(self._options.max_tokens, room)):
            if self._tokens:
                self._engine.extend(self._ready.lane, self._tokens[-1:])
            if self._options.cancel():
                self._finish = "cancelled"
                break
            token = self._sampler.choose(self._engine.logits())
            if self._vocabulary.ends(token):
                self._finish = "stop"
                break
            self._sampler.accept(token)
            self._tokens.append(token)
            shown = self._text.feed(self._vocabulary.spell(token))
            if shown:
                yield AIMessageChunk(content=shown)
            if self._text.stopped:
                self._finish = "stop"
                break
            if loops(self._tokens):
                self._finish = "loop"
                break
        rest, self._calls = self._text.rest(), []
        if self._options.tools:
            rest, self._calls = read_tool_calls(rest)
        if rest:
            yield AIMessageChunk(content=rest)

    def agreed(self, ask: Ask, adviser: Adviser) -> Iterator[AIMessageChunk]:
        """Yield a line on a picture that both who see it find likely."""
        room = min(ask.longest, self._engine.context - self._ready.read)
        ask = replace(ask, longest=room)
        self._tokens = agreed_line(
            self._engine, self._vocabulary, self._ready, ask, adviser, self._options.cancel
        )
        if self._options.cancel():
            self._finish = "cancelled"
        elif len(self._tokens) < room:
            self._finish = "stop"
        yield AIMessageChunk(content=self._vocabulary.spell_all(self._tokens).strip())

    def end(self, model_id: str) -> AIMessageChunk:
        """Return the last chunk."""
        return last_chunk(
            model_id,
            self._finish,
            read=self._ready.read,
            reused=self._ready.reused,
            written=len(self._tokens),
            tool_calls=self._calls,
        )
