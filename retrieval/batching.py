"""Pieces of files gathered for an encoder, and a whole file as it is handed to SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from retrieval.catalog.records import AssetDraft
from retrieval.metadata import where_taken
from retrieval.reading import Work
from retrieval.values import Chunk, RegionLocator

_STEP_SECONDS = 0.7
_BATCH_PIECES = 32

Waiting = tuple[Work, int, Any]
"""A piece of a file: the file, the piece's place in it, and the chunk or the picture's future."""


class Batch:
    """Pieces waiting for one encoder; how many go at once follows how fast it is.

    A step takes about 0.7 seconds, so that a cancel is seen soon. ``cost`` says how much work a
    piece is: long passages take longer than short ones.
    """

    def __init__(self, cost: Callable[[Waiting], float]) -> None:
        self.waiting: list[Waiting] = []
        self._cost = cost
        self._rate: float | None = None

    @property
    def size(self) -> int:
        """Return how many of the waiting pieces make a step."""
        if self._rate is None:
            return 1  # how long a passage and its sentences take is not known yet
        room = self._rate * _STEP_SECONDS
        for count, piece in enumerate(self.waiting[:_BATCH_PIECES]):
            room -= self._cost(piece)
            if room < 0:
                return max(count, 1)
        return _BATCH_PIECES

    def take(self) -> list[Waiting]:
        """Remove and return the pieces of a step."""
        size = self.size
        taken, self.waiting = self.waiting[:size], self.waiting[size:]
        return taken

    def drop(self, work: Work) -> list[Waiting]:
        """Remove and return the pieces of a file."""
        dropped = [piece for piece in self.waiting if piece[0] is work]
        self.waiting = [piece for piece in self.waiting if piece[0] is not work]
        return dropped

    def learn(self, pieces: list[Waiting], seconds: float) -> None:
        """Note how long a step took."""
        self._rate = sum(map(self._cost, pieces)) / max(seconds, 1e-3)


def asset_draft(work: Work, library: str) -> AssetDraft:
    """Return a file that was read and embedded as one value to commit."""
    header, file = work.header, work.file
    assert header is not None, "a file without header has failed"
    taken = where_taken(header.metadata)
    chunks = (*work.chunks, *_tags(work))
    return AssetDraft(
        file_id=file.id,
        library=library,
        sha256=work.sha256,
        name=file.name,
        source=file.path,
        size=work.size,
        media_type=header.media_type,
        modality=header.modality,
        units=header.units,
        meta=header.metadata,
        taken_at=taken.taken_at,
        latitude=taken.latitude,
        longitude=taken.longitude,
        chunks=chunks,
        vectors=tuple(work.vectors.get(place) for place in range(len(chunks))),
        sentences=tuple(work.sentences.get(place, ()) for place in range(len(chunks))),
        pictures=tuple(
            replace(picture, vector=work.picture_vectors.get(place))
            for place, picture in enumerate(work.pictures)
        ),
        figures=tuple(work.figures),
        replaces=file.asset_id,
    )


def _tags(work: Work) -> tuple[Chunk, ...]:
    """Return the words for what a photo shows as a passage, found by its words only."""
    if not work.tags:
        return ()
    return (Chunk("; ".join(work.tags), "tags", RegionLocator(), len(work.chunks)),)
