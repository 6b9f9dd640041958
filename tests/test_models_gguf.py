"""A GGUF file read by transformers: a tiny one that is written here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gguf import GGMLQuantizationType, GGUFWriter, quants
from langchain_core.messages import HumanMessage

from assistant.config import Settings
from assistant.errors import ModelTooLarge, ModelUnavailable
from assistant.models import hub_gguf
from assistant.models.registry import build_chat_model, choose
from assistant.models.transformers_vlm import TransformersChat
from retrieval.weights import ModelStore

TEMPLATE = (
    "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
WIDTH, LAYERS, HIDDEN, CONTEXT = 64, 2, 128, 512
_NAMES = {
    "self_attn.q_proj.weight": "attn_q.weight",
    "self_attn.q_proj.bias": "attn_q.bias",
    "self_attn.k_proj.weight": "attn_k.weight",
    "self_attn.k_proj.bias": "attn_k.bias",
    "self_attn.v_proj.weight": "attn_v.weight",
    "self_attn.v_proj.bias": "attn_v.bias",
    "self_attn.o_proj.weight": "attn_output.weight",
    "mlp.gate_proj.weight": "ffn_gate.weight",
    "mlp.up_proj.weight": "ffn_up.weight",
    "mlp.down_proj.weight": "ffn_down.weight",
    "input_layernorm.weight": "attn_norm.weight",
    "post_attention_layernorm.weight": "ffn_norm.weight",
}


def _alphabet() -> list[str]:
    from tokenizers import pre_tokenizers

    return sorted(pre_tokenizers.ByteLevel.alphabet())


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A Qwen2 of random weights as an 8-bit GGUF, and the model it was written from."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    tokens = ["<pad>", "<|im_start|>", "<|im_end|>", *_alphabet(), "th"]
    config = Qwen2Config(
        vocab_size=len(tokens), hidden_size=WIDTH, intermediate_size=HIDDEN,
        num_hidden_layers=LAYERS, num_attention_heads=2, num_key_value_heads=1,
        max_position_embeddings=CONTEXT, tie_word_embeddings=False,
        bos_token_id=1, eos_token_id=2, pad_token_id=0,
    )  # fmt: skip
    model = Qwen2ForCausalLM(config).eval()
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    writer = GGUFWriter(path, "qwen2")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([3, 3, 3, *[1] * (len(tokens) - 3)])
    writer.add_token_merges(["t h"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(0)
    writer.add_chat_template(TEMPLATE)
    for name, value in model.state_dict().items():
        _add(writer, name, value.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path, model


def _add(writer: GGUFWriter, name: str, value: Any) -> None:
    whole = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
    }
    if name not in whole:
        _, _, number, rest = name.split(".", 3)
        whole[name] = f"blk.{number}.{_NAMES[rest]}"
    if value.ndim == 2:
        kind = GGMLQuantizationType.Q8_0
        writer.add_tensor(whole[name], quants.quantize(value, kind), raw_dtype=kind)
    else:
        writer.add_tensor(whole[name], value)


def _settings(path: Path, home: Path, **more: Any) -> Settings:
    given = {"quantization": "gguf", "max_answer_tokens": 16, **more}
    return Settings(home=home, chat_model=str(path), tier="hub", **given)


def test_the_setting_chooses_who_reads_a_gguf(written: tuple[Path, Any], tmp_path: Path) -> None:
    assert choose(_settings(written[0], tmp_path)).engine == "transformers"
    assert choose(_settings(written[0], tmp_path, quantization="auto")).engine == "llama"


def test_its_weights_are_those_that_were_written(
    written: tuple[Path, Any], tmp_path: Path, model_store: ModelStore
) -> None:
    import torch

    path, model = written
    chat = build_chat_model(_settings(path, tmp_path), model_store)
    assert isinstance(chat, TransformersChat)
    assert chat.context_tokens == CONTEXT and not chat.sees_images
    first = chat.invoke([HumanMessage("What is there?")])
    again = chat.invoke([HumanMessage("What is there?")])
    assert first.text == again.text and first.usage_metadata["output_tokens"] > 0
    loaded = chat._load()
    ids = torch.arange(3, 40)[None]
    with torch.inference_mode():
        ours, theirs = (m(input_ids=ids).logits for m in (loaded.model, model))
    assert torch.nn.functional.cosine_similarity(ours, theirs, dim=-1).min() > 0.99
    chat.unload()


def test_it_is_refused_before_it_fills_the_memory(
    written: tuple[Path, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_gguf, "SPARE", 1 << 60)
    with pytest.raises(ModelTooLarge, match="GiB"):
        hub_gguf.plan_gguf(written[0], "tiny")


def test_a_file_that_is_no_gguf_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "notes.gguf"
    path.write_text("no model")
    with pytest.raises(ModelUnavailable, match="no GGUF file"):
        TransformersChat(model_id="notes", folder=path)


def test_blocks_stay_packed_where_there_is_a_kernel(written: tuple[Path, Any]) -> None:
    if not hub_gguf.can_stay_packed():
        pytest.skip("transformers keeps a GGUF packed on Apple's GPUs only, with kernels installed")
    path, _ = written
    plan = hub_gguf.plan_gguf(path, "tiny")
    loaded = hub_gguf.load_gguf(path, "tiny", plan, 1)
    packed = [p for p in loaded.model.parameters() if p.dtype.is_floating_point is False]
    assert plan.quantization == "gguf" and packed
