"""Summaries: of a document, of a text in the question, of the conversation.

A model writes them; the check drops what the text does not support. When that leaves nothing (a
summary in another language than the text, free words of a small model), or when it says the text
again instead of summing it up, the sentences that say most of the text are given instead, in its
own words. Knows no graph and no tools.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from assistant import prompts
from assistant.answers import nothing_to_do, stream, subject_of
from assistant.calls import ToolResult
from assistant.citations import check, content_words, split_sentences
from assistant.drafts import Draft
from assistant.i18n import text
from assistant.planner import Plan
from assistant.safety import NEUTRAL, clean_answer
from assistant.session import Session
from assistant.work_phrases import CONVERSATION

LONGEST = 160
"""Tokens of a summary."""
SENTENCES = 3
_SHORT = 0.5
"""Share of a text that its summary may be as long as."""
_ANSWER = 120
"""Characters of an answer by which it is known in the summary of a conversation."""
_FACT = 40
"""Characters up to which an answer is one fact, which a summary must not leave out."""
_MARK = re.compile(r"\s?\[\d+\]")


def summary(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """Sum up what a question names."""
    if CONVERSATION.search(session.request.question) and not plan.names:
        return _of_conversation(session)
    subject, passages = subject_of(session, plan, results, LONGEST)
    if not subject.strip():
        return nothing_to_do(session, plan, results)
    turns = prompts.task("summary", subject, session.language)
    written = stream(session, turns, max_tokens=LONGEST)
    unborne = passages and not check(clean_answer(written), passages, lambda _: ()).citations
    if unborne or len(written) > len(subject) * _SHORT:
        prefix = text("say_own_words", session.language)
        room = max(len(subject) * _SHORT - len(prefix), 1.0)
        own_words = central(subject) if unborne else _within(subject, room)
        if own_words:
            return Draft("\n".join(own_words), passages, prefix=prefix)
    return Draft(written, passages)


def _within(subject: str, room: float) -> list[str]:
    """Return as many of the central sentences as ``room`` characters hold; none if not one."""
    for most in range(SENTENCES, 0, -1):
        chosen = central(subject, most)
        if len("\n".join(chosen)) <= room:
            return chosen
    return []


def _of_conversation(session: Session) -> Draft:
    """Sum up what was asked and answered so far; nothing of the library is claimed."""
    history = session.request.history
    if not history:
        return Draft(text("say_no_talk", session.language), found=False)
    told = "\n".join(f"Q: {asked[:300]}\nA: {answered[:300]}" for asked, answered in history[-12:])
    turns = prompts.task("summary", told, session.language)
    written = stream(session, turns, max_tokens=LONGEST)
    if all(_told_in(answered, written) for _, answered in history):
        return Draft(written)
    lines = (f"- {' '.join(asked.split())} {_first(answered)}" for asked, answered in history)
    return Draft("\n".join(lines))


def _first(answered: str) -> str:
    """Return the beginning of an answer, without its marks."""
    plain = " ".join(_MARK.sub("", answered).split())
    return plain if len(plain) <= _ANSWER else plain[:_ANSWER].rstrip() + "…"


def _told_in(answered: str, written: str) -> bool:
    """Whether a summary tells of an answer: of half the words of a fact, of any of a long one."""
    first = _first(answered)
    said = set(content_words(first))
    wanted = len(said) / 2 if len(first) <= _FACT else min(len(said), 1)
    return len(said & set(content_words(written))) >= wanted


def central(subject: str, most: int = SENTENCES) -> list[str]:
    """Return the sentences that share most words with the whole text, in its order.

    The words' counts over the text are averaged over a sentence (SumBasic, Nenkova and
    Vanderwende, 2005); a word said already counts no more.
    """
    left = [s for s in split_sentences(subject) if len(content_words(s)) >= 4]
    left = [s for s in left if not any(mark in s for mark in NEUTRAL.values())]
    order = {sentence: place for place, sentence in enumerate(left)}
    share = Counter(word for sentence in left for word in content_words(sentence))
    chosen: list[str] = []
    while left and len(chosen) < most:
        best = max(left, key=lambda s: sum(share[w] for w in content_words(s)) / _length(s))
        left.remove(best)
        chosen.append(best)
        for word in content_words(best):
            share[word] = 0
    return sorted(chosen, key=order.__getitem__)


def _length(sentence: str) -> int:
    return max(8, len(content_words(sentence)))
