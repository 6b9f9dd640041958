"""The command that calibrates a hub encoder; registered below ``tune``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assistant.cli.options import AsJson, Home, emit, note, say, settings_for


def calibrate(
    data: Annotated[Path, typer.Argument(help="Folder of photos with captions.")],
    limit: Annotated[int, typer.Option(min=100, help="Most photos.")] = 1000,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Fit what the similarities of the photo encoder of SIGHTLINE_JOINT_MODEL mean."""
    from assistant.errors import TuningUsage
    from assistant.tuning.hub_calibration import calibrate_encoder
    from retrieval.embed.e5 import E5Small
    from retrieval.embed.registry import open_clip
    from retrieval.weights import ModelStore

    settings = settings_for(home)
    if not settings.joint_model:
        raise TuningUsage(
            detail="SIGHTLINE_JOINT_MODEL names no encoder; Sightline-CLIP is calibrated by "
            "`sightline tune evaluate`"
        )
    folder = Path(settings.joint_model)
    text = E5Small(ModelStore(settings.models_folder).path("e5-small"), settings.threads)
    figures = calibrate_encoder(open_clip(folder), text, data, folder, limit, note)
    if as_json:
        emit(figures)
        return
    for kind, measured in figures.items():
        say(f"{kind:<10} " + ", ".join(f"{name} {value}" for name, value in measured.items()))
