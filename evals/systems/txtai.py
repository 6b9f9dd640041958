"""txtai 9 as the index of the plain text pipeline: its dense and BM25 scores, combined by it.

Files are read by the product's parsers and embedded by the product's encoder, so that what is
compared is the search itself; answers are written as in ``text_rag``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evals.errors import EvalUsage
from evals.systems.base import Query
from evals.systems.rag import TextRag

if TYPE_CHECKING:
    from pathlib import Path

    from evals.context import Context
    from retrieval.values import Passage

_QUERY, _DATA = "query: ", "passage: "


class Txtai(TextRag):
    """See the module."""

    name = "txtai"

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._indexes: dict[str, tuple[Any, list[Passage]]] = {}

    def _index(self, library: str) -> tuple[Any, list[Passage]]:
        if library not in self._indexes:
            from txtai import Embeddings

            passages = self._passages(library)
            index = Embeddings(
                method="external", hybrid=True, content=False,
                transform=lambda texts: self._vectors(texts),  # it takes plain functions only
                instructions={"query": _QUERY, "data": _DATA},
            )  # fmt: skip
            index.index((n, passage.text, None) for n, passage in enumerate(passages))
            self._indexes[library] = (index, passages)
        return self._indexes[library]

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what txtai asks for; it says by a prefix whether that is a query."""
        if texts and texts[0].startswith(_QUERY):
            return self._embed.embed_queries([text.removeprefix(_QUERY) for text in texts])
        return self._embed.embed_passages([text.removeprefix(_DATA) for text in texts])

    def search(self, query: Query) -> list[Passage]:
        self._needs_words(query)
        index, passages = self._index(query.library)
        if not query.text or not passages:
            return []
        depth = query.k if query.modality is None else len(passages)
        found = index.search(query.text, depth)
        ranked = [self._scored(passages[number], float(score)) for number, score in found]
        return [p for p in ranked if query.modality in (None, p.modality)][: query.k]


def build(context: Context, home: Path) -> Txtai:
    """Build it over the text encoder and chat model that the settings choose.

    Raises:
        EvalUsage: the package is not installed.
    """
    try:
        import txtai  # noqa: F401
    except ImportError as error:
        raise EvalUsage(detail="The system txtai needs the package txtai==9.14.0.") from error
    return Txtai.over(context, home)
