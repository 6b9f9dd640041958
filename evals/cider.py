"""CIDEr-D: how well a caption agrees with what several people wrote, in tf-idf of n-grams.

R. Vedantam, C. L. Zitnick, D. Parikh, "CIDEr: Consensus-based Image Description Evaluation",
CVPR 2015, section 5 (the D variant: clipped counts and a Gaussian penalty of the length, σ = 6),
with the constants of the COCO caption evaluation: n = 1..4, factor 10. Words are not stemmed.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from evals.metrics import caption_words

_ORDER = 4
_SIGMA = 6.0
Gram = tuple[str, ...]


@dataclass(frozen=True)
class _Vector:
    """tf-idf by n-gram for each n, their norms, and the number of bigrams (the length used)."""

    weights: tuple[dict[Gram, float], ...]
    norms: tuple[float, ...]
    length: int


class CiderD:
    """Scores captions against references; document frequencies come from all images given."""

    def __init__(self, references: Sequence[Sequence[str]]) -> None:
        """Count in how many images each n-gram occurs.

        Args:
            references: for each image of the corpus its captions, as written.
        """
        self._seen_in: dict[Gram, int] = defaultdict(int)
        for captions in references:
            for gram in {g for caption in captions for g in _grams(caption)}:
                self._seen_in[gram] += 1
        self._images = math.log(max(1, len(references)))

    def score(self, caption: str, references: Sequence[str]) -> float:
        """Return the CIDEr-D of one caption, 0 to 10 (10 for a perfect, rare-worded match)."""
        if not references:
            return 0.0
        found = self._vector(caption)
        total = sum(_similarity(found, self._vector(reference)) for reference in references)
        return 10.0 * total / len(references)

    def _vector(self, caption: str) -> _Vector:
        counts = _grams(caption)
        weights: tuple[dict[Gram, float], ...] = tuple({} for _ in range(_ORDER))
        for gram, count in counts.items():
            rarity = self._images - math.log(max(1, self._seen_in.get(gram, 0)))
            weights[len(gram) - 1][gram] = count * rarity
        norms = tuple(math.sqrt(sum(w * w for w in by_gram.values())) for by_gram in weights)
        return _Vector(weights, norms, sum(c for g, c in counts.items() if len(g) == 2))


def _grams(caption: str) -> Counter[Gram]:
    words = caption_words(caption)
    return Counter(
        tuple(words[start : start + n])
        for n in range(1, _ORDER + 1)
        for start in range(len(words) - n + 1)
    )


def _similarity(found: _Vector, wanted: _Vector) -> float:
    penalty = math.exp(-((found.length - wanted.length) ** 2) / (2 * _SIGMA**2))
    total = 0.0
    for n in range(_ORDER):
        dot = sum(
            min(weight, wanted.weights[n].get(gram, 0.0)) * wanted.weights[n].get(gram, 0.0)
            for gram, weight in found.weights[n].items()
        )
        norms = found.norms[n] * wanted.norms[n]
        total += dot / norms if norms else 0.0
    return penalty * total / _ORDER
