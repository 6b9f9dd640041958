"""Tables of evaluation: runs with the outcomes behind them, and the user's own cases.

An outcome row is never changed: work that is done again is a new row, and the newest of a key
counts, so that an old run still reads as it was.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from retrieval.catalog.base import Base, now


class EvalOutcome(Base):
    """One part of one case, done. ``key`` names everything its outcome depends on."""

    __tablename__ = "eval_outcomes"
    __table_args__ = (Index("ix_eval_outcomes_key_case", "key", "case_id", "part"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    case_id: Mapped[str]
    part: Mapped[str]
    outcome: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class EvalRun(Base):
    """A finished run: what the command line prints, and when."""

    __tablename__ = "eval_runs"

    id: Mapped[str] = mapped_column(primary_key=True)
    suite: Mapped[str] = mapped_column(index=True)
    split: Mapped[str]
    system: Mapped[str]
    data: Mapped[str]
    document: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class EvalRunOutcome(Base):
    """The outcomes of a run, in order."""

    __tablename__ = "eval_run_outcomes"

    run_id: Mapped[str] = mapped_column(
        ForeignKey("eval_runs.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    outcome_id: Mapped[int] = mapped_column(ForeignKey("eval_outcomes.id"), index=True)


class OwnCase(Base):
    """A question of the user's own with what is expected of its answer.

    ``origin``: complaint, drafted, written. ``status``: draft until a person confirmed what is
    expected, then ready. What the answer was and what wrote it are kept by value, so that the
    case outlives the conversation it came from.
    """

    __tablename__ = "own_cases"

    id: Mapped[str] = mapped_column(primary_key=True)
    library_id: Mapped[str] = mapped_column(index=True)
    origin: Mapped[str]
    status: Mapped[str]
    message_id: Mapped[str | None] = mapped_column(index=True)
    question: Mapped[str]
    answers: Mapped[list[Any]] = mapped_column(default=list)
    asset: Mapped[str] = mapped_column(default="")
    locator: Mapped[dict[str, Any]] = mapped_column(default=dict)
    snippet: Mapped[str] = mapped_column(default="")
    answerable: Mapped[bool] = mapped_column(default=True)
    verdict: Mapped[str] = mapped_column(default="")
    comment: Mapped[str] = mapped_column(default="")
    was: Mapped[str] = mapped_column(default="")
    retrieved: Mapped[list[Any]] = mapped_column(default=list)
    versions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)

    files: Mapped[list[OwnCaseFile]] = relationship(
        order_by="OwnCaseFile.position", passive_deletes=True, cascade="all, delete-orphan"
    )


class OwnCaseFile(Base):
    """A file that came with the question; its blob lives as long as the case."""

    __tablename__ = "own_case_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("own_cases.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(index=True)
    media_type: Mapped[str]
