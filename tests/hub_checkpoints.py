"""Tiny checkpoints of the vision-language families of the hub, built on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}"
    "{% for c in m['content'] %}"
    "{% if c['type'] == 'image' %}IMAGE{% else %}{{ c['text'] }}{% endif %}{% endfor %}{% endif %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEXT = {"vocab_size": 400, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
HEADS = {"num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 2048}
EYE = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
ENDS = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}


def tokenizer(image_token: str, specials: dict[str, str], place: str) -> Any:
    """A byte-level tokenizer with ChatML and the image tokens of a family."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    names = ["<pad>", "<|im_start|>", "<|im_end|>", image_token, *specials.values()]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate(dict.fromkeys([*names, *alphabet]))}
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<pad>"))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens([AddedToken(name, special=True) for name in dict.fromkeys(names)])
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<pad>",
        chat_template=TEMPLATE.replace("IMAGE", place),
        model_specific_special_tokens={"image_token": image_token, **specials},
    )


def llava(folder: Path) -> None:
    """LLaVA: CLIP-like tower, Llama text."""
    from transformers import (
        CLIPImageProcessor,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    words = tokenizer("<image>", {}, "<image>")
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**EYE, image_size=28, patch_size=14),
        text_config=LlamaConfig(**TEXT, **HEADS, **ENDS),
        image_token_id=words.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
    )
    LlavaForConditionalGeneration(config).save_pretrained(folder)
    eye = CLIPImageProcessor(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28})
    LlavaProcessor(
        eye,
        words,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        image_token="<image>",
        chat_template=words.chat_template,
    ).save_pretrained(folder)


def idefics3(folder: Path) -> None:
    """Idefics3, the shape of SmolVLM."""
    from transformers import (
        Idefics3Config,
        Idefics3ForConditionalGeneration,
        Idefics3ImageProcessor,
        Idefics3Processor,
        LlamaConfig,
    )

    specials = {
        "fake_image_token": "<fake_token_around_image>",
        "global_image_token": "<global-img>",
        "end_of_utterance_token": "<end_of_utterance>",
    }
    words = tokenizer("<image>", specials, "<image>")
    config = Idefics3Config(
        vision_config={
            **EYE,
            "image_size": 32,
            "patch_size": 8,
            "max_image_size": {"longest_edge": 32},
        },
        text_config=LlamaConfig(**TEXT, **HEADS, **ENDS),
        image_token_id=words.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        **ENDS,
    )
    Idefics3ForConditionalGeneration(config).save_pretrained(folder)
    eye = Idefics3ImageProcessor(
        size={"longest_edge": 32}, max_image_size={"longest_edge": 32}, do_image_splitting=False
    )
    Idefics3Processor(
        eye, words, image_seq_len=4, chat_template=words.chat_template
    ).save_pretrained(folder)


def qwen(folder: Path) -> None:
    """Qwen2.5-VL."""
    from transformers import (
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2_5_VLProcessor,
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
    )

    specials = {
        "video_token": "<|video_pad|>",
        "vision_bos_token": "<|vision_start|>",
        "vision_eos_token": "<|vision_end|>",
    }
    place = "<|vision_start|><|image_pad|><|vision_end|>"
    words = tokenizer("<|image_pad|>", specials, place)
    ids = words.convert_tokens_to_ids
    config = Qwen2_5_VLConfig(
        text_config={
            **TEXT, **HEADS, **ENDS,
            "rope_parameters": {
                "rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 1e4,
            },
        },
        vision_config={
            "depth": 1, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2,
            "out_hidden_size": 32, "patch_size": 14, "window_size": 28,
            "fullatt_block_indexes": [0],
        },
        image_token_id=ids("<|image_pad|>"),
        video_token_id=ids("<|video_pad|>"),
        vision_start_token_id=ids("<|vision_start|>"),
        vision_end_token_id=ids("<|vision_end|>"),
        **ENDS,
    )  # fmt: skip
    Qwen2_5_VLForConditionalGeneration(config).save_pretrained(folder)
    eye = Qwen2VLImageProcessor(size={"shortest_edge": 784, "longest_edge": 3136})
    Qwen2_5_VLProcessor(
        eye, words, Qwen2VLVideoProcessor(), chat_template=words.chat_template
    ).save_pretrained(folder)


def text_only(folder: Path) -> None:
    """A plain Qwen2 language model."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    words = tokenizer("<image>", {}, "")
    Qwen2ForCausalLM(Qwen2Config(**TEXT, **HEADS, **ENDS)).save_pretrained(folder)
    words.save_pretrained(folder)


FAMILIES: dict[str, Callable[[Path], None]] = {
    "llava": llava,
    "idefics3": idefics3,
    "qwen2_5_vl": qwen,
    "text": text_only,
}
