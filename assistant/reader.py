"""Reading: the exact words of the evidence that answer a question, or that nothing does.

A small model copies best when it is shown little text and asked for the shortest words. What it
writes is looked up in the evidence; words that do not stand there are no answer. Typed questions
(totals, dates, companies …) get their answer from the rules of ``fields`` first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant import prompts
from assistant.citations import content_words, find_span, support
from assistant.fields import find_in
from assistant.planner import Plan
from assistant.session import Session
from retrieval.values import Passage

ANSWER_TOKENS = 40


@dataclass(frozen=True)
class Reading:
    """Words found in a passage and how sure the reader is of them (0..1)."""

    text: str
    passage: Passage
    confidence: float


def read(
    session: Session, question: str, passages: Sequence[Passage], plan: Plan | None = None
) -> Reading | None:
    """Return the words of the passages that answer a question; None when none do.

    Args:
        passages: the best first; as many are read as fit the limit.
    """
    if plan and plan.field and (hits := find_in(plan.field, passages)):
        return Reading(hits[0].value, hits[0].passage, 1.0)
    chosen = fit(session, passages)
    if not chosen:
        return None
    evidence = "\n\n".join(words for _, words in chosen)
    written = session.write(
        prompts.reader(question, evidence, session.language), max_tokens=ANSWER_TOKENS
    )
    answer = tidy(written)
    for passage, words in chosen:
        if span := find_span(answer, words):
            found = words[slice(*span)]
            if support(answer, found) >= 0.99:
                return Reading(" ".join(found.split()), passage, 1.0)
    best = max(chosen, key=lambda pair: support(answer, pair[1]), default=None)
    if best and support(answer, best[1]) >= 0.6:
        return Reading(answer, best[0], 0.5)
    return None


def fit(session: Session, passages: Sequence[Passage]) -> list[tuple[Passage, str]]:
    """Return passages with their screened text, as many as the evidence limit holds."""
    room = session.limits.evidence_tokens
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


def tidy(answer: str) -> str:
    """Return an answer without the wrapping small models put around it."""
    line = next((row for row in answer.splitlines() if row.strip()), "").strip()
    line = re.sub(r"^(?:answer|答案|回答)\s*[:：]\s*", "", line, flags=re.IGNORECASE)
    line = line.strip("\"“”「」'` ")
    return re.sub(r"[.。]$", "", line)


def relevance(question: str, passage: Passage) -> float:
    """Return the share of a question's words that stand in a passage."""
    asked = content_words(question)
    there = set(content_words(f"{passage.heading} {passage.text}"))
    return sum(w in there for w in asked) / len(asked) if asked else 0.0
