"""Asking: from a question to stored messages and one stream of events with one outcome.

Checks the question, keeps its files, hears what was spoken, stores the user's message, lets the
agent answer in a thread of its own, saves what is written as it comes, and closes the answer
with its citations and a trace that tells which model, prompts and settings wrote it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from assistant import prompts
from assistant.agent import Agent
from assistant.attachments import AttachmentReader
from assistant.calls import ToolCall, ToolResult
from assistant.details import is_follow_up, refers_to_picture
from assistant.errors import AnswerCancelled, QuestionEmpty, QuestionTooLong
from assistant.history import earlier_files, language_for, pairs
from assistant.i18n import Language, text
from assistant.library import Attached, EmptyLibrary, LibraryView
from assistant.lookup import texts_about
from assistant.messages import (
    Abstained,
    Answered,
    AttachmentFile,
    AttachmentView,
    Citation,
    ConversationView,
    Event,
    Failed,
    Heard,
    MessageStatus,
    Revised,
    Status,
    Token,
    ToolFinished,
    Understood,
)
from assistant.replay import Replayed, compare, cut_at
from assistant.runs import RunManager
from assistant.session import Request
from assistant.speech import Speech
from assistant.store.conversations import Conversations
from retrieval.errors import Cancelled, SightlineError
from retrieval.values import Passage

log = logging.getLogger("sightline.talk")
MOST_CHARACTERS = 20_000
MOST_FILES = 32
MOST_FOUND = 20
SAVE_SECONDS = 1.0


@dataclass(frozen=True)
class Question:
    """A question as it was asked."""

    text: str
    files: tuple[AttachmentFile, ...]
    audio: AttachmentFile | None
    conversation: str
    library: str
    use_library: bool
    new: bool


@dataclass
class _Answer:
    """An answer being written: what is stored of it."""

    conversation: str
    message: str
    text: str = ""
    intent: dict[str, Any] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    saved: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class _Stored:
    """A question that is written down, with the conversation as it was before it."""

    question: Question
    asked: str
    language: Language
    shown: ConversationView
    files: tuple[AttachmentView, ...]
    message: str


class Talk:
    """Everything about asking and conversations.

    Args:
        agent: returns the agent (built at the first question).
        open_library: returns what one library's owner may see.
        trace: facts of the installation that are stored with every answer.
    """

    def __init__(
        self,
        *,
        conversations: Conversations,
        runs: RunManager,
        speech: Speech,
        attachments: AttachmentReader,
        agent: Callable[[], Agent],
        open_library: Callable[[str], LibraryView],
        trace: Callable[[str], Mapping[str, Any]],
    ) -> None:
        self._conversations = conversations
        self._runs = runs
        self._speech = speech
        self._attachments = attachments
        self._agent = agent
        self._open_library = open_library
        self._trace = trace

    def start(
        self,
        question: str,
        *,
        images: Sequence[AttachmentFile],
        audio: AttachmentFile | None,
        conversation: str | None,
        use_library: bool,
        library: str,
    ) -> str:
        """Begin answering in the background; return the run's id.

        Raises:
            QuestionEmpty, QuestionTooLong: it cannot be asked.
            ConversationNotFound: the conversation is not there (or over another library).
            ConversationBusy: it is still being answered.
        """
        asked = question.strip()
        if not asked and audio is None and not images:
            raise QuestionEmpty
        _limit(asked)
        new = conversation is None
        if conversation is None:
            conversation = self._conversations.create(library).id
        else:
            self._conversations.get(conversation, library)
        whole = Question(
            asked, tuple(images[:MOST_FILES]), audio, conversation, library, use_library, new
        )
        return self._runs.start(conversation, lambda cancelled: self._work(whole, cancelled))

    def _work(self, question: Question, cancelled: Callable[[], bool]) -> Iterator[Event]:
        """Yield the events of one question, from hearing it to its outcome."""
        try:
            stored = yield from self._store(question, cancelled)
        except SightlineError as error:
            yield self._not_asked(question, error)
            return
        answer = _Answer(question.conversation, stored.message)
        try:
            for event in self._events(stored, cancelled):
                self._keep(answer, event)
                if isinstance(event, Answered | Abstained):
                    self._finish(answer, event)
                yield event
        except (AnswerCancelled, Cancelled):
            yield self._close(answer, "stopped", AnswerCancelled())
        except SightlineError as error:
            yield self._close(answer, "failed", error)
        except Exception as error:
            log.exception("an answer broke off")
            broken = SightlineError(detail=f"{type(error).__name__}: {error}")
            yield self._close(answer, "failed", broken)

    def _store(
        self, question: Question, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, _Stored]:
        """Hear the question, keep its files, write it down; from here on nothing is lost."""
        asked = question.text
        views: list[AttachmentView] = []
        if question.audio is not None:
            yield Status("status_transcribing", {"asset": question.audio.name})
            view = self._open_library(question.library) if question.use_library else EmptyLibrary()
            recall = partial(texts_about, view)
            audio = question.audio
            heard = self._speech.question(audio.name, audio.path, cancelled, recall)
            said = heard.text.strip()
            yield Heard(said, heard.language)
            asked = f"{asked}\n{said}".strip()
            views.append(replace(self._attachments.keep(question.audio), transcript=said))
        _limit(asked)
        files = tuple(self._attachments.keep(file) for file in question.files)
        shown = self._conversations.get(question.conversation)
        language = language_for(shown, asked)
        asked = asked or text("ask_default", language)
        self._conversations.add_question(question.conversation, asked, (*views, *files))
        trace = self._made_by(question.library, question.use_library)
        message = self._conversations.begin_answer(question.conversation, trace)
        return _Stored(question, asked, language, shown, files, message)

    def _made_by(self, library: str, use_library: bool) -> dict[str, Any]:
        """Return what an answer given now depends on beside its question."""
        facts = self._trace(library)
        return {**facts, "prompts": prompts.VERSION, "use_library": use_library}

    def replay(self, message: str) -> Replayed:
        """Answer a stored question once more, as the conversation stood then; stores nothing.

        Raises:
            MessageUnknown: there is no such answer.
            SightlineError: the answer cannot be given now.
        """
        shown = self._conversations.holding(message)
        before, asked, old = cut_at(shown, message)
        library = self._conversations.library_of(shown.id)
        use_library = bool(old.trace.get("use_library", True))
        files = tuple(a for a in asked.attachments if not a.transcript)
        question = Question(asked.text, (), None, shown.id, library, use_library, False)
        language = language_for(before, asked.text)
        stored = _Stored(question, asked.text, language, before, files, message)
        events = list(self._events(stored, lambda: False))
        facts = self._made_by(library, use_library)
        taken_as = next((_taken_as(e) for e in events if isinstance(e, Understood)), {})
        return compare(asked, old, events[-1], {**facts, "intent": taken_as})

    def use_tool(self, call: ToolCall, library: str, language: Language) -> ToolResult:
        """Use one tool over the files of a library, without a conversation."""
        return self._agent().toolbox(self._open_library(library), (), language).run(call)

    def _events(self, stored: _Stored, cancelled: Callable[[], bool]) -> Iterator[Event]:
        """Read the attached files, then let the agent answer."""
        attached = []
        for view in stored.files:
            yield Status("status_reading", {"asset": view.name})
            attached.append(self._attachments.read(view, cancelled))
        request = self._request(stored, attached, cancelled)
        yield from self._agent().run(request, cancelled)

    def _request(
        self, stored: _Stored, attached: Sequence[Attached], cancelled: Callable[[], bool]
    ) -> Request:
        question, shown = stored.question, stored.shown
        answers = [m for m in shown.messages if m.role == "assistant"]
        earlier: list[Attached] = []
        fresh = bool(earlier_files(shown, last=True))
        if fresh or is_follow_up(stored.asked) or refers_to_picture(stored.asked):
            earlier = [self._attachments.read(v, cancelled) for v in earlier_files(shown)]
        return Request(
            conversation=question.conversation,
            message=stored.message,
            question=stored.asked,
            language=stored.language,
            library=(
                self._open_library(question.library) if question.use_library else EmptyLibrary()
            ),
            history=pairs(shown),
            cited=answers[-1].citations if answers else (),
            attached=tuple(attached),
            earlier=tuple(earlier),
            use_library=question.use_library,
        )

    def _keep(self, answer: _Answer, event: Event) -> None:
        """Remember what an event says; save the text about once a second."""
        if isinstance(event, Token):
            answer.text += event.text
            if time.monotonic() - answer.saved >= SAVE_SECONDS:
                self._conversations.save_partial(answer.message, answer.text)
                answer.saved = time.monotonic()
        elif isinstance(event, Revised):
            answer.text = event.text
        elif isinstance(event, Understood):
            answer.intent = _taken_as(event)
        elif isinstance(event, ToolFinished):
            step = {"tool": event.tool, "summary": event.summary[:300], "error": event.error}
            found = [_found(passage) for passage in event.passages[:MOST_FOUND]]
            answer.steps.append({**step, "seconds": round(event.seconds, 3), "retrieved": found})

    def _finish(self, answer: _Answer, event: Answered | Abstained) -> None:
        answer.text = event.text
        citations = event.citations if isinstance(event, Answered) else ()
        nearest = event.nearest if isinstance(event, Abstained) else ()
        status: MessageStatus = "complete" if isinstance(event, Answered) else "abstained"
        self._conversations.finish_answer(
            answer.message,
            status,
            event.text,
            citations=citations,
            trace={
                "intent": answer.intent,
                "steps": answer.steps[:50],
                "timings": event.timings.to_json(),
                "nearest": [_miss(miss) for miss in nearest],
            },
        )

    def _close(self, answer: _Answer, status: MessageStatus, error: SightlineError) -> Failed:
        """Keep what was written, with the reason it ends here."""
        self._conversations.finish_answer(
            answer.message,
            status,
            answer.text,
            trace={"steps": answer.steps[:50]},
            error=(error.code, error.params),
        )
        return Failed(answer.conversation, answer.message, error.code, error.params, answer.text)

    def _not_asked(self, question: Question, error: SightlineError) -> Failed:
        """Forget a conversation that was begun for a question that could not be asked."""
        if question.new:
            self._conversations.delete(question.conversation)
        return Failed("" if question.new else question.conversation, "", error.code, error.params)


def _taken_as(event: Understood) -> dict[str, Any]:
    """Return what a question was taken to want, and what told it."""
    return {"intent": event.intent, "by": "meaning" if event.judged else "rule"}


def _miss(miss: Citation) -> dict[str, Any]:
    """Return a nearest miss by value, so that it can be shown after a reload."""
    return {
        "asset": miss.asset,
        "asset_id": miss.asset_id,
        "sha256": miss.sha256,
        "modality": miss.modality,
        "locator": miss.locator.to_json(),
        "snippet": miss.snippet,
    }


def _found(passage: Passage) -> dict[str, Any]:
    """Return what a step found, by id and place: a complaint tells what the answer was made of."""
    return {
        "asset_id": passage.asset_id,
        "asset": passage.asset,
        "chunk_id": passage.chunk_id,
        "locator": passage.locator.to_json(),
    }


def _limit(question: str) -> None:
    if len(question) > MOST_CHARACTERS:
        raise QuestionTooLong(size=len(question), limit=MOST_CHARACTERS)
