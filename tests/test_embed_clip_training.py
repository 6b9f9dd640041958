"""Training of Sightline-CLIP's heads and fitting of calibrations, on made-up features."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.tuning.calibrate import fit_map
from assistant.tuning.clip_batches import Batches, Sources
from assistant.tuning.clip_data import Anchors, ClipData
from assistant.tuning.clip_heads import Recipe, narrow
from assistant.tuning.clip_train import evaluate, retrieval_metrics, train
from retrieval.embed.clip import Heads, read_card, read_tensors

SMALL = Recipe(
    epochs=12,
    batch=32,
    width=32,
    keep=32,
    hidden=32,
    check_every=4,
    photo_dropout=0,
    text_dropout=0,
)


def made_up(n: int, seed: int) -> ClipData:
    """Photos and captions that are two noisy linear views of the same 8 hidden numbers."""
    world = np.random.default_rng(99)
    to_photo, to_text = world.normal(size=(8, 2560)), world.normal(size=(8, 768))
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(n, 8))
    owner = np.repeat(np.arange(n), 2)
    photos = np.abs(hidden @ to_photo)[:, None] + rng.normal(0, 0.1, (n, 2, 2560))
    texts = hidden[owner] @ to_text + rng.normal(0, 0.1, (2 * n, 768))
    logits = rng.normal(size=(n, 2, 1000)).astype(np.float16)
    names = tuple(f"{seed}-{i}.jpg" for i in range(n))
    return ClipData(photos.astype(np.float16), logits, texts.astype(np.float16), owner, names)


@pytest.fixture(scope="module")
def data() -> ClipData:
    return made_up(256, 0)


@pytest.fixture(scope="module")
def validation() -> ClipData:
    return made_up(64, 1)


@pytest.fixture(scope="module")
def trained(
    data: ClipData, validation: ClipData, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, float], list[dict[str, float]]]:
    folder, seen = tmp_path_factory.mktemp("clip"), []
    recipes = (SMALL, replace(SMALL, inputs="mean", seed=3))
    metrics = train(Sources(data), validation, recipes, folder, seen.append)
    return folder, metrics, seen


def test_training_learns_what_two_views_share(
    trained: tuple[Path, dict[str, float], list[dict[str, float]]],
) -> None:
    _, metrics, seen = trained
    assert metrics["t2i_r10"] > 0.5  # chance is 10 of 64
    assert seen[-1]["loss"] < seen[0]["loss"]


def test_the_weights_written_are_those_measured(
    trained: tuple[Path, dict[str, float], list[dict[str, float]]], validation: ClipData
) -> None:
    folder, metrics, _ = trained
    card = read_card(folder)
    tensors = read_tensors(folder, card["sha256"])
    assert len(Heads.of(tensors).image) == 2
    again = evaluate({k: v.astype(np.float16) for k, v in tensors.items()}, validation)
    assert again == pytest.approx(metrics)
    assert again == pytest.approx(card["metrics"])


def test_a_killed_run_goes_on_where_it_was(
    data: ClipData, validation: ClipData, tmp_path: Path
) -> None:
    class Killed(Exception):
        pass

    def kill(metrics: dict[str, float]) -> None:
        if metrics["epoch"] == 8:
            raise Killed

    whole = train(Sources(data), validation, [SMALL], tmp_path / "whole")
    with pytest.raises(Killed):
        train(Sources(data), validation, [SMALL], tmp_path / "cut", kill)
    seen: list[dict[str, float]] = []
    resumed = train(Sources(data), validation, [SMALL], tmp_path / "cut", seen.append)
    assert [row["epoch"] for row in seen] == [8, 12]
    assert resumed == pytest.approx(whole, abs=0.05)


def test_a_checkpoint_of_other_settings_is_not_taken_up(
    data: ClipData, validation: ClipData, tmp_path: Path
) -> None:
    train(Sources(data), validation, [SMALL], tmp_path)
    seen: list[dict[str, float]] = []
    train(Sources(data), validation, [replace(SMALL, seed=5)], tmp_path, seen.append)
    assert seen[0]["epoch"] == 4


def test_a_step_draws_from_every_source(data: ClipData) -> None:
    rng = np.random.default_rng(0)
    anchors = Anchors(
        np.ones(2560, np.float32),
        rng.normal(size=(1000, 2560)).astype(np.float32),
        rng.normal(size=(1000, 3, 768)).astype(np.float32),
    )
    recipe = replace(SMALL, anchors=5, further=7, languages=1.0)
    sources = Sources(data, made_up(20, 2), anchors, np.ones((4, 768), np.float32))
    photos, texts = Batches(sources, recipe).draw(np.arange(10), rng)
    assert photos.shape == (22, 2560)
    assert texts.shape == (22, 768)
    assert float(photos[-5:].min()) >= 0


def test_narrowing_keeps_the_inner_products(data: ClipData) -> None:
    from assistant.tuning.clip_heads import Member

    photos, texts = data.photos[:, 0].astype(np.float32), data.texts[::2].astype(np.float32)
    member = Member(photos, texts, replace(SMALL, width=64)).tensors()
    small = narrow(member, photos, texts, 40)
    assert small["image"]["linear"].shape == (2560, 40)
    assert small["text"]["bias"].shape == (40,)
    assert narrow(member, photos, texts, 64) is member


def test_recall_on_a_case_done_by_hand() -> None:
    photos = np.eye(3, dtype=np.float32)
    texts = np.array([[1, 0, 0], [0.9, 1, 0], [0, 0.5, 0.4]], np.float32)
    found = retrieval_metrics(photos, texts, np.array([0, 1, 2]))
    assert found["t2i_r1"] == pytest.approx(2 / 3)
    assert found["t2i_r5"] == 1
    assert found["i2t_r1"] == 1


def test_pooled_features_survive_the_disk(data: ClipData, tmp_path: Path) -> None:
    data.save(tmp_path / "x.npz")
    again = ClipData.load(tmp_path / "x.npz")
    assert again.names == data.names
    np.testing.assert_array_equal(again.photos, data.photos)
    np.testing.assert_array_equal(again.logits, data.logits)


def test_a_fitted_map_tells_matching_from_unmatched_queries() -> None:
    rng = np.random.default_rng(0)
    things = rng.normal(size=(200, 16))
    things /= np.linalg.norm(things, axis=1, keepdims=True)
    asked = things + rng.normal(0, 0.1, things.shape)
    nothing = rng.normal(0, 0.3, (60, 16))
    scores, unmatched = (q @ things.T for q in (asked, nothing))
    made, metrics = fit_map(
        scores.astype(np.float32), np.eye(200, dtype=bool), unmatched.astype(np.float32)
    )
    assert metrics["auroc"] > 0.9
    assert metrics["auroc_unmatched"] > 0.9
    assert metrics["ece"] < 0.15
    assert min(made.relative[:-1]) >= 0
