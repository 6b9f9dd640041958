"""EfficientNet-Lite2: the eye of the embedded tier.

Gives the 1280x9x9 feature map that Sightline-CLIP and Sightline-VLM read, its mean, and ImageNet
words. The weight file's tensors lie in the order of timm's ``tf_efficientnet_lite2``, under other
names. Photos are squashed to 260x260 (never cropped, so that no edge is lost).

Knows nothing of text, nor of what the features are used for.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from retrieval.errors import WeightsError

SIZE = 260
CHANNELS = 1280
GRID = 9
_MEAN, _STD = 127.0, 128.0


def to_pixels(images: Sequence[Image.Image]) -> NDArray[np.uint8]:
    """Return photos as uint8 [n, 260, 260, 3], squashed with bicubic filtering.

    Transparent pixels become white; grey and palette photos become RGB.
    """
    pixels = np.empty((len(images), SIZE, SIZE, 3), np.uint8)
    for row, image in zip(pixels, images, strict=True):
        row[:] = np.asarray(
            _rgb(image).resize((SIZE, SIZE), Image.Resampling.BICUBIC, reducing_gap=3.0)
        )
    return pixels


class EfficientNetLite2:
    """The encoder with its ImageNet head, for inference only.

    Args:
        weights: the verified ``.pth`` file of the bundle ``efficientnet-lite2``.
        threads: torch threads; torch has one such number in a process.
        batch: photos a step; 16 keeps the peak below 250 MB.

    Raises:
        WeightsError: the file does not hold this network.
    """

    id = "efficientnet-lite2"

    def __init__(self, weights: Path, threads: int = 1, batch: int = 16) -> None:
        import torch

        torch.set_num_threads(threads)
        self._batch = batch
        self._model = _load(weights)
        self._labels: list[str] | None = None

    def feature_map(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """Return the last feature map, float32 [n, 1280, 9, 9], before pooling."""
        return self.feature_map_of_pixels(to_pixels(images))

    def feature_map_of_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return float32 [n, 1280, 9, 9] of uint8 [n, 260, 260, 3]."""
        import torch

        out = np.empty((len(pixels), CHANNELS, GRID, GRID), np.float32)
        with torch.inference_mode():
            for start in range(0, len(pixels), self._batch):
                # a transposed view of [n, h, w, c] already lies channels_last in memory
                x = torch.from_numpy(pixels[start : start + self._batch]).permute(0, 3, 1, 2)
                maps = self._model.forward_features((x.float() - _MEAN) / _STD)
                out[start : start + len(x)] = maps.numpy()
        return out

    def pooled(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """Return the mean of the feature map over its 81 places, float32 [n, 1280]."""
        return self.feature_map(images).mean(axis=(2, 3))

    def classify(
        self, images: Sequence[Image.Image], top: int = 5
    ) -> list[list[tuple[str, float]]]:
        """Return for every photo its ``top`` (ImageNet label, probability), best first."""
        return self.classify_pooled(self.pooled(images), top)

    def classify_pooled(
        self, pooled: NDArray[np.float32], top: int = 5
    ) -> list[list[tuple[str, float]]]:
        """As ``classify``, from features [n, 1280] that were computed before."""
        import torch

        with torch.inference_mode():
            chances = self._model.classifier(torch.from_numpy(pooled)).softmax(-1)
            values, places = chances.topk(top)
        labels = self._label_names()
        return [
            [(labels[i], float(p)) for p, i in zip(row, where, strict=True)]
            for row, where in zip(values.tolist(), places.tolist(), strict=True)
        ]

    def _label_names(self) -> list[str]:
        if self._labels is None:
            from timm.data import ImageNetInfo

            info = ImageNetInfo()
            self._labels = [info.index_to_description(i) for i in range(info.num_classes())]
        return self._labels


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode in ("I", "I;16", "I;16B", "F"):
        return _sixteen_bit(image).convert("RGB")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        return Image.alpha_composite(ground, layer).convert("RGB")
    return image.convert("RGB")


def _sixteen_bit(image: Image.Image) -> Image.Image:
    """Return a deep grey photo in 8 bits; PIL's own conversion would clip it to white."""
    grey = np.asarray(image, np.float32)
    low, high = float(grey.min(initial=0)), float(grey.max(initial=0))
    scaled = (grey - low) * (255 / (high - low)) if high > low else np.zeros_like(grey)
    return Image.fromarray(scaled.astype(np.uint8))


def _load(weights: Path) -> Any:
    import timm
    import torch

    model = timm.create_model("tf_efficientnet_lite2", pretrained=False)
    wanted = model.state_dict()
    try:
        found = torch.load(weights, map_location="cpu", weights_only=True)
        named = dict(zip(wanted, found.values(), strict=True))
        model.load_state_dict(named)
    except (OSError, RuntimeError, ValueError, AttributeError, pickle.UnpicklingError) as error:
        raise WeightsError(model=EfficientNetLite2.id, detail=f"{weights}: {error}") from error
    model.requires_grad_(False)
    return model.eval().to(memory_format=torch.channels_last)
