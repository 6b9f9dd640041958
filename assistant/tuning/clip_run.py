"""Sightline-CLIP as a kind of training: features, heads, adapters, measured as the app searches."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from PIL import Image

from assistant.errors import DataInvalid, TuningUsage
from assistant.tuning.card import write_card
from assistant.tuning.data import CaptionRow
from assistant.tuning.pipeline import Part
from assistant.tuning.registry import CLIP, WEIGHTS, sha256_of
from assistant.tuning.trainers import Bench


@dataclass(frozen=True)
class ClipSettings:
    """What can be set; the rest is ``clip_fit.DEFAULT``. ``rank``, ``rate``: of the adapters."""

    head_epochs: int = 60
    epochs: int = 0
    batch: int = 500
    rank: int = 16
    rate: float = 2e-4


class ClipTrainer:
    """See ``trainers.Trainer``. Learns from the first set of captions, measures on the others."""

    Settings = ClipSettings

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def version_name(self) -> str:
        """See ``trainers.Trainer``."""
        return CLIP

    def prepare(self) -> None:
        """Compute what the fixed parts of the towers make of photos and captions.

        Raises:
            DataInvalid: no training split has captions.
            TuningUsage: it was asked to begin with the weights that are here.
        """
        if self._bench.plan.start != "scratch":
            raise TuningUsage(detail="clip always begins anew; leave out --start shipped")
        self._run().pairs(*source_of(self._learning()))

    def train(self) -> bool:
        """See ``trainers.Trainer``."""
        from assistant.tuning.clip_export import ID
        from assistant.tuning.clip_fit import DEFAULT

        bench, began = self._bench, time.monotonic()
        recipe = replace(DEFAULT, **bench.settings)
        held = self._run().train(recipe, *source_of(self._learning()), bench.out, bench.stop)
        if held is None:
            return False
        card = bench.card(
            CLIP, "Sightline-CLIP", "EfficientNet-Lite2 and multilingual-e5-small",
            seconds={"this command": time.monotonic() - began},
            metrics={f"held photos of training, {name}": value for name, value in held.items()},
        )  # fmt: skip
        mark = sha256_of(bench.out / WEIGHTS)[:8]
        write_card(
            bench.out, card, extra={"id": f"{ID}-{mark}", "dim": 512, "recipe": asdict(recipe)}
        )
        return True

    def evaluate(self, limit: int) -> Mapping[str, Any]:
        """See ``trainers.Trainer``; fits the calibration too, on the first measuring captions."""
        from assistant.tuning.clip_pipeline import measure

        bench = self._bench
        found: dict[str, Any] = {}
        parts = [part for part in bench.measuring if part.kind == "captions"]
        for number, part in enumerate(parts):
            name, captions, photos = source_of(part)
            few = dict(list(captions.items())[:limit])
            measured = measure(
                bench.out, bench.store, few, photos, bench.threads, calibrated=number == 0
            )
            found |= {f"{name} {metric}": value for metric, value in measured.items()}
        return found

    def _learning(self) -> Part:
        for part in self._bench.learning:
            if part.kind == "captions":
                return part
        path = self._bench.plan.data[0][0]
        raise DataInvalid(path=path, line=0, detail="no training split has captions")

    def _run(self) -> Any:
        from assistant.tuning.clip_pipeline import Run

        bench, began = self._bench, time.monotonic()

        def record(stage: str, done: int, epochs: int, measured: dict[str, float]) -> None:
            seconds = time.monotonic() - began
            bench.journal.record(stage, done, measured, steps=epochs, seconds=seconds)

        return Run(bench.run, bench.store, bench.threads, bench.journal.report, record)


def source_of(part: Part) -> tuple[str, dict[str, list[str]], Any]:
    """Return the name of a part, its captions by photo, and what yields its photos by name."""
    from retrieval.embed.clip import plain

    captions: dict[str, list[str]] = {}
    for row in part.split.rows:
        if isinstance(row, CaptionRow):
            captions.setdefault(row.image, []).extend(map(plain, row.captions))

    def photos(names: Sequence[str]) -> Iterator[Image.Image]:
        return (part.split.images.open(name) for name in names)

    return part.split.name.replace("/", "-"), captions, photos
