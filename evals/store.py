"""Keeps cases that are done and runs that are finished in SQL, and knows what the same work is.

An outcome is written the moment it is there, under a key that names everything it depends on, so
an interrupted run goes on from it and the same work is not done twice. Rows are never changed:
doing a case again adds a newer one. Knows nothing of suites.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from assistant.config import Settings
from assistant.store.eval_tables import EvalOutcome, EvalRun, EvalRunOutcome
from assistant.store.migrate import migrate
from evals.errors import EvalBusy, EvalRunNotFound
from evals.values import Outcome, Result, outcome_from_json
from retrieval.catalog.base import open_engine

ROOT = Path(__file__).resolve().parent.parent
CODE = ("retrieval", "assistant", "evals")
KINDS = (".py", ".json", ".safetensors")
NOT_CODE = frozenset({"cli", "tuning", "demo", "locale", "cards", "baselines", "smoke"})


def key_of(parts: Mapping[str, Any]) -> str:
    """Return a name for what an outcome depends on, 16 hex digits."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def code_digest(packages: tuple[str, ...] = CODE) -> str:
    """Return a hash of the program's own sources, prompts and committed weights.

    Taken once a process: what runs is what was imported, even if files change meanwhile.
    """
    total = hashlib.sha256()
    for package in packages:
        for path in sorted((ROOT / package).rglob("*")):
            inside = path.relative_to(ROOT)
            if path.suffix in KINDS and NOT_CODE.isdisjoint(inside.parts):
                total.update(str(inside).encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


@contextmanager
def opened(settings: Settings) -> Iterator[Engine]:
    """Open the home's database at the newest schema, making both when they are not there."""
    settings.home.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.database_url)
    try:
        migrate(engine, settings.home / "backups")
        yield engine
    finally:
        engine.dispose()


class Done:
    """The outcomes of one kind of run, as SQL holds them.

    Args:
        fresh: pass over what was done before this object was made.
    """

    def __init__(self, engine: Engine, key: str, fresh: bool) -> None:
        self._engine, self._key = engine, key
        self._done: dict[tuple[str, str], tuple[int, Outcome]] = {}
        if fresh:
            return
        rows = select(EvalOutcome).where(EvalOutcome.key == key).order_by(EvalOutcome.id)
        with Session(engine) as session:
            for row in session.scalars(rows):
                self._done[row.case_id, row.part] = (row.id, outcome_from_json(row.outcome))

    def find(self, case: str, part: str) -> Outcome | None:
        """Return a part that was done before without failing."""
        _, outcome = self._done.get((case, part), (0, None))
        return outcome if outcome is not None and not outcome.error else None

    def add(self, outcome: Outcome) -> None:
        """Write an outcome down at once."""
        with Session(self._engine) as session, session.begin():
            row = EvalOutcome(
                key=self._key,
                case_id=outcome.case,
                part=outcome.part,
                outcome=outcome.to_json(),
            )
            session.add(row)
            session.flush()
            self._done[outcome.case, outcome.part] = (row.id, outcome)

    def save(self, result: Result) -> Result:
        """Write a finished run; returns it with its name in ``config["run"]``.

        All of its outcomes were added or found before.
        """
        name = f"{datetime.now(UTC):%Y%m%d-%H%M%S%f}-{result.suite}"
        named = replace(result, config={**result.config, "run": name})
        ids = [self._done[outcome.case, outcome.part][0] for outcome in result.outcomes]
        with Session(self._engine) as session, session.begin():
            session.add(
                EvalRun(
                    id=name,
                    suite=result.suite,
                    split=result.split,
                    system=str(result.config["system"]),
                    data=str(result.config["data"]),
                    document=named.to_json(),
                )
            )
            session.flush()
            session.add_all(
                EvalRunOutcome(run_id=name, position=place, outcome_id=row)
                for place, row in enumerate(ids)
            )
        return named


@contextmanager
def alone(folder: Path, suite: str, key: str) -> Iterator[None]:
    """Hold one kind of run for this process; other runs may go on beside it.

    The lock dies with the process, so a killed run does not block the next.

    Raises:
        EvalBusy: another process is doing this very run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{suite}-{key}.lock"
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise EvalBusy(suite=suite, path=path) from error
        yield


def list_runs(engine: Engine) -> list[str]:
    """Return the names of the finished runs, oldest first."""
    with Session(engine) as session:
        return list(session.scalars(select(EvalRun.id).order_by(EvalRun.id)))


def load_run(engine: Engine, name: str) -> Result:
    """Read a finished run.

    Raises:
        EvalRunNotFound: there is none of that name.
    """
    outcomes = (
        select(EvalOutcome.outcome)
        .join(EvalRunOutcome, EvalRunOutcome.outcome_id == EvalOutcome.id)
        .where(EvalRunOutcome.run_id == name)
        .order_by(EvalRunOutcome.position)
    )
    with Session(engine) as session:
        row = session.get(EvalRun, name)
        if row is None:
            raise EvalRunNotFound(run=name)
        return _result(row.document, session.scalars(outcomes).all())


def _result(document: Mapping[str, Any], outcomes: Sequence[Mapping[str, Any]]) -> Result:
    return Result(
        suite=document["suite"],
        split=document["split"],
        n=document["n"],
        metrics=document["metrics"],
        intervals={k: tuple(v) if v else None for k, v in document["intervals"].items()},
        seconds=document["seconds"],
        config=document["config"],
        outcomes=tuple(outcome_from_json(outcome) for outcome in outcomes),
    )


def latest_run(engine: Engine, suite: str, system: str | None = None) -> Result | None:
    """Return the newest finished run of a suite (by one system), or None."""
    query = select(EvalRun.id).where(EvalRun.suite == suite)
    if system is not None:
        query = query.where(EvalRun.system == system)
    with Session(engine) as session:
        name = session.scalar(query.order_by(EvalRun.id.desc()).limit(1))
    return None if name is None else load_run(engine, name)
