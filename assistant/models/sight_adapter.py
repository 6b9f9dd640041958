"""The low-rank changes that go with a photo, as llama.cpp reads them: a LoRA adapter in GGUF.

Trained weights keep A once for query, key and value together, because they share their input;
GGUF wants a pair of matrices for each weight of the model. The file is written once from the
trained weights and named by their checksum. Knows nothing of llama.cpp's API.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.models.sight import LoraShape, read_weights
from retrieval.errors import WeightsError

Halfs = NDArray[np.float16]


def adapter_file(weights: Path, folder: Path) -> Path | None:
    """Return the GGUF adapter of trained weights, written into ``folder`` when it is not there.

    Returns None when the weights bring no changes to the language model.

    Raises:
        WeightsMissing: there is no such file.
        WeightsError: it cannot be read.
    """
    about, tensors = read_weights(weights, "lora.")
    if not tensors:
        return None
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()[:16]
    path = folder / f"sightline-vlm-{digest}.lora.gguf"
    if not path.is_file():
        try:
            shape = LoraShape(**json.loads(about["lora_shape"]))
            pairs = list(_pairs(shape, tensors))
        except (KeyError, TypeError, ValueError) as error:
            raise WeightsError(model="sightline-vlm", detail=f"{weights}: {error}") from error
        _write(path, shape, pairs)
    return path


def _pairs(
    shape: LoraShape, tensors: dict[str, NDArray[np.float32]]
) -> Iterator[tuple[str, Halfs, Halfs]]:
    """Yield (name of the model's weight, A [rank, in], B [out, rank])."""
    joint = {
        "qkv": {"attn_q": shape.width, "attn_k": shape.kv_width, "attn_v": shape.kv_width},
        "out": {"attn_output": shape.width},
        "down": {"ffn_down": shape.width},
    }
    for place, parts in joint.items():
        downs = tensors[f"lora.{place}_a"].astype(np.float16)
        ups = tensors[f"lora.{place}_b"].astype(np.float16)
        ends = np.cumsum(list(parts.values()))[:-1]
        for layer, (down, up) in enumerate(zip(downs, ups, strict=True)):
            for name, part in zip(parts, np.split(up, ends), strict=True):
                yield f"blk.{layer}.{name}.weight", down, np.ascontiguousarray(part)


def _write(path: Path, shape: LoraShape, pairs: list[tuple[str, Halfs, Halfs]]) -> None:
    from gguf import GGUFWriter

    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    writer = GGUFWriter(temporary, "qwen2")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", shape.alpha)  # llama.cpp scales by alpha / rank
    for name, down, up in pairs:
        writer.add_tensor(f"{name}.lora_a", down)
        writer.add_tensor(f"{name}.lora_b", up)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    temporary.replace(path)
