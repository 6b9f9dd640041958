"""Where the projector's answer drafter meets a conversation.

A short question on one picture, or a request to describe it, gets a draft: as a line of the prompt
when an answer is written, and as a second opinion when given answers are weighed. Everything else
passes unchanged, so text without pictures reads exactly as it would without eyes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from langchain_core.messages import BaseMessage, HumanMessage

from assistant.models.images import ImageBlock, blocks_of
from assistant.models.sight import hint_question, hinted_question

_DESCRIBE = re.compile(r"\s*(please\s+)?(describe|caption)\b", re.IGNORECASE)
Tokenize = Callable[[str], list[int]]
Spell = Callable[[Sequence[int]], str]


@runtime_checkable
class Drafter(Protocol):
    """Drafts and weighs answers to questions on a picture, in token ids."""

    def hint(self, image: ImageBlock, question: Sequence[int]) -> list[int]:
        """Return a drafted answer, or nothing."""
        ...

    def caption(self, image: ImageBlock) -> list[int]:
        """Return a drafted caption."""
        ...

    def answer_scores(
        self, image: ImageBlock, question: Sequence[int], answers: Sequence[Sequence[int]]
    ) -> list[float]:
        """Return a log-likelihood for each answer, all 0 when it has no opinion."""
        ...


@dataclass(frozen=True)
class _Asked:
    image: ImageBlock
    question: str


def with_hint(
    messages: Sequence[BaseMessage], drafter: Drafter, tokenize: Tokenize, spell: Spell
) -> list[BaseMessage]:
    """Return the conversation, its last question with a drafted answer where there is one."""
    asked = _asked(messages)
    if asked is None:
        return list(messages)
    if _DESCRIBE.match(asked.question):
        draft = drafter.caption(asked.image)
    else:
        draft = drafter.hint(asked.image, tokenize(hint_question(asked.question)))
    if not draft:
        return list(messages)
    last = messages[-1]
    assert isinstance(last.content, list)
    text = hinted_question(asked.question, spell(draft).strip())
    content = [*last.content[:-1], {"type": "text", "text": text}]
    return [*messages[:-1], HumanMessage(content=content)]


def opinions(
    messages: Sequence[BaseMessage],
    drafter: Drafter,
    tokenize: Tokenize,
    candidates: Sequence[str],
) -> list[float]:
    """Return the drafter's log-likelihood of each candidate, 0 where it has no opinion."""
    asked = _asked(messages)
    if asked is None:
        return [0.0] * len(candidates)
    answers = [tokenize(hint_question(text)) for text in candidates]
    return drafter.answer_scores(asked.image, tokenize(hint_question(asked.question)), answers)


def _asked(messages: Sequence[BaseMessage]) -> _Asked | None:
    """Return picture and question if the last message is just that: one picture, then text."""
    if not messages or not isinstance(messages[-1], HumanMessage):
        return None
    blocks = blocks_of(messages[-1])
    match blocks:
        case [ImageBlock() as image, str() as question] if question.strip():
            return _Asked(image, question)
    return None
