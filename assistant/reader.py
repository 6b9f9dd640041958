"""Reading: the exact words of the evidence that answer a question, or that nothing does.

A small model copies best when it is shown little text and asked for the shortest words. So the
evidence is cut down to the sentences that speak of what is asked; what the model writes is looked
up in them, and words that do not stand there are no answer. Fields of receipts and forms are
found by rule first (``fields``, ``forms``). Knows no prompts' wording and no graph.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from assistant import prompts
from assistant.candidates import can_be, pieces, without_counted
from assistant.citations import content_words, find_span, level, split_sentences, support
from assistant.fields import find_field, find_in, parse_date
from assistant.forms import find_values
from assistant.planner import Plan, language_of
from assistant.session import Session
from retrieval.values import Passage, SearchResult

ANSWER_TOKENS = 40
SENTENCES = 7
"""Sentences shown to a small model, over all passages."""
SHARED = 0.5
"""Share of a question's words in a passage from which choosing a piece of it is worth while."""
OTHERS = 1.5
"""How much more a sentence of another passage must speak of the question than the first's best."""
RANK_DISCOUNT = 0.75
"""What a sentence of the next passage is worth against one of the passage before."""


@dataclass(frozen=True)
class Reading:
    """Words found in a passage and how sure the reader is of them (0..1)."""

    text: str
    passage: Passage
    confidence: float


@dataclass(frozen=True)
class Excerpt:
    """The sentences of a passage that are shown to the model."""

    passage: Passage
    text: str


def read(
    session: Session, question: str, passages: Sequence[Passage], plan: Plan | None = None
) -> Reading | None:
    """Return the words of the passages that answer a question; None when none do.

    Args:
        passages: the best first.
        plan: the question taken apart; its field or label is looked for by rule first.
    """
    if plan is not None and (found := by_rule(plan, passages)) is not None:
        return found
    excerpts = excerpt(session, question, passages)
    if not excerpts:
        return None
    evidence = "\n\n".join(e.text for e in excerpts)
    turns = prompts.reader(question, evidence, session.language)
    answer = tidy(session.write(turns, max_tokens=ANSWER_TOKENS), question)
    if can_be(answer, question):
        return locate(answer, excerpts)
    return choose(session, question, turns, excerpts)


def choose(
    session: Session, question: str, turns: Sequence[prompts.Turn], excerpts: Sequence[Excerpt]
) -> Reading | None:
    """Let the model choose between the pieces of the evidence that can be the answer."""
    if relevance(question, excerpts[0].passage) < SHARED:
        return None
    found = [(piece, one) for one in excerpts[:1] for piece in pieces(question, one.text)]
    scores = session.score(turns, [piece for piece, _ in found]) if found else None
    if not scores:
        return None
    lengths = [max(1, session.model.count_tokens(piece)) for piece, _ in found]
    # Between the sum, which favours short pieces, and the mean, which favours long names.
    best = max(range(len(found)), key=lambda i: scores[i] / lengths[i] ** 0.5)
    return Reading(found[best][0], found[best][1].passage, 0.5)


def promising(found: SearchResult, question: str) -> bool:
    """Whether a search may hold the answer, by its calibrated chance and the words it shares.

    A logistic rule fitted on questions asked of libraries with and without their paragraph: it
    keeps 19 of 20 that can be answered and refuses two of three that cannot, unread. The reader
    still has to find the answer's words.
    """
    if not found.passages:
        return False
    chance = max(p.probability for p in found.passages)
    shared = max(relevance(question, p) for p in found.passages[:5])
    shared *= min(1.0, len(set(content_words(question))) / 3)  # one word in common says little
    chinese = language_of(question) == "zh"
    return 6.5 * chance + 6.25 * shared + 1.9 * chinese - 5.95 > -1.0


def relevance(question: str, passage: Passage) -> float:
    """Return the share of a question's words that stand in a passage."""
    asked = set(content_words(question))
    there = set(content_words(f"{passage.asset} {passage.heading} {passage.text}"))
    return sum(w in there for w in asked) / len(asked) if asked else 0.0


def paper_fit(question: str, passages: Sequence[Passage]) -> float:
    """Return how well a whole paper fits a question: its words, days and figures count most."""
    whole = "\n".join(p.text for p in passages)
    shared = set(content_words(question)) & set(content_words(whole))
    asked = {parse_date(c.value) for c in find_field("date", [question])} - {None}
    there = {parse_date(c.value) for c in find_field("date", whole.splitlines())}
    figures = sum(any(c.isdigit() for c in word) for word in shared)
    return len(shared) + figures + 4.0 * len(asked & there)


def by_rule(plan: Plan, passages: Sequence[Passage]) -> Reading | None:
    """Return the value of the field or label asked for, in the first file, where a rule finds it.

    Fields are for receipts, forms and the like: in prose the first date is seldom the answer.
    """
    first = [p for p in passages if p.sha256 == passages[0].sha256] if passages else []
    if plan.label and (values := find_values(plan.label, first)):
        return Reading(values[0].text, values[0].passage, min(1.0, values[0].likeness))
    paper = plan.document or any(p.modality == "image" for p in first)
    if plan.field and paper and (hits := find_in(plan.field, first)) and hits[0].score > 0:
        return Reading(hits[0].value, hits[0].passage, 1.0)
    return None


def excerpt(
    session: Session, question: str, passages: Sequence[Passage], most: int = SENTENCES
) -> list[Excerpt]:
    """Return the sentences that speak most of what is asked, in their order, by passage."""
    screened = [session.screened(p) for p in passages]
    split = [split_sentences(text) for text in screened]
    weights = _rarity([s for sentences in split for s in sentences])
    asked = set(content_words(question))
    scored: list[tuple[float, int, int]] = []
    best = max((_overlap(asked, s, weights) for s in split[0]), default=0.0) if split else 0.0
    for place, sentences in enumerate(split):
        own = [_overlap(asked, s, weights) for s in sentences]
        for index in range(len(own)):
            # Another passage's sentence must speak far more of the question than the first's best.
            if place and own[index] < OTHERS * best:
                continue
            near = own[max(0, index - 1) : index] + own[index + 1 : index + 2]
            score = (own[index] + 0.3 * sum(near) + 0.01) * RANK_DISCOUNT**place
            scored.append((score, place, index))
    chosen = _within_room(session, split, sorted(scored, reverse=True), most)
    return [
        Excerpt(passages[place], _joined([split[place][i] for i in sorted(indexes)]))
        for place, indexes in sorted(chosen.items())
    ]


def _within_room(
    session: Session, split: list[list[str]], ranked: list[tuple[float, int, int]], most: int
) -> dict[int, list[int]]:
    room = session.limits.evidence_tokens
    chosen: dict[int, list[int]] = {}
    for _, place, index in ranked[:most]:
        size = session.model.count_tokens(split[place][index])
        if chosen and size > room:
            continue
        room -= size
        chosen.setdefault(place, []).append(index)
    return chosen


def _rarity(sentences: Sequence[str]) -> dict[str, float]:
    """Return how telling each word is: the rarer among the sentences, the more."""
    counts = Counter(w for s in sentences for w in set(content_words(s)))
    return {w: math.log(1 + len(sentences) / n) for w, n in counts.items()}


def _overlap(asked: set[str], sentence: str, weights: dict[str, float]) -> float:
    return sum(weights.get(w, 0.0) for w in asked & set(content_words(sentence)))


def _joined(sentences: Sequence[str]) -> str:
    chinese = bool(re.search(r"[\u3400-\u9fff]", sentences[0])) if sentences else False
    return ("" if chinese else " ").join(sentences)


def locate(answer: str, excerpts: Sequence[Excerpt]) -> Reading | None:
    """Return an answer as it stands in the evidence; None when it does not stand there."""
    if not content_words(answer) and not re.search(r"\w", answer):
        return None
    for one in excerpts:
        span = find_span(answer, one.text)
        if span is None:
            continue
        found = " ".join(one.text[slice(*span)].split())
        if _same(answer, found):
            return Reading(found, one.passage, 1.0)
    best = max(excerpts, key=lambda e: support(answer, e.text))
    likeness = support(answer, best.text)
    return Reading(answer, best.passage, 0.6 * likeness) if likeness >= 0.6 else None


def _same(one: str, other: str) -> bool:
    return "".join(level(one).split()).casefold() == "".join(level(other).split()).casefold()


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


_LEAD = re.compile(r"^(?:answer|答案|回答)\s*[:：]\s*", re.IGNORECASE)
_ASIDE = re.compile(r"\s*[（(][^()（）]*[)）]$")
_COPULA = re.compile(r"^(?:是|为|有|在|由|根据|：|，)+")
_AFTER = re.compile(r"^(?:就|都)?(?:是|为|叫做?|称为|名为|：|:)+")


def tidy(answer: str, question: str = "") -> str:
    """Return an answer without the wrapping that small models put around it."""
    line = next((row for row in answer.splitlines() if row.strip()), "").strip()
    line = _LEAD.sub("", line).strip("\"“”「」'` ")
    line = without_counted(re.sub(r"[.。]$", "", line), question)
    if _ASIDE.search(line) and not line.startswith(("(", "（")):
        line = _ASIDE.sub("", line)
    return _without_question(line, question)


def _without_question(answer: str, question: str) -> str:
    """Drop what an answer only repeats of the question before and after it (Chinese)."""
    if not re.search(r"[\u3400-\u9fff]", answer):
        return answer
    asked = question.strip(" ?？。")
    rest = answer
    at, length = _shared_run(rest, asked)
    # What stands before a repeated stretch that runs up to a copula is the question as well.
    if length >= 4 and (told := _AFTER.match(rest[at + length :])):
        rest = rest[at + length + told.end() :]
    else:
        ahead = 0
        while ahead < len(rest) and rest[: ahead + 1] in asked:
            ahead += 1
        if ahead >= 4:
            rest = _COPULA.sub("", rest[ahead:])
    behind = 0
    while behind < len(rest) and rest[len(rest) - behind - 1 :] in asked:
        behind += 1
    if behind >= 2 and asked.endswith(rest[len(rest) - behind :]):
        rest = rest[: len(rest) - behind]
    rest = rest.strip(" ，,")
    return rest if len(rest) >= 2 or rest.isdigit() else answer


def _shared_run(one: str, other: str) -> tuple[int, int]:
    """Return where in ``one`` its longest stretch stands that ``other`` has too."""
    found = SequenceMatcher(None, one, other, autojunk=False).find_longest_match()
    return found.a, found.size
