"""Sightline-CLIP: photos and text in one 512-d space, from two towers and trained heads.

    photo -> EfficientNet-Lite2 -> mean and maximum of the map -> heads -> mix -> unit vector
    text  -> "query: " + text -> e5-small -> mean and maximum of its tokens -> heads -> mix -> same

The heads are trained contrastively (``assistant/tuning/clip_fit.py``); the photo tower is locked,
after LiT (Zhai et al. 2022). Weights may bring low-rank adapters (LoRA) for the upper layers of
e5-small: they are merged into a graph of their own, so plain e5 is untouched. A head is

    z = standardise(x);  y = z L + gelu(z U + u) D + b;  y / |y|

a linear map plus a bottleneck that starts at zero. Beside the unit vectors of the heads (an
ensemble) stands a part that needs no training, ConSE (Norouzi et al. 2014): a photo as the mean
of the words for the ImageNet classes seen in it, a text as itself, both in the text tower's
space, so that things no caption told of are found too. The inner product of the whole is the
weighted sum of the parts'; ``mix`` turns it into the 512 numbers that keep the most of it. A
photo and its mirror image are both seen and summed, which is worth most of a point of recall and
costs a second pass. Weights that bring banks of captions and photos give 510 numbers and two more
against hubs (``hubs``), worth two points.

The heads run in numpy: they are a thousandth of the towers' work. Knows nothing of training data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from retrieval.embed.cards import read_card, read_tensors
from retrieval.embed.e5 import E5Small, unit
from retrieval.embed.efficientnet import SIZE, EfficientNetLite2, class_texts, softmax, to_pixels
from retrieval.embed.hubs import Hubs
from retrieval.embed.protocol import Tags
from retrieval.embed.things import tags_of
from retrieval.errors import WeightsError

Array = NDArray[np.float32]
WEIGHTS = Path(__file__).parent / "weights" / "sightline-clip"
CAPTION_BANK, PHOTO_BANK = "bank.captions", "bank.photos"  # tensors; see ``hubs``


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
class Heads:
    """Everything trained: heads of either side, words of the classes, the mix.

    ``class_words`` [1000, 384] are unit vectors; ``text_centre`` [384] the mean caption;
    ``class_share`` how much the part of the classes weighs; ``mix`` [widths together, 512 or 510].
    """

    image: tuple[Head, ...]
    text: tuple[Head, ...]
    class_words: Array
    text_centre: Array
    class_share: float
    mix: Array

    @classmethod
    def of(cls, tensors: dict[str, Array]) -> Heads:
        """Take them out of named float32 tensors.

        Raises:
            KeyError: a tensor is missing.
        """
        members = sorted({int(n.split(".")[1]) for n in tensors if n.startswith("image.")})
        names = Head.__dataclass_fields__
        image, text = (
            tuple(
                Head(**{name: tensors[f"{side}.{number}.{name}"] for name in names})
                for number in members or [0]
            )
            for side in ("image", "text")
        )
        share = float(tensors["class_share"][0])
        return cls(
            image, text, tensors["class_words"], tensors["text_centre"], share, tensors["mix"]
        )

    def of_photos(self, pooled: Array, logits: Array) -> Array:
        """Return unit vectors [n, mix] of pooled maps [n, 2560] and class logits [n, 1000]."""
        chances = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
        seen = unit(chances @ self.class_words)
        return self._mixed([head(pooled) for head in self.image], seen)

    def of_texts(self, pooled: Array) -> Array:
        """Return unit vectors [n, mix] of pooled tokens [n, 768]."""
        said = unit(pooled[:, : len(self.text_centre)] - self.text_centre)
        return self._mixed([head(pooled) for head in self.text], said)

    def parts(self, heads: Sequence[Array], words: Array) -> Array:
        """Return all parts side by side, each scaled to its weight."""
        scaled = [part / np.float32(sqrt(len(heads))) for part in heads]
        return np.concatenate([*scaled, words * np.float32(sqrt(self.class_share))], axis=1)

    def _mixed(self, heads: Sequence[Array], words: Array) -> Array:
        return unit(self.parts(heads, words) @ self.mix)


def plain(caption: str) -> str:
    """Return a caption without what says nothing: spaces around it and the full stop it ends in.

    The heads learn from captions in this form, so that "a dog ." is "a dog".
    """
    text = caption.strip()
    return text.rstrip(" .。") or text


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
        encoder, text: the two towers as they are (shared with whoever else uses them).
        folder: the folder of ``model.safetensors`` and ``card.json``.

    Raises:
        WeightsMissing, WeightsCorrupt, WeightsError: the weights are gone, changed or unreadable.
    """

    dim = 512
    side = SIZE

    def __init__(self, encoder: EfficientNetLite2, text: E5Small, folder: Path = WEIGHTS) -> None:
        self.card = read_card(folder)
        self.id = str(self.card["id"])
        mark = str(self.card["sha256"])
        tensors = read_tensors(folder, mark)
        try:
            self._heads = Heads.of(tensors)
        except KeyError as error:
            raise WeightsError(model=self.id, detail=f"{folder}: no tensor {error}") from error
        banks = [tensors[name] for name in (CAPTION_BANK, PHOTO_BANK) if name in tensors]
        self._hubs = Hubs(*banks) if banks else None
        adapters = {n.removeprefix("lora."): t for n, t in tensors.items() if n.startswith("lora.")}
        self._encoder = encoder
        self._text = text.tuned(adapters, mark[:12]) if adapters else text

    def embed_images(self, images: Sequence[Image.Image]) -> Array:
        """Return unit vectors float32 [n, 512] of photos."""
        return self.embed_and_tag(images)[0]

    def embed_and_tag(self, images: Sequence[Image.Image]) -> tuple[Array, list[Tags]]:
        """Return unit vectors of photos and, from the same pass, words for what they show."""
        pixels = to_pixels(images)
        seen = self._encoder.features_of_pixels(np.concatenate([pixels, pixels[:, :, ::-1]]))
        one, other = np.split(self._heads.of_photos(pool_map(seen.map), seen.logits), 2)
        logits = np.add(*np.split(seen.logits, 2))
        chances = softmax(logits * np.float32(0.5))
        photos, tags = unit(one + other), [tags_of(row, class_texts()) for row in chances]
        return self._hubs.of_photos(photos) if self._hubs else photos, tags

    def pooled_texts(self, texts: Sequence[str]) -> Array:
        """Return what the text heads read, float32 [n, 768]."""
        return self._text.pooled([f"query: {plain(text)}" for text in texts])

    def embed_texts(self, texts: Sequence[str]) -> Array:
        """Return unit vectors float32 [n, 512] of captions or questions, in any e5 language."""
        vectors = self._heads.of_texts(self.pooled_texts(texts))
        return self._hubs.of_texts(vectors) if self._hubs else vectors
