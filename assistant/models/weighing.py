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

from assistant.models.branching import best_lines
from assistant.models.images import ImageBlock
from assistant.models.likelihood import line_likelihood
from assistant.models.llama_engine import LlamaEngine, Prefilled
from assistant.models.llama_text import Vocabulary
from assistant.models.second_opinion import plain_line

_LONGEST_ANSWER = 8  # tokens; of a longer one the small decoder knows nothing
_BRANCHES = 3  # of a sentence; an answer is too short for more than one
_DRAFTS = 3


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
    first = engine.logits().astype(np.float64)
    branches = 1 if ask.question else _BRANCHES
    own = best_lines(engine, ready, vocabulary.ends, ask.longest, branches, cancel)
    engine.cut(ready.lane, ready.read)
    known = {tuple(t for t in line.tokens if not vocabulary.ends(t)): line.total for line in own}
    lines = [line for line in known if line] or [()]
    if cancel() or (ask.question and len(lines[0]) > _LONGEST_ANSWER):
        return list(lines[0])
    question = vocabulary.tokens(plain_line(ask.question)) if ask.question else []
    for draft in adviser.drafts(ask.image, question)[:_DRAFTS]:
        spelled = _spellings(vocabulary.spell_all(draft), bool(ask.question))
        lines += [tuple(vocabulary.tokens(text)) for text in spelled]
    lines = list(dict.fromkeys(lines))
    if not ask.question:
        things = adviser.things(ask.image)
        lines = [t for t in lines if _names(vocabulary.spell_all(t), things)] or lines
    words = [vocabulary.tokens(plain_line(vocabulary.spell_all(line))) for line in lines]
    opinions = adviser.opinions(ask.image, question, words)
    best, found = -np.inf, lines[0]
    for line, said, opinion in zip(lines, words, opinions, strict=True):
        if cancel():
            break
        mine = known.get(line)
        if mine is None:
            mine = line_likelihood(engine, ready, first, [*line, vocabulary.end])
        if not ask.question:
            mine, opinion = mine / (len(line) + 1), opinion / (len(said) + 1)
        if mine + opinion > best:
            best, found = mine + opinion, line
    return list(found)


def _spellings(draft: str, answer: bool) -> list[str]:
    """Return a draft as the language model may write it: answers begin either way."""
    text = draft.strip()
    sentence = text[:1].upper() + text[1:]
    return [text, sentence] if answer else [sentence]


def _names(line: str, things: Sequence[str]) -> bool:
    """Whether a line has one of some words, alone or in the plural."""
    said = line.casefold()
    return any(re.search(rf"\b{re.escape(thing.casefold())}s?\b", said) for thing in things)
