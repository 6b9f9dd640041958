"""What may be asked of the assistant about talk: questions, runs, conversations, feedback.

One part of the façade in ``service``; holds no logic of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.calls import ToolCall, ToolResult
from assistant.config import Settings
from assistant.errors import AssetNotFound
from assistant.messages import AttachmentFile, ConversationView, Event
from assistant.replay import Replayed
from assistant.runs import RunManager
from assistant.speech import Speech
from assistant.store.conversations import Conversations, Verdict
from assistant.talk import Talk
from retrieval.blobs import BlobStore
from retrieval.errors import FileNotFound

if TYPE_CHECKING:
    from retrieval.transcribe import Transcript


class TalkRequests:
    """Requests about questions and conversations; the parts are set by ``Assistant``."""

    settings: Settings
    _talk: Talk
    _runs: RunManager
    _conversations: Conversations
    _speech: Speech
    _blobs: BlobStore
    _release: Callable[[Sequence[str]], None]

    def start(
        self,
        question: str,
        *,
        images: Sequence[AttachmentFile] = (),
        audio: AttachmentFile | None = None,
        conversation: str | None = None,
        use_library: bool = True,
        library: str | None = None,
    ) -> str:
        """Begin answering in the background and return the run's id.

        Raises:
            QuestionEmpty, QuestionTooLong: it cannot be asked.
            ConversationNotFound, ConversationBusy: not in this conversation, or not now.
        """
        return self._talk.start(
            question,
            images=images,
            audio=audio,
            conversation=conversation,
            use_library=use_library,
            library=library or self.settings.library,
        )

    def ask(self, question: str, **options: Any) -> Iterator[Event]:
        """Start a run and yield its events; leaving the iterator early stops the run.

        Takes what ``start`` takes. The question is checked at once, before the first event.

        Raises:
            as ``start``.
        """
        return self._drain(self.start(question, **options))

    def _drain(self, run_id: str) -> Iterator[Event]:
        try:
            for _, event in self._runs.follow(run_id):
                yield event
        finally:
            self._runs.cancel(run_id)

    def follow(self, run_id: str, after: int = 0) -> Iterator[tuple[int, Event]]:
        """Yield (position, event), waiting for new ones, until the outcome.

        Raises:
            RunNotFound: no such run.
        """
        return self._runs.follow(run_id, after)

    def cancel(self, run_id: str) -> None:
        """Stop a run; what was written stays."""
        self._runs.cancel(run_id)

    def active_run(self, conversation: str) -> str | None:
        """Return the run that is answering in a conversation."""
        return self._runs.active(conversation)

    def conversations(self, *, library: str | None = None) -> list[ConversationView]:
        """Return the conversations of a library, the latest first, without messages."""
        return self._conversations.all(library or self.settings.library)

    def conversation(self, conversation: str) -> ConversationView:
        """Return a conversation with its messages.

        Raises:
            ConversationNotFound: it is gone.
        """
        return self._conversations.get(conversation)

    def new_conversation(self, *, library: str | None = None) -> ConversationView:
        """Begin an empty conversation."""
        return self._conversations.create(library or self.settings.library)

    def rename_conversation(self, conversation: str, title: str) -> None:
        """Give a conversation another title.

        Raises:
            ConversationNotFound: it is gone.
        """
        self._conversations.rename(conversation, title)

    def delete_conversation(self, conversation: str) -> None:
        """Stop and remove a conversation, and the attached files nobody else has.

        Raises:
            ConversationNotFound: it is gone.
        """
        if (run_id := self._runs.active(conversation)) is not None:
            self._runs.cancel(run_id)
        self._release(self._conversations.delete(conversation))

    def attachment(self, sha256: str) -> bytes:
        """Return the bytes of a file that was given with a question.

        Raises:
            AssetNotFound: no question holds on to it.
        """
        if not self._conversations.attached(sha256):
            raise AssetNotFound(asset=sha256)
        return self._blobs.read(sha256)

    def feedback(self, message: str, verdict: Verdict, comment: str = "") -> None:
        """Keep what a person said of an answer.

        Raises:
            ConversationNotFound: there is no such message.
        """
        self._conversations.add_feedback(message, verdict, comment)

    def replay(self, message: str) -> Replayed:
        """Answer a stored question again with what is here now, and compare; stores nothing.

        Raises:
            MessageUnknown: there is no such answer.
            SightlineError: it cannot be answered now.
        """
        return self._talk.replay(message)

    def use_tool(self, tool: str, *, library: str | None = None, **arguments: Any) -> ToolResult:
        """Use one tool of the agent over a library: ``use_tool("find_faces", file="a.jpg")``.

        Names and arguments are in ``assistant.arguments``. What goes wrong is in ``error``.
        """
        call = ToolCall(tool, arguments)
        return self._talk.use_tool(call, library or self.settings.library, self.settings.language)

    def transcribe(self, path: Path) -> Transcript:
        """Return what is said in a recording, with times.

        Raises:
            FileNotFound, FileRejected: it is not there, or is no recording.
        """
        if not path.is_file():
            raise FileNotFound(name=path)
        return self._speech.transcribe(path)
