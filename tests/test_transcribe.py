"""Speech: words with times from the demo's voice note; nothing from silence, tones and noise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import pytest
from parsing import TOOLS, VOICE_NOTE, noise, read, silence, tone, write_wav

from retrieval import transcribe
from retrieval.errors import AudioEmpty, Cancelled, FileDamaged, FileTooLarge
from retrieval.parse import Limits
from retrieval.transcribe import RATE, Transcript, WhisperTranscriber, decode_parts
from retrieval.values import TimeLocator
from retrieval.weights import ModelStore


@pytest.fixture(scope="module")
def listener(model_store: ModelStore) -> WhisperTranscriber:
    assert model_store.path("whisper-base").is_dir()
    return TOOLS.transcriber


class Heard(NamedTuple):
    transcript: Transcript
    steps: list[tuple[float, float]]


@pytest.fixture(scope="module")
def heard(listener: WhisperTranscriber) -> Heard:
    steps: list[tuple[float, float]] = []
    note = VOICE_NOTE.read_bytes()
    found = listener.transcribe(note, on_progress=lambda done, total: steps.append((done, total)))
    return Heard(found, steps)


@pytest.fixture(scope="module")
def greeting() -> np.ndarray[Any, np.dtype[np.float32]]:
    """The first four seconds of the voice note."""
    ((_, samples),) = decode_parts(VOICE_NOTE, "note")
    return samples[: 4 * RATE]


@pytest.fixture
def clip(tmp_path: Path, greeting: np.ndarray[Any, np.dtype[np.float32]]) -> Path:
    return write_wav(tmp_path / "clip.wav", 4, lambda i: float(greeting[i]))


def test_the_voice_note_is_understood(heard: Heard) -> None:
    text = heard.transcript.text.lower()
    for phrase in ("reminder", "maria jensen", "boathouse", "friday"):
        assert phrase in text.replace("boat house", "boathouse"), text
    assert heard.transcript.language == "en"
    assert 8 < heard.transcript.seconds < 30
    assert heard.steps == sorted(heard.steps)
    assert heard.steps[-1][0] == pytest.approx(heard.transcript.seconds, abs=2.5)


def test_words_come_in_order_within_their_phrases(heard: Heard) -> None:
    last = 0.0
    for segment in heard.transcript.segments:
        assert 0 <= segment.start < segment.end <= heard.transcript.seconds + 0.5
        assert 0 < segment.confidence <= 1
        for word in segment.words:
            assert word.start is not None
            assert word.end is not None
            assert last - 0.05 <= word.start <= word.end
            last = word.start
    assert sum(len(s.words) for s in heard.transcript.segments) > 25


def test_cancel(listener: WhisperTranscriber, clip: Path) -> None:
    with pytest.raises(Cancelled):
        listener.transcribe(clip, language="en", cancelled=lambda: True)


def test_blocks_carry_their_times(clip: Path) -> None:
    found = read(clip, "note.m4a")
    assert (found.header.modality, found.header.media_type) == ("audio", "audio/wav")
    assert found.header.metadata == {"duration": 4.0, "language": "en"}
    assert found.header.units == 4
    for block in found.blocks:
        assert block.kind == "transcript"
        assert isinstance(block.locator, TimeLocator)
        assert block.words
        assert 0 <= block.unit < found.header.units


@pytest.mark.parametrize(
    ("name", "container", "codec"),
    [
        ("a.mp3", "mp3", "mp3"),
        ("a.flac", "flac", "flac"),
        ("a.ogg", "ogg", "libopus"),
        ("a.webm", "webm", "libopus"),
    ],
)
def test_every_format_decodes_to_the_same_sound(
    tmp_path: Path, name: str, container: str, codec: str
) -> None:
    path = tmp_path / name
    encode(path, container, codec, tone, 2.0)
    ((start, samples),) = decode_parts(path, name)
    assert start == 0
    assert len(samples) == pytest.approx(2 * RATE, rel=0.06)
    spectrum = np.abs(np.fft.rfft(samples[RATE // 2 : RATE // 2 + RATE]))
    assert int(spectrum.argmax()) == pytest.approx(440, abs=2)


def encode(path: Path, container: str, codec: str, sample: Any, seconds: float) -> None:
    values = np.array([[sample(i) for i in range(int(seconds * RATE))]], np.float32)
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=48_000 if codec == "libopus" else RATE)
        frame = av.AudioFrame.from_ndarray(values, format="fltp", layout="mono")
        frame.rate = RATE
        resampler = av.AudioResampler(
            format=stream.format.name, layout="mono", rate=stream.rate, frame_size=1024
        )
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))


def test_long_recordings_come_in_parts_without_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcribe, "_PART", 5 * RATE)
    monkeypatch.setattr(transcribe, "_SEEK", 2 * RATE)
    path = write_wav(tmp_path / "a.wav", 23, lambda i: tone(i) if i % RATE > RATE // 4 else 0.0)
    parts = list(decode_parts(path, "a.wav"))
    assert len(parts) >= 4
    position = 0.0
    for start, samples in parts:
        assert start == pytest.approx(position)
        position += len(samples) / RATE
        assert len(samples) <= 8 * RATE
    assert position == pytest.approx(23, abs=0.01)
    for _, samples in parts[:-1]:  # cut in a pause, not in a sound
        assert np.abs(samples[-RATE // 50 :]).max() < 0.01


def parts_of(*sounds: np.ndarray[Any, np.dtype[np.float32]]) -> Iterator[tuple[float, Any]]:
    position = 0.0
    for sound in sounds:
        yield position, sound
        position += len(sound) / RATE


def test_times_count_from_the_beginning_of_the_recording(
    listener: WhisperTranscriber, greeting: np.ndarray[Any, np.dtype[np.float32]]
) -> None:
    quiet = np.zeros(90 * RATE, np.float32)
    segments = [segment for segment, _ in listener.listen(parts_of(quiet, greeting), "en")]
    assert segments[0].start >= 90
    assert segments[0].words[0].start is not None
    assert segments[0].words[0].start >= 90


@pytest.mark.parametrize("sound", [silence, tone, noise(0.01), noise(0.5)])
def test_where_nobody_speaks_there_are_no_words(
    tmp_path: Path, listener: WhisperTranscriber, sound: Any
) -> None:
    path = write_wav(tmp_path / "a.wav", 6, sound)
    with pytest.raises(AudioEmpty, match=r"a\.wav holds no audible speech"):
        listener.transcribe(path)


def test_limits_and_damage(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "long.wav", 30, silence, rate=8000)
    with pytest.raises(FileTooLarge):
        read(path, limits=Limits(max_audio_seconds=10))
    with pytest.raises(FileTooLarge):
        list(decode_parts(path, "long.wav", max_seconds=10))
    with pytest.raises(FileDamaged):
        list(decode_parts(b"fLaC" + bytes(500), "x"))
