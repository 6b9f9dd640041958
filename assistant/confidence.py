"""The chance that a passage holds the answer, and that words copied from it are the answer.

Two logistic rules. The first goes by the search alone and is shipped (``evidence.json``): weights,
what they were fitted on, and how well they do on questions they were not fitted on. The second
adds how sure a trained reader was of its copy, and lies beside that reader. Knows no model.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from functools import cache
from operator import mul
from pathlib import Path

from assistant.candidates import can_be
from assistant.citations import content_words, fold
from assistant.models.spans import Span
from retrieval.languages import is_chinese
from retrieval.values import Passage, SearchResult

EVIDENCE = Path(__file__).with_name("evidence.json")
NAMES = ("holds", "span", "margin", "kind", "near")
"""What the second rule goes by; see ``numbers_of``. That of a reader taught before there was
``near`` goes by the others."""
LEAST = 0.06
"""Chance of holding the answer below which a passage is not read.

Low, since what is read is still judged by its copy. (With a rule fitted on XQuAD alone, of 183
held-out English questions .62 was the F1, .64 at 0.035, where one long document more of ten was
answered though it does not tell.)"""
_YEAR = re.compile(r"(?<!\d)(?:1[0-9]|20)\d\d(?!\d)")
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|\[[^\]]*\]")
_NAME_LETTERS = 4
_NO_NAME = re.compile(
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tues|wednes|thurs|fri|satur|sun)[a-z]*$"
    r"|(?:tables?|figures?|sections?|chapters?|pages?|charts?|who|what|which|when|where|how)\b",
    re.IGNORECASE,
)
_UNLIKELY = 0.3
_FLOOR = -8.0
_LEAST_CHANCE = 1e-4
_SHORT, _SHORTEST = 300, 150
"""Letters below which a passage says little: page heads and feet are near to every question. Below
the second none counts as shorter: a note of one line may be all there is. A Chinese character
counts as three."""
SEEN = ("search", "meaning", "sentence", "words", "shared", "crossed", "chinese", "length")
"""What the first rule goes by; see ``seen``."""


def chances(question: str, passages: Sequence[Passage]) -> list[float]:
    """Return the chance that each passage holds the answer.

    Passages of one search are judged together: how near the best of them is to the question, and
    how many words of it the best holds, tells how far another falls short.
    """
    return [_rule(EVIDENCE, row) for row in seen(question, passages)]


def holds(question: str, passage: Passage) -> float:
    """Return the chance that a passage holds the answer, judged alone."""
    return chances(question, [passage])[0]


def seen(question: str, passages: Sequence[Passage]) -> list[tuple[float, ...]]:
    """Return for each passage the numbers in ``SEEN``.

    ``search``: logarithm of the search's chance; ``meaning``: ten times the cosine, less that of
    the nearest passage; ``sentence``: so of its nearest sentence, among passages of its language;
    ``words``: the search's score by words as a share of the best (of what was
    not searched for, ``shared`` so); ``shared``: share of the question's words that stand there;
    ``crossed``: 1 when it is in another language than the question; ``chinese``: 1 when both are
    Chinese; ``length``: logarithm of its length, 0 from ``_SHORT`` letters on.
    """
    asked = is_chinese(question)
    same = [shared(question, [passage]) for passage in passages]
    by_words = [passage.signals.get("lexical", 0.0) for passage in passages]
    held = by_words if any(by_words) else same
    most = max(held, default=0.0) or 1.0
    crossed = [is_chinese(passage.text) != asked for passage in passages]
    near = _nearness(passages)
    said = _of_sentences(passages, crossed, near)
    rows: list[tuple[float, ...]] = []
    for place, passage in enumerate(passages):
        there = is_chinese(passage.text)
        letters = len(passage.text) * (3 if there else 1)
        rows.append(
            (
                math.log(max(passage.probability, _LEAST_CHANCE)),
                near[place],
                said[place],
                held[place] / most,
                same[place],
                float(crossed[place]),
                float(asked and there),
                min(0.0, math.log(max(letters, _SHORTEST) / _SHORT)),
            )
        )
    return rows


def _nearness(passages: Sequence[Passage]) -> list[float]:
    """Return ten times each cosine less the best, at least -1; what has none is the farthest."""
    cosines = [passage.signals.get("dense") for passage in passages]
    known = [cosine for cosine in cosines if cosine is not None]
    if not known:
        return [0.0] * len(passages)
    filled = [min(known) if cosine is None else cosine for cosine in cosines]
    return [_short_of(max(known), cosine) for cosine in filled]


def _of_sentences(
    passages: Sequence[Passage], crossed: Sequence[bool], near: Sequence[float]
) -> list[float]:
    """Return ten times the cosine of each passage's nearest sentence less the best of its language.

    What has no sentences, as a photo or a file taken in before they were kept, counts by its own
    vector (``near``).
    """
    names = ["crossed" if other else "sentence" for other in crossed]
    cosines = [p.signals.get(name) for p, name in zip(passages, names, strict=True)]
    best: dict[str, float] = {}
    for name, cosine in zip(names, cosines, strict=True):
        best[name] = max(best.get(name, -1.0), -1.0 if cosine is None else cosine)
    return [
        near[place] if cosine is None else _short_of(best[name], cosine)
        for place, (name, cosine) in enumerate(zip(names, cosines, strict=True))
    ]


def _short_of(best: float, cosine: float) -> float:
    return max(-1.0, 10 * (cosine - best))


def told_of(question: str, passages: Sequence[Passage]) -> bool:
    """Whether the passages speak of the years and, in English, of the names in a question.

    A name counts as told by its first letters (``Israeli``, ``Israel``). Of 130 English questions
    put to a library without their paragraph, but with its neighbours, 82 % were refused with the
    names and 75 % without; of those with it, 7 % either way.
    """
    bare = _QUOTED.sub(" ", question)
    there = " ".join(f"{p.asset} {p.heading} {p.text}" for p in passages)
    if not set(_YEAR.findall(bare)) <= set(_YEAR.findall(there)):
        return False
    if is_chinese(question) or is_chinese(there):
        return True
    flat = fold(there)
    return all(fold(name)[:_NAME_LETTERS].rstrip("'.s") in flat for name in _names(bare))


def _names(question: str) -> list[str]:
    """Return the words of an English question that are written like names.

    Not those that begin a sentence, those of days and months, which files write in many ways, nor
    those of a paper's parts.
    """
    words = [
        word
        for sentence in re.split(r"(?<=[.?!:])\s+", question)
        for word in re.findall(r"[A-Za-z][\w'’.-]*", sentence)[1:]
    ]
    upper = [w for w in words if w[0].isupper() and len(w) >= _NAME_LETTERS - 1]
    return [w for w in upper if not (re.search(r"\d", w) or _NO_NAME.match(w))]


def promising(found: SearchResult, question: str) -> bool:
    """Whether any passage of a search is worth reading."""
    return any(chance >= LEAST for chance in chances(question, found.passages))


def sureness(
    question: str,
    answer: str,
    span: Span,
    refused: float,
    chance: float,
    near: float,
    rule: Path | None,
) -> float:
    """Return the chance that a copy is right: by a trained reader's rule, or by the evidence.

    Args:
        chance: that the passage holds the answer; near: see ``nearness``; rule: the file of the
            reader's own rule.
    """
    if rule is not None:
        return _rule(rule, numbers_of(question, answer, span, refused, chance, near))
    return chance if can_be(answer, question) else _UNLIKELY * chance


def numbers_of(
    question: str, answer: str, span: Span, refused: float, chance: float, near: float
) -> tuple[float, ...]:
    """Return the numbers in ``NAMES`` for a copy out of a passage.

    ``holds``: logit of the chance that the passage holds the answer; ``span``: log-probability of
    the copy; ``margin``: against that of refusing; ``kind``: 1 when it is of the kind asked for;
    ``near``: how near its sentence is to the question beside the nearest found (``nearness``).
    """
    chance = min(max(chance, 1e-3), 1 - 1e-3)
    odds = span.log_probability
    return (
        math.log(chance / (1 - chance)),
        max(_FLOOR, odds),
        max(_FLOOR, min(-_FLOOR, odds - refused)),
        float(can_be(answer, question)),
        near,
    )


def shared(question: str, passages: Sequence[Passage]) -> float:
    """Return the share of a question's words that stand in passages or their file names."""
    wanted = set(content_words(question))
    there = {w for p in passages for w in content_words(f"{p.asset} {p.heading} {p.text}")}
    return len(wanted & there) / len(wanted) if wanted else 0.0


def _rule(path: Path, numbers: Sequence[float]) -> float:
    *weights, constant = _weights(path)
    return 0.5 * (1.0 + math.tanh(0.5 * (sum(map(mul, weights, numbers)) + constant)))


@cache
def _weights(path: Path) -> tuple[float, ...]:
    return tuple(json.loads(path.read_text(encoding="utf-8"))["weights"])
