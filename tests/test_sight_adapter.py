"""The LoRA file llama.cpp reads holds what was learned, and works on prompts with pictures only."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
import torch
from langchain_core.messages import HumanMessage

from assistant.models.images import ImageBlock
from assistant.models.llama_cpp import LlamaChat
from assistant.models.llama_engine import Rows
from assistant.models.second_opinion import AnswerShape
from assistant.models.sight import LoraShape, Shape
from assistant.models.sight_adapter import adapter_file
from assistant.tuning.export import Parts, export_weights
from assistant.tuning.lm import LoRA
from retrieval.weights import ModelStore

SHAPE = LoraShape(rank=4, alpha=2.0)
LAYERS = 24
PARTS = Parts(Shape(), SHAPE, AnswerShape(2), (0, 1))


@pytest.fixture(scope="module")
def lora() -> LoRA:
    torch.manual_seed(0)
    made = LoRA(SHAPE, LAYERS)
    with torch.no_grad():
        for name in SHAPE.places:
            made.get_parameter(f"{name}_b").normal_(std=0.02)
        for parameter in made.parameters():
            parameter.copy_(parameter.half())
    return made


@pytest.fixture(scope="module")
def weights(lora: LoRA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "model.safetensors"
    export_weights(path, {f"lora.{k}": v for k, v in lora.state_dict().items()}, PARTS)
    return path


def test_the_file_holds_the_learned_matrices(lora: LoRA, weights: Path, tmp_path: Path) -> None:
    from gguf import GGUFReader

    path = adapter_file(weights, tmp_path)
    assert path is not None and adapter_file(weights, tmp_path) == path  # written once
    reader = GGUFReader(path)
    found = {tensor.name: np.asarray(tensor.data, np.float32) for tensor in reader.tensors}
    alpha = float(reader.fields["adapter.lora.alpha"].contents())
    qkv_a, qkv_b, _, _, down_a, down_b = lora.rounded(torch.float32)[7]
    scale = alpha / SHAPE.rank  # as llama.cpp does
    whole = []
    for part in "qkv":
        name = f"blk.7.attn_{part}.weight"
        whole.append(scale * found[f"{name}.lora_b"] @ found[f"{name}.lora_a"])
    assert np.allclose(np.concatenate(whole), (qkv_b @ qkv_a).detach(), atol=1e-5)
    name = "blk.7.ffn_down.weight"
    change = scale * found[f"{name}.lora_b"] @ found[f"{name}.lora_a"]
    assert np.allclose(change, (down_b @ down_a).detach(), atol=1e-5)
    assert len(found) == 2 * 5 * LAYERS


def test_weights_without_changes_need_no_file(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    export_weights(path, {"projector.place": torch.zeros(36, 896)}, PARTS)
    assert adapter_file(path, tmp_path) is None


class FixedEyes:
    """Sees the same rows in every picture."""

    def __init__(self, adapter: Path | None) -> None:
        self._adapter = adapter

    def look(self, image: ImageBlock) -> Rows:
        noise = np.random.default_rng(1).normal(size=(12, 896))
        return Rows(image.sha256, (noise * 0.015).astype(np.float32))

    def adapter(self) -> Path | None:
        return self._adapter


def test_only_prompts_with_pictures_are_changed(
    weights: Path, model_store: ModelStore, tmp_path: Path
) -> None:
    text = [HumanMessage("Total 38.69, paid by card. How much was paid?")]
    picture = {"type": "image", "base64": base64.b64encode(b"one").decode()}
    seen = [HumanMessage([picture, {"type": "text", "text": "Total 38.69. How much was paid?"}])]
    scores: dict[str, list[list[float]]] = {}
    for name, adapter in (("base", None), ("adapted", adapter_file(weights, tmp_path))):
        model = LlamaChat(
            model_id=name, locate=lambda: model_store.path("qwen2.5-coder-0.5b"),
            context_tokens=256, eyes=FixedEyes(adapter),
        )  # fmt: skip
        asked = (text, seen, text, seen)
        scores[name] = [model.score(messages, ["38.69", "Nothing"]) for messages in asked]
        model.unload()
    base, adapted = scores["base"], scores["adapted"]
    assert adapted[0] == base[0]  # bit for bit
    assert adapted[1] != pytest.approx(base[1], abs=0.2)
    assert adapted[2] == pytest.approx(base[0], abs=0.2)  # nothing of the picture's work is reused
    assert adapted[3] == pytest.approx(adapted[1], abs=0.2)
