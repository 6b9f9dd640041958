"""The product as a system under test: its own service, over a home folder of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.errors import CaseTimeout, EvalError
from evals.systems.base import Ask, Query, Reply, Step, System, Taken

if TYPE_CHECKING:
    from assistant.messages import Event
    from assistant.service import Assistant
    from retrieval.values import Passage


class Sightline(System):
    """See the module.

    Args:
        assistant: the service; closed with this object.
    """

    name = "sightline"

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant

    def ingest(self, paths: Sequence[Path], library: str, told: Callable[[int], None]) -> Taken:
        outcomes = self.assistant.ingest(
            paths, library=library, on_progress=lambda done, _total, _name: told(done)
        )
        return {o.name: (o.asset_id, o.reason()) for o in outcomes}

    def tag(self, numbers: Sequence[int], tag: str, library: str) -> None:
        self.assistant.tag(numbers, [tag], library=library)

    def search(self, query: Query) -> list[Passage]:
        found = self.assistant.search(
            query.text,
            image=query.image,
            library=query.library,
            k=query.k,
            modality=query.modality,
        )
        return list(found.passages)

    def ask(self, asked: Ask, timeout: float) -> list[Reply]:
        conversation = self.assistant.new_conversation(library=asked.library).id
        replies: list[Reply] = []
        try:
            for turn in asked.turns:
                plain = Ask(turn, asked.library, use_library=asked.use_library)
                replies.append(self._turn(plain, conversation, timeout))
            replies.append(self._turn(asked, conversation, timeout))
        finally:
            self.assistant.delete_conversation(conversation)
        return replies

    def _turn(self, asked: Ask, conversation: str, timeout: float) -> Reply:
        from assistant.messages import AttachmentFile

        run = self.assistant.start(
            asked.question,
            images=[AttachmentFile(path.name, path) for path in asked.images],
            audio=None if asked.audio is None else AttachmentFile(asked.audio.name, asked.audio),
            conversation=conversation,
            library=asked.library,
            use_library=asked.use_library,
        )
        late = threading.Event()

        def stop() -> None:
            late.set()
            self.assistant.cancel(run)

        timer = threading.Timer(timeout, stop)
        timer.start()
        try:
            events = [event for _, event in self.assistant.follow(run)]
        finally:
            timer.cancel()
        if late.is_set():
            raise CaseTimeout(seconds=timeout)
        return reply_of(events)

    def read(self, number: int) -> str:
        passages = self.assistant.chunks(number)
        return "\n".join(p.text for p in passages if p.kind not in ("metadata", "caption"))

    def transcribe(self, path: Path) -> str:
        from retrieval.errors import AudioEmpty

        try:
            return self.assistant.transcribe(path).text
        except AudioEmpty:  # that is what it says of silence
            return ""

    def close(self) -> None:
        self.assistant.close()


def reply_of(events: Sequence[Event]) -> Reply:
    """Return what a run of the assistant came to.

    Raises:
        EvalError: it failed, or ended without an outcome.
    """
    from assistant.messages import Abstained, Answered, Failed, Heard, ToolFinished

    last = events[-1] if events else None
    if isinstance(last, Failed):
        raise EvalError(detail=_sentence(last.code, last.params))
    if not isinstance(last, Answered | Abstained):
        raise EvalError(detail="the run ended without an outcome")
    tools = [event for event in events if isinstance(event, ToolFinished)]
    return Reply(
        text=last.text,
        abstained=isinstance(last, Abstained),
        unable=isinstance(last, Abstained) and last.unable,
        nearest=last.nearest if isinstance(last, Abstained) else (),
        citations=last.citations if isinstance(last, Answered) else (),
        steps=tuple(Step(tool.tool, tool.seconds, tool.error) for tool in tools),
        timings=last.timings,
        confidence=max((p.probability for tool in tools for p in tool.passages), default=0.0),
        heard=next((event.text for event in events if isinstance(event, Heard)), ""),
    )


def _sentence(code: str, params: Mapping[str, Any]) -> str:
    from assistant.i18n import explain_code

    return explain_code(code, dict(params))
