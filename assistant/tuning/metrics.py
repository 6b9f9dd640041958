"""Caption metrics: BLEU-4 and CIDEr-D, on lower-case words without punctuation.

Knows nothing of models. Both are in per cent (BLEU 0..100; CIDEr's usual times 100).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

_WORDS = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_ORDERS = range(1, 5)
_SIGMA = 6.0
Gram = tuple[str, ...]


def caption_words(text: str) -> list[str]:
    """Return the words of a caption the way caption benchmarks count them."""
    return _WORDS.findall(text.lower())


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
    """Return CIDEr-D (Vedantam et al. 2015) times 100.

    Document frequencies come from the references given, so figures of different sets or sizes
    do not compare.
    """
    reference_grams = [[_grams(text) for text in own] for own in references]
    frequency: Counter[Gram] = Counter()
    for own in reference_grams:
        frequency.update({gram for counts in own for order in counts for gram in order})
    log_n = math.log(max(len(references), 2))
    total = 0.0
    for text, own in zip(captions, reference_grams, strict=True):
        vector = _weigh(_grams(text), frequency, log_n)
        size = len(caption_words(text))
        scores = [
            _similarity(vector, _weigh(counts, frequency, log_n), size - sum(counts[0].values()))
            for counts in own
        ]
        total += sum(scores) / len(scores)
    return 1000.0 * total / max(len(captions), 1)


def _grams(text: str) -> list[Counter[Gram]]:
    words = caption_words(text)
    return [Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1)) for n in _ORDERS]


def _weigh(
    counts: Sequence[Counter[Gram]], frequency: Counter[Gram], log_n: float
) -> list[dict[Gram, float]]:
    return [
        {gram: n * (log_n - math.log(max(1, frequency[gram]))) for gram, n in order.items()}
        for order in counts
    ]


def _similarity(
    one: Sequence[dict[Gram, float]], other: Sequence[dict[Gram, float]], difference: int
) -> float:
    total = 0.0
    for a, b in zip(one, other, strict=True):
        norms = _norm(a) * _norm(b)
        if norms > 0:
            dot = sum(min(weight, b[gram]) * b[gram] for gram, weight in a.items() if gram in b)
            total += dot / norms
    return total / len(_ORDERS) * math.exp(-(difference**2) / (2 * _SIGMA**2))


def _norm(vector: dict[Gram, float]) -> float:
    return math.sqrt(sum(weight**2 for weight in vector.values()))
