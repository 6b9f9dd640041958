"""Spoken questions and recordings: to text, with the model loaded at the first one.

Silence is never a question: a transcript without words is refused. Knows no files but the one it
is given and stores nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from assistant.errors import NothingHeard
from retrieval.errors import AudioEmpty

if TYPE_CHECKING:
    from retrieval.transcribe import Transcript


class Transcriber(Protocol):
    """What writes down speech."""

    def transcribe(
        self,
        source: Path | bytes,
        language: str | None = None,
        on_progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Transcript:
        """Return the words with their times."""
        ...


class Speech:
    """Listens; one recording at a time, since the model uses every thread it may.

    Args:
        make: builds the transcriber; called once, when it is first needed.
    """

    def __init__(self, make: Callable[[], Transcriber]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._transcriber: Transcriber | None = None

    def warm(self) -> None:
        """Load the model now."""
        with self._lock:
            self._loaded()

    def transcribe(
        self, source: Path | bytes, cancelled: Callable[[], bool] | None = None
    ) -> Transcript:
        """Return what is said in a recording; no words when it is silent.

        Raises:
            FileRejected: it is no recording that can be read.
            WeightsError: the model's files are not usable.
        """
        with self._lock:
            return self._loaded().transcribe(source, cancelled=cancelled)

    def question(
        self, name: str, source: Path, cancelled: Callable[[], bool] | None = None
    ) -> Transcript:
        """Return a spoken question.

        Raises:
            NothingHeard: there is no speech in it.
        """
        try:
            heard = self.transcribe(source, cancelled)
        except AudioEmpty as error:
            raise NothingHeard(name=name) from error
        if not heard.text.strip():
            raise NothingHeard(name=name)
        return heard

    def _loaded(self) -> Transcriber:
        if self._transcriber is None:
            self._transcriber = self._make()
        return self._transcriber
