"""How near the sentence that a copy stands in is to the question, beside all that was found.

A reader copies from the passage it is given, whether or not that passage answers; the search knows
which sentence of the library is the nearest. Knows cosines, no model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from assistant.confidence import is_chinese
from assistant.models.spans import Span
from retrieval.sentences import sentences_of
from retrieval.values import Passage

UNKNOWN = -0.2
"""Where no sentence's cosine is known: what a copy that may be right or wrong has."""
_LEAST = -2.0
_AROUND = ((8, 8), (8, 0), (0, 8), (0, 0))
"""Letters before and behind a copy by which its sentence is known, the most telling first."""
_BLANK = re.compile(r"\s+")

Best = Mapping[str, float]
"""By signal: the cosine of the nearest sentence."""


def nearest(passages: Sequence[Passage]) -> Best:
    """Return the cosine of the nearest sentence of all passages, by signal."""
    best: dict[str, float] = {}
    for passage in passages:
        for signal, cosines in passage.sentences.items():
            best[signal] = max(best.get(signal, -1.0), *cosines)
    return best


def nearness(question: str, passage: Passage, text: str, copy: Span, best: Best) -> float:
    """Return ten times the cosine of a copy's sentence less that of the nearest one found.

    Args:
        text: what was read of the passage; copy: a stretch of it; best: see ``nearest``.
    """
    signal = "crossed" if is_chinese(passage.text) != is_chinese(question) else "sentence"
    cosines, said = passage.sentences.get(signal, ()), sentences_of(passage.text)
    if signal not in best or len(cosines) != len(said):
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
            return max(_LEAST, 10 * (max(there) - best[signal]))
    return UNKNOWN
