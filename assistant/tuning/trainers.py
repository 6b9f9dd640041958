"""What can be trained, and the one way to do it: prepare, train, evaluate.

A kind of training is a class here: ``vlm`` and ``clip`` are what offline users see with, ``hub`` is
an adapter for any vision-language model of the Hugging Face kind. Each says what it must compute
beforehand, trains until it is done or stopped, leaves weights and a card in ``out/``, and measures
them. Everything around that is common and here.

Knows nothing of the command line or the screen.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from assistant.errors import CheckpointMismatch, TuningUsage
from assistant.tuning import pipeline
from assistant.tuning.card import Card, DataUsed, add_metrics, licence_of
from assistant.tuning.journal import Journal
from assistant.tuning.pipeline import Part, Plan, What

if TYPE_CHECKING:
    from retrieval.weights import ModelStore

SETTINGS, OUT = "settings.json", "out"
_KINDS: dict[What, tuple[str, str]] = {
    "vlm": ("assistant.tuning.vlm_run", "VlmTrainer"),
    "clip": ("assistant.tuning.clip_run", "ClipTrainer"),
    "hub": ("assistant.tuning.hub_run", "HubTrainer"),
}


@dataclass(frozen=True)
class Bench:
    """What a trainer works with. ``settings`` are those of its kind, by name."""

    run: Path
    plan: Plan
    parts: Sequence[Part]
    store: ModelStore
    threads: int
    journal: Journal
    stop: Callable[[], bool]
    settings: Mapping[str, Any]

    @property
    def out(self) -> Path:
        """The folder of weights and card."""
        return self.run / OUT

    @property
    def learning(self) -> list[Part]:
        """The parts that are learned from."""
        return [part for part in self.parts if part.learns]

    @property
    def measuring(self) -> list[Part]:
        """The parts that are only measured on."""
        return [part for part in self.parts if not part.learns]

    def card(
        self, name: str, title: str, base: str, *, start_licence: str = "", **more: Any
    ) -> Card:
        """Return the card of what this run made; ``more`` are metrics, seconds and notes."""
        used = [
            DataUsed(
                part.split.name, len(part.split.image_names()), len(part.split.rows),
                "training" if part.learns else "measuring",
            )
            for part in self.parts
        ]  # fmt: skip
        options = " ".join(f"--{k.replace('_', '-')} {v}" for k, v in self.settings.items())
        return Card(
            name=name,
            title=title,
            base=base,
            licence=licence_of(used, start_licence),
            data=used,
            settings={**self.settings, "start": self.plan.start},
            commands=(
                f"sightline tune prepare DATA… --what {self.plan.what} --run {self.run.name}",
                f"sightline tune train --run {self.run.name} {options}",
                f"sightline tune evaluate --run {self.run.name}",
            ),
            **{"metrics": {}, "seconds": {}, **more},
        )


class Trainer(Protocol):
    """A kind of training, over a bench. ``Settings`` is a dataclass: names, types, defaults."""

    Settings: type

    def __init__(self, bench: Bench) -> None: ...

    def version_name(self) -> str:
        """Return the name under which its versions are registered."""
        ...

    def prepare(self) -> None:
        """Compute what is needed beforehand; goes on where it was stopped."""
        ...

    def train(self) -> bool:
        """Train, going on from the run's checkpoints, and write weights and card into ``out``.

        Returns False when it was stopped before the end; then there is nothing to apply yet.
        """
        ...

    def evaluate(self, limit: int) -> Mapping[str, Any]:
        """Measure the weights in ``out`` on at most ``limit`` items of every measuring part."""
        ...


def trainer_class(what: What) -> type[Trainer]:
    """Return the class of a kind; its libraries are imported only now."""
    module, name = _KINDS[what]
    found: type[Trainer] = getattr(import_module(module), name)
    return found


def prepare(bench: Bench) -> list[dict[str, Any]]:
    """Compute what training needs, then write the plan; return what the parts are."""
    (bench.run / pipeline.PREPARED).unlink(missing_ok=True)
    trainer_class(bench.plan.what)(bench).prepare()
    pipeline.write_plan(bench.run, bench.plan, bench.parts)
    return [part.describe() for part in bench.parts]


def train(bench: Bench, given: Mapping[str, Any], anew: bool = False) -> bool:
    """Train a prepared run; False when it was stopped before the end.

    Args:
        given: settings by name, over the kind's defaults; none given goes on with those before.
        anew: throw away checkpoints and settings of before.

    Raises:
        TuningUsage: a setting that this kind does not have.
        CheckpointMismatch: other settings or data than the checkpoints in the run's folder.
    """
    kind = trainer_class(bench.plan.what)
    if anew:
        _forget(bench.run)
    settings = settle(bench.run, bench.plan, kind.Settings, given)
    return kind(replace(bench, settings=settings)).train()


def evaluate(bench: Bench, limit: int) -> Mapping[str, Any]:
    """Measure the run's weights, and write the figures into their card."""
    metrics = trainer_class(bench.plan.what)(bench).evaluate(limit)
    if metrics:
        add_metrics(bench.out, metrics)
    return metrics


def settle(run: Path, plan: Plan, kind: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings to train with, and keep them beside the checkpoints.

    ``hours`` may change between two starts; everything else is fixed by the first one.
    """
    known = {field.name for field in fields(kind)}
    for name in given:
        if name not in known:
            detail = f"--{name.replace('_', '-')} is not a setting of `{plan.what}`; it has "
            detail += ", ".join(f"--{own.replace('_', '-')}" for own in sorted(known))
            raise TuningUsage(detail=detail)
    path = run / SETTINGS
    before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    settings: dict[str, Any] = asdict(kind(**{**before.get("settings", {}), **given}))
    document = {"settings": settings, "plan": json.loads(json.dumps(asdict(plan)))}
    if before:
        changed = [k for k, v in settings.items() if v != before["settings"].get(k)]
        changed = [k for k in changed if k != "hours"]
        changed += ["data"] if document["plan"] != before["plan"] else []
        if changed:
            detail = f"changed: {', '.join(changed)}; --anew starts anew"
            raise CheckpointMismatch(path=run, detail=detail)
    pipeline.write_json(path, document)
    return settings


def _forget(run: Path) -> None:
    """Remove everything of a run but its data and what was computed from it."""
    kept = {pipeline.PREPARED, "features", "lock", "log.txt"}
    for path in run.iterdir():
        if path.name in kept:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
