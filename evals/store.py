"""Keeps cases that are done and runs that are finished, as files below ``<home>/evals``.

``cases/<key>.jsonl`` holds one line a part of a case; an interrupted run goes on from it, and the
same work is not done twice. The key names everything an outcome depends on. ``runs/`` holds
finished runs. Knows nothing of suites.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import IO, Any

from evals.errors import EvalBusy, EvalRunNotFound
from evals.values import Outcome, Result, outcome_from_json

ROOT = Path(__file__).resolve().parent.parent
CODE = ("retrieval", "assistant", "evals")
KINDS = (".py", ".json", ".safetensors")
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


class CaseFile:
    """The outcomes of one kind of run; the newest line of a part wins.

    Args:
        path: the file; made when missing. A last line cut off by a crash is dropped.
    """

    def __init__(self, path: Path, file: IO[str]) -> None:
        self._file = file
        self._done: dict[tuple[str, str], Outcome] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                outcome = outcome_from_json(json.loads(line))
            except (ValueError, KeyError, TypeError):
                continue
            self._done[outcome.case, outcome.part] = outcome

    def find(self, case: str, part: str) -> Outcome | None:
        """Return a part that was done before without failing."""
        outcome = self._done.get((case, part))
        return outcome if outcome is not None and not outcome.error else None

    def add(self, outcome: Outcome) -> None:
        """Write an outcome down at once."""
        self._done[outcome.case, outcome.part] = outcome
        self._file.write(json.dumps(outcome.to_json(), ensure_ascii=False) + "\n")
        self._file.flush()


@contextmanager
def open_cases(folder: Path, suite: str, key: str, fresh: bool) -> Iterator[CaseFile]:
    """Open the outcomes of one kind of run for this process alone.

    Raises:
        EvalBusy: another process has it open.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{suite}-{key}.jsonl"
    with path.open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise EvalBusy(suite=suite, path=path) from error
        if fresh:
            file.truncate(0)
        elif path.stat().st_size and not path.read_bytes().endswith(b"\n"):
            file.write("\n")
            file.flush()
        yield CaseFile(path, file)


def save_run(folder: Path, result: Result) -> Result:
    """Write a finished run with its outcomes; returns it with its name in ``config["run"]``."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S%f")
    name = f"{stamp}-{result.suite}"
    named = replace(result, config={**result.config, "run": name})
    document = {**named.to_json(), "outcomes": [o.to_json() for o in named.outcomes]}
    target = folder / f"{name}.json"
    waiting = target.with_suffix(".tmp")
    waiting.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    waiting.replace(target)
    return named


def list_runs(folder: Path) -> list[str]:
    """Return the names of the finished runs, oldest first."""
    return sorted(path.stem for path in folder.glob("*.json"))


def load_run(folder: Path, name: str) -> Result:
    """Read a finished run, by its name or by the path of its file.

    Raises:
        EvalRunNotFound: there is none, or it cannot be read.
    """
    path = Path(name) if name.endswith(".json") else folder / f"{name}.json"
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        return Result(
            suite=value["suite"],
            split=value["split"],
            n=value["n"],
            metrics=value["metrics"],
            intervals={k: tuple(v) if v else None for k, v in value["intervals"].items()},
            seconds=value["seconds"],
            config=value["config"],
            outcomes=tuple(outcome_from_json(o) for o in value.get("outcomes", ())),
        )
    except (OSError, ValueError, KeyError) as error:
        raise EvalRunNotFound(run=name) from error


def latest_run(folder: Path, suite: str) -> Result | None:
    """Return the newest finished run of a suite, or None."""
    names = [name for name in list_runs(folder) if name.split("-", 2)[2] == suite]
    return load_run(folder, names[-1]) if names else None
