"""Training of Sightline-CLIP over real towers and made-up photos, its texts, and calibration."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import Engine

from assistant.config import Settings
from assistant.errors import CheckpointDamaged, CheckpointMismatch
from assistant.store.tuning import TuningRuns
from assistant.tuning.calibrate import Asked, alike, fit_map
from assistant.tuning.card import OWN
from assistant.tuning.clip_cache import build_cache
from assistant.tuning.clip_export import Sample, weights_of, write_weights
from assistant.tuning.clip_fit import Fit, Pairs, Recipe, pool_all
from assistant.tuning.clip_metrics import intervals, retrieval_metrics
from assistant.tuning.clip_model import ClipModel, Member, contrast
from assistant.tuning.clip_texts import Wording, read_lexicon
from assistant.tuning.clip_tokens import Tokens, build_tokens, lower_layers
from assistant.tuning.control import Tuning
from assistant.tuning.e5_torch import TextTower, adapters, encode
from assistant.tuning.registry import sha256_of
from retrieval.embed.clip import SightlineClip
from retrieval.embed.e5 import E5Small
from retrieval.embed.e5_file import read_e5
from retrieval.embed.efficientnet import EfficientNetLite2
from retrieval.weights import ModelStore

WIDE = Member(width=32, hidden=16, keep=32, photo_dropout=0, text_dropout=0)
SMALL = Recipe(
    members=(WIDE, replace(WIDE, parts=1)),
    rank=2,
    head_epochs=6,
    head_batch=12,
    epochs=2,
    batch=6,
    held=0,
)
THINGS = ("coffee", "cat", "astronaut", "rocket")
PARTS = ("left", "middle", "right")
NAMES = [f"{part}-{thing}" for thing in THINGS for part in PARTS]


@pytest.fixture(scope="module")
def encoder(model_store: ModelStore) -> EfficientNetLite2:
    return EfficientNetLite2(model_store.path("efficientnet-lite2"))


@pytest.fixture(scope="module")
def e5(model_store: ModelStore) -> E5Small:
    return E5Small(model_store.path("e5-small"))


def cut(names: Sequence[str]) -> Iterator[Image.Image]:
    """Yield parts of photos named by part and thing, such as ``left-cat``."""
    from skimage import data

    for name in names:
        part, thing = name.split("-")
        photo = Image.fromarray(getattr(data, thing)())
        third = photo.width // 3
        left = third * PARTS.index(part)
        yield photo.crop((left, 0, left + third, photo.height))


def said_of(name: str) -> str:
    part, thing = name.split("-")
    return f"the {part} part of a photo of a {thing}"


@pytest.fixture(scope="module")
def pairs(
    encoder: EfficientNetLite2,
    e5: E5Small,
    model_store: ModelStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> Pairs:
    folder = tmp_path_factory.mktemp("clip")
    views = [build_cache(folder / f"v{v}", NAMES, cut, encoder, v) for v in (0, 1, 2)]
    said = [said_of(name) for name in NAMES]
    said += [f"{thing}, {part}" for part, thing in (name.split("-") for name in NAMES)]
    lower = lower_layers(model_store.path("e5-small"))
    tokens = build_tokens(folder / "texts", e5, lower, said)
    numbers = [np.array([place, place + 12]) for place in range(12)]
    return Pairs(views, tokens, numbers, numbers)


def make_model(store: ModelStore, pairs: Pairs) -> tuple[ClipModel, NDArray[np.float16]]:
    """Return an untrained model, and all texts as its tower pools them."""
    torch.manual_seed(0)
    weights = read_e5(store.path("e5-small"))
    photos = pairs.views[0].pooled.astype(np.float32)
    plain = ClipModel(weights, photos, np.zeros((2, 768), np.float32), (), 1)
    texts = pool_all(plain, pairs.tokens)
    model = ClipModel(weights, photos, texts.astype(np.float32), SMALL.members, SMALL.rank)
    return model, texts


def test_training_pulls_photos_to_their_texts_and_resumes_on_the_same_path(
    model_store: ModelStore, pairs: Pairs, tmp_path: Path
) -> None:
    class Killed(Exception):
        pass

    seen: list[tuple[str, int]] = []

    def note(stage: str, done: int, _epochs: int, _measured: dict[str, float]) -> None:
        seen.append((stage, done))

    def kill(stage: str, done: int, _epochs: int, _measured: dict[str, float]) -> None:
        if (stage, done) == ("together", 2):
            raise Killed

    model, texts = make_model(model_store, pairs)
    untrained = _loss(model, pairs)
    fit = Fit(model, pairs, SMALL, tmp_path / "whole")
    fit.heads(texts, note)
    heads_alone = _loss(model, pairs)
    fit.together(note)
    assert _loss(model, pairs) < heads_alone < untrained
    assert [done for stage, done in seen if stage == "together"] == [1, 2]

    for report in (kill, note):
        again, _ = make_model(model_store, pairs)
        part = Fit(again, pairs, SMALL, tmp_path / "cut")
        part.heads(texts, report)
        if report is kill:
            with pytest.raises(Killed):
                part.together(report)
        else:
            part.together(report)
    assert [done for stage, done in seen if stage == "together"] == [1, 2, 2]
    for (name, one), other in zip(model.named_parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one, other, msg=name)


def _loss(model: ClipModel, pairs: Pairs) -> float:
    views = [torch.from_numpy(view.pooled.astype(np.float32)) for view in pairs.views[:2]]
    with torch.no_grad():
        photos, texts = model.eval().photos(views), model.texts(pairs.tokens, np.arange(12))
    return float(contrast(photos, texts, torch.tensor(10.0)))


def test_held_photos_teach_nothing_and_choose_the_epoch(
    model_store: ModelStore, pairs: Pairs, tmp_path: Path
) -> None:
    model, texts = make_model(model_store, pairs)
    fit = Fit(model, pairs, replace(SMALL, held=4), tmp_path)
    assert len(fit.held) == 4 and not set(fit.held) & set(fit.rows)
    seen: list[dict[str, float]] = []
    fit.heads(texts, lambda *told: seen.append(told[3]))
    fit.together(lambda *told: seen.append(told[3]))
    seen = [row for row in seen if "t2i_r1" in row]
    chosen = ("t2i_r1", "t2i_r10", "i2t_r1", "other_t2i_r10")
    kept = fit.measure()
    best = max(sum(row[name] for name in chosen) for row in seen)
    assert sum(kept[name] for name in chosen) == pytest.approx(best)


def test_a_checkpoint_of_other_settings_is_refused(
    model_store: ModelStore, pairs: Pairs, tmp_path: Path
) -> None:
    model, texts = make_model(model_store, pairs)
    few = replace(SMALL, head_epochs=1)
    Fit(model, pairs, few, tmp_path).heads(texts, lambda *_told: None)
    with pytest.raises(CheckpointMismatch):
        Fit(model, pairs, SMALL, tmp_path).heads(texts, lambda *_told: None)
    (tmp_path / "heads.pt").write_bytes(b"cut off")
    with pytest.raises(CheckpointDamaged):
        Fit(model, pairs, SMALL, tmp_path).heads(texts, lambda *_told: None)


def test_the_weights_written_run_in_the_product_as_they_did_in_training(
    model_store: ModelStore,
    pairs: Pairs,
    encoder: EfficientNetLite2,
    e5: E5Small,
    tmp_path: Path,
) -> None:
    model, _ = make_model(model_store, pairs)
    with torch.no_grad():  # stands for training: any change will do
        for layer in model.tower.layers:
            layer.parts["q"].b.normal_(0, 0.05)  # type: ignore[union-attr, operator, index]
    model.eval()
    with torch.no_grad():
        texts = encode(model.tower, pairs.tokens, np.arange(12)).numpy()
    photos, logits = (a.astype(np.float32) for a in (pairs.views[0].pooled, pairs.views[0].logits))
    sample = Sample([(photos, logits)] * 2, texts, texts, np.tile(texts, (84, 1))[:1000])
    write_weights(tmp_path, weights_of(model, SMALL.members, sample, 0.2))
    mark = sha256_of(tmp_path / "model.safetensors")
    (tmp_path / "card.json").write_text(json.dumps({"id": "test", "sha256": mark}))
    asked = [f"query: {said_of(name)}" for name in NAMES]
    plain = e5.pooled(asked)

    clip = SightlineClip(encoder, e5, tmp_path)
    said = clip.pooled_texts([said_of(name) for name in NAMES])
    norms = np.linalg.norm(texts, axis=1) * np.linalg.norm(said, axis=1)
    assert ((texts * said).sum(axis=1) / norms).min() > 0.98
    # and plain e5 does not notice
    np.testing.assert_array_equal(e5.pooled(asked), plain)
    assert not np.allclose(plain, said, atol=1e-2)
    for file in model_store.path("e5-small").parent.glob(f"*{mark[:12]}*"):
        file.unlink()


def test_adapters_that_learned_nothing_change_nothing(e5: E5Small, model_store: ModelStore) -> None:
    tower = TextTower(read_e5(model_store.path("e5-small")), rank=2, first=10)
    nothing = {name: t.astype(np.float32) for name, t in adapters(tower).items()}
    texts = ["query: a dog in the snow", "query: 雪地里的狗"]
    try:
        same = e5.tuned(nothing, "test-of-nothing")
        np.testing.assert_array_equal(same.pooled(texts), e5.pooled(texts))
    finally:
        for file in model_store.path("e5-small").parent.glob("*test-of-nothing*"):
            file.unlink()


def test_a_cache_of_photos_goes_on_after_a_kill(encoder: EfficientNetLite2, tmp_path: Path) -> None:
    whole = build_cache(tmp_path / "whole", NAMES, cut, encoder, 2)
    build_cache(tmp_path / "cut", NAMES, cut, encoder, 2)
    state = json.loads((tmp_path / "cut" / "state.json").read_text())
    (tmp_path / "cut" / "state.json").write_text(json.dumps({**state, "done": 8}))
    asked: list[str] = []

    def photos(some: Sequence[str]) -> Iterator[Image.Image]:
        asked.extend(some)
        return cut(some)

    again = build_cache(tmp_path / "cut", NAMES, photos, encoder, 2)
    assert asked == NAMES[8:]
    np.testing.assert_array_equal(again.pooled, whole.pooled)
    plain = build_cache(tmp_path / "plain", NAMES[:1], cut, encoder, 0)
    assert not np.array_equal(plain.pooled[0], whole.pooled[0])  # view 2 is a random cut


def test_texts_come_back_as_they_were_packed() -> None:
    tokens = Tokens(np.arange(12, dtype=np.float16).reshape(6, 2), np.array([0, 2, 3, 6]))
    assert tokens.lengths(np.array([2, 0])).tolist() == [3, 2]
    assert tokens.padded(np.array([1, 0])).tolist() == [[[4, 5], [0, 0]], [[0, 1], [2, 3]]]


def test_a_caption_switched_whole_is_chinese_and_keeps_what_it_tells() -> None:
    wording = Wording(["two dogs run through the snow"] * 3)
    rng = np.random.default_rng(0)
    lines = [wording.switched("Two brown dogs are running in the snow .", rng) for _ in range(40)]
    whole = [line for line in lines if line.isascii() is False and " " not in line]
    assert len(whole) > 10
    assert all(any(dog in line for dog in read_lexicon()["dog"]) for line in whole)
    assert all("雪" in line and "棕色" in line for line in whole)
    assert any("dogs" in line or "snow" in line for line in lines)  # others switch some words only


def test_a_misheard_caption_keeps_most_words() -> None:
    said = ["a whale near the wheel", "the wheel of a car", "a car on the road", "a whale swims"]
    wording, rng = Wording(said * 3), np.random.default_rng(0)
    lines = [wording.misheard("the wheel of a car on the road .", rng) for _ in range(60)]
    assert any("whale" in line for line in lines)
    assert any(line.endswith(".") for line in lines) and any(line.islower() for line in lines)
    kept = [len(set(line.lower().rstrip(".").split()) & {"the", "wheel", "car", "road"}) for line in lines]  # fmt: skip  # noqa: E501
    assert np.mean(kept) > 3


def test_recall_on_a_case_done_by_hand() -> None:
    photos = np.eye(3, dtype=np.float32)
    texts = np.array([[1, 0, 0], [0.9, 1, 0], [0, 0.5, 0.4]], np.float32)
    found = retrieval_metrics(photos, texts, np.array([0, 1, 2]))
    assert found["t2i_r1"] == pytest.approx(2 / 3)
    assert found["t2i_r5"] == 1
    assert found["i2t_r1"] == 1
    low, high = intervals(photos, texts, np.array([0, 1, 2]))["t2i_r1"]
    assert low < 2 / 3 < high


def test_a_fitted_map_tells_matching_from_unmatched_queries() -> None:
    rng = np.random.default_rng(0)
    things = rng.normal(size=(200, 16))
    things /= np.linalg.norm(things, axis=1, keepdims=True)
    asked = things + rng.normal(0, 0.1, things.shape)
    nothing = rng.normal(0, 0.3, (60, 16))
    scores, unmatched = (q @ things.T for q in (asked, nothing))
    made, metrics = fit_map(
        {
            "long": Asked(scores.astype(np.float32), np.eye(200, dtype=bool)),
            "none": Asked(unmatched.astype(np.float32), np.zeros((60, 200), bool), weight=0.5),
        }
    )
    assert metrics["long_auroc"] > 0.9
    assert metrics["long_auroc_nothing"] > 0.9
    assert metrics["long_ece"] < 0.15
    assert min(made.relative[:-1]) >= 0


def test_photos_with_one_caption_fit_no_other_caption() -> None:
    captions = np.eye(6, dtype=np.float32)
    captions[1] = [0.8, 0.6, 0, 0, 0, 0]  # the second caption of photo 0
    fits, pairs = alike(captions, np.array([0, 0, 1, 2, 3, 4]))
    np.testing.assert_array_equal(fits[2:], np.eye(5, dtype=bool)[1:])
    assert fits[0, 0] and fits[1, 0] and not pairs.any()


def test_the_tune_command_trains_stops_goes_on_and_measures(
    settings: Settings,
    engine: Engine,
    model_store: ModelStore,
    encoder: EfficientNetLite2,
    e5: E5Small,
    tmp_path: Path,
) -> None:
    data = tmp_path / "photos"
    data.mkdir()
    for number, photo in enumerate(cut(NAMES)):
        photo.save(data / f"{number}.png")
    rows = [{"image": f"{n}.png", "captions": [said_of(name)]} for n, name in enumerate(NAMES)]
    (data / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    tuning = Tuning(settings, TuningRuns(engine), model_store)
    told: list[str] = []
    tuning.prepare("mine", [data], "clip", show=told.append)
    given = {"head_epochs": 2, "epochs": 1, "batch": 4, "rank": 2}
    assert not tuning.train("mine", given, show=told.append, stop=lambda: True)
    assert tuning.train("mine", {}, show=told.append)
    out = settings.home / "runs" / "mine" / "out"
    card = json.loads((out / "card.json").read_text())
    assert card["licence"] == OWN
    assert card["id"].startswith("sightline-clip-2-")
    clip = SightlineClip(encoder, e5, out)
    found = clip.embed_images(list(cut(NAMES[:3]))) @ clip.embed_texts(["a photo of a cup"])[0]
    assert np.isfinite(found).all()
    for file in model_store.path("e5-small").parent.glob(f"*{card['sha256'][:12]}*"):
        file.unlink()
