"""What every parser is given: the file, the limits, the reading tools; and small shared helpers.

Knows nothing of any one format.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.values import Block, ChunkKind, Parsed, TextLocator
from retrieval.weights import ModelStore

if TYPE_CHECKING:
    from retrieval.ocr import OcrEngine
    from retrieval.transcribe import WhisperTranscriber


@dataclass(frozen=True)
class Limits:
    """The most that one file may hold; more is refused with ``FileTooLarge``."""

    max_bytes: int = 200 << 20
    max_pixels: int = 100_000_000
    max_pages: int = 2000
    max_audio_seconds: float = 4 * 3600.0


@dataclass(frozen=True)
class Source:
    """A file to parse: where it lies, what to call it, what it is by content."""

    path: Path
    name: str
    media_type: str


class ParseTools:
    """Recognisers of characters and of speech, each loaded when a file first needs it.

    Args:
        models_dir: folder of the model files (speech).
        threads: CPU threads each recogniser may use.
        whisper: folder of another faster-whisper model than the one that is installed.
    """

    def __init__(self, models_dir: Path, threads: int = 1, whisper: Path | None = None) -> None:
        self._models_dir = models_dir
        self._threads = threads
        self._whisper = whisper

    @cached_property
    def ocr(self) -> OcrEngine:
        """The reader of text in pixels."""
        from retrieval.ocr import OcrEngine

        return OcrEngine(self._threads)

    @cached_property
    def transcriber(self) -> WhisperTranscriber:
        """The listener.

        Raises:
            WeightsError: its model files are missing or damaged.
        """
        from retrieval.transcribe import WhisperTranscriber

        folder = self._whisper or ModelStore(self._models_dir).path("whisper-base")
        return WhisperTranscriber(folder, self._threads)


Parser = Callable[[Source, Limits, ParseTools], Iterator[Parsed]]

# Characters that show nothing and break search: zero-width marks, soft hyphen, direction marks.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffe\uffff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LIGATURE = re.compile("[\ufb00-\ufb06]")


def clean(text: str) -> str:
    """Return the text without invisible and control characters, ligatures spelled out."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROL.sub("", _INVISIBLE.sub("", text)).replace("\u00a0", " ")
    return _LIGATURE.sub(lambda m: unicodedata.normalize("NFKC", m.group()), text)


def one_line(text: str) -> str:
    """Return the cleaned text with every run of white space as one space."""
    return " ".join(clean(text).split())


class TextFlow:
    """Makes blocks of a file without pages and keeps count of where each one lies.

    The extracted text of such a file is, by definition, its blocks joined by a blank line
    (``"\\n\\n"``); ``TextLocator`` counts characters of that.
    """

    def __init__(self) -> None:
        self._position = 0
        self.heading = ""

    @property
    def position(self) -> int:
        """Return where the next block will begin."""
        return self._position

    def block(self, text: str, kind: ChunkKind = "body", unit: int = 0) -> Block | None:
        """Return the next block under the current heading; None when there is no text in it."""
        text = clean(text).strip()
        if not text:
            return None
        start = self._position
        self._position = start + len(text) + 2
        return Block(
            text, kind, TextLocator(start, start + len(text)), unit=unit, heading=self.heading
        )

    def title(self, text: str, unit: int = 0) -> Block | None:
        """Make the text the heading of what follows, and return it as a block of its own."""
        self.heading = one_line(text)[:200] or self.heading
        return self.block(text, unit=unit)


def readable_size(count: int) -> str:
    """Return bytes as a person would say them, e.g. ``300 MB``."""
    if count < 1 << 20:
        return f"{max(1, count >> 10)} KB"
    return f"{count / (1 << 20):.0f} MB"
