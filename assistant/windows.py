"""Which part of the evidence is read: the window of a passage, the order of a file's passages.

What a sentence is worth for a question is told by the words they share, the rarer the more. Knows
no model but how many tokens it counts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from assistant.citations import content_words, split_sentences
from assistant.fields import find_field, parse_date
from assistant.planner import Plan
from assistant.session import Session
from retrieval.values import Passage

ROOM = 280
"""Tokens of one passage that are read; a longer one is cut to its most telling sentences."""


def by_worth(question: str, passages: Sequence[Passage], plan: Plan) -> list[Passage]:
    """Return the passages of opened files, those that speak most of the question first.

    Rules for fields and labels need them as they stand in the file.
    """
    if plan.field or plan.label:
        return list(passages)
    weights = _rarity([p.text for p in passages])
    asked = set(content_words(question))
    return sorted(passages, key=lambda p: -_telling(asked, f"{p.heading} {p.text}", weights))


def paper_fit(question: str, passages: Sequence[Passage]) -> float:
    """Return how well a whole paper fits a question: its words, days and figures count most."""
    whole = "\n".join(p.text for p in passages)
    shared = set(content_words(question)) & set(content_words(whole))
    asked = {parse_date(c.value) for c in find_field("date", [question])} - {None}
    there = {parse_date(c.value) for c in find_field("date", whole.splitlines())}
    figures = sum(any(c.isdigit() for c in word) for word in shared)
    return len(shared) + figures + 4.0 * len(asked & there)


def window(session: Session, question: str, passage: Passage, room: int = ROOM) -> str:
    """Return a passage's text, cut to the run of sentences that speaks most of the question."""
    return cut(session, question, session.screened(passage), room)


def cut(session: Session, question: str, text: str, room: int = ROOM) -> str:
    """Return a screened text, cut to the run of its sentences that speaks most of the question."""
    count = session.model.count_tokens
    if count(text) <= room:
        return text
    sentences = split_sentences(text)
    sizes = [count(s) for s in sentences]
    weights = _rarity(sentences)
    asked = set(content_words(question))
    worth = [_telling(asked, s, weights) for s in sentences]
    best, chosen = -1.0, (0, 1)
    for first in range(len(sentences)):
        last, used = first, 0
        while last < len(sentences) and (used + sizes[last] <= room or last == first):
            used += sizes[last]
            last += 1
        if sum(worth[first:last]) > best:
            best, chosen = sum(worth[first:last]), (first, last)
    return "\n".join(sentences[chosen[0] : chosen[1]])


def _rarity(sentences: Sequence[str]) -> dict[str, float]:
    """Return how telling each word is: the rarer among the sentences, the more."""
    counts = Counter(w for s in sentences for w in set(content_words(s)))
    return {w: math.log(1 + len(sentences) / n) for w, n in counts.items()}


def _telling(asked: set[str], text: str, weights: dict[str, float]) -> float:
    return sum(weights.get(w, 0.0) for w in asked & set(content_words(text)))


def fit(session: Session, passages: Sequence[Passage]) -> list[tuple[Passage, str]]:
    """Return passages with their screened text, as many as the evidence limit holds."""
    room = max(session.limits.evidence_tokens, session.model.context_tokens // 3)
    chosen: list[tuple[Passage, str]] = []
    for passage in passages:
        words = session.screened(passage)
        size = session.model.count_tokens(words)
        if chosen and size > room:
            continue
        chosen.append((passage, words))
        room -= size
        if room <= 0:
            break
    return chosen
