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
from pathlib import Path

from assistant.candidates import can_be
from assistant.citations import content_words, fold
from assistant.models.spans import Span
from retrieval.values import Passage, SearchResult

EVIDENCE = Path(__file__).with_name("evidence.json")
NAMES = ("holds", "span", "margin", "kind")
"""What the second rule goes by; see ``numbers_of``."""
LEAST = 0.06
"""Chance of holding the answer below which a passage is not read.

Low, since what is read is still judged by its copy: of 183 held-out English questions 0.62 is the
F1 (0.61 at 0.07). At 0.035 it is 0.64, but of ten questions that long documents do not answer five
are refused instead of six (0.07: seven)."""
_YEAR = re.compile(r"(?<!\d)(?:1[0-9]|20)\d\d(?!\d)")
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|\[[^\]]*\]")
_NAME_LETTERS = 4
_NO_NAME = re.compile(
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tues|wednes|thurs|fri|satur|sun)[a-z]*$"
    r"|(?:tables?|figures?|sections?|chapters?|pages?|charts?|who|what|which|when|where|how)\b",
    re.IGNORECASE,
)
_UNLIKELY = 0.3
_SUREST_CROSSED = 0.4
_FLOOR = -8.0


def holds(question: str, passage: Passage) -> float:
    """Return the chance that a passage holds the answer: by its search chance and shared words.

    A Chinese question and an English passage share no words, and searches find less surely across
    languages, so each pair of languages has a constant and a slope of its own.
    """
    asked, there = is_chinese(question), is_chinese(passage.text)
    crossed, chinese = float(asked != there), float(asked and there)
    # Searches across languages were never surer than this where the rule was fitted.
    chance = min(passage.probability, _SUREST_CROSSED) if crossed else passage.probability
    same = shared(question, [passage]) * (1 - crossed)
    return _rule(EVIDENCE, (chance, same, chinese, chinese * chance, crossed, crossed * chance))


def chances(question: str, passages: Sequence[Passage]) -> list[float]:
    """Return the chance that each of some passages holds the answer, ``holds`` of all together.

    The answer stands in one place: the surer a passage in the question's own language, the less a
    passage in the other one is likely to be it. The rule of one passage cannot know this.
    """
    alone = [holds(question, passage) for passage in passages]
    asked = is_chinese(question)
    own = [is_chinese(passage.text) == asked for passage in passages]
    best = max((chance for chance, same in zip(alone, own, strict=True) if same), default=0.0)
    return [
        chance if same else chance * (1 - best) for chance, same in zip(alone, own, strict=True)
    ]


def rank(question: str, passage: Passage, chance: float) -> float:
    """Return what passages are read in the order of: the chance that each holds the answer.

    A question in another language than the passage may still name its words: in brackets, or as
    names and figures. Passages that have them go first; the chance itself stays as it was fitted.
    """
    if is_chinese(question) == is_chinese(passage.text):
        return chance
    named = {w for w in content_words(question) if not re.match(r"[\u3400-\u9fff]", w)}
    there = set(content_words(f"{passage.asset} {passage.heading} {passage.text}"))
    return chance + (len(named & there) / len(named) if named else 0.0)


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

    Not those of days and months, which files write in many ways, nor those of a paper's parts.
    """
    words = re.findall(r"[A-Za-z][\w'’.-]*", question)[1:]
    upper = [w for w in words if w[0].isupper() and len(w) >= _NAME_LETTERS - 1]
    return [w for w in upper if not (re.search(r"\d", w) or _NO_NAME.match(w))]


def promising(found: SearchResult, question: str) -> bool:
    """Whether any of the first passages of a search is worth reading."""
    return any(holds(question, p) >= LEAST for p in found.passages[:5])


def sureness(
    question: str, answer: str, span: Span, refused: float, chance: float, rule: Path | None
) -> float:
    """Return the chance that a copy is right: by a trained reader's rule, or by the evidence.

    Args:
        chance: that the passage holds the answer; rule: the file of the reader's own rule.
    """
    if rule is not None:
        return _rule(rule, numbers_of(question, answer, span, refused, chance))
    return chance if can_be(answer, question) else _UNLIKELY * chance


def numbers_of(
    question: str, answer: str, span: Span, refused: float, chance: float
) -> tuple[float, ...]:
    """Return the numbers in ``NAMES`` for a copy out of a passage.

    ``holds``: logit of the chance that the passage holds the answer; ``span``: log-probability of
    the copy; ``margin``: against that of refusing; ``kind``: 1 when it is of the kind asked for.
    """
    chance = min(max(chance, 1e-3), 1 - 1e-3)
    odds = span.log_probability
    return (
        math.log(chance / (1 - chance)),
        max(_FLOOR, odds),
        max(_FLOOR, min(-_FLOOR, odds - refused)),
        float(can_be(answer, question)),
    )


def shared(question: str, passages: Sequence[Passage]) -> float:
    """Return the share of a question's words that stand in passages or their file names."""
    wanted = set(content_words(question))
    there = {w for p in passages for w in content_words(f"{p.asset} {p.heading} {p.text}")}
    return len(wanted & there) / len(wanted) if wanted else 0.0


def _rule(path: Path, numbers: Sequence[float]) -> float:
    pairs = zip(_weights(path), (*numbers, 1.0), strict=True)
    return 0.5 * (1.0 + math.tanh(0.5 * sum(w * x for w, x in pairs)))


@cache
def _weights(path: Path) -> tuple[float, ...]:
    return tuple(json.loads(path.read_text(encoding="utf-8"))["weights"])


def is_chinese(text: str) -> bool:
    """Whether a text is Chinese in the main: a tenth of it is Chinese characters."""
    few = text[:400]
    return 10 * len(re.findall(r"[\u3400-\u9fff]", few)) > len(few)
