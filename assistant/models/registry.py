"""Which chat models there are, and which one the settings mean.

A dict of names is the registry: an engine is a file here and a row in ``_FACTORIES``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

from assistant.config import Settings
from assistant.errors import ModelUnavailable
from assistant.models.protocol import SightlineChatModel
from retrieval.weights import ModelStore

TierName = Literal["embedded", "hub", "served"]
Engine = Literal["embedded", "llama", "transformers", "openai", "scripted"]
Factory = Callable[[Settings, ModelStore], SightlineChatModel]

_GIB = 1 << 30
SHIPPED_READER = Path(__file__).parent / "weights" / "reader"
"""The adapter that copies answers, its rule and its card; one's own goes before it."""


@dataclass(frozen=True)
class KnownModel:
    """A model this project has been tried with or is meant for.

    ``memory`` is what the language model needs at the precision named, in bytes.
    """

    id: str
    engine: Engine
    context: int
    images: bool
    tools: bool
    memory: int
    note: str


KNOWN_MODELS = (
    KnownModel(
        "embedded", "embedded", 32768, True, False, int(1.2 * _GIB), "Qwen2.5-0.5B, 4-bit GGUF"
    ),
    KnownModel(
        "HuggingFaceTB/SmolVLM2-500M-Video-Instruct",
        "transformers", 8192, True, False, int(1.3 * _GIB), "CPU default, int8",
    ),
    KnownModel(
        "HuggingFaceTB/SmolVLM2-2.2B-Instruct",
        "transformers", 8192, True, False, int(4.5 * _GIB), "CPU with 8 GB, or a small GPU",
    ),
    KnownModel(
        "Qwen/Qwen3-VL-4B-Instruct",
        "transformers", 262144, True, True, int(5.5 * _GIB), "GPU default, NF4",
    ),
    KnownModel(
        "Qwen/Qwen2.5-VL-3B-Instruct",
        "transformers", 128000, True, True, int(4.5 * _GIB), "GPU, NF4",
    ),
    KnownModel(
        "llava-hf/llava-1.5-7b-hf",
        "transformers", 4096, True, False, int(6.5 * _GIB), "GPU, NF4",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """The tier in use, the engine that serves it, and why."""

    tier: TierName
    engine: Engine
    reason: str


def choose_tier(settings: Settings) -> tuple[TierName, str]:
    """Return the tier in use and the reason, for a person to read."""
    choice = choose(settings)
    return choice.tier, choice.reason


def choose(settings: Settings) -> Choice:
    """Return tier, engine and reason; nothing is loaded.

    Raises:
        ModelUnavailable: a tier was demanded whose model or endpoint is not there.
    """
    if settings.chat_model == "scripted":
        return Choice("embedded", "scripted", "chat_model is scripted (for tests)")
    folder = find_model(settings.chat_model) if settings.chat_model else None
    if settings.tier == "embedded":
        return Choice("embedded", "embedded", "asked for by the setting tier")
    if settings.tier == "served":
        if not settings.endpoint:
            raise ModelUnavailable(
                model="served", detail="the setting tier is served, but endpoint is not set"
            )
        return Choice("served", "openai", f"endpoint is {settings.endpoint}")
    if settings.tier == "hub":
        if folder is None:
            raise ModelUnavailable(
                model=settings.chat_model or "hub",
                detail="it is neither a folder nor in the Hugging Face cache; set chat_model",
            )
        return Choice("hub", _local_engine(folder, settings), f"chat_model was found at {folder}")
    return _automatic(settings, folder)


def _automatic(settings: Settings, folder: Path | None) -> Choice:
    if settings.endpoint:
        return Choice("served", "openai", f"endpoint is {settings.endpoint}")
    if folder is not None:
        return Choice("hub", _local_engine(folder, settings), f"chat_model was found at {folder}")
    if settings.chat_model:
        reason = f"chat_model {settings.chat_model} is not on this machine"
    else:
        reason = "no endpoint and no chat_model are set, so nothing leaves this machine"
    return Choice("embedded", "embedded", reason)


def _local_engine(path: Path, settings: Settings) -> Engine:
    packed = path.suffix == ".gguf" and settings.quantization != "gguf"
    return "llama" if packed else "transformers"


def find_model(name: str) -> Path | None:
    """Return the folder (or GGUF file) of a hub model: a path, or a name in the local HF cache."""
    path = Path(name).expanduser()
    if path.suffix == ".gguf" and path.is_file():
        return path
    if (path / "config.json").is_file():
        return path
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        cached = try_to_load_from_cache(name, "config.json")
    except HFValidationError:
        return None
    return Path(cached).parent if isinstance(cached, str) else None


def build_chat_model(settings: Settings, store: ModelStore) -> SightlineChatModel:
    """Build the chat model the settings mean; weights are loaded when it is first used.

    Raises:
        ModelUnavailable: see ``choose``.
    """
    return _FACTORIES[choose(settings).engine](settings, store)


def _embedded(settings: Settings, store: ModelStore) -> SightlineChatModel:
    from assistant.models.eyes import SightEyes
    from assistant.models.llama_cpp import READER, LlamaChat
    from assistant.sight_weights import sight_folder
    from assistant.tuning.registry import VLM, WEIGHTS

    folder, version = sight_folder(settings, VLM)
    weights = folder / WEIGHTS
    eyes = SightEyes(store, weights, settings.threads) if weights.is_file() else None
    own = settings.models_folder / "reader" / READER
    reader = own if own.is_file() else SHIPPED_READER / READER
    return LlamaChat(
        model_id=f"embedded, sight {version}" if version else "embedded",
        locate=lambda: store.path("qwen2.5-coder-0.5b"),
        context_tokens=settings.context_tokens,
        max_tokens=settings.max_answer_tokens,
        temperature=settings.temperature,
        threads=settings.threads,
        eyes=eyes,
        reader=reader,
        int8=True,
    )


def _llama(settings: Settings, _store: ModelStore) -> SightlineChatModel:
    from assistant.models.llama_cpp import LlamaChat
    from assistant.models.llama_server import MmprojChat

    path = find_model(settings.chat_model)
    assert path is not None
    mmproj = next(path.parent.glob("mmproj*.gguf"), None)
    if mmproj is not None:
        return MmprojChat(
            model_id=path.stem,
            path=path,
            mmproj=mmproj,
            calls_tools=True,
            context_tokens=settings.context_tokens,
            max_tokens=settings.max_answer_tokens,
            temperature=settings.temperature,
            threads=settings.threads,
        )
    return LlamaChat(
        model_id=path.stem,
        locate=lambda: path,
        calls_tools=True,
        context_tokens=settings.context_tokens,
        max_tokens=settings.max_answer_tokens,
        temperature=settings.temperature,
        threads=settings.threads,
    )


def _transformers(settings: Settings, _store: ModelStore) -> SightlineChatModel:
    from assistant.models.transformers_vlm import TransformersChat
    from assistant.tuning.registry import TunedModels, hub_name

    path = find_model(settings.chat_model)
    assert path is not None
    tuned = TunedModels(settings.models_folder).current(hub_name(settings.chat_model))
    return TransformersChat(
        model_id=f"{settings.chat_model}, adapter {tuned.version}"
        if tuned
        else settings.chat_model,
        folder=path,
        adapter=tuned.folder if tuned else None,
        quantization=settings.quantization,
        context_tokens=settings.context_tokens,
        max_tokens=settings.max_answer_tokens,
        temperature=settings.temperature,
        threads=settings.threads,
    )


def _openai(settings: Settings, _store: ModelStore) -> SightlineChatModel:
    from assistant.models.openai_compatible import ServedChat

    return ServedChat(
        model_id=settings.chat_model or "default",
        endpoint=settings.endpoint,
        key=SecretStr(settings.endpoint_key),
        sees_images=True,
        calls_tools=True,
        context_tokens=settings.context_tokens,
        max_tokens=settings.max_answer_tokens,
        temperature=settings.temperature,
    )


def _scripted(_settings: Settings, _store: ModelStore) -> SightlineChatModel:
    from assistant.models.scripted import ScriptedChat

    return ScriptedChat()


_FACTORIES: dict[Engine, Factory] = {
    "embedded": _embedded,
    "llama": _llama,
    "transformers": _transformers,
    "openai": _openai,
    "scripted": _scripted,
}
