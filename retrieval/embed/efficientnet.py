"""EfficientNet-Lite2: the eye of the embedded tier.

Gives the 1280x9x9 feature map that Sightline-CLIP and Sightline-VLM read, its mean, and ImageNet
words. Photos are squashed to 260x260 (never cropped, so that no edge is lost). Runs in ONNX
Runtime, four times as fast as timm's module in torch and equal to it within 4e-5 (see
``runtime.py``); torch is needed once, in a child process, to read the weight file.

Knows nothing of text, nor of what the features are used for.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from retrieval.embed.runtime import derived, open_session
from retrieval.errors import WeightsError
from retrieval.values import Box

SIZE = 260
CHANNELS = 1280
GRID = 9
HOT = 0.4
"""Share of the hottest place's activation from which a place belongs to the object."""
_GRAPH = "efficientnet-lite2.v1.onnx"


@dataclass(frozen=True)
class Features:
    """What one pass gives: map [n, 1280, 9, 9], pooled [n, 1280], logits [n, 1000]; float32."""

    map: NDArray[np.float32]
    pooled: NDArray[np.float32]
    logits: NDArray[np.float32]


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
    """The encoder with its ImageNet head.

    Args:
        weights: the verified ``.pth`` file of the bundle ``efficientnet-lite2``.
        threads: CPU threads for this encoder. Each sees photos of its own, which is as quick as
            all at one photo and loses less to whoever else uses the processor.
        batch: photos under work at once; 8 keeps the peak below 200 MB.

    Raises:
        WeightsError: the file does not hold this network.
    """

    id = "efficientnet-lite2"

    def __init__(self, weights: Path, threads: int = 1, batch: int = 8) -> None:
        self._step = max(1, batch // threads)
        self._graph = derived(weights, _GRAPH, _export)
        self._session = open_session(self._graph, 1, self.id)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="photos")

    def features(self, images: Sequence[Image.Image]) -> Features:
        """Return map, pooled map and logits of photos in one pass."""
        return self.features_of_pixels(to_pixels(images))

    def features_of_pixels(self, pixels: NDArray[np.uint8]) -> Features:
        """As ``features``, of uint8 [n, 260, 260, 3]."""
        maps = np.empty((len(pixels), CHANNELS, GRID, GRID), np.float32)
        pooled = np.empty((len(pixels), CHANNELS), np.float32)
        logits = np.empty((len(pixels), 1000), np.float32)

        def see(start: int) -> None:
            part = slice(start, start + self._step)
            maps[part], pooled[part], logits[part] = self._session.run(
                ["map", "pooled", "logits"], {"pixels": pixels[part]}
            )

        list(self._pool.map(see, range(0, len(pixels), self._step)))
        return Features(maps, pooled, logits)

    def feature_map(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """Return the last feature map, float32 [n, 1280, 9, 9], before pooling."""
        return self.features(images).map

    def pooled(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """Return the mean of the feature map over its 81 places, float32 [n, 1280]."""
        return self.features(images).pooled

    def classify(
        self, images: Sequence[Image.Image], top: int = 5
    ) -> list[list[tuple[str, float]]]:
        """Return for every photo its ``top`` (ImageNet label, probability), best first."""
        return name_classes(self.features(images).logits, top)

    def regions(self, images: Sequence[Image.Image]) -> list[Box]:
        """Return for every photo where its first class is seen: (x0, y0, x1, y1) in 0..1.

        Class activation maps (Zhou et al. 2016): since the map is averaged and then read by one
        linear layer, a class's weights tell how much each of the 81 places speaks for it.
        """
        found = self.features(images)
        weights = self._class_weights[found.logits.argmax(axis=1)]
        return [box_of(heat) for heat in np.einsum("nc,nchw->nhw", weights, found.map)]

    @cached_property
    def _class_weights(self) -> NDArray[np.float32]:
        """The last layer's weights, float32 [1000, 1280], read out of the graph's file."""
        import onnx
        from onnx import numpy_helper

        tensors = onnx.load(str(self._graph)).graph.initializer
        return numpy_helper.to_array(next(t for t in tensors if t.name == "class.w"))


def box_of(heat: NDArray[np.float32], share: float = HOT) -> Box:
    """Return the box of the connected hot places around the hottest of [h, w], in 0..1."""
    rows, columns = heat.shape
    hot = (heat > 0) & (heat >= share * heat.max())
    todo = [divmod(int(heat.argmax()), columns)]
    inside: set[tuple[int, int]] = set()
    while todo:
        y, x = todo.pop()
        if (y, x) in inside or not (0 <= y < rows and 0 <= x < columns and hot[y, x]):
            continue
        inside.add((y, x))
        todo += [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
    if not inside:  # nothing speaks for the class anywhere
        return (0.0, 0.0, 1.0, 1.0)
    ys, xs = zip(*inside, strict=True)
    return (
        min(xs) / columns,
        min(ys) / rows,
        (max(xs) + 1) / columns,
        (max(ys) + 1) / rows,
    )


def name_classes(logits: NDArray[np.float32], top: int = 5) -> list[list[tuple[str, float]]]:
    """Return for every row of [n, 1000] its ``top`` (ImageNet label, probability)."""
    labels = class_texts()
    chances = softmax(logits)
    best = np.argsort(-chances, axis=1)[:, :top]
    return [
        [(labels[i], float(row[i])) for i in where]
        for row, where in zip(chances, best, strict=True)
    ]


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the chances of logits [n, classes]."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    chances: NDArray[np.float32] = raised / raised.sum(axis=1, keepdims=True)
    return chances


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


@lru_cache(maxsize=2)
def class_texts(kind: Literal["lemma", "definition"] = "lemma") -> list[str]:
    """Return the words for, or the definition of, each of the 1000 classes.

    Read out of timm's data files without importing timm, and so torch.
    """
    spec = find_spec("timm")
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError(model=EfficientNetLite2.id, detail="timm's label names are missing")
    folder = Path(spec.submodule_search_locations[0]) / "data" / "_info"
    names = (folder / "imagenet_synsets.txt").read_text(encoding="utf-8").split()
    lines = (folder / f"imagenet_synset_to_{kind}.txt").read_text(encoding="utf-8").splitlines()
    text_of = dict(line.split("\t", 1) for line in lines if line)
    return [text_of[name] for name in names]


def _export(weights: Path) -> bytes:
    """Build the graph in a child process, so that torch's half a gigabyte goes with it."""
    command = [sys.executable, "-m", "retrieval.embed.lite2_graph", str(weights)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise WeightsError(model=EfficientNetLite2.id, detail=f"{weights}: {' '.join(reason)}")
    return done.stdout
