"""Which passage an answer's words come from, and where exactly in it.

Every sentence of an answer is aligned with the evidence it was written from: by the share of its
words found there (single characters in pairs for Chinese), and by its numbers, all of which must
stand in the evidence. What nothing supports is dropped. Marks are renumbered in the order they
appear, and places narrowed to the words that hold the answer. Knows no model.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.library import NOT_IN_LIBRARY
from assistant.messages import Citation
from assistant.places import line_around, narrow, snippet
from retrieval.values import Passage, Word

SUPPORT = 0.55
"""Share of a sentence's words that must stand in the passage it cites."""

WordsOf = Callable[[Passage], Sequence[Word]]

_MARK = re.compile(r"\s*\[(\d{1,2})\]")
_LEADING_MARKS = re.compile(r"(?:\s*\[\d{1,2}\])+\s*[.。]?")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)|(?<=[。！？])|\n+")
_LETTERS = r"[^\W_\u3400-\u9fff]+"
_WORD = re.compile(rf"[\u3400-\u9fff]+|{_LETTERS}(?:[.,'’\-]{_LETTERS})*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# fmt: off
_STOP = frozenset((
    "a", "an", "the", "of", "in", "on", "at", "to", "for", "from", "by", "with", "and", "or",
    "is", "are", "was", "were", "be", "been", "has", "have", "had", "it", "its", "this", "that",
    "these", "those", "as", "which", "who", "whom", "what", "when", "where", "he", "she", "they",
    "his", "her", "their", "there", "not", "do", "does", "did", "can", "could", "will", "would",
    "i", "you", "we", "how", "many", "much",
))
# fmt: on


@dataclass(frozen=True)
class Checked:
    """An answer after checking: text with marks, its citations, and what was dropped."""

    text: str
    citations: tuple[Citation, ...]
    dropped: tuple[str, ...] = ()


def check(
    text: str, evidence: Sequence[Passage], words_of: WordsOf, *, threshold: float = SUPPORT
) -> Checked:
    """Align an answer with its evidence; number n in ``text`` means ``evidence[n - 1]``.

    Sentences without a mark get the passage that supports them best; sentences that no passage
    supports are dropped, and their marks with them.
    """
    used: dict[tuple[int, str], Citation] = {}
    kept: list[str] = []
    dropped: list[str] = []
    for sentence in split_sentences(text):
        marks = [int(m) for m in _MARK.findall(sentence)]
        bare = _MARK.sub("", sentence).strip()
        if not bare:
            continue
        chosen = _support(bare, marks, evidence, threshold)
        if chosen is None:
            if content_words(bare):
                dropped.append(bare)
            continue
        number = _cite(used, chosen, bare, evidence, words_of)
        kept.append(marked(bare, number))
    joiner = "" if kept and _is_chinese(kept[0]) else " "
    return Checked(joiner.join(kept), tuple(used.values()), tuple(dropped))


def marked(sentence: str, number: int) -> str:
    """Return a sentence with its mark before the full stop."""
    stop = re.search(r"[.!?。！？]+$", sentence)
    if stop is None or stop.start() == 0:
        return f"{sentence} [{number}]"
    space = "" if _is_chinese(sentence) else " "
    return f"{sentence[: stop.start()]}{space}[{number}]{stop.group()}"


def cite(number: int, passage: Passage, answer: str, words: Sequence[Word] = ()) -> Citation:
    """Return a citation of the place in a passage that holds an answer's words."""
    span = find_span(answer, passage.text)
    shown, within = line_around(passage, span)
    return Citation(
        number=number,
        asset=passage.asset,
        sha256=passage.sha256,
        modality=passage.modality,
        locator=narrow(passage, span, words) if span else passage.locator,
        snippet=snippet(shown, within),
        asset_id=None if passage.asset_id == NOT_IN_LIBRARY else passage.asset_id,
    )


def split_sentences(text: str) -> list[str]:
    """Split a text after sentence ends and at line breaks; marks stay with their sentence."""
    joined: list[str] = []
    for part in (p.strip() for p in _SENTENCE.split(text) if p):
        marks = _LEADING_MARKS.match(part)
        if marks and joined:
            joined[-1] += f" {marks.group().strip()}"
            part = part[marks.end() :].strip()
        if part:
            joined.append(part)
    return joined


def support(sentence: str, passage: str) -> float:
    """Return the share (0..1) of a sentence's words found in a passage; 0 when a number is not.

    Lexical entailment: cheap, blind to paraphrase, and hard to fool with invented figures.
    """
    wanted = content_words(sentence)
    if not wanted:
        return 0.0
    there = set(content_words(passage))
    numbers = {_plain_number(n) for n in _NUMBER.findall(fold(sentence))}
    if numbers - {_plain_number(n) for n in _NUMBER.findall(fold(passage))}:
        return 0.0
    return sum(w in there for w in wanted) / len(wanted)


def content_words(text: str) -> list[str]:
    """Return the words that carry meaning, folded; Chinese runs as pairs of characters."""
    words: list[str] = []
    for run in _WORD.findall(fold(text)):
        if "\u3400" <= run[0] <= "\u9fff":
            words += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
        elif run[0].isdigit():
            words.append(_plain_number(run))
        elif (word := run.removesuffix("'s")) not in _STOP:
            words.append(_stem(word))
    return words


_DASHES = str.maketrans("–—−‐‑‒’‘“”，％：；（）？！", "------''\"\",%:;()?!")


def level(text: str) -> str:
    """Return a text of the same length with dashes, quotes and wide signs made alike."""
    return text.translate(_DASHES)


def fold(text: str) -> str:
    """Return a text in lower case with compatibility forms, accents and dashes unified."""
    flat = unicodedata.normalize("NFKD", level(text).casefold())
    return "".join(c for c in flat if not unicodedata.combining(c))


def find_span(answer: str, text: str) -> tuple[int, int] | None:
    """Return where an answer's words stand in a text: in full, or their densest window.

    Words are whole: ``4`` does not stand in ``24``. Dashes, quotes and capitals do not matter.
    """
    bare = level(_MARK.sub("", answer)).strip().strip('.。" ')
    if not bare:
        return None
    flat = level(text)
    if len(bare) < 400:
        inside = r"\s*".join(re.escape(part) for part in bare.split())
        before = r"(?<![A-Za-z0-9])" if bare[0].isascii() and bare[0].isalnum() else ""
        after = r"(?![A-Za-z0-9])" if bare[-1].isascii() and bare[-1].isalnum() else ""
        found = re.search(before + inside + after, flat, re.IGNORECASE)
        if found:
            return found.span()
    return _densest(bare, flat)


def _support(
    sentence: str, marks: Sequence[int], evidence: Sequence[Passage], threshold: float
) -> int | None:
    """Return the index of the passage that supports a sentence, or None."""
    scores = [support(sentence, f"{p.heading} {p.text}") for p in evidence]
    marked = [m - 1 for m in marks if 0 < m <= len(evidence) and scores[m - 1] >= threshold]
    if marked:
        return marked[0]
    best = max(range(len(scores)), key=lambda i: scores[i], default=None)
    return best if best is not None and scores[best] >= threshold else None


def _cite(
    used: dict[tuple[int, str], Citation],
    index: int,
    sentence: str,
    evidence: Sequence[Passage],
    words_of: WordsOf,
) -> int:
    passage = evidence[index]
    made = cite(len(used) + 1, passage, sentence, words_of(passage))
    key = (index, repr(made.locator))
    return used.setdefault(key, made).number


def _densest(answer: str, text: str) -> tuple[int, int] | None:
    """Return the shortest window of words around where most of an answer's words stand."""
    wanted = set(content_words(answer))
    found = [
        m.span() for m in _WORD.finditer(text) if any(w in wanted for w in content_words(m.group()))
    ]
    if not found:
        return None
    best, best_score = found[0], 0.0
    for i, (start, _) in enumerate(found):
        for j in range(i, min(len(found), i + 24)):
            end = found[j][1]
            score = (j - i + 1) / (1 + 0.02 * (end - start))
            if score > best_score:
                best, best_score = (start, end), score
    return best


def _plain_number(number: str) -> str:
    bare = number.replace(",", "")
    return bare.rstrip("0").rstrip(".") if "." in bare else bare


def _stem(word: str) -> str:
    """Fold the commonest English endings, so that a plural still counts as found."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 3:
            return word[: -len(ending)]
    return word


def _is_chinese(text: str) -> bool:
    return bool(re.search(r"[\u3400-\u9fff]", text))
