"""The user's own cases: questions with what is expected, from complaints, drafts, or by hand.

Everything is one transaction and gives frozen views. Cases are private to the home: they leave it
only by ``export``. Knows nothing of models or of how a case is judged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import Engine, exists, select
from sqlalchemy.orm import Session, selectinload

from assistant.errors import CaseUnknown, MessageUnknown
from assistant.messages import AttachmentView
from assistant.own_case import OwnCaseView, Redacter, Status, export_row
from assistant.store.eval_tables import OwnCase, OwnCaseFile
from assistant.store.tables import Conversation, Feedback, Message
from retrieval.blobs import BlobStore

FILE = "cases.jsonl"
BAD = ("down", "wrong_citation", "should_have_refused")


class Cases:
    """All own cases of one database.

    Args:
        blobs: where the files that came with a question are.
    """

    def __init__(self, engine: Engine, blobs: BlobStore) -> None:
        self._engine = engine
        self._blobs = blobs

    def all(self, library: str | None = None, status: Status | None = None) -> list[OwnCaseView]:
        """Return the cases, the newest first."""
        query = select(OwnCase).options(selectinload(OwnCase.files))
        if library is not None:
            query = query.where(OwnCase.library_id == library)
        if status is not None:
            query = query.where(OwnCase.status == status)
        with Session(self._engine) as session:
            rows = session.scalars(query.order_by(OwnCase.created_at.desc(), OwnCase.id))
            return [_view(row) for row in rows]

    def complaints(self, library: str | None = None) -> list[OwnCaseView]:
        """Return answers marked as bad that are no case yet, the newest first, as drafts."""
        marked = (
            select(Message.id, Feedback.id)
            .join(Feedback, Feedback.message_id == Message.id)
            .join(Conversation, Message.conversation_id == Conversation.id)
            .where(Feedback.verdict.in_(BAD))
            .where(~exists().where(OwnCase.message_id == Message.id))
            .order_by(Feedback.id.desc())
        )
        if library is not None:
            marked = marked.where(Conversation.library_id == library)
        with Session(self._engine) as session:
            ids = dict.fromkeys(row[0] for row in session.execute(marked))
            drafts = [_from_message(session, session.get_one(Message, key)) for key in ids]
            return [_view(draft) for draft in drafts if draft is not None]

    def add_message(
        self, message: str, answers: Sequence[str] = (), asset: str | None = None
    ) -> OwnCaseView:
        """Make a case of an answer, or replace the one it became before.

        Args:
            answers: right answers. Without any, a refusal is expected when the mark says that it
                should have refused; otherwise the case stays a draft until someone says what
                is expected.
            asset: the file that should be cited; None: not checked.

        Raises:
            MessageUnknown: there is no such answer, or it answers no written question.
        """
        with Session(self._engine) as session, session.begin():
            row = session.get(Message, message)
            case = _from_message(session, row) if row is not None else None
            if case is None:
                raise MessageUnknown(message=message)
            earlier = session.scalar(select(OwnCase).where(OwnCase.message_id == message))
            if earlier is not None:
                session.delete(earlier)
                session.flush()
            case.answers, case.asset = list(answers), asset or ""
            case.answerable = bool(answers) or case.verdict != "should_have_refused"
            case.status = "ready" if answers or asset or not case.answerable else "draft"
            session.add(case)
            session.flush()
            return _view(case)

    def add(self, case: OwnCaseView) -> OwnCaseView:
        """Keep a drafted or written case; returns it with its id."""
        with Session(self._engine) as session, session.begin():
            row = OwnCase(id=uuid4().hex, message_id=None, **_columns(case))
            session.add(row)
            session.flush()
            return _view(row)

    def change(self, case: str, **values: Any) -> OwnCaseView:
        """Change what is asked, expected, or the status.

        Args:
            values: fields of ``OwnCaseView``: question, answers, asset, answerable, status.

        Raises:
            CaseUnknown: there is none with this id.
        """
        with Session(self._engine) as session, session.begin():
            row = self._row(session, case)
            for name, value in _columns(replace(_view(row), **values)).items():
                setattr(row, name, value)
            return _view(row)

    def delete(self, case: str) -> list[str]:
        """Remove a case; returns the hashes of the files it held on to.

        Raises:
            CaseUnknown: there is none with this id.
        """
        with Session(self._engine) as session, session.begin():
            row = self._row(session, case)
            held = [file.sha256 for file in row.files]
            session.delete(row)
            return held

    def export(self, folder: Path, *, redacted: bool = False, library: str | None = None) -> int:
        """Write the ready cases as a data folder of the suite ``own``; returns how many.

        Args:
            redacted: hide names, numbers, addresses and words of the files, and leave the
                attached files out (see ``assistant.own_case``).
        """
        folder.mkdir(parents=True, exist_ok=True)
        cases = self.all(library, "ready")
        redact = Redacter() if redacted else None
        lines = [json.dumps(export_row(case, redact), ensure_ascii=False) for case in cases]
        if not redacted:
            for file in (file for case in cases for file in case.files):
                (folder / file.sha256).write_bytes(self._blobs.read(file.sha256))
        (folder / FILE).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return len(cases)

    @staticmethod
    def _row(session: Session, case: str) -> OwnCase:
        row = session.get(OwnCase, case)
        if row is None:
            raise CaseUnknown(case=case)
        return row


def _from_message(session: Session, answer: Message) -> OwnCase | None:
    """Return a draft of a case from an answer, not yet added; None without a written question."""
    asked = session.scalar(
        select(Message)
        .where(
            Message.conversation_id == answer.conversation_id,
            Message.role == "user",
            Message.position < answer.position,
        )
        .order_by(Message.position.desc())
    )
    if answer.role != "assistant" or asked is None or not asked.text.strip():
        return None
    mark = session.scalar(
        select(Feedback)
        .where(Feedback.message_id == answer.id, Feedback.verdict.in_(BAD))
        .order_by(Feedback.id.desc())
    )
    cited = answer.citations[0] if answer.citations else None
    files = [
        OwnCaseFile(position=n, name=a.name, sha256=a.sha256, media_type=a.media_type)
        for n, a in enumerate(a for a in asked.attachments if not a.transcript)
    ]
    return OwnCase(
        id=uuid4().hex,
        library_id=session.get_one(Conversation, answer.conversation_id).library_id,
        origin="complaint",
        status="draft",
        message_id=answer.id,
        question=asked.text,
        answers=[],
        asset="",
        locator={},
        snippet=cited.snippet if cited is not None else "",
        answerable=True,
        verdict=mark.verdict if mark is not None else "",
        comment=mark.comment if mark is not None else "",
        was=answer.text,
        retrieved=_retrieved(answer),
        versions={k: v for k, v in answer.trace.items() if k not in ("steps", "nearest")},
        created_at=answer.created_at,
        files=files,
    )


def _retrieved(answer: Message) -> list[dict[str, Any]]:
    """Return what the answer was made from: passages that were found, by id, and what it cited."""
    steps: Sequence[Mapping[str, Any]] = answer.trace.get("steps", ())
    found = [dict(passage) for step in steps for passage in step.get("retrieved", ())]
    cited = [
        {"asset_id": c.asset_id, "asset": c.asset, "locator": c.locator, "cited": True}
        for c in answer.citations
    ]
    return [*found, *cited]


def _columns(case: OwnCaseView) -> dict[str, Any]:
    return {
        "library_id": case.library,
        "origin": case.origin,
        "status": case.status,
        "question": case.question,
        "answers": list(case.answers),
        "asset": case.asset,
        "locator": dict(case.locator),
        "snippet": case.snippet,
        "answerable": case.answerable,
        "versions": dict(case.versions),
    }


def _view(row: OwnCase) -> OwnCaseView:
    return OwnCaseView(
        id=row.id,
        library=row.library_id,
        origin=row.origin,
        status=cast(Status, row.status),
        message=row.message_id or "",
        question=row.question,
        answers=tuple(str(answer) for answer in row.answers),
        asset=row.asset,
        locator=row.locator,
        snippet=row.snippet,
        answerable=row.answerable,
        verdict=row.verdict,
        comment=row.comment,
        was=row.was,
        retrieved=tuple(row.retrieved),
        versions=row.versions,
        files=tuple(AttachmentView(f.name, f.sha256, f.media_type) for f in row.files),
    )
