"""The committed weights of Sightline-VLM: those of the card, within their budget, and readable."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from assistant.models.eyes import SIGHT_WEIGHTS
from assistant.models.second_opinion import SecondOpinion
from assistant.models.sight import SightProjector
from assistant.models.sight_adapter import adapter_file


def test_weights_are_those_of_the_card_and_within_budget() -> None:
    body = SIGHT_WEIGHTS.read_bytes()
    card = json.loads((SIGHT_WEIGHTS.parent / "card.json").read_text(encoding="utf-8"))
    assert hashlib.sha256(body).hexdigest() == card["sha256"]
    assert len(body) == card["bytes"] <= 25 * 2**20
    assert "research" in card["licence"]


def test_weights_load_and_make_rows_as_long_as_words(tmp_path: Path) -> None:
    projector = SightProjector.load(SIGHT_WEIGHTS)
    maps = np.random.default_rng(0).random((2, 1280, 9, 9), np.float32)
    rows = projector.image_tokens(maps)
    assert rows.shape == (2, projector.shape.rows, 896)
    assert 0.2 < float(np.linalg.norm(rows, axis=-1).mean()) < 2  # a token's embedding has 0.5
    assert adapter_file(SIGHT_WEIGHTS, tmp_path) is not None
    assert len(SecondOpinion.load(SIGHT_WEIGHTS).tokens) > 2000
