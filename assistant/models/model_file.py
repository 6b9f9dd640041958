"""The sizes and the weights of a Qwen2 language model, out of its GGUF file.

Reading one takes seconds, since its vocabulary is read too; so what is asked again, the sizes and
where the words' vectors lie, can be kept elsewhere. Knows no engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
ARCHITECTURE = "qwen2"


@dataclass(frozen=True)
class ModelShape:
    """Sizes of the model, as its file tells them."""

    layers: int
    width: int
    hidden: int
    heads: int
    kv_heads: int
    context: int
    base: float
    epsilon: float

    @property
    def head(self) -> int:
        """Width of one head."""
        return self.width // self.heads


@dataclass(frozen=True)
class WordTable:
    """Where in the model's file the vectors of its tokens lie, and how they are packed."""

    offset: int
    kind: int
    rows: int
    row_bytes: int

    def open(self, model: Path) -> NDArray[np.uint8]:
        """Map the table, uint8 [rows, row_bytes]; nothing is read yet."""
        return np.memmap(model, np.uint8, "r", self.offset, (self.rows, self.row_bytes))

    def vectors(self, table: NDArray[np.uint8], tokens: Sequence[int]) -> Floats:
        """Return the vectors of tokens, float32 [n, width]."""
        return _unpacked(table[np.array(tokens)], self.kind)


class ModelFile:
    """A GGUF file: its sizes and, unpacked when asked for, its weights.

    Raises:
        KeyError: it is of another architecture than this graph.
        ValueError: it is no GGUF file.
    """

    def __init__(self, path: Path) -> None:
        from gguf import GGUFReader

        reader = GGUFReader(path)
        self._tensors = {tensor.name: tensor for tensor in reader.tensors}

        def told(name: str) -> Any:
            return reader.fields[f"{ARCHITECTURE}.{name}"].contents()

        self.shape = ModelShape(
            int(told("block_count")),
            int(told("embedding_length")),
            int(told("feed_forward_length")),
            int(told("attention.head_count")),
            int(told("attention.head_count_kv")),
            int(told("context_length")),
            float(told("rope.freq_base")),
            float(told("attention.layer_norm_rms_epsilon")),
        )

    def weight(self, name: str) -> Floats:
        """Return a weight, float32 [outputs, inputs] or [width]."""
        tensor = self._tensors[name]
        whole = _unpacked(tensor.data, tensor.tensor_type)
        return whole.reshape(tuple(reversed(tensor.shape.tolist())))

    def words(self) -> WordTable:
        """Return where the vectors of the tokens are."""
        tensor = self._tensors["token_embd.weight"]
        data = tensor.data.view(np.uint8)
        return WordTable(
            int(tensor.data_offset), int(tensor.tensor_type), data.shape[0], data.shape[1]
        )


def _unpacked(data: NDArray[Any], kind: int) -> Floats:
    from gguf import GGMLQuantizationType
    from gguf.quants import dequantize

    found: Floats = dequantize(data, GGMLQuantizationType(kind)).astype(np.float32, copy=False)
    return found
