"""Passages in the space of photos: which texts speak of what a photo shows.

Their vectors are kept under an id of their own, so that passages and photos never compete in one
index: a caption is far nearer to another text than to its photo.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.embed.protocol import JointEmbedder

_MARK = ":passages"


def joint_of(passages: str) -> str:
    """Return the id of the joint embedder that embedded passages under this id."""
    return passages.removesuffix(_MARK)


class JointPassages:
    """Embeds passages with the text tower of a joint embedder."""

    def __init__(self, joint: JointEmbedder) -> None:
        self.id = f"{joint.id}{_MARK}"
        self.dim = joint.dim
        self._joint = joint

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors [n, dim], comparable with those of photos."""
        return self._joint.embed_texts(texts)
