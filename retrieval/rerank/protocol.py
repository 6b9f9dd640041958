"""What a second look is: a model that reads question and candidate together, and the reordering.

A search brings some dozens of places; a *reranker* judges the best of them anew. Cross-encoders
read passages, late-interaction retrievers look at page images; each leaves alone what it cannot
judge. Knows no model and no SQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from retrieval.fusion import Fused

MOST = 20
"""How many of the best places are judged: a second look costs some 10 to 100 ms each."""


@dataclass(frozen=True)
class Candidate:
    """What a reranker may judge: the text of a place, and the blob of its page's image, if any."""

    text: str = ""
    picture: str = ""


class Reranker(Protocol):
    """Judges candidates; ``id`` names the model."""

    id: str

    def scores(self, question: str, candidates: Sequence[Candidate]) -> list[float | None]:
        """Return how well each answers, higher is better; None where it cannot be judged."""
        ...


def reorder(places: Sequence[Fused], scores: Sequence[float | None]) -> None:
    """Let judged places trade their ranks by what a reranker said of them.

    The fused scores stay as they are and change hands, so that what was not judged keeps its
    rank and chances keep their meaning.
    """
    judged = [(place, score) for place, score in zip(places, scores, strict=True)
              if score is not None]  # fmt: skip
    ranks = sorted((place.score for place, _ in judged), reverse=True)
    best_first = sorted(judged, key=lambda pair: -pair[1])
    for (place, score), rank in zip(best_first, ranks, strict=True):
        place.score = rank
        place.signals["rerank"] = score
