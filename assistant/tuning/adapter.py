"""Writes learned low-rank changes of a language model as the adapter file that llama.cpp reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = tuple[str, int, str]
"""Name of a matrix in a GGUF (``attn_q`` …), number of its layer, half ``a`` or ``b``."""


def write_adapter(
    path: Path, halves: Mapping[Matrix, NDArray[Any]], alpha: float, arch: str = "qwen2"
) -> Path:
    """Write a LoRA adapter (GGUF, float16): W x + (alpha / rank) B A x for each matrix named.

    Args:
        halves: A is [rank, in], B is [out, rank]; each matrix has both.
        arch: architecture of the model it belongs to, as the model's own file names it.
    """
    import gguf

    temporary = path.with_suffix(".part")
    writer = gguf.GGUFWriter(temporary, arch)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    for (name, layer, half), value in halves.items():
        whole = f"blk.{layer}.{name}.weight.lora_{half}"
        writer.add_tensor(whole, np.ascontiguousarray(value, np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    temporary.replace(path)
    return path
