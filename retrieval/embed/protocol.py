"""What an embedder is: a few small protocols, and nothing of any model.

Every stored vector carries the ``id`` and ``dim`` of the embedder it came from; two vectors are
comparable only when both agree. All vectors are float32 and of unit length, so that an inner
product is a cosine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from retrieval.values import Box

Vectors = NDArray[np.float32]

_MARKS = re.compile(r"[.,!?;:\"。，！？；：]+(?=\s|$)")


def bare(text: str) -> str:
    """Return a query for photos without its punctuation, which says nothing of them.

    What was spoken has the marks that a recogniser guessed: without them spoken captions find
    their photo as often as typed ones less five points, with them less seven (60 of Flickr8k).
    """
    return " ".join(_MARKS.sub(" ", text).split()) or text


@runtime_checkable
class TextEmbedder(Protocol):
    """Text to text: passages and the questions that look for them."""

    id: str
    dim: int
    max_tokens: int

    def count_tokens(self, text: str) -> int:
        """Return how many of ``max_tokens`` a passage takes, prefixes and markers included."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors [n, dim] of passages; the model's own prefix is added here."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors [n, dim] of questions; the model's own prefix is added here."""
        ...


@runtime_checkable
class AskingEmbedder(TextEmbedder, Protocol):
    """A text embedder with a tower of its own for questions that look for texts."""

    def embed_asked(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors [n, dim] of such questions, comparable with passages."""
        ...


def embed_asked(embedder: TextEmbedder, texts: Sequence[str]) -> Vectors:
    """Return unit vectors [n, dim] of questions that look for texts, as an embedder does best."""
    if isinstance(embedder, AskingEmbedder):
        return embedder.embed_asked(texts)
    return embedder.embed_queries(texts)


@runtime_checkable
class JointEmbedder(Protocol):
    """Photos and text in one space; ``side``: how many pixels a side of a photo it looks at."""

    id: str
    dim: int
    side: int

    def embed_images(self, images: Sequence[Image.Image]) -> Vectors:
        """Return unit vectors [n, dim] of photos of any size and mode."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors [n, dim] of captions or questions, comparable with photos."""
        ...


Tags = tuple[str, ...]
"""Words for what a photo shows, in the languages they are looked for in."""


@runtime_checkable
class TaggingEmbedder(JointEmbedder, Protocol):
    """A joint embedder that knows words for what it sees."""

    def embed_and_tag(self, images: Sequence[Image.Image]) -> tuple[Vectors, list[Tags]]:
        """Return unit vectors [n, dim] of photos and the words of each, in one pass."""
        ...


@runtime_checkable
class ImageClassifier(Protocol):
    """Photos to ImageNet words, and where in the photo the first of them is seen."""

    def classify(
        self, images: Sequence[Image.Image], top: int = 5
    ) -> list[list[tuple[str, float]]]:
        """Return for every photo its ``top`` (label, probability), most probable first."""
        ...

    def regions(self, images: Sequence[Image.Image]) -> list[Box]:
        """Return for every photo the box, in 0..1, where its most probable label is seen."""
        ...
