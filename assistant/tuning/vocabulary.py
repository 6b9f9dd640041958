"""Words worth naming, and how texts of training data are tidied.

A concept is a token of the language model that is a whole word, so that a predicted word *is* a
row of its embedding table. Knows nothing of images.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from assistant.tuning.data import CaptionRow, QuestionRow, Row

_STOP = frozenset(
    [
        "the",
        "and",
        "are",
        "with",
        "for",
        "that",
        "this",
        "what",
        "where",
        "when",
        "who",
        "why",
        "how",
        "was",
        "were",
        "his",
        "her",
        "its",
        "their",
        "they",
        "has",
        "have",
        "had",
        "from",
        "into",
        "onto",
        "being",
        "been",
        "there",
        "some",
        "which",
        "while",
        "very",
        "than",
        "then",
        "them",
        "him",
        "she",
        "you",
        "your",
        "does",
        "did",
        "not",
        "can",
        "could",
        "would",
        "will",
        "many",
        "much",
        "kind",
        "type",
        "picture",
        "photo",
        "image",
        "taken",
    ]
)
_WORD = re.compile(r" [a-z]{3,}")


def tidy_caption(text: str) -> str:
    """Join what a tokenizer took apart, drop the full stop: ``a dog , running .`` loses both."""
    text = re.sub(r"\s+([,.!?;:'])", r"\1", " ".join(text.split()))
    return text.rstrip(" .") or text


def tidy_answer(text: str) -> str:
    """Write an answer as a person would: underscores are spaces, no full stop."""
    return tidy_caption(text.replace("_", " "))


def build_concepts(rows: Iterable[Row], tokenizer: Any, least: int = 12) -> tuple[int, ...]:
    """Return the token ids of the words that ``least`` texts of training data name."""
    counts: Counter[int] = Counter()
    for text in _texts(rows):
        counts.update(set(concept_tokens(text, tokenizer)))
    return tuple(token for token, count in counts.most_common() if count >= least)


def concept_tokens(text: str, tokenizer: Any) -> list[int]:
    """Return the tokens of a text that are whole words worth naming."""
    encoded = tokenizer.encode(" " + text.lower())
    pieces = [tokenizer.decode([token]) for token in encoded.ids]
    found = []
    for i, (token, piece) in enumerate(zip(encoded.ids, pieces, strict=True)):
        ends = i + 1 == len(pieces) or not pieces[i + 1][:1].isalpha()
        if ends and _WORD.fullmatch(piece) and piece[1:] not in _STOP:
            found.append(token)
    return found


def _texts(rows: Iterable[Row]) -> Iterable[str]:
    for row in rows:
        if isinstance(row, CaptionRow):
            yield from (tidy_caption(text) for text in row.captions)
        elif isinstance(row, QuestionRow):
            yield row.question
            yield tidy_answer(row.answer)
