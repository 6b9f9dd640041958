"""The chance that a hit is relevant, from its raw score: calibrated where that was fitted.

Where no fitted map exists (an embedder of the user's own) the chance is a guess from how far the
score stands out of the library, and says so by never being high.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.calibration import Calibration
from retrieval.fusion import Fused
from retrieval.languages import SHARE
from retrieval.lexical import parts_of
from retrieval.values import HEARSAY

CONFIDENT = 0.35
CONFIDENT_PIXELS = 0.12
"""A search whose likeliest result is below these found nothing (on XQuAD, 0.35 keeps 94 of 100
English and 92 of 100 Chinese questions, and none of 60 captions of photos that are not there).
Photos have a bar of their own:
their chance is fitted as that of being the very photo a caption was written for, among many that
fit it nearly as well."""

_PART_WEIGHT = 0.25
_PHRASE_WEIGHT = 4.0
_FULL_TEXT = 120

_HEARSAY = 0.5

_GUESS_CEILING = 0.8
_PAGE_DOUBT = 0.5
"""Page images are compared with an encoder of photos: a guess about them counts half."""

_LEXICAL_CEILING = 0.95
Scores = NDArray[np.float32]


class Relevance:
    """Chances by embedder id."""

    def __init__(self, calibrations: Sequence[Calibration] = ()) -> None:
        self._by_embedder = {one.embedder: one for one in calibrations}

    def chances(
        self,
        embedder: str,
        kind: str,
        scores: Scores,
        pool: Scores,
        things: Scores | None = None,
    ) -> Scores:
        """Return the chance of each cosine.

        Args:
            kind: what was compared: ``image``, ``text``, ``page`` or ``similar`` (two images).
            pool: cosines of the same query to an even sample of the library.
            things: the vectors [n, dim] that the cosines are of.
        """
        if not len(scores):
            return scores
        pool = np.append(pool, scores.max()).astype(np.float32)
        fitted = self._by_embedder.get(embedder)
        if fitted is not None and kind in fitted.maps:
            return fitted.probabilities(scores, pool, kind, things)
        doubt = _PAGE_DOUBT if kind == "page" else 1.0
        return (_guess(scores, pool) * doubt).astype(np.float32)

    def neutral(
        self, embedder: str, questions: NDArray[np.float32], share: float = SHARE
    ) -> NDArray[np.float32]:
        """Return questions [n, dim] with a share of their language taken out, where fitted."""
        fitted = self._by_embedder.get(embedder)
        if fitted is None or fitted.languages is None:
            return questions
        return fitted.languages.neutral(questions, share)


def of_few_letters(chance: float, kind: str, letters: int) -> float:
    """Return the chance of a text read off pixels, less when there is little of it.

    A number on a shirt is near to every question by its vector.
    """
    return chance * min(1.0, letters / _FULL_TEXT) if kind == "ocr" else chance


def of_hearsay(chance: float, kind: str) -> float:
    """Return the chance of a text, less when a model only said so of a photo."""
    return chance * _HEARSAY if kind in HEARSAY else chance


def is_confident(fused: Fused) -> bool:
    """Tell whether a result is likely enough to say that something was found."""
    return fused.chance >= CONFIDENT or fused.pixels >= CONFIDENT_PIXELS


def coverage(words: Sequence[str], lexemes: str) -> float:
    """Return the chance that a chunk answers, from the share of the question's words it holds.

    The share counts to the third power: half the words of a question are in many chunks that
    have nothing to do with it. A number counts double, a phrase (Table 2) four times; the parts
    of a compound (15.90, ta-k) and a single Chinese character count a quarter, because the whole
    and its pairs count too.
    """
    held = frozenset(lexemes.split(" "))
    parts = {part: word for word in words for part in parts_of(word)}
    total = found = 0.0
    for word in words:
        weight = _PART_WEIGHT if word in parts or _is_character(word) else _weight(word)
        total += weight
        if word in held or (" " in word and f" {word} " in f" {lexemes} "):
            found += weight
        elif (of := parts_of(word)) and held.issuperset(of):
            found += weight / 2  # written apart
    return min((found / total) ** 3, _LEXICAL_CEILING) if total else 0.0


def _weight(word: str) -> float:
    if " " in word:
        return _PHRASE_WEIGHT
    return 2.0 if any(character.isdigit() for character in word) else 1.0


def _is_character(word: str) -> bool:
    return len(word) == 1 and word > "\u2fff"


def _guess(scores: Scores, pool: Scores) -> Scores:
    if len(pool) < 12:
        logit = 10 * (scores - 0.6)
    else:
        logit = 1.5 * ((scores - pool.mean()) / (pool.std() + 0.01) - 2.5)
    chances: Scores = (_GUESS_CEILING / (1 + np.exp(-logit))).astype(np.float32)
    return chances
