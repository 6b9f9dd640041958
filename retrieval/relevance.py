"""The chance that a hit is relevant, from its raw score: calibrated where that was fitted.

Where no fitted map exists (an embedder of the user's own) the chance is a guess from how far the
score stands out of the library, and says so by never being high.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.calibration import Calibration

CONFIDENT = 0.5
"""A search whose likeliest result is below this found nothing."""

_GUESS_CEILING = 0.8
_PAGE_DOUBT = 0.5
"""Page images are compared with an encoder of photos: a guess about them counts half."""

_LEXICAL_CEILING = 0.95
Scores = NDArray[np.float32]


class Relevance:
    """Chances by embedder id."""

    def __init__(self, calibrations: Sequence[Calibration] = ()) -> None:
        self._by_embedder = {one.embedder: one for one in calibrations}

    def chances(self, embedder: str, kind: str, scores: Scores, pool: Scores) -> Scores:
        """Return the chance of each cosine.

        Args:
            kind: what was compared: ``image``, ``text``, ``page`` or ``similar`` (two images).
            pool: cosines of the same query to an even sample of the library.
        """
        if not len(scores):
            return scores
        pool = np.append(pool, scores.max()).astype(np.float32)
        fitted = self._by_embedder.get(embedder)
        if fitted is not None and kind in fitted.maps:
            return fitted.probabilities(scores, pool, kind)
        doubt = _PAGE_DOUBT if kind == "page" else 1.0
        return (_guess(scores, pool) * doubt).astype(np.float32)


def coverage(words: Sequence[str], lexemes: str) -> float:
    """Return the chance that a chunk answers, from the share of the question's words it holds.

    A number or part number counts double, a single Chinese character a quarter: its pairs are
    counted too.
    """
    held = frozenset(lexemes.split(" "))
    weights = {word: _weight(word) for word in words}
    total = sum(weights.values())
    share = sum(weight for word, weight in weights.items() if word in held) / total if total else 0
    return min(share**2, _LEXICAL_CEILING)


def _weight(word: str) -> float:
    if any(character.isdigit() for character in word):
        return 2.0
    return 0.25 if len(word) == 1 and word > "\u2fff" else 1.0


def _guess(scores: Scores, pool: Scores) -> Scores:
    if len(pool) < 12:
        logit = 10 * (scores - 0.6)
    else:
        logit = 1.5 * ((scores - pool.mean()) / (pool.std() + 0.01) - 2.5)
    chances: Scores = (_GUESS_CEILING / (1 + np.exp(-logit))).astype(np.float32)
    return chances
