"""Sightline-CLIP as a kind of training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assistant.errors import TuningUsage
from assistant.tuning.registry import CLIP
from assistant.tuning.trainers import Bench


@dataclass(frozen=True)
class ClipSettings:
    """Nothing can be set yet."""


class ClipTrainer:
    """See ``trainers.Trainer``."""

    Settings = ClipSettings

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def version_name(self) -> str:
        """See ``trainers.Trainer``."""
        return CLIP

    def prepare(self) -> None:
        """Refuse, until its training runs over a bench.

        Raises:
            TuningUsage: always.
        """
        raise TuningUsage(detail="clip cannot be trained by `sightline tune` yet")

    def train(self) -> bool:
        """See ``prepare``."""
        raise NotImplementedError

    def evaluate(self, limit: int) -> Mapping[str, Any]:
        """See ``prepare``."""
        raise NotImplementedError
