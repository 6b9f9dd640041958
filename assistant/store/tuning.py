"""Runs of fine-tuning in SQL: where each stands, and every figure it measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, func, insert, select, update

from assistant.store.tuning_tables import TuningMetric, TuningRun
from retrieval.catalog.base import now
from retrieval.catalog.transactions import reading, writing


@dataclass(frozen=True)
class RunRow:
    """A run as it was last told of; ``eta`` in seconds, None when it cannot be told."""

    name: str
    what: str
    state: str
    stage: str
    told: str
    eta: float | None
    error_code: str | None
    error_params: Mapping[str, Any]
    plan: Mapping[str, Any]
    started_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Figure:
    """What was measured at a step of a stage; ``line`` is its place in ``metrics.jsonl``."""

    line: int
    stage: str
    step: int
    seconds: float
    values: Mapping[str, float] = field(default_factory=dict)


class TuningRuns:
    """The tables of runs. Safe to use from threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, name: str, what: str, plan: Mapping[str, Any]) -> None:
        """Enter a run, or enter it anew; what an older run of this name measured is dropped."""
        with writing(self._engine) as connection:
            connection.execute(delete(TuningMetric).where(TuningMetric.run == name))
            connection.execute(delete(TuningRun).where(TuningRun.name == name))
            values = {"name": name, "what": what, "state": "preparing", "plan": dict(plan)}
            connection.execute(insert(TuningRun).values(**values))

    def change(self, name: str, **values: Any) -> None:
        """Write some columns of a run."""
        with writing(self._engine) as connection:
            connection.execute(
                update(TuningRun).where(TuningRun.name == name).values(**values, updated_at=now())
            )

    def add_figures(self, name: str, figures: Sequence[Figure]) -> None:
        """Write figures; those of rows that are there already are left as they are."""
        with writing(self._engine) as connection:
            known = connection.scalar(
                select(func.max(TuningMetric.line)).where(TuningMetric.run == name)
            )
            rows = [
                {
                    "run": name, "line": figure.line, "name": key, "stage": figure.stage,
                    "step": figure.step, "value": value, "seconds": figure.seconds,
                }
                for figure in figures
                if known is None or figure.line > known
                for key, value in figure.values.items()
            ]  # fmt: skip
            if rows:
                connection.execute(insert(TuningMetric), rows)

    def get(self, name: str) -> RunRow | None:
        """Return a run, or None."""
        return next((run for run in self.all() if run.name == name), None)

    def all(self) -> list[RunRow]:
        """Return all runs, the latest first."""
        columns = [getattr(TuningRun, key) for key in RunRow.__dataclass_fields__]
        with reading(self._engine) as connection:
            rows = connection.execute(select(*columns).order_by(TuningRun.updated_at.desc()))
            return [RunRow(*row) for row in rows]

    def figures(self, name: str) -> list[Figure]:
        """Return what a run measured, in its order."""
        metric = TuningMetric
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(metric.line, metric.stage, metric.step, metric.seconds, metric.name,
                       metric.value)
                .where(metric.run == name)
                .order_by(metric.line, metric.name)
            ).all()  # fmt: skip
        found: dict[int, Figure] = {}
        for line, stage, step, seconds, key, value in rows:
            figure = found.setdefault(line, Figure(line, stage, step, seconds, {}))
            found[line] = Figure(line, stage, step, seconds, {**figure.values, key: value})
        return list(found.values())
