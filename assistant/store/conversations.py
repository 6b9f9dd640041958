"""Conversations, messages, attachments, citations and feedback: the operations on their tables.

Callers get frozen views, never rows. Every method is one transaction. Knows nothing of models,
of retrieval, or of how an answer comes about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast
from uuid import uuid4

from sqlalchemy import Engine, exists, func, select, update
from sqlalchemy.orm import Session, selectinload

from assistant.errors import ConversationNotFound, MessageUnknown
from assistant.messages import (
    AttachmentView,
    Citation,
    ConversationView,
    MessageStatus,
    MessageView,
    Role,
)
from assistant.store.tables import Attachment, CitationRow, Conversation, Feedback, Message
from retrieval.catalog.base import now
from retrieval.values import Modality, locator_from_json

Verdict = Literal["up", "down", "wrong_citation", "should_have_refused"]
TITLE_LENGTH = 60


class Conversations:
    """All that is stored of conversations, over one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, library: str, title: str = "") -> ConversationView:
        """Start an empty conversation over a library."""
        with Session(self._engine) as session, session.begin():
            row = Conversation(id=uuid4().hex, library_id=library, title=title)
            session.add(row)
            session.flush()
            return _conversation(row)

    def all(self, library: str, limit: int = 200) -> list[ConversationView]:
        """Return the conversations of a library, the latest first, without messages."""
        query = (
            select(Conversation)
            .where(Conversation.library_id == library)
            .order_by(Conversation.updated_at.desc(), Conversation.id)
            .limit(limit)
        )
        with Session(self._engine) as session:
            return [_conversation(row) for row in session.scalars(query)]

    def get(self, conversation: str, library: str | None = None) -> ConversationView:
        """Return one conversation with its messages in order.

        Args:
            library: when given, a conversation of another library is as good as none.

        Raises:
            ConversationNotFound: there is none with this id (in that library).
        """
        options = (
            selectinload(Conversation.messages).selectinload(Message.citations),
            selectinload(Conversation.messages).selectinload(Message.attachments),
        )
        with Session(self._engine) as session:
            row = session.get(Conversation, conversation, options=options)
            if row is None or (library is not None and row.library_id != library):
                raise ConversationNotFound(conversation=conversation)
            return _conversation(row, messages=True)

    def holding(self, message: str) -> ConversationView:
        """Return the conversation that a message stands in, with its messages.

        Raises:
            MessageUnknown: there is no such message.
        """
        with Session(self._engine) as session:
            row = session.get(Message, message)
            if row is None:
                raise MessageUnknown(message=message)
            conversation = row.conversation_id
        return self.get(conversation)

    def library_of(self, conversation: str) -> str:
        """Return the library a conversation is over.

        Raises:
            ConversationNotFound: there is none with this id.
        """
        with Session(self._engine) as session:
            return self._row(session, conversation).library_id

    def rename(self, conversation: str, title: str) -> None:
        """Give a conversation another title (cut to a line).

        Raises:
            ConversationNotFound: there is none with this id.
        """
        with Session(self._engine) as session, session.begin():
            self._row(session, conversation).title = title_of(title)

    def delete(self, conversation: str) -> list[str]:
        """Remove a conversation; return the hashes of attachments that nobody else attached.

        Raises:
            ConversationNotFound: there is none with this id.
        """
        with Session(self._engine) as session, session.begin():
            row = self._row(session, conversation)
            mine = {a.sha256 for message in row.messages for a in message.attachments}
            session.delete(row)
            session.flush()
            query = select(Attachment.sha256).where(Attachment.sha256.in_(mine))
            return sorted(mine - set(session.scalars(query)))

    def attached(self, sha256: str) -> bool:
        """Tell whether a message holds on to this blob."""
        with Session(self._engine) as session:
            return bool(session.scalar(select(exists().where(Attachment.sha256 == sha256))))

    def add_question(
        self, conversation: str, text: str, attachments: Sequence[AttachmentView] = ()
    ) -> str:
        """Append a user's message, titling an untitled conversation by it; return its id.

        Raises:
            ConversationNotFound: there is none with this id.
        """
        with Session(self._engine) as session, session.begin():
            row = self._row(session, conversation)
            row.title = row.title or title_of(text or (attachments[0].name if attachments else ""))
            message = self._append(session, row, "user", text, "complete")
            for position, view in enumerate(attachments):
                message.attachments.append(
                    Attachment(
                        position=position,
                        name=view.name,
                        sha256=view.sha256,
                        media_type=view.media_type,
                        transcript=view.transcript,
                    )
                )
            return message.id

    def begin_answer(self, conversation: str, trace: Mapping[str, Any]) -> str:
        """Append an assistant's message that is being written; return its id.

        Raises:
            ConversationNotFound: there is none with this id.
        """
        with Session(self._engine) as session, session.begin():
            row = self._row(session, conversation)
            message = self._append(session, row, "assistant", "", "streaming")
            message.trace = dict(trace)
            return message.id

    def save_partial(self, message: str, text: str) -> None:
        """Keep what is written so far of an answer that is still streaming."""
        with Session(self._engine) as session, session.begin():
            session.execute(
                update(Message)
                .where(Message.id == message, Message.status == "streaming")
                .values(text=text)
            )

    def finish_answer(
        self,
        message: str,
        status: MessageStatus,
        text: str,
        *,
        citations: Sequence[Citation] = (),
        trace: Mapping[str, Any] | None = None,
        error: tuple[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Close an answer with its last text, citations by value, trace and error, if any.

        A message whose conversation was deleted meanwhile is passed over.
        """
        with Session(self._engine) as session, session.begin():
            row = session.get(Message, message)
            if row is None:
                return
            row.text, row.status = text, status
            row.trace = {**row.trace, **(trace or {})}
            if error:
                row.error_code, row.error_params = error[0], _plain(error[1])
            row.citations = [_citation_row(c) for c in citations]
            self._row(session, row.conversation_id).updated_at = now()

    def mark_interrupted(self) -> int:
        """Mark answers left streaming by a crash as stopped, keeping their text; count them."""
        with Session(self._engine) as session, session.begin():
            rows = session.scalars(select(Message).where(Message.status == "streaming")).all()
            for row in rows:
                row.status = "stopped"
            return len(rows)

    def add_feedback(self, message: str, verdict: Verdict, comment: str = "") -> None:
        """Keep what a person said of an answer.

        Raises:
            ConversationNotFound: there is no such message.
        """
        with Session(self._engine) as session, session.begin():
            if session.get(Message, message) is None:
                raise ConversationNotFound(conversation=message)
            session.add(Feedback(message_id=message, verdict=verdict, comment=comment))

    @staticmethod
    def _row(session: Session, conversation: str) -> Conversation:
        row = session.get(Conversation, conversation)
        if row is None:
            raise ConversationNotFound(conversation=conversation)
        return row

    @staticmethod
    def _append(
        session: Session, row: Conversation, role: Role, text: str, status: MessageStatus
    ) -> Message:
        last = session.scalar(
            select(func.max(Message.position)).where(Message.conversation_id == row.id)
        )
        message = Message(
            id=uuid4().hex,
            conversation_id=row.id,
            position=0 if last is None else last + 1,
            role=role,
            text=text,
            status=status,
        )
        session.add(message)
        session.flush()
        row.updated_at = now()
        return message


def title_of(text: str) -> str:
    """Return the first line of a text, cut at a word to a length that fits a list."""
    line = " ".join(text.split())
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[:TITLE_LENGTH]
    return (cut.rsplit(" ", 1)[0] if " " in cut[20:] else cut).rstrip(" ,;:，；：") + "…"


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    """JSON takes numbers and text; paths and the like are said as text."""
    simple = (str, int, float, bool, type(None))
    return {k: v if isinstance(v, simple) else str(v) for k, v in params.items()}


def _citation_row(citation: Citation) -> CitationRow:
    return CitationRow(
        position=citation.number,
        asset_id=citation.asset_id,
        asset=citation.asset,
        sha256=citation.sha256,
        modality=citation.modality,
        locator=citation.locator.to_json(),
        snippet=citation.snippet,
    )


def _conversation(row: Conversation, messages: bool = False) -> ConversationView:
    return ConversationView(
        id=row.id,
        title=row.title,
        updated_at=row.updated_at,
        messages=tuple(_message(m) for m in row.messages) if messages else (),
    )


def _message(row: Message) -> MessageView:
    return MessageView(
        id=row.id,
        role=cast(Role, row.role),
        text=row.text,
        status=cast(MessageStatus, row.status),
        created_at=row.created_at,
        citations=tuple(_citation(c) for c in row.citations),
        attachments=tuple(
            AttachmentView(a.name, a.sha256, a.media_type, a.transcript) for a in row.attachments
        ),
        error_code=row.error_code,
        error_params=row.error_params,
        trace=row.trace,
    )


def _citation(row: CitationRow) -> Citation:
    return Citation(
        number=row.position,
        asset=row.asset,
        sha256=row.sha256,
        modality=cast(Modality, row.modality),
        locator=locator_from_json(row.locator),
        snippet=row.snippet,
        asset_id=row.asset_id,
    )
