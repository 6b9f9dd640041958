"""Model files: assembled whole or not at all, checked, repaired."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant.cli.main import app
from retrieval import weights
from retrieval.errors import DiskFull, WeightsCorrupt, WeightsMissing
from retrieval.weights import BUNDLES, Bundle, ModelFile, ModelStore

CONTENT = (b"first half, ", b"second half")
SHA = hashlib.sha256(b"".join(CONTENT)).hexdigest()


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    """A bundle in two parts, carried by a real package on the path."""
    package = tmp_path / "site" / "carrier_of_parts"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for number, content in enumerate(CONTENT):
        (package / f"part{number}").write_bytes(content)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    parts = tuple(("carrier_of_parts", f"part{n}") for n in range(2))
    made = Bundle(
        id="tiny",
        role="language",
        title="Tiny",
        upstream="nobody/tiny",
        licence="MIT",
        files=(ModelFile("tiny.bin", SHA, parts),),
        packages=("carrier-of-parts",),
    )
    monkeypatch.setitem(BUNDLES, "tiny", made)
    yield made
    sys.modules.pop("carrier_of_parts", None)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def leftovers(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


def test_assembles_once_and_trusts_its_marker(bundle: Bundle, store: ModelStore) -> None:
    seen: list[tuple[int, int]] = []
    path = store.path("tiny", progress=lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == b"".join(CONTENT)
    assert seen[-1] == (len(path.read_bytes()),) * 2
    inode = path.stat().st_ino
    assert ModelStore(store.folder).path("tiny").stat().st_ino == inode
    assert leftovers(store.folder) == ["tiny.bin", "tiny.bin.verified"]


def test_a_changed_file_is_refused_and_repaired(bundle: Bundle, store: ModelStore) -> None:
    path = store.path("tiny")
    path.write_bytes(b"something else")
    with pytest.raises(WeightsCorrupt) as caught:
        store.path("tiny")
    assert str(path) in str(caught.value)
    assert "sightline models verify --repair" in str(caught.value)
    assert store.verify("tiny").state == "damaged"
    assert store.verify("tiny", repair=True).state == "verified"
    assert path.read_bytes() == b"".join(CONTENT)


def test_a_wrong_part_leaves_nothing_behind(
    bundle: Bundle, store: ModelStore, tmp_path: Path
) -> None:
    (tmp_path / "site" / "carrier_of_parts" / "part1").write_bytes(b"tampered with")
    with pytest.raises(WeightsCorrupt):
        store.path("tiny")
    assert leftovers(store.folder) == []


def test_a_full_disk_leaves_nothing_behind(
    bundle: Bundle, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_descriptor: int) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(weights.os, "fsync", no_room)
    with pytest.raises(DiskFull, match="Free some space"):
        store.path("tiny")
    assert leftovers(store.folder) == []


def test_an_interrupted_assembly_is_started_over(bundle: Bundle, store: ModelStore) -> None:
    (store.folder / "tiny").mkdir(parents=True)
    (store.folder / "tiny" / ".tiny.bin.1.part").write_bytes(b"first")
    assert store.path("tiny").read_bytes() == b"".join(CONTENT)


def test_a_missing_package_is_named(
    bundle: Bundle, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = ModelFile("tiny.bin", SHA, (("no_such_package_here", "part0"),))
    monkeypatch.setitem(BUNDLES, "tiny", Bundle(**{**vars(bundle), "files": (gone,)}))
    with pytest.raises(WeightsMissing, match="no_such_package_here/part0"):
        store.path("tiny")
    states = {state.bundle.id: state for state in store.states()}
    assert states["tiny"].state == "package missing"


@pytest.mark.parametrize("bundle_id", ["e5-small", "efficientnet-lite2", "whisper-base"])
def test_the_real_bundles_verify(model_store: ModelStore, bundle_id: str) -> None:
    assert model_store.path(bundle_id).exists()
    states = {state.bundle.id: state.state for state in model_store.states()}
    assert states[bundle_id] == "verified"


def test_a_model_that_the_program_can_do_without_may_be_missing(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lone = ModelFile("gone.bin", SHA, (("no_such_package_anywhere", "gone.bin"),))
    spare = Bundle(**{**vars(bundle), "id": "spare", "files": (lone,), "optional": True})
    monkeypatch.setattr(weights, "BUNDLES", {"tiny": bundle, "spare": spare})
    monkeypatch.setenv("SIGHTLINE_MODELS_DIR", str(tmp_path / "models"))
    for command in ("pull", "verify"):
        result = CliRunner().invoke(app, ["models", command, "--json"])
        assert result.exit_code == 0, result.output
    assert (tmp_path / "models" / "tiny" / "tiny.bin").is_file()
    needed = Bundle(**{**vars(spare), "optional": False})
    monkeypatch.setattr(weights, "BUNDLES", {"tiny": bundle, "spare": needed})
    assert CliRunner().invoke(app, ["models", "verify"]).exit_code == 1
