"""The data of a run: checked, cut into what learns and what measures, and written down.

A run is a folder: ``prepared.json`` (what is trained, on which files, which splits learn and
which measure), ``settings.json`` (how), ``metrics.jsonl``, whatever its kind of training caches
and checkpoints, and ``out/`` (weights and card). Splits called val, dev or test only
measure; a set without one gives up every tenth photo.

Knows nothing of models (``trainers`` does) nor of the command line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from assistant.errors import DataChanged, DataTooSmall, RunNotPrepared, TuningError
from assistant.tuning.data import (
    CaptionRow,
    QuestionRow,
    Split,
    check_copies,
    check_leakage,
    find_splits,
    hold_out,
    read_split,
)
from assistant.tuning.features import Features, load_features
from assistant.tuning.registry import sha256_of
from assistant.tuning.statements import described

What = Literal["vlm", "clip", "hub"]
Start = Literal["shipped", "scratch"]
PREPARED = "prepared.json"
LEAST_PHOTOS = 8
MEASURE = ("val", "dev", "test")
_SHARES = {"captions": 0.62, "choices": 0.24, "questions": 0.14}
Report = Callable[[str], None]


@dataclass(frozen=True)
class Budget:
    """How long the stages last, in steps; ``hours`` may end the last one sooner."""

    name_steps: int = 700
    speak_steps: int = 1200
    answer_steps: int = 3600
    hours: float = 4.0


@dataclass(frozen=True)
class Plan:
    """What a run trains and on what: ``data`` are (file, SHA-256) of the splits.

    ``model`` is the checkpoint of a hub model; ``start`` the weights that training begins from.
    """

    what: What
    data: tuple[tuple[str, str], ...]
    model: str = ""
    start: Start = "scratch"


@dataclass(frozen=True)
class Part:
    """A split in a run. ``source`` is the split whose features hold its photos."""

    split: Split
    source: str
    learns: bool

    @property
    def kind(self) -> str:
        """What the rows are: captions, choices (with wrong answers), questions, or regions."""
        row = self.split.rows[0]
        if isinstance(row, CaptionRow):
            return "captions"
        if isinstance(row, QuestionRow):
            return "choices" if row.distractors else "questions"
        return "regions"

    def describe(self) -> dict[str, Any]:
        """Return what a person wants to know of it."""
        photos, rows = len(self.split.image_names()), len(self.split.rows)
        named = {"split": self.split.name, "learns": self.learns, "kind": self.kind}
        return {**named, "photos": photos, "rows": rows}


def check_data(folders: Sequence[Path]) -> list[Split]:
    """Read every row and open every photo of some data folders.

    Raises:
        TuningError: its subclasses name file, line or photo.
    """
    paths = [path.resolve() for folder in folders for path in find_splits(folder)]
    splits = [read_split(path, open_images=True) for path in paths]
    if len({split.name for split in splits}) < len(splits):
        raise TuningError(detail="two data sets have the same folder name; rename one")
    check_leakage(splits)
    parts = arrange(splits)
    check_copies([p.split for p in parts if p.learns], [p.split for p in parts if not p.learns])
    learned = {(p.source, name) for p in parts if p.learns for name in p.split.image_names()}
    if len(learned) < LEAST_PHOTOS:
        raise DataTooSmall(count=len(learned), least=LEAST_PHOTOS)
    return splits


def arrange(splits: Sequence[Split]) -> list[Part]:
    """Decide which splits learn and which measure.

    Where nothing that learns has captions, questions and answers are made into some.
    """
    measured = {s.name.split("/")[0] for s in splits if s.path.stem in MEASURE}
    parts = []
    for split in splits:
        if split.path.stem in MEASURE:
            parts.append(Part(split, split.name, learns=False))
        elif split.name.split("/")[0] in measured or len(split.image_names()) < 20:
            parts.append(Part(split, split.name, learns=True))
        else:
            kept, held = hold_out(split)
            parts += [Part(kept, split.name, learns=True), Part(held, split.name, learns=False)]
    if not any(part.learns and part.kind == "captions" for part in parts):
        told = [(part, described(part.split)) for part in parts]
        parts += [replace(part, split=split) for part, split in told if split]
    return parts


def write_plan(run: Path, plan: Plan, parts: Sequence[Part]) -> None:
    """Write ``prepared.json``: the run is prepared."""
    write_json(run / PREPARED, {**asdict(plan), "splits": [part.describe() for part in parts]})


def read_plan(run: Path) -> Plan:
    """Return the plan of a prepared run.

    Raises:
        RunNotPrepared: there is none.
    """
    try:
        value = json.loads((run / PREPARED).read_text(encoding="utf-8"))
        data = tuple((str(path), str(sha)) for path, sha in value["data"])
        return Plan(value["what"], data, value["model"], value["start"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunNotPrepared(run=run.name) from error


def open_run(run: Path) -> list[Part]:
    """Return the parts of a prepared run.

    Raises:
        RunNotPrepared: it was not prepared.
        DataChanged: its data is not what it was then.
        TuningError: a photo has gone since.
    """
    data = read_plan(run).data
    for path, sha in data:
        if not Path(path).is_file() or sha256_of(Path(path)) != sha:
            raise DataChanged(path=path)
    return arrange([read_split(Path(path)) for path, _ in data])


def features_of(run: Path, part: Part) -> Features:
    """Open the cached features of a part's photos."""
    return load_features(part.source, run / "features")


def share_of(part: Part) -> float:
    """Return how often a part is drawn in the last stage."""
    return _SHARES[part.kind]


def write_json(path: Path, value: Any) -> None:
    """Write a document whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(value, indent=2), encoding="utf-8")
    temporary.replace(path)
