"""Sightline-VLM as a kind of training: features, three stages, measured in the app's engine."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.errors import DataInvalid, TuningUsage
from assistant.tuning.card import RESEARCH, write_card
from assistant.tuning.data import read_split
from assistant.tuning.features import cache_features
from assistant.tuning.journal import say_time
from assistant.tuning.pipeline import Budget
from assistant.tuning.registry import VLM
from assistant.tuning.trainers import Bench


class VlmTrainer:
    """See ``trainers.Trainer``."""

    Settings = Budget

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def version_name(self) -> str:
        """See ``trainers.Trainer``."""
        return VLM

    def prepare(self) -> None:
        """Compute the encoder's features of every photo.

        Raises:
            DataInvalid: no training split has captions, which the first stage learns from.
        """
        from retrieval.embed.efficientnet import EfficientNetLite2

        bench = self._bench
        if not any(part.kind == "captions" for part in bench.learning):
            path = bench.plan.data[0][0]
            raise DataInvalid(path=path, line=0, detail="no training split has captions")
        encoder = EfficientNetLite2(bench.store.path("efficientnet-lite2"), bench.threads)
        for path, _ in bench.plan.data:
            split = read_split(Path(path))
            cache_features(split, bench.run / "features", encoder, self._told(split.name))

    def train(self) -> bool:
        """See ``trainers.Trainer``.

        Raises:
            TuningUsage: nothing is to be learned from nothing.
        """
        from assistant.tuning.stages import Stages

        bench = self._bench
        budget = Budget(**bench.settings)
        if bench.plan.start == "scratch" and not budget.speak_steps:
            raise TuningUsage(detail="--speak-steps 0 keeps weights; prepare with --start shipped")
        stages = Stages(
            bench.run, bench.parts, bench.store, budget, bench.plan.start,
            bench.journal.report, bench.stop,
        )  # fmt: skip
        seconds: dict[str, float] = {}
        began = time.monotonic()

        def done(stage: str) -> bool:
            nonlocal began
            seconds[stage], began = time.monotonic() - began, time.monotonic()
            return bench.stop()

        named = stages.name()
        if done("naming"):
            return False
        spoken = stages.speak(named)
        if done("through the language model"):
            return False
        answers = stages.answers()
        if done("answers"):
            return False
        stages.export(spoken, answers)
        base = "EfficientNet-Lite2 and Qwen2.5-Coder-0.5B-Instruct (both frozen)"
        card = bench.card(
            VLM, "Sightline-VLM", base, seconds=seconds, metrics=stages.validation(),
            start_licence=RESEARCH if bench.plan.start == "shipped" else "",
        )  # fmt: skip
        write_card(bench.out, replace(card, settings={**card.settings, **stages.settings()}))
        return True

    def evaluate(self, limit: int) -> Mapping[str, Any]:
        """See ``trainers.Trainer``."""
        from assistant.tuning.measure import measure_run

        bench = self._bench
        return measure_run(bench.run, bench.store, limit, bench.threads, bench.journal.report)

    def _told(self, name: str) -> Any:
        last = 0.0

        def told(done: int, total: int, speed: float) -> None:
            nonlocal last
            if done == total or time.monotonic() - last > 5:
                last = time.monotonic()
                left = say_time((total - done) / max(speed, 1e-9))
                self._bench.journal.report(
                    f"{name}: {done}/{total} photos, {speed:.1f} a second, {left} left"
                )

        return told
