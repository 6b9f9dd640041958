"""Makes hard listening out of clean clips: noise at a loudness, a telephone, silence. Seeded."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
Sound = NDArray[np.float32]
CONDITIONS = ("clean", "noise10", "noise0", "phone")
"""As recorded; noise 10 dB below the speech; as loud as it; the band and grain of a telephone."""


def decode(path: Path) -> Sound:
    """Return a recording as mono samples [n] in -1..1 at 16 kHz."""
    from faster_whisper.audio import decode_audio

    decoder: Callable[..., Any] = decode_audio
    found: Sound = decoder(str(path), sampling_rate=RATE)
    return found


def write(path: Path, sound: Sound) -> Path:
    """Write samples as a 16-bit WAV file; returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def changed(sound: Sound, condition: str, seed: int) -> Sound:
    """Return a clip as it sounds under one of ``CONDITIONS``.

    Raises:
        KeyError: no such condition.
    """
    makers: dict[str, Callable[[], Sound]] = {
        "clean": lambda: sound,
        "noise10": lambda: noisy(sound, 10.0, seed),
        "noise0": lambda: noisy(sound, 0.0, seed),
        "phone": lambda: phone(sound),
    }
    return makers[condition]()


def noisy(sound: Sound, decibels: float, seed: int) -> Sound:
    """Add pink noise so that the speech is so many decibels louder than it."""
    noise = pink(len(sound), seed)
    power, level = float(np.mean(sound**2)), float(np.mean(noise**2))
    gain = np.sqrt(power / (level * 10 ** (decibels / 10))) if level > 0 else 0.0
    return (sound + gain * noise).astype(np.float32)


def pink(count: int, seed: int) -> Sound:
    """Return noise whose power falls with its frequency, like that of rooms and streets."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(max(count, 2)))
    spectrum /= np.sqrt(np.arange(1, len(spectrum) + 1))
    noise = np.fft.irfft(spectrum, max(count, 2))[:count]
    return np.asarray(noise, dtype=np.float32)


def phone(sound: Sound) -> Sound:
    """Return what a telephone passes: 300 to 3,400 Hz, in 8 bits by the µ-law."""
    spectrum = np.fft.rfft(sound)
    pitch = np.fft.rfftfreq(len(sound), 1 / RATE)
    spectrum[(pitch < 300) | (pitch > 3400)] = 0
    band = np.clip(np.fft.irfft(spectrum, len(sound)), -1, 1)
    squeezed = np.sign(band) * np.log1p(255 * np.abs(band)) / np.log(256)
    coarse = np.round(squeezed * 127) / 127
    return np.asarray(np.sign(coarse) * (256 ** np.abs(coarse) - 1) / 255, dtype=np.float32)


def silence(seconds: float, seed: int) -> Sound:
    """Return a room without speech: pink noise, hardly audible."""
    return (0.003 * pink(int(seconds * RATE), seed)).astype(np.float32)
