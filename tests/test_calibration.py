"""From similarity to probability: monotone, sane in tiny libraries, fitted files whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.background import Background
from retrieval.calibration import Calibration, Map, auroc, calibration_error, features, fit
from retrieval.errors import WeightsError

WEIGHTS = Path(__file__).resolve().parent.parent / "retrieval" / "embed" / "weights"
FILES = sorted(WEIGHTS.glob("*/calibration.json"))
DEFAULT = [(file, kind) for file in FILES for kind in Calibration.from_file(file).maps]


def test_both_embedders_ship_a_calibration() -> None:
    known = {
        Calibration.from_file(file).embedder: set(Calibration.from_file(file).maps)
        for file in FILES
    }
    ours = [
        json.loads(card.read_text())["id"] for card in WEIGHTS.glob("sightline-clip*/card.json")
    ]
    assert ours
    for embedder in ours:
        assert {"image", "similar", "told", "page", "presence"} <= known[embedder]
    assert {"text"} <= known["e5-small"]


def test_the_look_of_a_page_does_not_go_before_a_text_that_may_answer() -> None:
    """A page by its look against the best of fifty texts that is only a little nearer than most."""
    pool = np.append(np.linspace(0.74, 0.79, 49), 0.81).astype(np.float32)
    text = Calibration.from_file(WEIGHTS / "e5-small" / "calibration.json")
    best = text.probability(0.81, pool, "text")
    for file in WEIGHTS.glob("sightline-clip*/calibration.json"):
        looks = np.linspace(0.1, 0.3, 50, dtype=np.float32)
        assert Calibration.from_file(file).probability(0.3, looks, "page") < 0.3 * best


@pytest.mark.parametrize(("file", "kind"), DEFAULT)
@given(seed=st.integers(0, 10_000), size=st.integers(1, 300))
@settings(max_examples=30, deadline=None)
def test_a_better_score_is_never_less_likely(file: Path, kind: str, seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    pool = rng.normal(0.3, 0.15, size).clip(-1, 1).astype(np.float32)
    ordered = np.sort(pool)
    chances = Calibration.from_file(file).probabilities(ordered, pool, kind)
    assert ((chances >= 0) & (chances <= 1)).all()
    assert (np.diff(chances) >= -1e-6).all()


@pytest.mark.parametrize(("file", "kind"), DEFAULT)
def test_one_result_equals_the_same_result_among_many(file: Path, kind: str) -> None:
    calibration = Calibration.from_file(file)
    pool = np.linspace(0, 0.9, 50, dtype=np.float32)
    many = calibration.probabilities(pool, pool, kind)
    assert calibration.probability(float(pool[40]), pool, kind) == pytest.approx(float(many[40]))


@pytest.mark.parametrize("size", [1, 2, 3, 10])
def test_in_a_tiny_library_the_score_alone_decides(size: int) -> None:
    """With three things, statistics would call the best of three wrong things remarkable."""
    map_ = Map((5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), (20.0, 0.0, -10.0), small=10, large=40)
    wrong = np.linspace(0.05, 0.15, size)
    right = np.append(wrong[:-1], 0.9) if size > 1 else np.array([0.9])
    assert map_.probabilities(wrong, wrong).max() < 0.01
    assert map_.probabilities(right, right)[-1] > 0.99


def test_equal_scores_are_finite() -> None:
    map_ = Map(relative=(1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0), absolute=(1.0, 0.0, 0.0))
    same = np.full(100, 0.5)
    assert np.isfinite(map_.probabilities(same, same)).all()


def test_fit_finds_the_weights_that_made_the_labels() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(20_000, 2))
    labels = (rng.random(20_000) < 1 / (1 + np.exp(-(2 * rows[:, 0] + 0.5 * rows[:, 1] - 1)))) * 1.0
    found = fit(rows, labels, ridge=1e-6)
    np.testing.assert_allclose(found, (2, 0.5, -1), atol=0.1)


def test_fit_drops_a_column_that_points_the_wrong_way() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(5000, 2))
    labels = (rows[:, 0] - rows[:, 1] > 0) * 1.0
    first, second, _ = fit(rows, labels)
    assert first > 0
    assert second == 0


def test_fit_stays_finite_when_the_classes_do_not_overlap() -> None:
    rows = np.array([[0.0], [0.1], [0.9], [1.0]])
    assert np.isfinite(fit(rows, np.array([0.0, 0, 1, 1]))).all()


def test_the_best_of_a_pool_has_no_gap() -> None:
    pool = np.array([0.1, 0.2, 0.7])
    assert features(pool, pool)[:, 2].tolist() == pytest.approx([-0.6, -0.5, 0.0])


def test_auroc_and_calibration_error_on_known_cases() -> None:
    assert auroc([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]) == 1
    assert auroc([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1]) == 0
    assert auroc([0.5, 0.5, 0.5, 0.5], [0, 1, 0, 1]) == 0.5
    assert calibration_error([0.25] * 4, [0, 0, 0, 1]) == pytest.approx(0)
    assert calibration_error([1.0] * 4, [0, 0, 1, 1]) == pytest.approx(0.5)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    made = Calibration(
        "some-embedder",
        {"image": Map((1.0, 2.0, 3.0, 0.5, 0.0, 0.2, -4.0), (5.0, 0.0, -6.0), 5, 50)},
    )
    (tmp_path / "calibration.json").write_text(made.to_json(metrics={"auroc": 0.9}))
    assert Calibration.from_file(tmp_path / "calibration.json") == made


@pytest.mark.parametrize(
    "text", ["", "[]", '{"embedder": "x"}', '{"embedder":"x","maps":{"image":{"relative":[1]}}}']
)
def test_a_damaged_file_is_a_clear_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "calibration.json").write_text(text)
    with pytest.raises(WeightsError, match=r"calibration\.json"):
        Calibration.from_file(tmp_path / "calibration.json")


def test_an_unfitted_kind_is_a_key_error() -> None:
    made = Calibration("x", {})
    with pytest.raises(KeyError):
        made.probability(0.5, np.zeros(3, np.float32), "image")


def test_a_background_gives_mean_and_deviation_of_all_its_scores() -> None:
    rng = np.random.default_rng(3)
    texts = rng.normal(size=(40, 24)).astype(np.float32) + 0.3
    things = rng.normal(size=(7, 24)).astype(np.float32)
    whole = things @ texts.T
    wanted = (0.5 - whole.mean(axis=1)) / whole.std(axis=1)
    found = Background.of(texts, rank=24).stands_out(np.full(7, 0.5), things)
    np.testing.assert_allclose(found, wanted, rtol=0.02, atol=0.02)
    again = Background.from_json(Background.of(texts).to_json())
    np.testing.assert_allclose(
        again.stands_out(np.full(7, 0.5), things), wanted, rtol=0.05, atol=0.05
    )


def test_a_file_from_before_there_was_a_background_is_read(tmp_path: Path) -> None:
    old = {"relative": [1, 2, 3, 4, 5, -6], "absolute": [7, -8], "small": 8, "large": 40}
    (tmp_path / "calibration.json").write_text(
        json.dumps({"embedder": "x", "maps": {"image": old}})
    )
    read = Calibration.from_file(tmp_path / "calibration.json").maps["image"]
    assert read.relative == (1, 2, 3, 4, 5, 0, -6)
    assert read.absolute == (7, 0, -8)
