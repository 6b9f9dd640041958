"""How alike a question and short texts are by meaning: cosines of the text embedder's vectors.

Two views of one question: as it stands, and as people's own ways of asking were taught to it
(``embed_asked``), which the cosines of found sentences are of. Knows no files.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.embed.protocol import embed_asked

if TYPE_CHECKING:
    from retrieval.embed.protocol import TextEmbedder

REMEMBERED = 2048


class Cosines(NamedTuple):
    """Cosines of texts to a question, float32 [n]: as it stands, and as it was taught to ask."""

    plain: NDArray[np.float32]
    asked: NDArray[np.float32]


class Likeness:
    """Tells how alike texts are to a question; remembers the texts.

    Args:
        embedder: returns the text embedder; asked only when there is something to compare.
    """

    def __init__(self, embedder: Callable[[], TextEmbedder]) -> None:
        self._embedder = embedder
        self._known: OrderedDict[tuple[str, str], NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, question: str, texts: Sequence[str]) -> Cosines:
        """Return the cosines of texts, of which there is at least one."""
        embedder = self._embedder()
        vectors = self._vectors(embedder, texts)
        plain = vectors @ embedder.embed_queries([question])[0]
        return Cosines(plain, vectors @ embed_asked(embedder, [question])[0])

    def _vectors(self, embedder: TextEmbedder, texts: Sequence[str]) -> NDArray[np.float32]:
        with self._lock:
            new = [t for t in dict.fromkeys(texts) if (embedder.id, t) not in self._known]
            if new:
                made = embedder.embed_passages(new)
                self._known.update(zip(((embedder.id, t) for t in new), made, strict=True))
            found = np.stack([self._known[embedder.id, t] for t in texts])
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found
