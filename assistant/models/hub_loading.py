"""Loads a checkpoint of transformers as a plan says. The only place that calls from_pretrained."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import ModelUnavailable
from assistant.models.hub_plan import LoadPlan, decoder_of, linears_to_keep

LOCAL = {"local_files_only": True, "trust_remote_code": False}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class About:
    """What the small files of a checkpoint tell: ``context`` is 0 when they do not say."""

    sees_images: bool
    calls_tools: bool
    context: int


@dataclass(frozen=True)
class Loaded:
    """A model with its processor (None for a text model) and tokenizer."""

    model: Any
    processor: Any
    tokenizer: Any
    plan: LoadPlan


def describe(folder: Path, name: str) -> About:
    """Read config.json and the chat template; nothing heavy is imported.

    Raises:
        ModelUnavailable: there is no readable config.json.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(model=name, detail=f"{folder}/config.json: {error}") from error
    text = config.get("text_config") or config
    sees = any(key in config for key in ("vision_config", "vision_tower", "visual"))
    return About(
        sees_images=sees,
        calls_tools="tools" in _template(folder),
        context=int(text.get("max_position_embeddings") or 0),
    )


def load(folder: Path, name: str, plan: LoadPlan, threads: int, adapter: Path | None) -> Loaded:
    """Load weights and processor.

    Raises:
        ModelUnavailable: this architecture is not a chat model that transformers knows.
    """
    import torch
    from transformers import AutoConfig, AutoProcessor, AutoTokenizer
    from transformers.utils import logging as transformers_logging

    quiet: Any = transformers_logging
    torch.set_num_threads(threads)
    quiet.disable_progress_bar()
    config = AutoConfig.from_pretrained(folder, **LOCAL)
    auto, sees = _auto_class(config, name)
    options = _options(auto, config, plan)
    model = auto.from_pretrained(folder, use_safetensors=True, **options, **LOCAL).eval()
    if adapter is not None:
        model = _with_adapter(model, adapter, merge=plan.quantization != "nf4")
    if plan.quantization == "int8" and plan.device == "cpu":
        _to_int8(model)
    if plan.device == "cuda" and not plan.offload:
        model = model.to("cuda") if plan.quantization == "none" else model
    writer: Any = AutoProcessor if sees else AutoTokenizer
    processor = writer.from_pretrained(folder, **LOCAL)
    tokenizer = processor.tokenizer if sees else processor
    _log.info("%s loaded on %s, %s", name, plan.device, plan.quantization)
    return Loaded(model, processor if sees else None, tokenizer, plan)


def _auto_class(config: Any, name: str) -> tuple[Any, bool]:
    from transformers import (
        MODEL_FOR_CAUSAL_LM_MAPPING,
        MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING,
        AutoModelForCausalLM,
        AutoModelForImageTextToText,
    )

    if type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:
        return AutoModelForImageTextToText, True
    if type(config) in MODEL_FOR_CAUSAL_LM_MAPPING:
        return AutoModelForCausalLM, False
    raise ModelUnavailable(
        model=name, detail=f"{config.model_type} is not a chat model that transformers knows"
    )


def _options(auto: Any, config: Any, plan: LoadPlan) -> dict[str, Any]:
    import torch

    on_gpu = plan.device == "cuda"
    precise = torch.float32
    if on_gpu:
        precise = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    options: dict[str, Any] = {"dtype": precise}
    if plan.offload:
        options["device_map"] = "auto"
    if plan.quantization == "nf4":
        import transformers

        bits: Any = transformers.BitsAndBytesConfig
        with torch.device("meta"):
            skeleton = auto.from_config(config)
        options["quantization_config"] = bits(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=precise,
            llm_int8_skip_modules=linears_to_keep(skeleton),
        )
        options["device_map"] = {"": 0} if on_gpu else {"": "cpu"}
    return options


def _with_adapter(model: Any, adapter: Path, merge: bool) -> Any:
    """Put a LoRA adapter (Hu et al. 2021) on the model: merged, or beside 4-bit weights."""
    from peft import PeftModel

    tuned = PeftModel.from_pretrained(model, str(adapter), is_trainable=False)
    return tuned.merge_and_unload() if merge else tuned


def _to_int8(model: Any) -> None:
    """Turn the language model's linear layers into dynamic int8, in place.

    Weights are int8 for each output row; activations are quantized for each batch as they come.
    """
    import warnings

    import torch
    from torch.ao import quantization

    quantize: Any = quantization.quantize_dynamic
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        quantize(decoder_of(model), {torch.nn.Linear}, dtype=torch.qint8, inplace=True)


def _template(folder: Path) -> str:
    jinja = folder / "chat_template.jinja"
    if jinja.is_file():
        return jinja.read_text(encoding="utf-8")
    for name in ("chat_template.json", "tokenizer_config.json"):
        if (folder / name).is_file():
            found = json.loads((folder / name).read_text(encoding="utf-8")).get("chat_template")
            if found:
                return str(found)
    return ""
