"""Copying an answer: the likeliest stretch of a text, token by token, by the model's own odds.

Greedy under the constraint that what is written stands in the text; the likeliest few first words
are each followed to their end. Probabilities are those of the unconstrained model, so a text that
holds no answer shows by them. Knows no prompts.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from assistant.models.likelihood import log_probabilities
from assistant.models.llama_engine import LlamaEngine, Prefilled
from assistant.models.llama_text import Vocabulary
from assistant.models.protocol import Copied
from assistant.models.spans import Copier, Span

LONGEST = 40
"""Tokens a copy may have."""
_BEGINNINGS = 3
_WORTH = math.log(0.1)
"""Another first word is followed when it is at least so likely against the first."""
_FURTHER = math.log(0.03)
"""A copy that the model has ended is followed while what goes beyond it is at least so likely."""
_SURELY_NOT = math.log(0.98)
"""Where refusing is so likely no copy can be: at most .02 is left for the first word of any."""
_LOOKED_AT = 256  # likeliest tokens of a step; the rest cannot matter


def copy_answer(
    engine: LlamaEngine, vocabulary: Vocabulary, ready: Prefilled, copier: Copier, refusal: str
) -> Copied:
    """Return the likeliest stretches of a text after a prompt, and the odds of the refusal.

    None are followed where the refusal is all but certain.
    """
    first = log_probabilities(engine.logits())
    refused = float(first[vocabulary.tokens(refusal)[0]])
    if refused > _SURELY_NOT:
        return Copied((), refused)
    begun: list[tuple[float, int, frozenset[int]]] = []
    for token in _likeliest(first):
        piece = vocabulary.spell(token)
        places = copier.follow(copier.starts, piece) if piece.strip() else frozenset()
        if places:
            begun.append((float(first[token]), token, places))
            if len(begun) == _BEGINNINGS:
                break
    spans, tried = [], list[Span]()
    for odds, token, places in begun:
        if odds < begun[0][0] + _WORTH:
            break
        found, met = _finish(engine, vocabulary, ready, copier, token, places, odds)
        tried += met
        if found is not None:
            spans.append(found)
        engine.cut(ready.lane, ready.read)
    return Copied(tuple(sorted(spans, key=lambda s: -s.log_probability)), refused, tuple(tried))


def _finish(
    engine: LlamaEngine,
    vocabulary: Vocabulary,
    ready: Prefilled,
    copier: Copier,
    token: int,
    places: frozenset[int],
    odds: float,
) -> tuple[Span | None, list[Span]]:
    """Go on with a copy until the model ends it, and a little further.

    Returns the copy as the model ends it (None when it never may end), and all the stretches on
    the way at which it might have ended.
    """
    length = len(vocabulary.spell(token))
    ended: Span | None = None
    met: list[Span] = []
    for _ in range(min(LONGEST, engine.context - ready.read - 2)):
        engine.extend(ready.lane, [token])
        after = log_probabilities(engine.logits())
        may_end = copier.may_end(places)
        if may_end:
            met.append(copier.span(places, length, odds + float(after[vocabulary.end])))
        following: tuple[int, frozenset[int]] | None = None
        for choice in _likeliest(after):
            if vocabulary.ends(choice):
                if may_end and ended is None:
                    ended = copier.span(places, length, odds + float(after[choice]))
                continue
            piece = vocabulary.spell(choice)
            ahead = copier.follow(places, piece) if piece else frozenset()
            if ahead:
                following = choice, ahead
                break
        if following is None:
            break
        token, places = following
        odds += float(after[token])
        length += len(vocabulary.spell(token))
        if ended is not None and odds < ended.log_probability + _FURTHER:
            break
    return ended or (met[-1] if met else None), met


def _likeliest(odds: NDArray[np.float64]) -> list[int]:
    few = np.argpartition(odds, -_LOOKED_AT)[-_LOOKED_AT:]
    return [int(i) for i in few[np.argsort(-odds[few])]]
