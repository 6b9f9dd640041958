"""The assistant: everything the screen, the command line and the evaluations may ask of it.

A façade without logic of its own: files, talk, models and checks are each in their file. Nothing
heavy is imported or built before it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.casebook import CaseBook
from assistant.config import Settings
from assistant.errors import AssetNotFound
from assistant.files import Files, OnProgress
from assistant.lookup import open_picture, spoken_of
from assistant.messages import (
    AssetView,
    AttachmentFile,
    Citation,
    ConversationView,
    Event,
    EvidenceView,
)
from assistant.models_view import Models
from assistant.replay import Replayed
from assistant.runs import RunManager
from assistant.speech import Speech
from assistant.store.conversations import Conversations, Verdict
from assistant.talk import Talk
from assistant.views import (
    FileOutcome,
    Finding,
    JobAction,
    JobFileView,
    JobView,
    ModelView,
    SyncNews,
    TierView,
)
from retrieval.blobs import BlobStore
from retrieval.errors import FileNotFound
from retrieval.values import Filters, Locator, Modality, Passage, Query, SearchResult

if TYPE_CHECKING:
    from assistant.tuning.control import Tuning
    from retrieval.transcribe import Transcript

__all__ = [
    "Assistant",
    "FileOutcome",
    "Finding",
    "JobFileView",
    "JobView",
    "ModelView",
    "TierView",
]


class Assistant:
    """One home folder: its libraries, conversations and models. Safe to use from threads."""

    def __init__(
        self,
        *,
        settings: Settings,
        files: Files,
        talk: Talk,
        runs: RunManager,
        conversations: Conversations,
        speech: Speech,
        models: Models,
        blobs: BlobStore,
        cases: CaseBook,
        tuning: Callable[[], Tuning],
        examine: Callable[..., Any],
        release: Callable[[Sequence[str]], None],
        describe: Callable[..., int],
        close: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.cases = cases
        self._files = files
        self._talk = talk
        self._runs = runs
        self._conversations = conversations
        self._speech = speech
        self._models = models
        self._blobs = blobs
        self._tuning = tuning
        self._examine = examine
        self._release = release
        self._describe = describe
        self._close = close

    def _library(self, library: str | None) -> str:
        return library or self.settings.library

    def close(self) -> None:
        """Stop answers, the worker and its processes; the object is of no use after."""
        self._runs.close()
        self._close()

    # --- files -------------------------------------------------------------------------------

    def upload(self, name: str, source: bytes | Path, *, library: str | None = None) -> int:
        """Queue a file for the background worker; return the job's id.

        Raises:
            FileNotFound: the path is not there.
        """
        return self._files.upload(self._library(library), name, source)

    def ingest(
        self,
        paths: Sequence[Path],
        *,
        library: str | None = None,
        on_progress: OnProgress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[FileOutcome]:
        """Take in files and folders now; ``on_progress(done, total, name)`` after each file."""
        return self._files.ingest(self._library(library), paths, on_progress, cancelled)

    def jobs(self, *, library: str | None = None) -> list[JobView]:
        """Return the latest jobs of a library."""
        return self._files.jobs(self._library(library))

    def steer_job(
        self, job: int, action: JobAction, *, library: str | None = None, wake: bool = True
    ) -> JobView:
        """Pause, resume, cancel or retry a job; ``wake`` this process's worker for it.

        Raises:
            JobNotFound: there is none of this number in the library.
        """
        return self._files.steer_job(self._library(library), job, action, wake=wake)

    def work_off(self) -> int:
        """Take in what waits in the queue, here and now; returns how many jobs there were."""
        return self._files.work_off()

    def keep_in_step(
        self,
        folder: Path,
        *,
        library: str | None = None,
        stopped: Callable[[], bool] = lambda: False,
        once: bool = False,
    ) -> Iterator[SyncNews]:
        """Keep a library in step with a folder; ``once`` or until ``stopped``.

        Raises:
            FileNotFound: there is no such folder.
        """
        return self._files.keep_in_step(self._library(library), folder, stopped, once=once)

    def assets(
        self,
        *,
        library: str | None = None,
        query: str = "",
        modality: Modality | None = None,
        filters: Filters | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> list[AssetView]:
        """Return a page of a library, the latest first; ``query`` is part of the name."""
        wanted = filters or Filters(modality=modality)
        return self._files.assets(self._library(library), query, wanted, limit, offset)

    def tags(self, *, library: str | None = None) -> dict[str, int]:
        """Return the tags of a library and how many files are under each, by name."""
        return self._files.tags(self._library(library))

    def tag(
        self,
        asset_ids: Sequence[int],
        tags: Sequence[str],
        *,
        remove: bool = False,
        library: str | None = None,
    ) -> None:
        """Put files of a library under tags (albums), or take them out.

        Raises:
            AssetNotFound: a file is not in it; nothing was changed.
        """
        self._files.tag(self._library(library), asset_ids, tags, remove)

    def asset(self, asset_id: int) -> AssetView:
        """Return one file.

        Raises:
            AssetNotFound: it is gone.
        """
        return self._files.asset(asset_id)

    def chunks(self, asset_id: int, page: int | None = None) -> list[Passage]:
        """Return the passages of a file, or of one page.

        Raises:
            AssetNotFound: it is gone.
        """
        return self._files.chunks(asset_id, page)

    def delete_asset(self, asset_id: int) -> None:
        """Remove a file with everything derived from it.

        Raises:
            AssetNotFound: it is gone.
        """
        self._files.delete(asset_id)

    def describe_photos(
        self, most: int | None = None, cancelled: Callable[[], bool] = lambda: False
    ) -> int:
        """Let the chat model describe photos that wait for it; return how many it did.

        Nothing is done with a model that does not see.

        Raises:
            ModelUnavailable, ModelError: it cannot be loaded, or failed; what is done stays.
        """
        return self._describe(most, cancelled)

    def library_size(self, library: str | None = None) -> int:
        """Return how many files a library holds."""
        return self._files.size(self._library(library))

    def suggestions(self, *, library: str | None = None) -> list[str]:
        """Return a few questions this library can answer."""
        return self._files.suggestions(self._library(library))

    def thumbnail(self, asset_id: int) -> bytes | None:
        """Return a small JPEG of a photo or of a document's first page."""
        return self._files.thumbnail(asset_id)

    def original(self, asset_id: int) -> tuple[str, str, bytes]:
        """Return name, media type and bytes of a file.

        Raises:
            AssetNotFound: it is gone.
        """
        return self._files.original(asset_id)

    def evidence(self, source: Citation | tuple[int, Locator]) -> EvidenceView | None:
        """Return the picture behind a citation and the boxes to draw on it."""
        return self._files.evidence(source)

    def search(
        self,
        text: str = "",
        *,
        image: Path | None = None,
        k: int = 10,
        modality: Modality | None = None,
        library: str | None = None,
        filters: Filters | None = None,
        conversation: str | None = None,
        fold: bool = False,
    ) -> SearchResult:
        """Find passages by words, by a picture, or by both.

        Args:
            filters: restrictions; ``modality`` is then part of them.
            conversation: only files that were attached to it or cited in it.
            fold: show near-duplicate photos as one result, the others behind it.

        Raises:
            ConversationNotFound: there is no such conversation.
            FileNotFound: the picture is not there.
            FileDamaged: it cannot be read.
        """
        wanted = filters or Filters(modality=modality)
        if conversation is not None:
            wanted = replace(wanted, hashes=spoken_of(self._conversations.get(conversation)))
        pixels = None if image is None else open_picture(image)
        return self._files.find(Query(self._library(library), text, pixels, k, wanted, fold))

    # --- talk --------------------------------------------------------------------------------

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
            library=self._library(library),
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
        return self._conversations.all(self._library(library))

    def conversation(self, conversation: str) -> ConversationView:
        """Return a conversation with its messages.

        Raises:
            ConversationNotFound: it is gone.
        """
        return self._conversations.get(conversation)

    def new_conversation(self, *, library: str | None = None) -> ConversationView:
        """Begin an empty conversation."""
        return self._conversations.create(self._library(library))

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

    def transcribe(self, path: Path) -> Transcript:
        """Return what is said in a recording, with times.

        Raises:
            FileNotFound, FileRejected: it is not there, or is no recording.
        """
        if not path.is_file():
            raise FileNotFound(name=path)
        return self._speech.transcribe(path)

    # --- fine-tuning -------------------------------------------------------------------------

    @property
    def tuning(self) -> Tuning:
        """Runs and versions of fine-tuning."""
        return self._tuning()

    # --- models and health -------------------------------------------------------------------

    def models(self) -> list[ModelView]:
        """Return every model of this installation and the state of its files."""
        return self._models.views()

    def tier(self) -> TierView:
        """Return which set of weights answers, and why."""
        return self._models.tier()

    def warm_up(self) -> None:
        """Load the models in the background; returns at once."""
        self._models.warm_up()

    def warm_state(self) -> dict[str, str]:
        """Return for each role ``cold``, ``loading``, ``ready`` or ``failed: why``."""
        return self._models.warm_state()

    def doctor(self, *, repair: bool = False) -> list[Finding]:
        """Return what database, files and indexes disagree on, mended if asked."""
        return self._files.doctor(self._examine, repair)
