"""Versions of tuned models: applied whole or not at all, and rolled back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.errors import TuningError, VersionNotFound
from assistant.models.eyes import SIGHT_WEIGHTS
from assistant.models.registry import build_chat_model
from assistant.sight_weights import sight_folder
from assistant.tuning.registry import TunedModels, sha256_of
from retrieval.weights import ModelStore


def made(folder: Path, content: bytes = b"weights") -> Path:
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(content)
    card = {"sha256": sha256_of(folder / "model.safetensors"), "made": folder.name}
    (folder / "card.json").write_text(json.dumps(card))
    return folder


def test_apply_and_rollback_walk_through_versions(tmp_path: Path) -> None:
    models = TunedModels(tmp_path)
    assert models.versions() == []
    assert models.current("vlm") is None
    models.add("vlm", "1", made(tmp_path / "a"))
    models.add("vlm", "2", made(tmp_path / "b"))
    assert models.current("vlm") is None  # registering is not applying
    models.apply("vlm", "1")
    assert models.apply("vlm", "2").current
    assert [(v.version, v.current) for v in models.versions("vlm")] == [("1", False), ("2", True)]
    back = models.rollback("vlm")
    assert back is not None
    assert back.version == "1"
    assert models.rollback("vlm") is None
    assert models.current("vlm") is None
    with pytest.raises(VersionNotFound):
        models.rollback("vlm")


def test_a_version_with_other_weights_than_its_card_is_never_applied(tmp_path: Path) -> None:
    models = TunedModels(tmp_path)
    models.add("vlm", "1", made(tmp_path / "a"))
    models.apply("vlm", "1")
    version = models.add("vlm", "2", made(tmp_path / "b"))
    (version.folder / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(TuningError, match="checksum"):
        models.apply("vlm", "2")
    current = models.current("vlm")
    assert current is not None
    assert current.version == "1"


def test_a_folder_without_a_card_leaves_nothing_behind(tmp_path: Path) -> None:
    models = TunedModels(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(TuningError, match=r"card\.json"):
        models.add("vlm", "1", tmp_path / "empty")
    assert models.versions() == []


def test_names_cannot_leave_the_folder_and_versions_are_not_overwritten(tmp_path: Path) -> None:
    models = TunedModels(tmp_path)
    folder = made(tmp_path / "a")
    with pytest.raises(TuningError):
        models.add("vlm", "../../x", folder)
    models.add("vlm", "1", folder)
    with pytest.raises(TuningError, match="exists already"):
        models.add("vlm", "1", folder)
    with pytest.raises(VersionNotFound):
        models.apply("vlm", "9")


def test_a_version_that_was_removed_by_hand_is_skipped_by_rollback(tmp_path: Path) -> None:
    models = TunedModels(tmp_path)
    for version in ("1", "2", "3"):
        models.add("vlm", version, made(tmp_path / version))
        models.apply("vlm", version)
    shutil.rmtree(models.versions("vlm")[1].folder)
    back = models.rollback("vlm")
    assert back is not None
    assert back.version == "1"


def test_the_app_sees_with_the_version_in_use(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, models_dir=tmp_path / "models")
    store = ModelStore(settings.models_folder)
    assert build_chat_model(settings, store).model_id == "embedded"
    models = TunedModels(settings.models_folder)
    models.add("sightline-vlm", "mine", SIGHT_WEIGHTS.parent)
    models.apply("sightline-vlm", "mine")
    assert build_chat_model(settings, store).model_id == "embedded, sight mine"
    models.rollback("sightline-vlm")
    assert build_chat_model(settings, store).model_id == "embedded"


def test_search_uses_the_version_in_use(tmp_path: Path, models_dir: Path) -> None:
    """A tuned Sightline-CLIP has an id of its own, so that its vectors are kept apart."""
    from assistant.build import _Builder
    from retrieval.embed.clip import WEIGHTS as CLIP_FOLDER

    settings = Settings(home=tmp_path, models_dir=models_dir, threads=1)
    folder = tmp_path / "tuned"
    shutil.copytree(CLIP_FOLDER, folder)
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "id": "sightline-clip-mine"}))
    own = Settings(home=tmp_path, models_dir=tmp_path / "models", threads=1)
    TunedModels(own.models_folder).add("sightline-clip", "mine", folder)
    TunedModels(own.models_folder).apply("sightline-clip", "mine")
    assert sight_folder(settings, "sightline-clip") == (CLIP_FOLDER, "")
    used, version = sight_folder(own, "sightline-clip")
    assert version == "mine"
    builder = _Builder(own)
    builder.store = ModelStore(models_dir)
    assert builder.embedders().joint.id == "sightline-clip-mine"
    assert used.is_relative_to(own.models_folder)
