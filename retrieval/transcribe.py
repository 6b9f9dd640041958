"""Speech to text: Whisper in CTranslate2 (int8), with times; nothing is heard where nobody speaks.

Decoding by PyAV needs no binary. A recording is decoded and heard in parts of ten minutes, cut
where it is quietest, so memory does not grow with its length. Speech detection always runs
first; Whisper alone writes phrases into silence. Knows nothing of files' names or of chunks.
"""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.errors import AudioEmpty, Cancelled, FileDamaged, FileTooLarge
from retrieval.values import Word

RATE = 16_000
_PART = 600 * RATE
_SEEK = 20 * RATE  # how far back from its end a part may be cut
_CONTAINERS = "wav,mp3,mov,mp4,m4a,flac,ogg,matroska,webm,aac"
BEAM_SIZE = 5
_Audio = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class Segment:
    """A phrase: when (seconds), what, how sure (0..1), and its words with their times."""

    start: float
    end: float
    text: str
    confidence: float
    words: tuple[Word, ...] = ()


@dataclass(frozen=True)
class Transcript:
    """What was said: the whole text, the language (ISO 639-1), the phrases, the length."""

    text: str
    language: str
    segments: tuple[Segment, ...]
    seconds: float


class WhisperTranscriber:
    """A faster-whisper model, loaded when first used.

    Args:
        folder: its files (``model.bin``, ``config.json``, ``tokenizer.json``, …).
        threads: CPU threads.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._folder = folder
        self._threads = threads
        self._lock = threading.Lock()
        self._model: Any = None

    def load(self) -> Any:
        """Load the model, once, and return it."""
        with self._lock:
            if self._model is None:
                from faster_whisper import WhisperModel

                self._model = WhisperModel(
                    str(self._folder),
                    device="cpu",
                    compute_type="int8",
                    cpu_threads=self._threads,
                    local_files_only=True,
                )
            return self._model

    def unload(self) -> None:
        """Give the memory back; the next call loads again."""
        with self._lock:
            self._model = None

    def transcribe(
        self,
        source: Path | bytes,
        language: str | None = None,
        on_progress: Callable[[float, float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        name: str = "",
        context: str = "",
    ) -> Transcript:
        """Return everything that is said in a recording.

        Args:
            source: a file, or the bytes of one.
            language: ISO 639-1 code; None recognises it.
            on_progress: called with seconds heard and seconds in all.
            cancelled: asked between phrases.
            name: what to call the recording in an error.
            context: text that may hold names and words of the recording (its last 223 tokens).

        Raises:
            AudioEmpty: it has no length, no sound, or nobody speaks in it.
            FileDamaged: it cannot be decoded.
            Cancelled: ``cancelled`` said so.
        """
        name = name or (source.name if isinstance(source, Path) else "recording")
        total = duration(source, name)
        heard: list[Segment] = []
        spoken = language or ""
        parts = decode_parts(source, name)
        for segment, spoken in self.listen(parts, language, context):  # noqa: B007
            if cancelled is not None and cancelled():
                raise Cancelled(name=name)
            heard.append(segment)
            if on_progress is not None:
                on_progress(min(segment.end, total), total)
        if not heard:
            raise AudioEmpty(name=name)
        text = " ".join(segment.text for segment in heard)
        return Transcript(text, spoken, tuple(heard), total)

    def listen(
        self,
        parts: Iterator[tuple[float, _Audio]],
        language: str | None = None,
        context: str = "",
    ) -> Iterator[tuple[Segment, str]]:
        """Yield phrases with the language, as they are heard.

        Args:
            parts: (start in seconds, float32 mono at 16 kHz) in order, as of ``decode_parts``.
            language: ISO 639-1 code; None recognises it at the first speech.
            context: see ``transcribe``.
        """
        for offset, audio in parts:
            model = self.load()
            if not _has_sound(audio):
                continue
            phrases, info = _hear(model, audio, language, context)
            if info is None:
                continue
            language = language or info.language
            for phrase in phrases:
                if not _phantom(phrase):
                    yield _segment(phrase, offset), language


def _hear(
    model: Any, audio: _Audio, language: str | None, context: str
) -> tuple[Iterator[Any], Any]:
    """Run speech detection and recognition over one part; (empty, None) when nobody speaks."""
    try:
        phrases, info = model.transcribe(
            audio,
            language=language,
            beam_size=BEAM_SIZE,
            word_timestamps=True,
            vad_filter=True,
            # Each window is heard by itself: a slip does not repeat through the rest.
            condition_on_previous_text=False,
            initial_prompt=context or None,
        )
    except ValueError:  # no window is left after detection
        return iter(()), None
    return (iter(()), None) if info.duration_after_vad <= 0 else (phrases, info)


def _phantom(phrase: Any) -> bool:
    """Whether a phrase was made up: no speech by Whisper's own account, or one loop of words."""
    unheard = phrase.no_speech_prob > 0.6 and phrase.avg_logprob < -0.7
    return unheard or phrase.compression_ratio > 3.0 or not phrase.text.strip()


def _segment(phrase: Any, offset: float) -> Segment:
    words = tuple(
        Word(
            word.word.strip(),
            start=round(word.start + offset, 2),
            end=round(word.end + offset, 2),
            confidence=round(float(word.probability), 4),
        )
        for word in phrase.words or ()
        if word.word.strip()
    )
    return Segment(
        round(phrase.start + offset, 2),
        round(phrase.end + offset, 2),
        phrase.text.strip(),
        round(math.exp(min(0.0, phrase.avg_logprob)), 4),
        words,
    )


def _has_sound(audio: _Audio) -> bool:
    """Digital silence (below -70 dB throughout) needs no model to judge."""
    return audio.size > 0 and float(np.abs(audio).max()) > 3e-4


def duration(source: Path | bytes, name: str) -> float:
    """Return the length a recording states, in seconds; 0 when it states none.

    Raises:
        AudioEmpty: it has no audio stream.
        FileDamaged: it cannot be opened.
    """
    with _container(source, name) as container:
        stream = container.streams.audio[0]
        if stream.duration is not None and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        return float(container.duration or 0) / 1_000_000


def decode_parts(
    source: Path | bytes, name: str, max_seconds: float = math.inf
) -> Iterator[tuple[float, _Audio]]:
    """Decode to mono at 16 kHz, and yield (start in seconds, samples) of ten minutes or less.

    Raises:
        AudioEmpty: no audio stream, or not one sample in it.
        FileDamaged: it cannot be opened.
        FileTooLarge: more than ``max_seconds`` come out, whatever the file states.
    """
    held: list[_Audio] = []
    waiting = done = 0
    for samples in _samples(source, name):
        held.append(samples)
        waiting += len(samples)
        if (done + waiting) / RATE > max_seconds:
            limit = f"{max_seconds / 60:.0f} minutes"
            raise FileTooLarge(name=name, size=f"over {limit}", limit=limit)
        if waiting >= _PART:
            audio = np.concatenate(held)
            cut = _quietest(audio)
            yield done / RATE, audio[:cut]
            held, waiting, done = [audio[cut:]], len(audio) - cut, done + cut
    if done + waiting == 0:
        raise AudioEmpty(name=name)
    if waiting:
        yield done / RATE, np.concatenate(held)


def _quietest(audio: _Audio) -> int:
    """Return the index near the end of a part where a cut hurts least: its quietest 0.2 s."""
    width = RATE // 5
    tail = audio[-_SEEK:]
    energy = np.square(tail[: len(tail) // width * width]).reshape(-1, width).sum(axis=1)
    return len(audio) - len(tail) + int(energy.argmin()) * width + width // 2


def _container(source: Path | bytes, name: str) -> Any:
    import av

    target: Any = str(source) if isinstance(source, Path) else io.BytesIO(source)
    try:
        container = av.open(
            target,
            metadata_errors="ignore",
            options={"protocol_whitelist": "file,pipe", "format_whitelist": _CONTAINERS},
        )
    except (av.FFmpegError, ValueError, OSError) as error:
        raise FileDamaged(name=name, detail="the recording cannot be decoded") from error
    if not container.streams.audio:
        container.close()
        raise AudioEmpty(name=name)
    return container


def _samples(source: Path | bytes, name: str) -> Iterator[_Audio]:
    """Yield float32 samples, mono at 16 kHz; frames that cannot be decoded are left out."""
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with _container(source, name) as container:
        frames = container.decode(audio=0)
        broken = whole = 0
        while True:
            try:
                frame = next(frames)
            except StopIteration:
                break
            except (av.FFmpegError, ValueError) as error:
                broken += 1
                if broken > 50 + whole:
                    detail = "the recording cannot be decoded"
                    raise FileDamaged(name=name, detail=detail) from error
                continue
            whole += 1
            frame.pts = None  # broken time stamps would make the resampler insert silence
            for part in resampler.resample(frame):
                yield _floats(part)
        for part in resampler.resample(None) if whole else ():
            yield _floats(part)
        if broken and not whole:
            raise FileDamaged(name=name, detail="the recording cannot be decoded")


def _floats(frame: Any) -> _Audio:
    samples: _Audio = frame.to_ndarray().reshape(-1).astype(np.float32)
    samples /= 32768.0
    return samples
