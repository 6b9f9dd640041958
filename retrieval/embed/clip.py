"""Sightline-CLIP: photos and text in one 512-d space, from two locked towers and trained heads.

    photo -> EfficientNet-Lite2 -> pooled map -> head -> unit vector
    text  -> "query: " + text -> multilingual-e5-small -> pooled tokens -> head -> unit vector

Only the heads are trained (contrastively; ``assistant/tuning/clip_train.py``), after LiT (Zhai et
al. 2022), which locks a tower that was trained on more than we have. A head is

    z = standardise(x);  y = z L + gelu(z U + u) D + b;  y / |y|

a linear map plus a bottleneck that starts at zero. Several heads (an ensemble) each fill a part
of the 512 numbers, so that the inner product of the whole is the mean of theirs.

Heads run in numpy: they are a thousandth of the towers' work. Knows nothing of training data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from retrieval.embed.e5 import E5Small, unit
from retrieval.embed.efficientnet import EfficientNetLite2
from retrieval.errors import WeightsCorrupt, WeightsError, WeightsMissing

Array = NDArray[np.float32]
WEIGHTS = Path(__file__).parent / "weights" / "sightline-clip"


@dataclass(frozen=True)
class Head:
    """One trained head: the tensors of the formula above, all float32."""

    mean: Array
    scale: Array
    linear: Array
    bias: Array
    up: Array
    up_bias: Array
    down: Array

    def __call__(self, x: Array) -> Array:
        """Return unit vectors [n, dim] of pooled features [n, inputs]."""
        z = (x - self.mean) * self.scale
        inside = gelu((z @ self.up + self.up_bias).astype(np.float32))
        return unit((z @ self.linear + inside @ self.down + self.bias).astype(np.float32))


def gelu(x: Array) -> Array:
    """Return the Gaussian error linear unit, by its tanh form (Hendrycks & Gimpel 2016)."""
    inner = np.float32(sqrt(2 / np.pi)) * (x + np.float32(0.044715) * x * x * x)
    result: Array = 0.5 * x * (1 + np.tanh(inner))
    return result


def pool_map(maps: Array) -> Array:
    """Return what the photo heads read, [n, 2560]: mean and maximum over the 81 places."""
    places = maps.reshape(len(maps), maps.shape[1], -1)
    return np.concatenate([places.mean(axis=2), places.max(axis=2)], axis=1)


def pool_tokens(states: Array) -> Array:
    """Return what the text heads read, [768], of one text's states [length, 384].

    The mean over all places, and the maximum over those that are not marks of begin and end.
    """
    return np.concatenate([states.mean(axis=0), states[1:-1].max(axis=0)])


class SightlineClip:
    """A ``JointEmbedder``.

    Args:
        encoder, text: the two towers (shared with whoever else uses them).
        folder: the folder of ``model.safetensors`` and ``card.json``.

    Raises:
        WeightsMissing, WeightsCorrupt, WeightsError: the heads are gone, changed or unreadable.
    """

    dim = 512

    def __init__(self, encoder: EfficientNetLite2, text: E5Small, folder: Path = WEIGHTS) -> None:
        self.card = read_card(folder)
        self.id = str(self.card["id"])
        self._encoder, self._text = encoder, text
        tensors = read_tensors(folder, str(self.card["sha256"]))
        members = int(self.card["members"])
        try:
            self._image_heads = heads_of(tensors, "image", members)
            self._text_heads = heads_of(tensors, "text", members)
        except KeyError as error:
            raise WeightsError(model=self.id, detail=f"{folder}: no tensor {error}") from error

    def embed_images(self, images: Sequence[Image.Image]) -> Array:
        """Return unit vectors float32 [n, 512] of photos."""
        return self.embed_maps(self._encoder.feature_map(images))

    def embed_maps(self, maps: Array) -> Array:
        """As ``embed_images``, from feature maps [n, 1280, 9, 9] that were computed before."""
        return together(self._image_heads, pool_map(maps))

    def embed_texts(self, texts: Sequence[str]) -> Array:
        """Return unit vectors float32 [n, 512] of captions or questions, in any e5 language."""
        windows = self._text.windows([f"query: {text}" for text in texts])
        pooled = np.zeros((len(texts), 2 * self._text.dim), np.float32)
        for window, states in self._text.states(windows):
            if window.first:  # a caption of more than 512 tokens is read as far as that
                pooled[window.text] = pool_tokens(states)
        return together(self._text_heads, pooled)


def read_card(folder: Path) -> dict[str, Any]:
    """Read ``card.json``: id, checksum, size of the ensemble, data, metrics."""
    try:
        card: dict[str, Any] = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsMissing(model="sightline-clip", path=folder / "card.json") from error
    return card


def read_tensors(folder: Path, sha256: str) -> dict[str, Array]:
    """Read ``model.safetensors`` as float32 after checking its checksum."""
    from safetensors.numpy import load

    path = folder / "model.safetensors"
    try:
        body = path.read_bytes()
    except OSError as error:
        raise WeightsMissing(model="sightline-clip", path=path) from error
    found = hashlib.sha256(body).hexdigest()
    if found != sha256:
        raise WeightsCorrupt(model="sightline-clip", path=path, found=found, wanted=sha256)
    return {name: tensor.astype(np.float32) for name, tensor in load(body).items()}


def heads_of(tensors: dict[str, Array], side: str, members: int) -> list[Head]:
    """Return the heads of one side, ``image`` or ``text``, out of named float32 tensors."""
    names = Head.__dataclass_fields__
    return [
        Head(**{name: tensors[f"{side}.{number}.{name}"] for name in names})
        for number in range(members)
    ]


def together(heads: Sequence[Head], pooled: Array) -> Array:
    """Return the members' unit vectors side by side, scaled to unit length as a whole."""
    parts = [head(pooled) for head in heads]
    whole: Array = np.concatenate(parts, axis=1) / np.float32(sqrt(len(parts)))
    return whole
