"""Which trained weights offline sight uses: a version of the user's own, else those that ship.

Knows folders, not models.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import assistant.models as chat
import retrieval.embed as embed
from assistant.config import Settings
from assistant.tuning.registry import CLIP, VLM, TunedModels

_HOMES = {VLM: Path(chat.__path__[0]), CLIP: Path(embed.__path__[0])}


def sight_folder(settings: Settings, name: str) -> tuple[Path, str]:
    """Return the folder of the weights in use, and what version of one's own they are, if any."""
    tuned = TunedModels(settings.models_folder).current(name)
    return (tuned.folder, tuned.version) if tuned else (shipped_folder(name, settings.weights), "")


def shipped_folder(name: str, weights: Literal["best", "permissive"]) -> Path:
    """Return the folder of weights that ship: the best, or those free of research data."""
    suffix = "" if weights == "best" else f"-{weights}"
    return _HOMES[name] / "weights" / f"{name}{suffix}"
