"""A tiny Qwen2, a tiny projector and made-up photos, for the tests of training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from assistant.models.sight import LoraShape, Shape
from assistant.tuning.features import Features

SHAPE = Shape(channels=6, grid=3, side=2, width=8, lm_width=16)
LORA = LoraShape(rank=2, alpha=1.0, width=16, kv_width=8, hidden=32)
LAYERS = 2
WORDS = 40
_RNG = np.random.default_rng(0)
FEATURES = Features(
    _RNG.normal(size=(8, 9, 6)).astype(np.float16),
    tuple(f"{i}.jpg" for i in range(8)),
    {f"{i}.jpg": i for i in range(8)},
)


def tiny_qwen() -> Any:
    """Return a random two-layer Qwen2 with grouped-query attention."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=WORDS, hidden_size=16, intermediate_size=32, num_hidden_layers=LAYERS,
        num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=False,
    )  # fmt: skip
    return Qwen2ForCausalLM(config).requires_grad_(False).eval()


def save_qwen(folder: Path) -> Path:
    """Write the tiny model as ``dequantize`` writes the real one."""
    from safetensors.torch import save_file

    model = tiny_qwen()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(model.config.to_dict()), encoding="utf-8")
    save_file(
        {k: v.contiguous() for k, v in model.state_dict().items()}, folder / "model.safetensors"
    )
    return folder
