"""Sightline-VLM's eye at inference, in numpy: feature map in, rows for the language model out.

Importing torch would cost 400 MB for a few small matrices, so the forward pass is written out
here; ``assistant.tuning.projector`` is the same network for training, and a test holds both
together. Knows nothing of llama.cpp: it gives rows and says where they stand in the prompt.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.models.sight_net import Net, gelu
from retrieval.errors import WeightsError, WeightsMissing

Floats = NDArray[np.float32]

CAPTION_QUESTION = "Describe the image in one sentence."


@dataclass(frozen=True)
class ImageSlot:
    """The place of image ``index`` (from 0): ``Shape.rows`` rows of embeddings go here."""

    index: int


@dataclass(frozen=True)
class Shape:
    """Sizes of the projector: ``grid`` x ``grid`` cells in, ``side`` x ``side`` rows out."""

    channels: int = 1280
    grid: int = 9
    side: int = 6
    width: int = 896
    lm_width: int = 896

    @property
    def rows(self) -> int:
        """Rows of one photo."""
        return self.side**2


@dataclass(frozen=True)
class LoraShape:
    """Sizes of the low-rank changes to the language model that go with a photo."""

    rank: int = 16
    alpha: float = 8.0
    width: int = 896
    kv_width: int = 128
    hidden: int = 4864

    @property
    def scale(self) -> float:
        """What B (A x) is multiplied by."""
        return self.alpha / self.rank

    @property
    def places(self) -> dict[str, tuple[int, int]]:
        """Width in and out of each place: query, key and value together; output; MLP's last."""
        return {
            "qkv": (self.width, self.width + 2 * self.kv_width),
            "out": (self.width, self.width),
            "down": (self.hidden, self.width),
        }


def window_weights(shape: Shape) -> Floats:
    """Return float32 [rows, cells]: row r is the mean of the cells of its window.

    Windows are those of adaptive average pooling: along each side, window i covers the cells from
    floor(i * grid / side) to ceil((i + 1) * grid / side).
    """
    line = np.zeros((shape.side, shape.grid), np.float32)
    for i in range(shape.side):
        first = i * shape.grid // shape.side
        last = -((-(i + 1) * shape.grid) // shape.side)
        line[i, first:last] = 1 / (last - first)
    return np.kron(line, line)


def prompt_layout(question: str, n_images: int = 1) -> list[str | ImageSlot]:
    """Return the prompt Sightline-VLM was trained with: texts to tokenize, and image slots.

    Texts are tokenized one by one with special tokens parsed and nothing added; each slot is
    filled with the rows of its image. The answer follows directly after the last text and ends
    with ``<|im_end|>``.

    Args:
        question: as the user wrote it; ``CAPTION_QUESTION`` asks for a caption.
        n_images: images, in the order of their slots.
    """
    return [
        "<|im_start|>user\n",
        *(ImageSlot(index) for index in range(n_images)),
        f"\n{question}<|im_end|>\n<|im_start|>assistant\n",
    ]


class SightProjector:
    """Turns feature maps of EfficientNet-Lite2 into rows of the language model's input space.

    Use ``load``. Safe to share between threads: nothing changes after loading.
    """

    def __init__(self, shape: Shape, weights: dict[str, Floats]) -> None:
        self.shape = shape
        self._windows = window_weights(shape)
        self._net = Net(weights, heads=1, prefix="projector.")

    @classmethod
    def load(cls, path: Path) -> SightProjector:
        """Read a ``model.safetensors`` written by ``assistant.tuning``.

        Raises:
            WeightsMissing: there is no such file.
            WeightsError: it is not a projector.
        """
        about, tensors = read_weights(path, "projector.")
        try:
            return cls(Shape(**json.loads(about["shape"])), tensors)
        except (KeyError, TypeError, ValueError) as error:
            raise WeightsError(model="sightline-vlm", detail=f"{path}: {error}") from error

    def image_tokens(self, feature_map: Floats) -> Floats:
        """Return float32 [n, rows, lm_width] of maps float32 [n, channels, grid, grid]."""
        net = self._net
        x = net.norm(self._windows @ to_cells(feature_map), "norm_in")
        x = net.norm(net.linear(gelu(net.linear(x, "up")), "down"), "norm_out")
        rows: Floats = x + net.get("place")
        return rows


def read_weights(path: Path, prefix: str) -> tuple[dict[str, str], dict[str, Floats]]:
    """Return metadata and the float32 tensors whose names begin with ``prefix``.

    Raises:
        WeightsMissing: there is no such file.
        WeightsError: it cannot be read.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WeightsMissing(model="sightline-vlm", path=path)
    try:
        with safe_open(path, "np") as file:
            names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118
            tensors = {name: file.get_tensor(name).astype(np.float32) for name in names}
            return file.metadata() or {}, tensors
    except (SafetensorError, OSError) as error:
        raise WeightsError(model="sightline-vlm", detail=f"{path}: {error}") from error


def to_cells(maps: Floats) -> Floats:
    """Turn maps [n, channels, grid, grid] into rows of cells float32 [n, cells, channels]."""
    flat = maps.reshape(len(maps), maps.shape[1], -1).transpose(0, 2, 1)
    return np.ascontiguousarray(flat, dtype=np.float32)
