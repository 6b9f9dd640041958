"""Which trained weights offline sight uses: a version of the user's own, else a set that ships.

Two sets may ship: ``research``, trained on everything there is, and ``permissive``, trained only on
data that allows any use. Knows folders, not models.
"""

from __future__ import annotations

from pathlib import Path

import assistant.models as chat
import retrieval.embed as embed
from assistant.config import Settings
from assistant.tuning.registry import CLIP, VLM, TunedModels

_HOMES = {VLM: Path(chat.__path__[0]), CLIP: Path(embed.__path__[0])}


def shipped_folder(settings: Settings, name: str) -> Path:
    """Return the folder of the set that the settings mean; it may not ship with this version."""
    suffix = "" if settings.sight_weights == "research" else f"-{settings.sight_weights}"
    return _HOMES[name] / "weights" / f"{name}{suffix}"


def sight_folder(settings: Settings, name: str) -> tuple[Path, str]:
    """Return the folder of the weights in use, and what version of one's own they are, if any."""
    tuned = TunedModels(settings.models_folder).current(name)
    return (tuned.folder, tuned.version) if tuned else (shipped_folder(settings, name), "")
