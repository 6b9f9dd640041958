"""Sightline-CLIP with its committed weights: whole, small, and finding photos in two languages."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assistant.config import Settings
from assistant.sight_weights import sight_folder
from retrieval.embed.clip import WEIGHTS, Head, SightlineClip, gelu
from retrieval.embed.protocol import JointEmbedder
from retrieval.embed.registry import Embedders, build_embedders
from retrieval.errors import WeightsCorrupt, WeightsMissing
from retrieval.weights import ModelStore

PHOTOS = ("coffee", "cat", "astronaut", "rocket")


@pytest.fixture(scope="module")
def embedders(model_store: ModelStore) -> Embedders:
    return build_embedders(model_store)


@pytest.fixture(scope="module")
def clip(embedders: Embedders) -> SightlineClip:
    assert isinstance(embedders.joint, SightlineClip)
    return embedders.joint


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    from skimage import data

    return [Image.fromarray(getattr(data, name)()) for name in PHOTOS]


PERMISSIVE = WEIGHTS.with_name("sightline-clip-permissive")


@pytest.mark.parametrize("folder", [WEIGHTS, PERMISSIVE])
def test_the_weights_are_those_of_the_card_and_small(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    body = (folder / "model.safetensors").read_bytes()
    assert hashlib.sha256(body).hexdigest() == card["sha256"]
    assert len(body) == card["bytes"] <= 15_000_000
    learned = {d["name"].split("/")[0] for d in card["data"] if d["use"] == "training"}
    assert ("research" in card["licence"]) == (learned != {"visual7w"})


def test_the_weights_for_every_use_see_too_when_they_are_chosen(
    model_store: ModelStore, photos: list[Image.Image], tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, weights="permissive")
    folder, own = sight_folder(settings, "sightline-clip")
    assert (folder, own) == (PERMISSIVE, "")
    clip = build_embedders(model_store, joint_weights=folder).joint
    seen, asked = clip.embed_images(photos), clip.embed_texts(["a cup of coffee", "一只猫"])
    np.testing.assert_array_equal((asked @ seen.T).argmax(axis=1), [0, 1])


DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.mark.skipif(not (DATA / "flickr8k").is_dir(), reason=f"the data is not in {DATA}")
def test_the_committed_weights_reproduce_the_cards_numbers(clip: SightlineClip) -> None:
    from assistant.tuning.clip_measure import embed_split
    from assistant.tuning.clip_metrics import retrieval_metrics
    from assistant.tuning.clip_run import source_of
    from assistant.tuning.data import read_split
    from assistant.tuning.pipeline import Part

    val = read_split(DATA / "flickr8k" / "val.jsonl")
    _, captions, photos = source_of(Part(val, val.name, learns=False))
    split = embed_split(clip, dict(list(captions.items())[:200]), photos)
    found = retrieval_metrics(split.photos, split.texts, split.owner)
    assert found == pytest.approx(clip.card["metrics"]["flickr8k-val first_200"], abs=0.02)


def test_it_is_a_joint_embedder_of_unit_vectors(
    clip: SightlineClip, photos: list[Image.Image]
) -> None:
    assert isinstance(clip, JointEmbedder)
    for vectors in (clip.embed_images(photos), clip.embed_texts(["a cat", "一只猫"])):
        assert vectors.shape[1] == clip.dim == 512
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert clip.embed_images([]).shape == (0, 512)
    assert clip.embed_texts([]).shape == (0, 512)


@pytest.mark.parametrize(
    ("query", "photo"),
    [
        ("a cup of coffee", "coffee"),
        ("a cat", "cat"),
        ("a woman in front of a flag", "astronaut"),
        ("an astronaut in an orange suit", "astronaut"),
        ("a rocket on the launch pad", "rocket"),
        ("一杯咖啡", "coffee"),
        ("一只猫", "cat"),
        pytest.param(
            "宇航员",
            "astronaut",
            marks=pytest.mark.xfail(
                strict=True, reason="no caption and no ImageNet class tells of astronauts"
            ),
        ),
        ("火箭发射塔", "rocket"),
    ],
)
def test_words_find_the_photo(
    clip: SightlineClip, photos: list[Image.Image], query: str, photo: str
) -> None:
    scores = clip.embed_images(photos) @ clip.embed_texts([query])[0]
    assert PHOTOS[int(scores.argmax())] == photo, scores


@pytest.mark.parametrize("written", ["a cat .", " a cat. ", "a cat"])
def test_how_a_caption_ends_does_not_move_it(clip: SightlineClip, written: str) -> None:
    np.testing.assert_array_equal(clip.embed_texts([written]), clip.embed_texts(["a cat"]))
    assert np.isfinite(clip.embed_texts(["."])).all()


def test_a_batch_gives_what_single_photos_give(
    clip: SightlineClip, photos: list[Image.Image]
) -> None:
    together = clip.embed_images(photos)
    alone = np.concatenate([clip.embed_images([photo]) for photo in photos])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_a_photo_and_its_mirror_image_are_one(
    clip: SightlineClip, photos: list[Image.Image]
) -> None:
    mirrored = [photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for photo in photos]
    cosines = (clip.embed_images(photos) * clip.embed_images(mirrored)).sum(axis=1)
    assert cosines.min() > 0.99


def test_a_very_long_text_is_read(clip: SightlineClip) -> None:
    assert np.isfinite(clip.embed_texts(["a dog in the snow " * 400])).all()


def test_both_calibrations_come_along(embedders: Embedders) -> None:
    assert {c.embedder for c in embedders.calibrations} == {
        embedders.text.id,
        embedders.joint.id,
    }


def test_numpy_heads_equal_the_trained_modules() -> None:
    import torch

    from assistant.tuning.clip_heads import head_tensors, make_head

    torch.manual_seed(0)
    sample = np.random.default_rng(0).normal(size=(50, 20)).astype(np.float32)
    module = make_head(sample, hidden=16, dim=8, dropout=0.5).eval()
    torch.nn.init.normal_(module.down.weight)  # type: ignore[union-attr, arg-type]
    head = Head(**{name: v.astype(np.float32) for name, v in head_tensors(module).items()})
    with torch.inference_mode():
        expected = module(torch.from_numpy(sample)).numpy()
    np.testing.assert_allclose(head(sample), expected, atol=5e-3)  # the weights are fp16


def test_gelu_is_torchs() -> None:
    import torch

    x = np.linspace(-4, 4, 100, dtype=np.float32)
    expected = torch.nn.functional.gelu(torch.from_numpy(x), approximate="tanh").numpy()
    np.testing.assert_allclose(gelu(x), expected, atol=1e-6)


def test_changed_or_missing_weights_are_refused(embedders: Embedders, tmp_path: Path) -> None:
    from retrieval.embed.e5 import E5Small

    text = embedders.text
    assert isinstance(text, E5Small)
    with pytest.raises(WeightsMissing, match=r"card\.json"):
        SightlineClip(embedders.encoder, text, tmp_path)
    folder = tmp_path / "changed"
    shutil.copytree(WEIGHTS, folder)
    body = bytearray((folder / "model.safetensors").read_bytes())
    body[-1] ^= 1
    (folder / "model.safetensors").write_bytes(body)
    with pytest.raises(WeightsCorrupt, match=r"model\.safetensors"):
        SightlineClip(embedders.encoder, text, folder)
