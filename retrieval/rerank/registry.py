"""Which rerankers serve a set of folders; empty names mean none. Loading is done here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from retrieval.rerank.protocol import Reranker


def build_rerankers(
    rerank_model: str, page_model: str, read: Callable[[str], bytes]
) -> list[Reranker]:
    """Return the cross-encoder and the late-interaction model of two folders, if named.

    Args:
        read: returns a picture's JPEG by its blob name.

    Raises:
        WeightsMissing, WeightsError: a folder holds no such model.
    """
    found: list[Reranker] = []
    if rerank_model:
        from retrieval.rerank.cross_encoder import CrossEncoder

        found.append(CrossEncoder(Path(rerank_model)))
    if page_model:
        from retrieval.rerank.late_interaction import LateInteraction

        found.append(LateInteraction(Path(page_model), read))
    return found
