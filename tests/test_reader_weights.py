"""The reader that ships: the adapter of its card, a rule that fits the code, worn for reading."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from assistant.confidence import NAMES
from assistant.config import Settings
from assistant.models.llama_cpp import READER, LlamaChat
from assistant.models.registry import SHIPPED_READER, build_chat_model
from retrieval.weights import ModelStore


def test_the_adapter_is_that_of_its_card_and_small() -> None:
    body = (SHIPPED_READER / READER).read_bytes()
    card = json.loads((SHIPPED_READER / "card.json").read_text(encoding="utf-8"))
    assert hashlib.sha256(body).hexdigest() == card["sha256"]
    assert len(body) == card["bytes"] <= 8 * 2**20


def test_its_rule_goes_by_the_numbers_the_code_gives() -> None:
    rule = json.loads((SHIPPED_READER / "confidence.json").read_text(encoding="utf-8"))
    assert tuple(rule["names"]) == NAMES and len(rule["weights"]) == len(NAMES) + 1
    assert rule["weights"][2] > 0, "the surer against refusing, the likelier right"


def test_ones_own_reader_goes_before_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, models_dir=tmp_path / "models")
    chat = build_chat_model(settings, ModelStore(settings.models_folder))
    assert isinstance(chat, LlamaChat) and chat.reader == SHIPPED_READER / READER
    own = settings.models_folder / "reader" / READER
    own.parent.mkdir(parents=True)
    own.write_bytes(b"GGUF")
    chat = build_chat_model(settings, ModelStore(settings.models_folder))
    assert isinstance(chat, LlamaChat) and chat.reader == own
