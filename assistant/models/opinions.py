"""Where trained eyes meet a conversation: its form in training, and their own opinion of answers.

Text without pictures passes unchanged, so it reads exactly as it would without eyes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from assistant.models.images import ImageBlock, blocks_of, images_of
from assistant.models.second_opinion import plain_line

Tokenize = Callable[[str], list[int]]


@runtime_checkable
class Adviser(Protocol):
    """Weighs answers to a question on a picture, in token ids."""

    def opinions(
        self, image: ImageBlock, question: Sequence[int], answers: Sequence[Sequence[int]]
    ) -> list[float]:
        """Return a log-likelihood for each answer, all 0 when it has no opinion."""
        ...


def as_trained(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return a conversation with pictures in the form of training: without a system message."""
    if not images_of(messages):
        return list(messages)
    return [message for message in messages if not isinstance(message, SystemMessage)]


def opinions(
    messages: Sequence[BaseMessage],
    adviser: Adviser,
    tokenize: Tokenize,
    candidates: Sequence[str],
) -> list[float]:
    """Return the adviser's log-likelihood of each candidate, weighed; 0 without an opinion.

    It has one only of a last message that is just one picture and one question.
    """
    if messages and isinstance(messages[-1], HumanMessage):
        match blocks_of(messages[-1]):
            case [ImageBlock() as image, str() as question] if question.strip():
                answers = [tokenize(plain_line(text)) for text in candidates]
                return adviser.opinions(image, tokenize(plain_line(question)), answers)
    return [0.0] * len(candidates)
