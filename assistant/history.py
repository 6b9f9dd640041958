"""What a conversation so far says to the next question: its language, its turns, its files."""

from __future__ import annotations

from assistant.details import language_of
from assistant.i18n import Language
from assistant.messages import AttachmentView, ConversationView


def language_for(shown: ConversationView, asked: str) -> Language:
    """Return the language of a question; of the last one when it has no words of its own."""
    last = next((m.text for m in reversed(shown.messages) if m.role == "user"), "")
    return language_of(asked, language_of(last))


def pairs(shown: ConversationView) -> tuple[tuple[str, str], ...]:
    """Return the last questions with what was answered to them, the oldest first."""
    found: list[tuple[str, str]] = []
    asked = ""
    for message in shown.messages:
        if message.role == "user":
            asked = message.text
        elif asked and message.status in ("complete", "abstained", "stopped"):
            found.append((asked, message.text))
            asked = ""
    return tuple(found[-6:])


def earlier_files(shown: ConversationView, last: bool = False) -> list[AttachmentView]:
    """Return the files of the last question that had any (voice questions aside).

    Args:
        last: only look at the very last question.
    """
    for message in reversed(shown.messages):
        views = [a for a in message.attachments if not a.transcript]
        if message.role == "user" and (views or last):
            return views[:8]
    return []
