"""Tables of conversations: conversations, messages, attachments, citations, feedback.

A citation is kept by value (asset name, hash, place, words), so that an old answer still reads
after its file is gone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from retrieval.catalog.base import Base, now


class Conversation(Base):
    """A thread of messages over one library."""

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(primary_key=True)
    library_id: Mapped[str] = mapped_column(index=True)
    title: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, index=True)

    messages: Mapped[list[Message]] = relationship(
        order_by="Message.position", passive_deletes=True, cascade="all, delete-orphan"
    )


class Message(Base):
    """One turn. ``status``: streaming, complete, abstained, stopped, failed.

    ``trace`` keeps steps, timings, and the versions of model, prompts, index and settings.
    """

    __tablename__ = "messages"
    __table_args__ = (UniqueConstraint("conversation_id", "position"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    position: Mapped[int]
    role: Mapped[str]
    text: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="complete")
    error_code: Mapped[str | None]
    error_params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    trace: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)

    attachments: Mapped[list[Attachment]] = relationship(
        order_by="Attachment.position", passive_deletes=True, cascade="all, delete-orphan"
    )
    citations: Mapped[list[CitationRow]] = relationship(
        order_by="CitationRow.position", passive_deletes=True, cascade="all, delete-orphan"
    )


class Attachment(Base):
    """A file that came with a question; its bytes are a blob."""

    __tablename__ = "attachments"
    __table_args__ = (UniqueConstraint("message_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    position: Mapped[int]
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(index=True)
    media_type: Mapped[str]
    transcript: Mapped[str] = mapped_column(default="")


class CitationRow(Base):
    """Evidence an answer used: number ``position`` (1-based) in its text."""

    __tablename__ = "citations"
    __table_args__ = (UniqueConstraint("message_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    position: Mapped[int]
    asset_id: Mapped[int | None]
    asset: Mapped[str]
    sha256: Mapped[str]
    modality: Mapped[str]
    locator: Mapped[dict[str, Any]]
    snippet: Mapped[str]
    thumbnail: Mapped[str] = mapped_column(default="")


class Feedback(Base):
    """What a person said of an answer: up, down, wrong_citation, should_have_refused."""

    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), index=True
    )
    verdict: Mapped[str]
    comment: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
