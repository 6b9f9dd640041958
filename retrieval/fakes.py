"""Small deterministic stand-ins for the encoders, chosen by name like the real ones.

For tests and demonstrations in which the quality of a model plays no part. They are honest
embedders: like texts get like vectors, a photo of one colour is near to that colour's name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from retrieval.lexical import segment
from retrieval.values import Box

_COLOURS = (
    "red", "green", "blue", "yellow", "cyan", "magenta", "black", "white", "gray", "orange"
)  # fmt: skip


class HashTextEmbedder:
    """Words hashed to places: a ``TextEmbedder`` that needs no model."""

    id = "fake-text"
    dim = 96
    max_tokens = 64

    def count_tokens(self, text: str) -> int:
        """Return the words and two markers."""
        return len(segment(text)) + 2

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors [n, 96].

        Raises:
            ValueError: a text is longer than ``max_tokens``; nothing may be cut silently.
        """
        for text in texts:
            if self.count_tokens(text) > self.max_tokens:
                raise ValueError(f"{self.count_tokens(text)} tokens")
        return _unit(np.array([self._vector(text) for text in texts]).reshape(-1, self.dim))

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors [n, 96]."""
        return _unit(np.array([self._vector(text) for text in texts]).reshape(-1, self.dim))

    def _vector(self, text: str) -> NDArray[np.float32]:
        vector = np.full(self.dim, 0.01, np.float32)
        for word in segment(text):
            vector[_place(word, self.dim)] += 1.0
        return vector


class ColourJointEmbedder:
    """Mean colour of a photo, name of a colour in a text: a ``JointEmbedder`` without a model."""

    id = "fake-joint"
    dim = 32
    side = 224

    def embed_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """Return unit vectors [n, 32]."""
        rows = []
        for image in images:
            small = np.asarray(image.convert("RGB").resize((4, 4)), np.float32) / 255
            rows.append(self._vector(small.mean(axis=(0, 1)), small.std()))
        return _unit(np.array(rows).reshape(-1, self.dim))

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors [n, 32]; a text without a colour is near to nothing much."""
        rows = []
        for text in texts:
            named = [word for word in segment(text) if word in _COLOURS]
            if named:
                colours = np.array([ImageColor.getrgb(name)[:3] for name in named], np.float32)
                rows.append(self._vector(colours.mean(axis=0) / 255, 0.0))
            else:
                row = np.zeros(self.dim, np.float32)
                row[16 + _place(text, 16)] = 1.0
                rows.append(row)
        return _unit(np.array(rows).reshape(-1, self.dim))

    def _vector(self, colour: NDArray[np.float32], contrast: float) -> NDArray[np.float32]:
        row = np.zeros(self.dim, np.float32)
        row[:3], row[3:6], row[6] = colour, 1 - colour, contrast
        return row


class ColourClassifier:
    """Names the colour of a photo: an ``ImageClassifier`` without a model."""

    def classify(
        self, images: Sequence[Image.Image], top: int = 5
    ) -> list[list[tuple[str, float]]]:
        """Return for every photo its nearest colours, the nearest with 0.9."""
        named = np.array([ImageColor.getrgb(name)[:3] for name in _COLOURS], np.float32)
        labels = []
        for image in images:
            mean = np.asarray(image.convert("RGB").resize((1, 1)), np.float32).reshape(3)
            order = np.argsort(((named - mean) ** 2).sum(axis=1))[:top]
            labels.append([(_COLOURS[n], 0.9 / 10**rank) for rank, n in enumerate(order)])
        return labels

    def regions(self, images: Sequence[Image.Image]) -> list[Box]:
        """See every colour everywhere."""
        return [(0.0, 0.0, 1.0, 1.0)] * len(images)


def _place(word: str, places: int) -> int:
    return int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big") % places


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(rows, axis=1, keepdims=True) if len(rows) else 1.0
    unit: NDArray[np.float32] = (rows / np.maximum(length, 1e-9)).astype(np.float32)
    return unit


TEXT_EMBEDDERS = {HashTextEmbedder.id: HashTextEmbedder}
JOINT_EMBEDDERS = {ColourJointEmbedder.id: ColourJointEmbedder}
