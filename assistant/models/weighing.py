"""What is said of a picture by two that see it: both draft, both weigh, the best in common is said.

The language model drafts a line and where it was least sure branches of it; the small decoder
(``second_opinion``) drafts what its beam holds. Each line gets the sum of both log-likelihoods, a
product of experts (Hinton 2002). A sentence is judged by its mean a token, so that long ones are
not punished; an answer by its sum, so that it says no more than is known. What the photo encoder's
own classifier is sure of comes before both: where any sentence names it, the others are out. The
decoder has learned from a few thousand photos and takes a cat for one of the people in them.

Knows nothing of prompts or weights.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from assistant.models.branching import (
    Line,
    best_lines,
    branch,
    branch_start,
    closest,
    greedy_line,
)
from assistant.models.images import ImageBlock
from assistant.models.likelihood import line_likelihood, log_probabilities
from assistant.models.llama_engine import LlamaEngine, Prefilled
from assistant.models.llama_text import Vocabulary
from assistant.models.second_opinion import plain_line

_LONGEST_ANSWER = 8  # tokens; of a longer one the small decoder knows nothing
_BRANCHES = 3  # of a sentence; an answer is too short for more than one
_DRAFTS = 3

Tokens = tuple[int, ...]


@runtime_checkable
class Adviser(Protocol):
    """Drafts and weighs lines on a picture, in token ids."""

    def opinions(
        self, image: ImageBlock, question: Sequence[int], answers: Sequence[Sequence[int]]
    ) -> list[float]:
        """Return a log-likelihood for each answer, all 0 when it has no opinion."""
        ...

    def drafts(self, image: ImageBlock, question: Sequence[int]) -> list[list[int]]:
        """Return likely answers, best first; an empty question asks for a caption."""
        ...

    def things(self, image: ImageBlock) -> tuple[str, ...]:
        """Return words for what is surely in the picture; none when nothing is sure."""
        ...


@dataclass(frozen=True)
class Ask:
    """A picture and what is asked of it; an empty question asks for a sentence on it."""

    image: ImageBlock
    question: str
    longest: int


def agreed_line(
    engine: LlamaEngine,
    vocabulary: Vocabulary,
    ready: Prefilled,
    ask: Ask,
    adviser: Adviser,
    cancel: Callable[[], bool],
) -> list[int]:
    """Return the tokens of the line that both find likeliest, without the end.

    Args:
        ready: the prompt in the engine, whose logits are those after it.
        cancel: asked before every token; when it says so, the best so far is returned.
    """
    weighing = _Weighing(engine, vocabulary, ready, ask, adviser, cancel)
    return list(weighing.answer() if ask.question else weighing.sentence())


class _Weighing:
    """One line being looked for. ``first`` are the logits after the prompt."""

    def __init__(
        self,
        engine: LlamaEngine,
        vocabulary: Vocabulary,
        ready: Prefilled,
        ask: Ask,
        adviser: Adviser,
        cancel: Callable[[], bool],
    ) -> None:
        self._engine, self._vocabulary, self._ready = engine, vocabulary, ready
        self._ask, self._adviser, self._cancel = ask, adviser, cancel
        self._first = engine.logits().copy()

    def sentence(self) -> Tokens:
        """Return the best of some sentences by their mean a token."""
        longest = self._ask.longest
        own = best_lines(
            self._engine, self._ready, self._vocabulary.ends, longest, _BRANCHES, self._cancel
        )
        known = {self._without_end(line): line.total for line in own}
        lines = [line for line in known if line] or [()]
        if self._cancel():
            return lines[0]
        lines = list(dict.fromkeys([*lines, *self._drafts([])]))
        things = self._adviser.things(self._ask.image)
        lines = [t for t in lines if _names(self._vocabulary.spell_all(t), things)] or lines
        best, found = -np.inf, lines[0]
        for line, opinion, size in zip(lines, *self._opinions([], lines), strict=True):
            if self._cancel():
                break
            mine = known[line] if line in known else self._likelihood(line)
            value = mine / (len(line) + 1) + opinion / (size + 1)
            if value > best:
                best, found = value, line
        return found

    def answer(self) -> Tokens:
        """Return the best of some answers by its sum.

        Both log-likelihoods only fall as a line goes on: its beginning bounds it, and a line that
        cannot win any more is not tried.
        """
        greedy = greedy_line(
            self._engine, self._ready, self._vocabulary.ends, self._ask.longest, self._cancel
        )
        found = self._without_end(greedy)
        if self._cancel() or not greedy.tokens:
            return found
        if len(found) > _LONGEST_ANSWER:
            return self._without_end(max(greedy, self._other(greedy), key=lambda line: line.mean))
        question = self._vocabulary.tokens(plain_line(self._ask.question))
        drafts = [line for line in dict.fromkeys(self._drafts(question)) if line and line != found]
        (told, *opinions), _ = self._opinions(question, [found, *drafts])
        best = greedy.total + told if found else -np.inf
        begun = log_probabilities(self._first)
        bounds = [float(begun[line[0]]) + told for line, told in zip(drafts, opinions, strict=True)]
        for bound, told, line in sorted(zip(bounds, opinions, drafts, strict=True), reverse=True):
            if bound <= best or self._cancel():
                break
            value = self._likelihood(line) + told
            if value > best:
                best, found = value, line
        if sum(branch_start(greedy, closest(greedy)[0]).chances) > best and not self._cancel():
            other = self._other(greedy)
            line = self._without_end(other)
            if line and other.total + self._opinions(question, [line])[0][0] > best:
                found = line
        return found

    def _other(self, greedy: Line) -> Line:
        """Return the line that leaves the greedy one where its choice was closest."""
        longest, ends = self._ask.longest, self._vocabulary.ends
        place = closest(greedy)[0]
        return branch(self._engine, self._ready, greedy, place, ends, longest, self._cancel)

    def _drafts(self, question: list[int]) -> list[Tokens]:
        """Return the adviser's drafts as the language model would write them."""
        found = []
        for draft in self._adviser.drafts(self._ask.image, question)[:_DRAFTS]:
            spelled = _spellings(self._vocabulary.spell_all(draft), bool(question))
            found += [tuple(self._vocabulary.tokens(text)) for text in spelled]
        return found

    def _opinions(self, question: list[int], lines: list[Tokens]) -> tuple[list[float], list[int]]:
        """Return what the adviser holds of each line, and how many of its tokens each has."""
        spell, tokens = self._vocabulary.spell_all, self._vocabulary.tokens
        words = [tokens(plain_line(spell(line))) for line in lines]
        return self._adviser.opinions(self._ask.image, question, words), [len(w) for w in words]

    def _likelihood(self, line: Tokens) -> float:
        self._engine.cut(self._ready.lane, self._ready.read)
        tokens = [*line, self._vocabulary.end]
        return line_likelihood(self._engine, self._ready, self._first, tokens)

    def _without_end(self, line: Line) -> Tokens:
        return tuple(token for token in line.tokens if not self._vocabulary.ends(token))


def _spellings(draft: str, answer: bool) -> list[str]:
    """Return a draft as the language model may write it: answers begin either way."""
    text = draft.strip()
    sentence = text[:1].upper() + text[1:]
    return [text, sentence] if answer else [sentence]


def _names(line: str, things: Sequence[str]) -> bool:
    """Whether a line has one of some words, alone or in the plural."""
    said = line.casefold()
    return any(re.search(rf"\b{re.escape(thing.casefold())}s?\b", said) for thing in things)
