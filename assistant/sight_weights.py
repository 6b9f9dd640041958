"""Which trained weights offline sight uses: a version of the user's own, else those that ship.

Knows folders, not models.
"""

from __future__ import annotations

from pathlib import Path

import assistant.models as chat
import retrieval.embed as embed
from assistant.config import Settings
from assistant.tuning.registry import CLIP, VLM, TunedModels

_HOMES = {VLM: Path(chat.__path__[0]), CLIP: Path(embed.__path__[0])}


def sight_folder(settings: Settings, name: str) -> tuple[Path, str]:
    """Return the folder of the weights in use, and what version of one's own they are, if any."""
    tuned = TunedModels(settings.models_folder).current(name)
    shipped = _HOMES[name] / "weights" / name
    return (tuned.folder, tuned.version) if tuned else (shipped, "")
