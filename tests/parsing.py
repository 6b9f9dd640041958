"""Files made for the tests of parsing, and one call that parses them."""

from __future__ import annotations

import math
import random
import struct
import wave
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from retrieval.parse import Limits, ParseTools, parse
from retrieval.values import Block, Box, Figure, Header, Picture, Word

ROOT = Path(__file__).resolve().parent.parent
VOICE_NOTE = ROOT / "assistant/demo/files/voice-note.m4a"
TOOLS = ParseTools(ROOT / ".cache" / "models")


class Read(NamedTuple):
    """What a parser yielded, sorted by kind."""

    header: Header
    blocks: list[Block]
    pictures: list[Picture]

    @property
    def text(self) -> str:
        """All text in order, without the sentence about the file."""
        return "\n".join(b.text for b in self.blocks if b.kind != "metadata")

    def word(self, text: str) -> Word:
        """The first word that reads so."""
        return next(word for block in self.blocks for word in block.words if word.text == text)


def read(path: Path, name: str = "", limits: Limits | None = None) -> Read:
    """Parse a file in this process."""
    first, *rest = parse(path, name or path.name, limits or Limits(), TOOLS)
    assert isinstance(first, Header)
    blocks = [value for value in rest if isinstance(value, Block)]
    pictures = [value for value in rest if isinstance(value, Picture)]
    figures = [value for value in rest if isinstance(value, Figure)]
    assert len(blocks) + len(pictures) + len(figures) == len(rest)
    return Read(first, blocks, pictures)


def near(box: Box | None, wanted: Box, tolerance: float = 0.015) -> bool:
    """Whether no side of the box is further off than the tolerance."""
    return box is not None and all(
        abs(a - b) <= tolerance for a, b in zip(box, wanted, strict=True)
    )


def page(
    size: tuple[int, int], lines: dict[tuple[int, int], str], letters: int = 32
) -> Image.Image:
    """Draw text at places, black on white."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=letters)
    for place, text in lines.items():
        draw.text(place, text, fill="black", font=font)
    return image


def write_wav(
    path: Path, seconds: float, sample: Callable[[int], float], rate: int = 16_000
) -> Path:
    """Write a mono 16-bit WAV of ``sample(i)`` in -1..1."""
    values = (int(32767 * max(-1.0, min(1.0, sample(i)))) for i in range(int(seconds * rate)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", value) for value in values))
    return path


def silence(_: int) -> float:
    """Nothing at all."""
    return 0.0


def tone(index: int) -> float:
    """A steady note."""
    return 0.4 * math.sin(2 * math.pi * 440 * index / 16_000)


def noise(amplitude: float) -> Callable[[int], float]:
    """White noise, the same at every call."""
    source = random.Random(7)
    return lambda _: amplitude * source.uniform(-1, 1)
