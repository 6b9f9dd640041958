"""Spoken questions and recordings: to text, with the model loaded at the first one.

Silence is never a question: a transcript without words is refused. A question that was heard
unsurely is heard again beside the texts it led to, whose names and words the recogniser may have
missed (contextual biasing by retrieval). Knows no files but the one it is given and stores nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from assistant.errors import NothingHeard
from retrieval.errors import AudioEmpty

if TYPE_CHECKING:
    from retrieval.transcribe import Transcript

SURE = 0.8
"""Confidence from which a question is not heard again."""
LOWER = 0.9
"""What a second hearing may lose of the first one's confidence."""
ALIKE = 0.5
"""Likeness (0..1, by letters) of two hearings below which the second was led astray."""
PHANTOM = 0.7
"""Share of the surest phrase's confidence below which a phrase of a second hearing is left out: a
recogniser that was given a text goes on speaking where nobody does."""
SHORT = 30.0
"""Seconds up to which a question is heard again."""


class Transcriber(Protocol):
    """What writes down speech."""

    def transcribe(
        self,
        source: Path | bytes,
        language: str | None = None,
        on_progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        *,
        context: str = "",
    ) -> Transcript:
        """Return the words with their times; ``context`` may hold some of them."""
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
        self,
        name: str,
        source: Path,
        cancelled: Callable[[], bool] | None = None,
        recall: Callable[[str], str] | None = None,
    ) -> Transcript:
        """Return a spoken question.

        Args:
            recall: returns texts that speak of what was heard, from the user's own files.

        Raises:
            NothingHeard: there is no speech in it.
        """
        try:
            heard = self.transcribe(source, cancelled)
        except AudioEmpty as error:
            raise NothingHeard(name=name) from error
        if not heard.text.strip():
            raise NothingHeard(name=name)
        if recall is None or heard.seconds > SHORT or sureness(heard) >= SURE:
            return heard
        again = self._again(source, heard, recall(heard.text), cancelled)
        return again if again and _agrees(again, heard) else heard

    def _again(
        self,
        source: Path,
        heard: Transcript,
        context: str,
        cancelled: Callable[[], bool] | None,
    ) -> Transcript | None:
        """Hear a question once more beside texts; None when there are none or nothing is heard."""
        if not context.strip():
            return None
        try:
            with self._lock:
                again = self._loaded().transcribe(
                    source, heard.language, cancelled=cancelled, context=context
                )
        except AudioEmpty:
            return None
        return _without_phantoms(again)

    def _loaded(self) -> Transcriber:
        if self._transcriber is None:
            self._transcriber = self._make()
        return self._transcriber


def sureness(heard: Transcript) -> float:
    """Return how sure (0..1) the words are, the least sure phrase counting."""
    return min((segment.confidence for segment in heard.segments), default=0.0)


def _without_phantoms(heard: Transcript) -> Transcript:
    """Return a transcript without phrases far less sure than the surest, or without a word."""
    surest = max((segment.confidence for segment in heard.segments), default=0.0)
    kept = tuple(
        segment
        for segment in heard.segments
        if segment.confidence >= PHANTOM * surest and any(c.isalnum() for c in segment.text)
    )
    return replace(heard, text=" ".join(segment.text for segment in kept), segments=kept)


def _agrees(again: Transcript, heard: Transcript) -> bool:
    """Whether a second hearing is the same question, about as surely heard."""
    if sureness(again) < LOWER * sureness(heard):
        return False
    one, other = heard.text.casefold(), again.text.casefold()
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALIKE
