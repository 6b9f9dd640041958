"""Where trained eyes meet a conversation: its form in training, and their own opinion of answers.

Text without pictures passes unchanged, so it reads exactly as it would without eyes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from assistant.models.images import ImageBlock, blocks_of, images_of
from assistant.models.protocol import Options
from assistant.models.second_opinion import plain_line
from assistant.models.sight import CAPTION_QUESTION
from assistant.models.weighing import Adviser, Ask

Tokenize = Callable[[str], list[int]]
_LONGEST_CAPTION = 30  # tokens


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
    asked = _picture_and_question(messages)
    if asked is None:
        return [0.0] * len(candidates)
    image, question = asked
    answers = [tokenize(plain_line(text)) for text in candidates]
    return adviser.opinions(image, tokenize(plain_line(question)), answers)


def picture_asked(messages: Sequence[BaseMessage], options: Options) -> Ask | None:
    """Return what is asked of the one picture of a conversation in the form of training, if so."""
    asked = _picture_and_question(messages)
    if asked is None or options.temperature or options.grammar or options.tools or options.stop:
        return None
    image, question = asked
    if question.strip() == CAPTION_QUESTION:
        return Ask(image, "", min(options.max_tokens, _LONGEST_CAPTION))
    return Ask(image, question, options.max_tokens)


def _picture_and_question(messages: Sequence[BaseMessage]) -> tuple[ImageBlock, str] | None:
    """Return the last message's picture and question, if they are all it has."""
    if messages and isinstance(messages[-1], HumanMessage):
        match blocks_of(messages[-1]):
            case [ImageBlock() as image, str() as question] if question.strip():
                return image, question
    return None
