"""Which part of the evidence is read: the window of a passage, the order of a file's passages.

What a sentence is worth for a question is told by the words they share, the rarer the more. Knows
no model but how many tokens it counts.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

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
    text = joined_lines(session.screened(passage))
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


def joined_lines(text: str) -> str:
    """Return a text without the breaks inside Chinese sentences, which no blank stands for.

    A page breaks its lines anywhere, so that no copy could cross them: only a line as long as the
    longest, or nearly, is one that goes on.
    """
    lines = text.split("\n")
    full = _FULL * max(map(len, lines))
    whole = lines[0]
    for before, line in pairwise(lines):
        goes_on = len(before) >= max(full, _LEAST) and _GOES_ON.search(f"{before[-1:]}\n{line[:1]}")
        whole += line if goes_on else f"\n{line}"
    return whole


_FULL, _LEAST = 0.85, 12
"""Share of the longest line, and characters, from which a line goes on in the next."""
_GOES_ON = re.compile(r"[\u3400-\u9fff，、；（“《]\n[\u3400-\u9fff“《（]")


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
