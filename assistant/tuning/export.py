"""Writes what was trained as the one file that inference reads: float16, sizes in the metadata."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from assistant.models.second_opinion import AnswerShape
from assistant.models.sight import LoraShape, Shape


@dataclass(frozen=True)
class Parts:
    """Sizes of projector, LoRA and answer decoder, and the decoder's words (token ids)."""

    shape: Shape
    lora_shape: LoraShape
    answer_shape: AnswerShape
    answer_tokens: tuple[int, ...]


def export_weights(path: Path, state: Mapping[str, Tensor], parts: Parts) -> None:
    """Write ``path`` atomically.

    Args:
        state: weights by name: ``projector.…``, ``lora.…``, ``answer.…``.
    """
    from safetensors.torch import save_file

    tensors = {name: value.detach().half().contiguous() for name, value in state.items()}
    tensors["answer_tokens"] = torch.tensor(parts.answer_tokens, dtype=torch.int32)
    about = {
        "shape": json.dumps(dataclasses.asdict(parts.shape)),
        "lora_shape": json.dumps(dataclasses.asdict(parts.lora_shape)),
        "answer_shape": json.dumps(dataclasses.asdict(parts.answer_shape)),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    save_file(tensors, temporary, metadata=about)
    temporary.replace(path)
