"""Batches of pieces through the encoders; a piece that fails costs its own file, no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from retrieval.batching import Waiting
from retrieval.catalog.vectors import pack
from retrieval.chunking import embedded_text
from retrieval.embed.protocol import JointEmbedder, TaggingEmbedder, TextEmbedder
from retrieval.embed.sentences import Sentences, has_sentences
from retrieval.errors import FileRejected, SightlineError
from retrieval.reading import KeptPicture, Work

log = logging.getLogger(__name__)

Stored = TypeVar("Stored")


class Encoding:
    """Gives pieces of files their vectors.

    Args:
        progressed: called for each file that got a vector.
        failed: called for a file that cannot be embedded, with the reason.
    """

    def __init__(
        self,
        text: TextEmbedder,
        joint: JointEmbedder,
        progressed: Callable[[Work], None],
        failed: Callable[[Work, SightlineError], None],
    ) -> None:
        self._text, self._joint = text, joint
        self._sentences = Sentences(text)
        self._progressed, self._failed = progressed, failed

    def texts(self, pieces: list[Waiting]) -> None:
        """Embed passages and their sentences."""
        for (work, place, _), (whole, parts) in self._vectors(pieces, self._passages):
            work.vectors[place] = whole
            work.sentences[place] = parts
            self._progressed(work)

    def _passages(self, pieces: list[Waiting]) -> list[tuple[bytes, tuple[bytes, ...]]]:
        """Return for each passage its vector and those of its sentences, as they are stored."""
        vectors = self._text.embed_passages([embedded_text(chunk) for _, _, chunk in pieces])
        cut = [place for place, piece in enumerate(pieces) if _has_sentences(piece)]
        parts = self._sentences.embed([pieces[place][2].text for place in cut], vectors[cut])
        stored = {place: tuple(pack(some)) for place, some in zip(cut, parts, strict=True)}
        return [(whole, stored.get(place, ())) for place, whole in enumerate(pack(vectors))]

    def pictures(self, pieces: list[Waiting]) -> None:
        """Embed photos and page images, and keep what they are."""

        def embed(some: list[Waiting]) -> list[bytes]:
            kept = [_kept(piece) for piece in some]
            for (work, place, _), picture in zip(some, kept, strict=True):
                work.pictures[place] = picture.draft
            return pack(self._seen(some, [picture.pixels for picture in kept]))

        for (work, place, _), data in self._vectors(pieces, embed):
            work.picture_vectors[place] = data
            self._progressed(work)

    def _seen(self, pieces: list[Waiting], pixels: list[Image.Image]) -> NDArray[np.float32]:
        """Embed pictures; photos get the words for what they show from the same pass."""
        if not isinstance(self._joint, TaggingEmbedder):
            return self._joint.embed_images(pixels)
        vectors, tags = self._joint.embed_and_tag(pixels)
        for (work, _, _), words in zip(pieces, tags, strict=True):
            if work.header is not None and work.header.modality == "image":
                work.tags = words
        return vectors

    def _vectors(
        self, pieces: list[Waiting], embed: Callable[[list[Waiting]], list[Stored]]
    ) -> Iterable[tuple[Waiting, Stored]]:
        """Embed pieces; when that fails, one by one, so that only the guilty file fails."""
        try:
            data = embed(pieces)
        except Exception as error:
            if len(pieces) > 1:
                return [pair for piece in pieces for pair in self._vectors([piece], embed)]
            work = pieces[0][0]
            if not isinstance(error, SightlineError):
                log.exception("embedding %s", work.file.name)
                error = FileRejected(name=work.file.name, detail=f"unexpected error: {error}")
            if work.error is None:
                self._failed(work, error)
            return []
        return zip(pieces, data, strict=True)


def _kept(piece: Waiting) -> KeptPicture:
    future: Future[KeptPicture] = piece[2]
    return future.result()


def _has_sentences(piece: Waiting) -> bool:
    work, _, chunk = piece
    header = work.header
    return header is not None and has_sentences(header.modality, chunk.kind, chunk.text)
