"""Caption metrics: BLEU-4 and CIDEr-D over words as caption benchmarks count them.

CIDEr-D: R. Vedantam, C. L. Zitnick, D. Parikh, "CIDEr: Consensus-based Image Description
Evaluation", CVPR 2015, section 5 (clipped counts and a Gaussian penalty of the length, σ = 6),
with the constants of the COCO caption evaluation: n = 1..4, factor 10. Words are not stemmed.
Knows nothing of models.
"""

from __future__ import annotations

import math
import re
import string
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

_CLITICS = re.compile(r"(n't|'s|'re|'ve|'ll|'d|'m)\b")
_ORDER = 4
_SIGMA = 6.0
Gram = tuple[str, ...]


def caption_words(text: str) -> list[str]:
    """Split a caption as caption scores are usually computed on: lower case, clitics apart,
    punctuation gone."""
    apart = _CLITICS.sub(r" \1", text.lower().replace("\u2019", "'"))
    words = (
        word.strip("".join(c for c in string.punctuation if c != "'"))
        for word in re.sub(r"[^\w' ]+", " ", apart).split()
    )
    return [word for word in words if word.strip("'")]


def bleu4(captions: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Return corpus BLEU-4 (Papineni et al. 2002) of n captions with their references."""
    from sacrebleu import corpus_bleu

    hypotheses = [" ".join(caption_words(text)) for text in captions]
    most = max(len(own) for own in references)
    streams = [
        [" ".join(caption_words(own[min(i, len(own) - 1)])) for own in references]
        for i in range(most)
    ]
    score = corpus_bleu(hypotheses, streams, tokenize="none", smooth_method="none", force=True)
    return float(score.score)


def cider_d(captions: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Return the mean CIDEr-D times 100; document frequencies come from the references given."""
    scorer = CiderD(references)
    scores = [scorer.score(c, own) for c, own in zip(captions, references, strict=True)]
    return 100.0 * sum(scores) / max(len(scores), 1)


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
