"""Sightline-CLIP: photos and text in one 512-d space, from two locked towers and trained heads.

    photo -> EfficientNet-Lite2 -> mean and maximum of the map -> heads -> mix -> unit vector
    text  -> "query: " + text -> e5-small -> mean and maximum of its tokens -> heads -> mix -> same

Only the heads are trained (contrastively; ``assistant/tuning/clip_train.py``), after LiT (Zhai et
al. 2022), which locks a tower that was trained on more than we have. A head is

    z = standardise(x);  y = z L + gelu(z U + u) D + b;  y / |y|

a linear map plus a bottleneck that starts at zero. The unit vectors of several heads (an
ensemble) are put side by side, so that their inner product is the mean of the heads'; ``mix``
turns that into the 512 numbers that keep the most of it. A photo and its mirror image are both
seen and summed, which is worth most of a point of recall and costs a second pass.

Heads run in numpy: they are a thousandth of the towers' work. Knows nothing of training data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from retrieval.embed.e5 import E5Small, unit
from retrieval.embed.efficientnet import EfficientNetLite2, to_pixels
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
        """Return unit vectors [n, width] of pooled features; a head may read the first only."""
        z = (x[:, : len(self.mean)] - self.mean) * self.scale
        inside = gelu((z @ self.up + self.up_bias).astype(np.float32))
        return unit((z @ self.linear + inside @ self.down + self.bias).astype(np.float32))


@dataclass(frozen=True)
class Side:
    """The heads of one side, ``image`` or ``text``, and the mix [widths together, 512]."""

    heads: tuple[Head, ...]
    mix: Array

    @classmethod
    def of(cls, tensors: dict[str, Array], side: str) -> Side:
        """Take a side out of named float32 tensors, all heads that are there.

        Raises:
            KeyError: a tensor is missing.
        """
        count = len({name.split(".")[1] for name in tensors if name.startswith(f"{side}.")})
        names = Head.__dataclass_fields__
        heads = tuple(
            Head(**{name: tensors[f"{side}.{n}.{name}"] for name in names})
            for n in range(max(count, 1))
        )
        return cls(heads, tensors["mix"])

    def __call__(self, pooled: Array) -> Array:
        """Return unit vectors [n, 512] of pooled features [n, inputs]."""
        return unit(np.concatenate([head(pooled) for head in self.heads], axis=1) @ self.mix)


def gelu(x: Array) -> Array:
    """Return the Gaussian error linear unit, by its tanh form (Hendrycks & Gimpel 2016)."""
    inner = np.float32(sqrt(2 / pi)) * (x + np.float32(0.044715) * x * x * x)
    result: Array = 0.5 * x * (1 + np.tanh(inner))
    return result


def pool_map(maps: Array) -> Array:
    """Return what the photo heads read, [n, 2560]: mean and maximum over the 81 places."""
    return np.concatenate([maps.mean(axis=(2, 3)), maps.max(axis=(2, 3))], axis=1)


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
        try:
            self._image, self._words = Side.of(tensors, "image"), Side.of(tensors, "text")
        except KeyError as error:
            raise WeightsError(model=self.id, detail=f"{folder}: no tensor {error}") from error

    def embed_images(self, images: Sequence[Image.Image]) -> Array:
        """Return unit vectors float32 [n, 512] of photos."""
        pixels = to_pixels(images)
        both = (pixels, np.ascontiguousarray(pixels[:, :, ::-1]))
        seen = [self._image(pool_map(self._encoder.features_of_pixels(view).map)) for view in both]
        return unit(seen[0] + seen[1])

    def embed_texts(self, texts: Sequence[str]) -> Array:
        """Return unit vectors float32 [n, 512] of captions or questions, in any e5 language."""
        return self._words(self._text.pooled([f"query: {text}" for text in texts]))


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
