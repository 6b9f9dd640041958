"""Before a hub model is loaded: how, on which device, and does it fit.

Sizes come from the headers of the safetensors files, so a model that does not fit is refused in
milliseconds, with both numbers. NF4 is the 4-bit NormalFloat of QLoRA (Dettmers et al. 2023) with
double quantization; only the language model is quantized, because 4-bit vision towers are known
to break answers.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from assistant.errors import ModelTooLarge, ModelUnavailable

Quantization = Literal["none", "nf4", "int8", "gguf"]
Wanted = Literal["auto", "none", "nf4", "int8", "gguf"]
Device = Literal["cuda", "cpu", "mps"]

_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I8": 1, "U8": 1, "BOOL": 1}
_NF4_BYTES = 0.53  # 4 bits a weight, and 0.127 bits of doubly quantized scales (QLoRA, section 3)
SPARE = 512 << 20  # activations, KV cache and the processor
_SEEING = ("vision", "visual", "image", "connector", "projector", "lm_head", "embed")


@dataclass(frozen=True)
class Weights:
    """How many parameters a checkpoint has: in the language model's layers, and elsewhere."""

    language: int
    other: int


@dataclass(frozen=True)
class LoadPlan:
    """How a checkpoint will be loaded; ``offload`` lets layers overflow into main memory."""

    device: Device
    quantization: Quantization
    needed: int
    free: int
    offload: bool = False


def read_weights(folder: Path, name: str) -> Weights:
    """Count the parameters of a checkpoint from its safetensors headers.

    Raises:
        ModelUnavailable: there are no safetensors files (pickled weights are never loaded), or
            one is damaged.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelUnavailable(model=name, detail=f"{folder} holds no .safetensors weights")
    language = other = 0
    for file in files:
        for tensor, count in _tensors(file, name):
            is_matrix_of_language = ".layers." in tensor and not _sees(tensor)
            language += count if is_matrix_of_language else 0
            other += 0 if is_matrix_of_language else count
    return Weights(language, other)


def make_plan(folder: Path, name: str, wanted: Wanted) -> LoadPlan:
    """Choose device and quantization, and check that the model fits.

    ``gguf`` speaks of GGUF files only and means ``auto`` here.

    Raises:
        ModelTooLarge: it does not fit; carries both sizes.
        ModelUnavailable: there are no weights that may be loaded.
    """
    import psutil
    import torch

    weights = read_weights(folder, name)
    wanted = "auto" if wanted == "gguf" else wanted
    main = int(psutil.virtual_memory().available)
    if torch.cuda.is_available():
        kind: Quantization = "nf4" if wanted in ("auto", "nf4") else "none"
        free = int(torch.cuda.mem_get_info()[0])
        needed = needed_bytes(weights, kind, "cuda")
        if needed <= free:
            return LoadPlan("cuda", kind, needed, free)
        if kind == "none" and needed <= free + main:
            return LoadPlan("cuda", kind, needed, free + main, offload=True)
        raise ModelTooLarge(model=name, needed=size(needed), free=size(free))
    kind = "int8" if wanted == "auto" else wanted
    needed = needed_bytes(weights, kind, "cpu")
    if needed > main:
        raise ModelTooLarge(model=name, needed=size(needed), free=size(main))
    return LoadPlan("cpu", kind, needed, main)


def needed_bytes(weights: Weights, quantization: Quantization, device: Device) -> int:
    """Return the peak memory of loading, in bytes.

    On the CPU the rest is kept in fp32, which is faster there than bf16; dynamic int8 is made
    from fp32, layer by layer, so both stand in memory for a moment.
    """
    width = 2 if device == "cuda" else 4
    if quantization == "nf4":
        body = weights.language * _NF4_BYTES
    elif quantization == "int8":
        body = weights.language * (width + 1)
    else:
        body = weights.language * width
    return int(body + weights.other * width) + SPARE


def linears_to_keep(model: Any) -> list[str]:
    """Return the full paths of every linear layer outside the language model's decoder.

    Args:
        model: the model, real or on the meta device. Vision tower, connector and head are kept at
            full precision; full paths are needed, because names such as ``q_proj`` occur in both.
    """
    from torch import nn

    decoder = decoder_of(model)
    inside = {id(module) for module in decoder.modules()}
    return [
        path
        for path, module in model.named_modules()
        if isinstance(module, nn.Linear) and id(module) not in inside
    ]


def decoder_of(model: Any) -> Any:
    """Return the module that is the language model without its head."""
    inner = getattr(model, "model", model)
    for name in ("language_model", "text_model"):
        found = getattr(inner, name, None)
        if found is not None:
            return found
    return inner


def _sees(tensor: str) -> bool:
    return any(word in tensor for word in _SEEING)


def _tensors(file: Path, name: str) -> Iterator[tuple[str, int]]:
    """Yield (tensor, number of values) from a safetensors header."""
    try:
        with file.open("rb") as source:
            (length,) = struct.unpack("<Q", source.read(8))
            if length > file.stat().st_size:
                raise ValueError("the header is longer than the file")
            header = json.loads(source.read(length))
        for tensor, entry in header.items():
            if tensor != "__metadata__":
                start, end = entry["data_offsets"]
                yield tensor, (end - start) // _BYTES.get(entry["dtype"], 2)
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise ModelUnavailable(model=name, detail=f"{file} is damaged ({error})") from error


def size(count: int) -> str:
    """Return bytes as a person reads them."""
    return f"{count / (1 << 30):.1f} GiB"
