"""Tables of fine-tuning: runs and what was measured in them.

``metrics.jsonl`` in a run's folder is what a training writes, step by step; these rows are read
from it, so that a training needs no database and a killed one loses nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from retrieval.catalog.base import Base, now


class TuningRun(Base):
    """A run of fine-tuning. ``what``: vlm, clip or hub. ``state``: see ``assistant.tuning.runs``.

    ``eta`` is in seconds. ``plan`` holds data and settings, as the run's folder does.
    """

    __tablename__ = "tuning_runs"

    name: Mapped[str] = mapped_column(primary_key=True)
    what: Mapped[str]
    state: Mapped[str]
    stage: Mapped[str] = mapped_column(default="")
    told: Mapped[str] = mapped_column(default="")
    eta: Mapped[float | None]
    error_code: Mapped[str | None]
    error_params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    plan: Mapped[dict[str, Any]] = mapped_column(default=dict)
    started_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, index=True)


class TuningMetric(Base):
    """One figure of one step; ``line`` is its place in the run's ``metrics.jsonl``, from 0."""

    __tablename__ = "tuning_metrics"

    run: Mapped[str] = mapped_column(
        ForeignKey("tuning_runs.name", ondelete="CASCADE"), primary_key=True
    )
    line: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    stage: Mapped[str]
    step: Mapped[int]
    value: Mapped[float]
    seconds: Mapped[float]
