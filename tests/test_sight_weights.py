"""The committed weights of Sightline-VLM: those of the card, small, readable, and as good."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from assistant.models.second_opinion import SecondOpinion
from assistant.models.sight import SightProjector
from assistant.models.sight_adapter import adapter_file
from assistant.sight_weights import shipped_folder
from assistant.tuning.data import read_split
from assistant.tuning.measure import SLICE, choose, open_model
from assistant.tuning.registry import VLM
from retrieval.weights import ModelStore

DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(params=["best", "permissive"])
def weights(request: pytest.FixtureRequest) -> Path:
    return shipped_folder(VLM, request.param) / "model.safetensors"


def test_weights_are_those_of_the_card_and_within_budget(weights: Path) -> None:
    body = weights.read_bytes()
    card = json.loads((weights.parent / "card.json").read_text(encoding="utf-8"))
    assert hashlib.sha256(body).hexdigest() == card["sha256"]
    assert len(body) == card["bytes"] <= 25 * 2**20
    research = "research" in card["licence"]
    assert research == (not weights.parent.name.endswith("permissive"))


def test_weights_load_and_make_rows_as_long_as_words(weights: Path, tmp_path: Path) -> None:
    projector = SightProjector.load(weights)
    maps = np.random.default_rng(0).random((2, 1280, 9, 9), np.float32)
    rows = projector.image_tokens(maps)
    assert rows.shape == (2, projector.shape.rows, 896)
    assert 0.2 < float(np.linalg.norm(rows, axis=-1).mean()) < 2  # a token's embedding has 0.5
    assert adapter_file(weights, tmp_path) is not None
    assert len(SecondOpinion.load(weights).tokens) > 1000


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "visual7w").is_dir(), reason=f"the data is not in {DATA}")
def test_the_committed_weights_reproduce_the_cards_number(
    weights: Path, model_store: ModelStore
) -> None:
    card = json.loads((weights.parent / "card.json").read_text(encoding="utf-8"))
    split = read_split(DATA / "visual7w" / "val.jsonl")
    found = choose(open_model(weights, model_store, 2), split, split.rows[:SLICE])
    assert found == pytest.approx(card["metrics"][f"first_{SLICE}"], abs=0.02)
