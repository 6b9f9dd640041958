"""One question being answered: its request, its limits, its meter, and how it speaks.

Passed through the graph by reference; holds nothing that outlives the question.
"""

from __future__ import annotations

import base64
import logging
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assistant import prompts
from assistant.errors import AnswerCancelled, ModelError, ReadingTooSlow
from assistant.i18n import Language
from assistant.library import NOT_IN_LIBRARY, Attached, LibraryView
from assistant.lines import joined_lines
from assistant.messages import Citation, Event, Status, StatusKey, Timings, Token
from assistant.prompts import Turn
from assistant.safety import NEUTRAL, Detect, by_pattern, find_orders, hide_secrets, screen
from retrieval.values import Passage, Word

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from assistant.likeness import Likeness
    from assistant.models.protocol import Copied, SightlineChatModel

log = logging.getLogger("sightline.agent")


@dataclass(frozen=True)
class Limits:
    """What one question may take.

    ``rounds`` of tool calls, ``calls`` in one round, ``seconds`` in all, ``evidence_tokens`` in a
    prompt of a small model, ``answer_tokens`` written,
    ``tool_seconds`` for one tool.
    """

    rounds: int = 4
    calls: int = 200
    seconds: float = 300.0
    evidence_tokens: int = 700
    answer_tokens: int = 384
    tool_seconds: float = 120.0


@dataclass(frozen=True)
class Request:
    """A question with everything it may draw on.

    ``history`` holds (question, answer) pairs, the oldest first; ``cited`` what the last answer
    cited; ``attached`` the files of this question, ``earlier`` those of the questions before, the
    latest first.
    """

    conversation: str
    message: str
    question: str
    language: Language
    library: LibraryView
    history: tuple[tuple[str, str], ...] = ()
    cited: tuple[Citation, ...] = ()
    attached: tuple[Attached, ...] = ()
    earlier: tuple[Attached, ...] = ()
    use_library: bool = True


@dataclass
class Session:
    """The running state of one question beside the graph's own."""

    request: Request
    model: SightlineChatModel
    limits: Limits
    cancelled: Callable[[], bool]
    detect: Detect = by_pattern
    likeness: Likeness | None = None
    emit: Callable[[Event], None] = lambda event: None
    started: float = field(default_factory=time.perf_counter)
    first_token: float | None = None
    tokens: int = 0
    writing: float = 0.0
    spoken: str = ""
    orders: list[tuple[str, str]] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def language(self) -> Language:
        """The language of the question."""
        return self.request.language

    def words(self, passage: Passage) -> Sequence[Word]:
        """Return where the words of a heard or recognised passage stand; none of others."""
        if passage.asset_id != NOT_IN_LIBRARY:
            return self.request.library.words(passage)
        files = (*self.request.attached, *self.request.earlier)
        mine = (f.words.get(passage.text) for f in files if f.sha256 == passage.sha256)
        return next((words for words in mine if words), ())

    def check(self) -> None:
        """Stop here when the user said so.

        Raises:
            AnswerCancelled: they did.
        """
        if self.cancelled():
            raise AnswerCancelled

    def stop(self) -> bool:
        """Whether to stop generating: the user said so, or the time is up."""
        return self.cancelled() or time.perf_counter() - self.started > self.limits.seconds

    def status(self, key: StatusKey, **params: Any) -> None:
        """Say what is being done."""
        self.emit(Status(key, params))

    def say(self, words: str) -> None:
        """Give a piece of the answer to the user."""
        if words:
            if self.first_token is None:
                self.first_token = time.perf_counter() - self.started
            self.spoken += words
            self.emit(Token(words))

    def generate(
        self,
        turns: Sequence[Turn],
        *,
        max_tokens: int | None = None,
        grammar: str | None = None,
        pictures: Sequence[tuple[bytes, str]] = (),
    ) -> Iterator[str]:
        """Yield the model's words as they come, counting them.

        Args:
            pictures: (JPEG, SHA-256) for a model that sees; they go before the last turn's text.

        Raises:
            AnswerCancelled: the user stopped it.
            ModelError: the model failed.
        """
        self.check()
        began = time.perf_counter()
        for chunk in self.model.stream(
            as_messages(turns, pictures),
            cancel=self.stop,
            grammar=grammar,
            max_tokens=min(max_tokens or self.limits.answer_tokens, self.limits.answer_tokens),
            seed=0,
        ):
            if chunk.usage_metadata:
                self.tokens += chunk.usage_metadata["output_tokens"]
            words = chunk.text
            if words:
                yield words
        self.writing += time.perf_counter() - began
        self.check()

    def write(self, turns: Sequence[Turn], **options: Any) -> str:
        """Return what the model writes, without showing it."""
        return "".join(self.generate(turns, **options)).strip()

    def score(self, turns: Sequence[Turn], candidates: Sequence[str]) -> list[float] | None:
        """Return each candidate's log-probability as the answer; None when the model gives none."""
        self.check()
        try:
            return self.model.score(as_messages(turns), candidates)
        except NotImplementedError:
            return None

    def copy(
        self, question: str, text: str, starts: Collection[int] | None = None
    ) -> Copied | None:
        """Return the likeliest stretches of a text as the answer; None when the model gives none.

        Args:
            starts: the places where a stretch may begin; None: at any word.

        Raises:
            AnswerCancelled: the user stopped it.
            ReadingTooSlow: the time was up before the text was read.
        """
        self.check()
        form = prompts.span if self.model.reads else prompts.reader
        turns = form(question, text, self.language)
        began = time.perf_counter()
        try:
            copied = self.model.copy_answer(
                as_messages(turns), text, prompts.NOT_FOUND, self.stop, starts
            )
        except NotImplementedError:
            return None
        if copied.spans:
            best = copied.spans[0]
            self.tokens += self.model.count_tokens(text[best.start : best.end])
        self.writing += time.perf_counter() - began
        self.check()
        if not copied.spans and self.stop():
            # Nothing read is not nothing found.
            raise ReadingTooSlow(model=self.model.model_id, seconds=round(self.limits.seconds))
        return copied

    def screened(self, passage: Passage) -> str:
        """Return a passage's text fit for a prompt, reporting orders found in it once.

        Chinese sentences are whole again that the lines of a page broke.
        """
        clean = screen(joined_lines(passage.text), self.language, self.detect)
        self._report(passage.asset, clean.orders)
        self.name_of(passage.asset)
        return hide_secrets(clean.text, self.request.question)

    def name_of(self, asset: str) -> str:
        """Return a file's name fit for a prompt; a name that gives orders is reported and left out.

        Underscores and dots part words, and the ending is no word.
        """
        orders = find_orders(re.sub(r"[_.]+", " ", asset.rsplit(".", 1)[0]), self.detect)
        self._report(asset, orders)
        return NEUTRAL[self.language] if orders else asset

    def _report(self, asset: str, orders: Sequence[str]) -> None:
        """Tell the user of orders found in a file, each once."""
        for order in orders:
            if (asset, order) not in self.orders:
                self.orders.append((asset, order))
                self.status("status_orders", asset=asset, order=order[:160])

    def timings(self) -> Timings:
        """Return the figures up to now."""
        rate = self.tokens / self.writing if self.tokens and self.writing else None
        return Timings(
            first_token=None if self.first_token is None else round(self.first_token, 3),
            total=round(time.perf_counter() - self.started, 3),
            tokens=self.tokens,
            tokens_per_second=None if rate is None else round(rate, 2),
        )


def as_messages(
    turns: Sequence[Turn], pictures: Sequence[tuple[bytes, str]] = ()
) -> list[BaseMessage]:
    """Return LangChain messages; pictures become content blocks of the last one.

    Raises:
        ModelError: a turn has an unknown role.
    """
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    kinds = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    messages: list[BaseMessage] = []
    for turn in turns:
        if turn.role not in kinds:
            raise ModelError(model="-", detail=f"a prompt has no role {turn.role}")
        messages.append(kinds[turn.role](content=turn.text))
    if pictures:
        blocks: list[str | dict[str, Any]] = [
            {
                "type": "image",
                "base64": base64.b64encode(jpeg).decode(),
                "mime_type": "image/jpeg",
                "sha256": sha256,
            }
            for jpeg, sha256 in pictures
        ]
        messages[-1] = HumanMessage(content=[*blocks, {"type": "text", "text": turns[-1].text}])
    return messages
