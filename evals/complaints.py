"""From a complaint to a case: answers that people marked as bad become rows of the suite ``own``.

Cases are kept in ``<home>/evals/own/cases.jsonl``, private to this home, and may be edited by hand:
one object a line, ``answers`` are right answers, ``asset`` is the file that should be cited, and
``answerable`` is false when nothing in the library answers. A row says which models, prompts and
settings wrote the bad answer. Knows how messages are stored, and nothing of how suites run.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from assistant.store.tables import Conversation, Feedback, Message
from evals.errors import MessageUnknown

FILE = "cases.jsonl"
BAD = ("down", "wrong_citation", "should_have_refused")


@dataclass(frozen=True)
class Complaint:
    """A marked answer: the message, what was asked and said, and what a person said of it."""

    message: str
    library: str
    question: str
    answer: str
    verdict: str
    comment: str
    when: datetime

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON."""
        return {**vars(self), "when": self.when.isoformat()}


def complaints(engine: Engine) -> list[Complaint]:
    """Return every answer marked as bad, the newest first."""
    with Session(engine) as session:
        rows = session.execute(
            select(Feedback, Message)
            .join(Message, Feedback.message_id == Message.id)
            .where(Feedback.verdict.in_(BAD))
            .order_by(Feedback.created_at.desc(), Feedback.id.desc())
        ).all()
        return [_complaint(session, message, mark) for mark, message in rows]


def _complaint(session: Session, message: Message, mark: Feedback | None) -> Complaint:
    asked = _question(session, message)
    thread = session.get_one(Conversation, message.conversation_id)
    return Complaint(
        message=message.id,
        library=thread.library_id,
        question=asked.text if asked is not None else "",
        answer=message.text,
        verdict=mark.verdict if mark is not None else "",
        comment=mark.comment if mark is not None else "",
        when=message.created_at,
    )


def _question(session: Session, answer: Message) -> Message | None:
    """Return the user's message before an answer."""
    return session.scalar(
        select(Message)
        .where(
            Message.conversation_id == answer.conversation_id,
            Message.role == "user",
            Message.position < answer.position,
        )
        .order_by(Message.position.desc())
    )


def add_case(
    engine: Engine, folder: Path, message: str, expected: Sequence[str], asset: str | None
) -> dict[str, Any]:
    """Make a case of an answer, or replace the case it became before; returns the row.

    Args:
        folder: where the cases are kept.
        message: id of the assistant's message.
        expected: right answers. Without any, a refusal is expected when the mark says that it
            should have refused; otherwise only the citation can be checked until someone
            writes ``answers`` into the row.
        asset: the file that should be cited; None: not checked.

    Raises:
        MessageUnknown: there is no such answer, or it answers no written question.
    """
    with Session(engine) as session:
        row = session.get(Message, message)
        if row is None or row.role != "assistant":
            raise MessageUnknown(message=message)
        mark = session.scalar(
            select(Feedback).where(Feedback.message_id == message).order_by(Feedback.id.desc())
        )
        told = _complaint(session, row, mark)
        if not told.question.strip():
            raise MessageUnknown(message=message)
        case = {
            "question": told.question,
            "answers": list(expected),
            "asset": asset or "",
            "answerable": bool(expected) or told.verdict != "should_have_refused",
            "library": told.library,
            "message": message,
            "verdict": told.verdict,
            "comment": told.comment,
            "was": told.answer,
            "cited": [citation.asset for citation in row.citations],
            "versions": {k: v for k, v in row.trace.items() if k != "steps"},
        }
    _replace(folder / FILE, case)
    return case


def _replace(path: Path, case: dict[str, Any]) -> None:
    """Write the case in the place of an older one of the same message; other lines stay."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    kept = [line for line in lines if line.strip() and _message_of(line) != case["message"]]
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting = path.with_suffix(".tmp")
    text = "\n".join([*kept, json.dumps(case, ensure_ascii=False)]) + "\n"
    waiting.write_text(text, encoding="utf-8")
    waiting.replace(path)


def _message_of(line: str) -> str | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None  # a line someone broke while editing is kept for them to mend
    return value.get("message") if isinstance(value, dict) else None
