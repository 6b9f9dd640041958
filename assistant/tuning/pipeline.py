"""From a data folder to a version of Sightline-VLM: prepare, train, evaluate.

A run is a folder: ``prepared.json`` (which splits learn and which measure), ``features/`` (cached),
``see/``, ``answers/``, ``sight/`` (checkpoints of the stages), ``out/`` (weights and card). Every
step goes on where it was stopped. Splits called val, dev or test only measure; a set without one
gives up every tenth photo.

Knows nothing of the command line.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.errors import DataInvalid, TuningError
from assistant.tuning.data import (
    CaptionRow,
    QuestionRow,
    Split,
    check_leakage,
    find_splits,
    hold_out,
    read_split,
)
from assistant.tuning.features import Encoder, Features, cache_features, load_features
from retrieval.weights import ModelStore

_MEASURE = ("val", "dev", "test")
_SHARES = {"captions": 0.4, "choices": 0.4, "questions": 0.2}
Report = Callable[[str], None]


@dataclass(frozen=True)
class Budget:
    """How long the stages last: steps of the first two, hours of the last."""

    see_steps: int = 1100
    answer_steps: int = 1000
    hours: float = 4.0


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


def prepare(
    folders: Sequence[Path], run: Path, encoder: Encoder, report: Report
) -> list[dict[str, Any]]:
    """Check all data, compute features, and write ``prepared.json``.

    Raises:
        TuningError: its subclasses name file, line or photo.
    """
    paths = [path.resolve() for folder in folders for path in find_splits(folder)]
    splits = [read_split(path, open_images=True) for path in paths]
    check_leakage(splits)
    if len({split.name for split in splits}) < len(splits):
        raise TuningError(detail="two data sets have the same folder name; rename one")
    for split in splits:
        last = 0.0

        def told(done: int, total: int, speed: float, name: str = split.name) -> None:
            nonlocal last
            if done == total or time.monotonic() - last > 10:
                last = time.monotonic()
                left = (total - done) / max(speed, 1e-9)
                report(f"{name}: {done}/{total} photos, {speed:.1f} a second, {left:.0f} s left")

        cache_features(split, run / "features", encoder, told)
    rows = [
        {
            "split": part.split.name,
            "learns": part.learns,
            "kind": part.kind,
            "photos": len(part.split.image_names()),
            "rows": len(part.split.rows),
        }
        for part in arrange(splits)
    ]
    if not any(row["learns"] and row["kind"] == "captions" for row in rows):
        raise DataInvalid(path=folders[0], line=0, detail="no training split has captions")
    document = {"paths": [str(path) for path in paths], "splits": rows}
    _write_json(run / "prepared.json", document)
    return rows


def arrange(splits: Sequence[Split]) -> list[Part]:
    """Decide which splits learn and which measure."""
    measured = {s.name.split("/")[0] for s in splits if s.path.stem in _MEASURE}
    parts = []
    for split in splits:
        if split.path.stem in _MEASURE:
            parts.append(Part(split, split.name, learns=False))
        elif split.name.split("/")[0] in measured or len(split.image_names()) < 20:
            parts.append(Part(split, split.name, learns=True))
        else:
            kept, held = hold_out(split)
            parts += [Part(kept, split.name, learns=True), Part(held, split.name, learns=False)]
    return parts


def open_run(run: Path) -> list[Part]:
    """Return the parts of a prepared run.

    Raises:
        TuningError: it was not prepared.
    """
    path = run / "prepared.json"
    if not path.is_file():
        raise TuningError(detail=f"{run} is not prepared; run `sightline tune prepare` first")
    document = json.loads(path.read_text(encoding="utf-8"))
    return arrange([read_split(Path(name)) for name in document["paths"]])


def features_of(run: Path, part: Part) -> Features:
    """Open the cached features of a part's photos."""
    return load_features(part.source, run / "features")


def train(
    run: Path,
    store: ModelStore,
    budget: Budget,
    report: Report,
    stop: Callable[[], bool] = lambda: False,
) -> Path:
    """Train all stages that are not done; return the folder of the weights and their card.

    Raises:
        TuningError: not prepared, or the checkpoints are of other settings.
    """
    from assistant.tuning.stages import Stages

    stages = Stages(run, open_run(run), store, budget, report, stop)
    started = time.monotonic()
    see = stages.see()
    answers = stages.answers()
    stages.sight(see, answers)
    metrics = {"seconds": time.monotonic() - started, **asdict(budget)}
    return stages.publish(metrics)


def share_of(part: Part) -> float:
    """Return how often a part is drawn in the last stage."""
    return _SHARES[part.kind]


def _write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(value, indent=2), encoding="utf-8")
    temporary.replace(path)
