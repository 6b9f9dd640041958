"""Weights that ship: a folder of ``card.json`` and ``model.safetensors``, checked before use.

Knows nothing of what the tensors are for.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import WeightsCorrupt, WeightsMissing


def read_card(folder: Path) -> dict[str, Any]:
    """Read ``card.json``: id, checksum, data, metrics.

    Raises:
        WeightsMissing: there is none.
    """
    try:
        card: dict[str, Any] = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsMissing(model=folder.name, path=folder / "card.json") from error
    return card


def read_tensors(folder: Path, sha256: str) -> dict[str, NDArray[np.float32]]:
    """Read ``model.safetensors`` as float32 after checking its checksum.

    Raises:
        WeightsMissing, WeightsCorrupt: it is gone, or not the file of the card.
    """
    from safetensors.numpy import load

    path = folder / "model.safetensors"
    try:
        body = path.read_bytes()
    except OSError as error:
        raise WeightsMissing(model=folder.name, path=path) from error
    found = hashlib.sha256(body).hexdigest()
    if found != sha256:
        raise WeightsCorrupt(model=folder.name, path=path, found=found, wanted=sha256)
    return {name: tensor.astype(np.float32) for name, tensor in load(body).items()}
