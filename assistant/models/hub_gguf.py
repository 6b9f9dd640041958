"""A GGUF file in transformers: its blocks stay packed where a kernel reads them, else are unpacked.

transformers has such kernels for Apple's GPUs (package ``kernels``). Elsewhere every weight is
unpacked, which takes several times the memory of the file: there llama.cpp is the engine that keeps
a GGUF packed, and the one that is chosen unless the setting ``quantization`` says ``gguf``. Text
models only; a vision tower is no part of the file.
"""

from __future__ import annotations

import logging
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from assistant.errors import ModelTooLarge, ModelUnavailable
from assistant.models.hub_loading import LOCAL, About, Loaded
from assistant.models.hub_plan import SPARE, Device, LoadPlan, size

_log = logging.getLogger(__name__)


def describe_gguf(path: Path, name: str) -> About:
    """Read the header: context and chat template.

    Raises:
        ModelUnavailable: it is no GGUF file.
    """
    fields = _reader(path, name).fields
    template = fields.get("tokenizer.chat_template")
    context = next((f for key, f in fields.items() if key.endswith(".context_length")), None)
    return About(
        sees_images=False,
        calls_tools=template is not None and "tools" in str(template.contents()),
        context=int(context.contents()) if context is not None else 0,
    )


def plan_gguf(path: Path, name: str) -> LoadPlan:
    """Choose the device, and check that the weights fit: packed, or unpacked.

    Raises:
        ModelTooLarge: they do not; carries both sizes.
        ModelUnavailable: it is no GGUF file.
    """
    import psutil
    import torch

    weights = sum(int(tensor.n_elements) for tensor in _reader(path, name).tensors)
    free = int(psutil.virtual_memory().available)
    device: Device = "cpu"
    needed = weights * 4
    if torch.cuda.is_available():
        device, needed, free = "cuda", weights * 2, int(torch.cuda.mem_get_info()[0])
    elif can_stay_packed():
        device, needed = "mps", path.stat().st_size
    needed += SPARE
    if needed > free:
        raise ModelTooLarge(model=name, needed=size(needed), free=size(free))
    return LoadPlan(device, "gguf" if device == "mps" else "none", needed, free)


def can_stay_packed() -> bool:
    """Whether transformers has a kernel here that multiplies by packed blocks."""
    import torch

    return bool(torch.backends.mps.is_available()) and find_spec("kernels") is not None


def load_gguf(path: Path, name: str, plan: LoadPlan, threads: int) -> Loaded:
    """Load the weights and the tokenizer of a GGUF file.

    Raises:
        ModelUnavailable: this architecture is not one that transformers reads from a GGUF.
    """
    import torch
    import transformers

    torch.set_num_threads(threads)
    packed: Any = transformers.GgufConfig
    files = {"gguf_file": path.name, **LOCAL}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(path.parent, **files)
        auto: Any = transformers.AutoModelForCausalLM
        model = auto.from_pretrained(
            path.parent,
            dtype=torch.bfloat16 if plan.device == "cuda" else torch.float32,
            quantization_config=packed(dequantize=plan.quantization != "gguf"),
            **files,
        ).eval()
    except (ValueError, NotImplementedError) as error:
        raise ModelUnavailable(model=name, detail=str(error)) from error
    _log.info("%s loaded on %s, %s", name, plan.device, plan.quantization)
    return Loaded(model.to(plan.device), None, tokenizer, plan)


def _reader(path: Path, name: str) -> Any:
    from gguf import GGUFReader

    try:
        return GGUFReader(path)
    except (OSError, ValueError, IndexError) as error:
        raise ModelUnavailable(model=name, detail=f"{path} is no GGUF file ({error})") from error
