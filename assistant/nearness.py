"""How near the sentence that a copy stands in is to the question, beside all that was found.

A reader copies from the passage it is given, whether or not that passage answers; the search knows
which sentence of the library is the nearest. Knows cosines, no model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from assistant.models.spans import Span
from retrieval.languages import is_chinese
from retrieval.sentences import sentences_of
from retrieval.values import Passage

UNKNOWN = -0.35
"""Where no sentence's cosine is known: what a copy that may be right or wrong has."""
_LEAST = -1.0
"""A sentence that says "340 of them live there" is far by its own words: with -2 such were refused,
while of questions on everyday papers and XQuAD as many were answered rightly and wrongly."""
_AROUND = ((8, 8), (8, 0), (0, 8), (0, 0))
"""Letters before and behind a copy by which its sentence is known, the most telling first."""
_BLANK = re.compile(r"\s+")

Best = Mapping[bool, float]
"""The cosine of the nearest sentence: of texts in the question's language, and in another one."""


def nearest(question: str, passages: Sequence[Passage]) -> Best:
    """Return the cosine of the nearest sentence of all passages, by language."""
    best: dict[bool, float] = {}
    for passage in passages:
        if passage.sentences:
            same = _same(question, passage)
            best[same] = max(best.get(same, -1.0), *passage.sentences)
    return best


def standing(question: str, passage: Passage, best: Best) -> list[float]:
    """Return each sentence's cosine less that of the nearest of its language; [] where unknown."""
    same = _same(question, passage)
    if same not in best or len(passage.sentences) != len(sentences_of(passage.text)):
        return []
    return [cosine - best[same] for cosine in passage.sentences]


def nearness(question: str, passage: Passage, text: str, copy: Span, best: Best) -> float:
    """Return ten times the cosine of a copy's sentence less that of the nearest one found.

    Args:
        text: what was read of the passage; copy: a stretch of it; best: see ``nearest``.
    """
    cosines, said = passage.sentences, sentences_of(passage.text)
    same = _same(question, passage)
    if same not in best or len(cosines) != len(said):
        return UNKNOWN
    flat = [_BLANK.sub("", sentence) for sentence in said]
    before, copied, behind = (
        _BLANK.sub("", part)
        for part in (text[: copy.start], text[copy.start : copy.end], text[copy.end :])
    )
    for left, right in _AROUND:
        piece = f"{before[len(before) - min(left, len(before)) :]}{copied}{behind[:right]}"
        there = [c for c, sentence in zip(cosines, flat, strict=True) if piece in sentence]
        if there:
            return max(_LEAST, 10 * (max(there) - best[same]))
    return UNKNOWN


def _same(question: str, passage: Passage) -> bool:
    return is_chinese(question) == is_chinese(passage.text)
