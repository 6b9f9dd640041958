"""A unigram tokenizer (Kudo 2018): the most probable way to cut a text into known pieces.

Written here because the Rust ``tokenizers`` holds 250 MB for this vocabulary of 250,000 pieces,
and this takes 45; words are remembered, so that ordinary text costs a dictionary look-up a word.
No piece reaches across a space, so every word can be cut alone.

Knows nothing of prefixes, special marks or networks.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from retrieval.embed.e5_file import Vocabulary

_SPACE = "\u2581"  # stands for the space before a word
_CACHED_WORDS = 20_000
_LONGEST_CACHED = 40  # letters; longer ones seldom come twice
_UNKNOWN_PENALTY = 10.0


class Unigram:
    """Text to piece numbers by the Viterbi algorithm."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        scores = vocabulary.scores.tolist()
        self._pieces = {
            piece: (number, score)
            for number, (piece, score) in enumerate(zip(vocabulary.pieces, scores, strict=True))
            if piece and number != vocabulary.unk
        }
        self._longest = max(map(len, self._pieces))
        self._unknown = vocabulary.unk
        self._unknown_score = min(scores) - _UNKNOWN_PENALTY
        self._normalised = vocabulary.normalised
        self._word = lru_cache(maxsize=_CACHED_WORDS)(self._cut)

    def encode(self, text: str) -> list[int]:
        """Return the piece numbers of a text, without special marks.

        Composed and decomposed accents (NFC, NFD) give the same pieces.
        """
        plain = unicodedata.normalize("NFC", text).translate(self._normalised)
        numbers: list[int] = []
        for word in plain.split(" "):
            if word:
                cut = self._word if len(word) <= _LONGEST_CACHED else self._cut
                numbers.extend(cut(_SPACE + word))
        if plain.endswith(" "):
            numbers.extend(self._word(_SPACE))  # the model was trained with this mark
        return numbers

    def _cut(self, word: str) -> tuple[int, ...]:
        """Return the best pieces of one word; ``best[i]`` rates the best cut of i letters."""
        pieces, longest = self._pieces, self._longest
        best = [0.0] + [-1e30] * len(word)
        origin = [(0, 0)] * (len(word) + 1)
        for start in range(len(word)):
            base = best[start]
            for end in range(start + 1, min(start + longest, len(word)) + 1):
                found = pieces.get(word[start:end])
                if found is not None and base + found[1] > best[end]:
                    best[end] = base + found[1]
                    origin[end] = (start, found[0])
            if base + self._unknown_score > best[start + 1]:
                best[start + 1] = base + self._unknown_score
                origin[start + 1] = (start, self._unknown)
        numbers: list[int] = []
        at = len(word)
        while at:
            at, number = origin[at]
            numbers.append(number)
        return tuple(reversed(numbers))
