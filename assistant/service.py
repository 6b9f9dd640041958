"""The assistant: everything the screen, the command line and the evaluations may ask of it.

A façade without logic of its own; requests about files and about talk are each in their file.
Nothing heavy is imported or built before it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from assistant.casebook import CaseBook
from assistant.config import Settings
from assistant.files import Files
from assistant.intake import Intake
from assistant.models_view import Models
from assistant.people import PeopleBook
from assistant.runs import RunManager
from assistant.service_files import FileRequests
from assistant.service_talk import TalkRequests
from assistant.speech import Speech
from assistant.store.conversations import Conversations
from assistant.talk import Talk
from assistant.views import (
    FileOutcome,
    Finding,
    JobFileView,
    JobView,
    ModelView,
    TierView,
)
from retrieval.blobs import BlobStore

if TYPE_CHECKING:
    from assistant.tuning.control import Tuning

__all__ = [
    "Assistant",
    "FileOutcome",
    "Finding",
    "JobFileView",
    "JobView",
    "ModelView",
    "TierView",
]


class Assistant(FileRequests, TalkRequests):
    """One home folder: its libraries, conversations and models. Safe to use from threads."""

    def __init__(
        self,
        *,
        settings: Settings,
        files: Files,
        intake: Intake,
        talk: Talk,
        runs: RunManager,
        conversations: Conversations,
        speech: Speech,
        models: Models,
        blobs: BlobStore,
        cases: CaseBook,
        people: PeopleBook,
        tuning: Callable[[], Tuning],
        examine: Callable[..., Any],
        release: Callable[[Sequence[str]], None],
        describe: Callable[..., int],
        close: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.cases = cases
        self.people = people
        self._files = files
        self._intake = intake
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

    def close(self) -> None:
        """Stop answers, the worker and its processes; the object is of no use after."""
        self._runs.close()
        self._close()

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
