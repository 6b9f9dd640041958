"""Recordings: what is said and when. Knows nothing of models beyond the transcriber it is given."""

from __future__ import annotations

import math
from collections.abc import Iterator

from retrieval.errors import AudioEmpty, FileTooLarge
from retrieval.parse.base import Limits, ParseTools, Source
from retrieval.transcribe import decode_parts, duration
from retrieval.values import Block, Header, Parsed, TimeLocator


def parse_audio(source: Source, limits: Limits, tools: ParseTools) -> Iterator[Parsed]:
    """Yield the header, then one block for each phrase, as it is heard.

    Units are seconds. The header tells the language, so it comes with the first phrase.

    Raises:
        AudioEmpty: no length, no sound or no speech.
        FileDamaged: it cannot be decoded.
        FileTooLarge: longer than ``limits.max_audio_seconds``.
    """
    seconds = duration(source.path, source.name)
    if seconds > limits.max_audio_seconds:
        size = f"{seconds / 60:.0f} minutes"
        limit = f"{limits.max_audio_seconds / 60:.0f} minutes"
        raise FileTooLarge(name=source.name, size=size, limit=limit)
    parts = decode_parts(source.path, source.name, limits.max_audio_seconds)
    units = max(1, math.ceil(seconds))
    heard = False
    for segment, language in tools.transcriber.listen(parts):
        if not heard:
            heard = True
            metadata = {"duration": round(seconds, 2), "language": language}
            yield Header("audio", source.media_type, units, metadata)
        yield Block(
            segment.text,
            "transcript",
            TimeLocator(segment.start, segment.end),
            segment.words,
            unit=min(units - 1, int(segment.start)),
        )
    if not heard:
        raise AudioEmpty(name=source.name)
