"""The words Sightline-VLM's projector can write: a subset of the language model's own tokens.

Row 0 begins a draft and row 1 ends it; every other row is a token of the language model, so that
a predicted word *is* a row of its embedding table. Concepts are the rows that are whole words
worth naming. Knows nothing of images.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.models.sight import END, START
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


@dataclass(frozen=True)
class Vocabulary:
    """``tokens[i]`` is the language model's id of row i; ``concepts`` are rows."""

    tokens: tuple[int, ...]
    concepts: tuple[int, ...]

    def encode(self, ids: Sequence[int]) -> list[int]:
        """Turn the language model's ids into rows; -1 where it is not in the vocabulary."""
        rows = self.rows
        return [rows.get(token, -1) for token in ids]

    @property
    def rows(self) -> dict[int, int]:
        """Rows by the language model's id; the markers are left out."""
        return {token: row for row, token in enumerate(self.tokens) if row > END}


def tidy_caption(text: str) -> str:
    """Join what a tokenizer took apart, drop the full stop: ``a dog , running .`` loses both."""
    text = re.sub(r"\s+([,.!?;:'])", r"\1", " ".join(text.split()))
    return text.rstrip(" .") or text


def tidy_answer(text: str) -> str:
    """Write an answer as a person would: underscores are spaces, no full stop."""
    return tidy_caption(text.replace("_", " "))


def build_vocabulary(
    rows: Iterable[Row], tokenizer: Any, least: int = 5, least_concept: int = 12
) -> Vocabulary:
    """Choose rows from training data.

    Args:
        rows: captions decide what a draft may say; questions and answers add concepts.
        tokenizer: of the language model (``tokenizers.Tokenizer``).
        least: how often a token must occur in captions.
        least_concept: in how many texts a word must occur to be a concept.
    """
    words: Counter[int] = Counter()
    concepts: Counter[int] = Counter()
    for text, is_caption in _texts(rows):
        if is_caption:
            words.update(tokenizer.encode(text).ids)
        concepts.update(set(concept_tokens(text, tokenizer)))
    named = [token for token, count in concepts.most_common() if count >= least_concept]
    kept = [token for token, count in words.most_common() if count >= least]
    newline = tokenizer.token_to_id("Ċ")
    tokens = tuple(dict.fromkeys([*kept, *named]))
    place = {token: row + 2 for row, token in enumerate(tokens)}
    assert (START, END) == (0, 1)
    return Vocabulary((newline, newline, *tokens), tuple(place[token] for token in named))


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


def _texts(rows: Iterable[Row]) -> Iterable[tuple[str, bool]]:
    for row in rows:
        if isinstance(row, CaptionRow):
            yield from ((tidy_caption(text), True) for text in row.captions)
        elif isinstance(row, QuestionRow):
            yield row.question, False
            yield tidy_answer(row.answer), False
