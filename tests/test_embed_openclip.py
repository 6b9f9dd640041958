"""The hub tier's joint embedder, on a tiny random checkpoint that this file builds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from assistant.cli.main import app
from retrieval.embed.openclip import OpenClipEmbedder
from retrieval.embed.protocol import JointEmbedder
from retrieval.embed.registry import build_embedders
from retrieval.errors import WeightsError, WeightsMissing
from retrieval.weights import ModelStore

CONFIG = {
    "model_cfg": {
        "embed_dim": 32,
        "vision_cfg": {
            "image_size": 32,
            "layers": 2,
            "width": 32,
            "head_width": 16,
            "patch_size": 8,
        },
        "text_cfg": {
            "context_length": 16,
            "vocab_size": 49408,
            "width": 16,
            "heads": 2,
            "layers": 2,
        },
    },
    "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as open_clip's own ``save`` writes it, with random weights."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    made = tmp_path_factory.mktemp("hub") / "Tiny-CLIP"
    made.mkdir()
    (made / "open_clip_config.json").write_text(json.dumps(CONFIG))
    model = open_clip.CLIP(**CONFIG["model_cfg"])  # type: ignore[arg-type]
    save_file(model.state_dict(), made / "open_clip_model.safetensors")
    return made


@pytest.fixture(scope="module")
def embedder(folder: Path) -> OpenClipEmbedder:
    return OpenClipEmbedder(folder, batch=2)


def test_vectors_are_unit_and_of_the_stated_size(embedder: OpenClipEmbedder) -> None:
    rng = np.random.default_rng(0)
    photos = [Image.fromarray(rng.integers(0, 255, (40, 50, 3), np.uint8)) for _ in range(5)]
    for vectors in (embedder.embed_images(photos), embedder.embed_texts(["a cat", "b", "c"])):
        assert vectors.dtype == np.float32
        assert vectors.shape[1] == embedder.dim == 32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert isinstance(embedder, JointEmbedder)
    assert embedder.id == "openclip-tiny-clip"


def test_a_batch_gives_what_single_photos_give(embedder: OpenClipEmbedder) -> None:
    rng = np.random.default_rng(1)
    photos = [Image.fromarray(rng.integers(0, 255, (32, 32), np.uint8)) for _ in range(3)]
    together = embedder.embed_images(photos)
    alone = np.concatenate([embedder.embed_images([photo]) for photo in photos])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_nothing_in_nothing_out(embedder: OpenClipEmbedder) -> None:
    assert embedder.embed_images([]).shape == (0, 32)
    assert embedder.embed_texts([]).shape == (0, 32)


def test_the_weights_of_the_folder_are_the_ones_used(folder: Path, tmp_path: Path) -> None:
    first = OpenClipEmbedder(folder).embed_texts(["a dog"])
    second = OpenClipEmbedder(folder).embed_texts(["a dog"])
    np.testing.assert_array_equal(first, second)


def test_an_empty_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="open_clip_config.json"):
        OpenClipEmbedder(tmp_path)


def test_a_damaged_config_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "open_clip_config.json").write_text('{"model_cfg": {}}')
    with pytest.raises(WeightsError, match="embed_dim"):
        OpenClipEmbedder(tmp_path)


def test_an_encoder_is_calibrated_on_captioned_photos_and_its_chances_are_used(
    folder: Path, model_store: ModelStore, tmp_path: Path
) -> None:
    own, photos = tmp_path / "Own-CLIP", tmp_path / "photos"
    shutil.copytree(folder, own)
    photos.mkdir()
    rows = []
    for number in range(110):
        Image.new("RGB", (32, 32), (number, 255 - number, 90)).save(photos / f"{number}.png")
        thing = ("dog", "cat", "boat", "car", "horse", "snow", "beach")[number % 7]
        said = [f"a {thing} in front of wall {number}", f"number {number} is a {thing}"]
        rows.append(json.dumps({"image": f"{number}.png", "captions": said}))
    (photos / "val.jsonl").write_text("\n".join(rows), encoding="utf-8")
    env = {
        "SIGHTLINE_HOME": str(tmp_path / "home"),
        "SIGHTLINE_MODELS_DIR": str(model_store.folder),
        "SIGHTLINE_JOINT_MODEL": str(own),
    }
    done = CliRunner().invoke(app, ["tune", "calibrate", str(photos), "--json"], env=env)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert 0 <= told["image"]["short_auroc"] <= 1 and told["recall"]["t2i_r10"] > 0
    used = build_embedders(model_store, joint_model=str(own))
    made = next(c for c in used.calibrations if c.embedder == used.joint.id)
    assert {"image", "similar", "told", "presence"} <= set(made.maps)

    empty = CliRunner().invoke(app, ["tune", "calibrate", str(own)], env=env)
    assert empty.exit_code != 0
