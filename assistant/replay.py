"""Replays: a stored answer beside the same question answered now, and what the two depend on.

What an answer depends on (model, prompts, embedders, index, settings, version) is stored with it,
so a difference can be traced to what changed. Knows no database and no graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from assistant.errors import MessageUnknown
from assistant.messages import Abstained, Answered, Citation, ConversationView, Event, MessageView

DEPENDS_ON = ("version", "model", "prompts", "embedders", "index", "settings", "intent")


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was."""

    what: str
    was: Any
    now: Any


@dataclass(frozen=True)
class Replayed:
    """A replayed answer. ``same`` tells of text and citations; ``changes`` of everything."""

    message: str
    question: str
    was: str
    now: str
    same: bool
    changes: tuple[Change, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON."""
        changes = [{"what": c.what, "was": c.was, "now": c.now} for c in self.changes]
        return {
            "message": self.message,
            "question": self.question,
            "was": self.was,
            "now": self.now,
            "same": self.same,
            "changes": changes,
        }


def cut_at(
    shown: ConversationView, message: str
) -> tuple[ConversationView, MessageView, MessageView]:
    """Return the conversation before a question, the question, and the answer ``message``.

    Raises:
        MessageUnknown: the message is no answer to a question.
    """
    place = next(i for i, m in enumerate(shown.messages) if m.id == message)
    answer = shown.messages[place]
    asked = shown.messages[place - 1] if place else answer
    if answer.role != "assistant" or asked.role != "user":
        raise MessageUnknown(message=message)
    return replace(shown, messages=shown.messages[: place - 1]), asked, answer


def compare(
    asked: MessageView, old: MessageView, outcome: Event, facts: Mapping[str, Any]
) -> Replayed:
    """Put a stored answer beside the outcome of a run that asked the same.

    Args:
        facts: what the new answer depends on.
    """
    assert isinstance(outcome, Answered | Abstained)
    citations = outcome.citations if isinstance(outcome, Answered) else ()
    was, now = [_place(c) for c in old.citations], [_place(c) for c in citations]
    changes = [
        Change(key, old.trace.get(key), facts.get(key))
        for key in DEPENDS_ON
        if old.trace.get(key) != facts.get(key) and not (key == "intent" and key not in old.trace)
    ]
    if was != now:
        changes.insert(0, Change("citations", was, now))
    if old.text != outcome.text:
        changes.insert(0, Change("answer", old.text, outcome.text))
    same = old.text == outcome.text and was == now
    return Replayed(old.id, asked.text, old.text, outcome.text, same, tuple(changes))


def _place(citation: Citation) -> dict[str, Any]:
    return {"asset": citation.asset, "locator": citation.locator.to_json()}
