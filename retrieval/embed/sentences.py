"""Sentences of passages: a question is nearer to the sentence that answers than to its passage.

A passage of a letter is of several things, and its one vector is near to none of them (on 77
everyday papers the passage that answers is found first .34 of the time by its own vector in English
and .48 in Chinese, by its sentences .47 and .71). The vector of a sentence has a share of its
passage's in it, which says what "it" and "then" are about. They are kept under an id of their own,
several of one passage, so that passages and sentences never compete in one index.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.embed.protocol import TextEmbedder
from retrieval.sentences import sentences_of
from retrieval.values import ABOUT

_MARK = ":sentences"
_SHARE = 0.4
"""Weight of the passage beside its sentence (1). At 0 English questions find less, at 1 Chinese."""


def sentences_id(text: str) -> str:
    """Return the id under which the sentences of a text embedder are kept."""
    return f"{text}{_MARK}"


def text_of(sentences: str) -> str:
    """Return the id of the text embedder that embedded sentences under this id."""
    return sentences.removesuffix(_MARK)


LONG = 80
"""Characters read on a picture from which it is a page: a screenshot, a letter, a receipt."""


def has_sentences(modality: str, kind: str, text: str) -> bool:
    """Whether a passage is embedded by its sentences: what documents, recordings and pictures of
    pages say. The few letters that are read on a photo are no sentences."""
    return kind not in ABOUT and (modality != "image" or len(text) >= LONG)


class Sentences:
    """Embeds the sentences of passages with a text embedder."""

    def __init__(self, text: TextEmbedder) -> None:
        self.id = sentences_id(text.id)
        self.dim = text.dim
        self._text = text

    def whole(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors [n, dim] of whole passages, as ``embed`` takes them."""
        return self._text.embed_passages(texts)

    def embed(
        self, texts: Sequence[str], passages: NDArray[np.float32]
    ) -> list[NDArray[np.float32]]:
        """Return for each passage the unit vectors [sentences, dim] of its sentences, at least one.

        Args:
            texts: what the passages say; passages: [n, dim], their own vectors.
        """
        if not texts:
            return []
        cut = [sentences_of(text) for text in texts]
        alone = self._text.embed_passages([sentence for some in cut for sentence in some])
        counts = [len(some) for some in cut]
        both = alone + _SHARE * np.repeat(passages, counts, axis=0)
        both /= np.maximum(np.linalg.norm(both, axis=1, keepdims=True), 1e-9)
        return np.split(both.astype(np.float32), np.cumsum(counts)[:-1])
