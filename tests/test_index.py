"""The vector index: exact, no doubles, snapshots that are whole or refused."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import DiskFull, IndexDamaged
from retrieval.index import VectorIndex, Vectors


@pytest.fixture
def vectors() -> Vectors:
    rows = np.random.default_rng(7).normal(size=(500, 24)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def index(vectors: Vectors) -> VectorIndex:
    made = VectorIndex(24)
    made.add(np.arange(1, 501), vectors)
    return made


def test_search_is_exact(index: VectorIndex, vectors: Vectors) -> None:
    found = index.search(vectors[3], 10)
    best = np.argsort(-(vectors @ vectors[3]))[:10] + 1
    assert found.ids.tolist() == best.tolist()
    assert found.scores[0] == pytest.approx(1.0, abs=1e-5)


def test_filtered_search_is_exact(index: VectorIndex, vectors: Vectors) -> None:
    allowed = np.arange(2, 501, 7)
    found = index.search(vectors[3], 20, allowed)
    cosines = vectors[allowed - 1] @ vectors[3]
    assert found.ids.tolist() == allowed[np.argsort(-cosines)[:20]].tolist()


def test_asking_for_more_than_there_is(index: VectorIndex, vectors: Vectors) -> None:
    assert len(index.search(vectors[0], 10_000).ids) == 500
    assert len(index.search(vectors[0], 10, np.array([4, 9], np.int64)).ids) == 2
    assert len(index.search(vectors[0], 10, np.empty(0, np.int64)).ids) == 0
    assert len(VectorIndex(24).search(vectors[0], 10).ids) == 0


def test_adding_an_id_again_replaces_it(index: VectorIndex, vectors: Vectors) -> None:
    index.add(np.array([4]), vectors[9:10])
    assert len(index) == 500
    assert set(index.search(vectors[9], 2).ids.tolist()) == {4, 10}


def test_remove(index: VectorIndex, vectors: Vectors) -> None:
    assert index.remove(np.array([4, 5, 99_999])) == 2
    assert 4 not in index.search(vectors[3], 498).ids
    with pytest.raises(KeyError):
        index.vectors(np.array([4]))


def test_wrong_shape_is_refused(index: VectorIndex) -> None:
    with pytest.raises(ValueError, match="expected"):
        index.add(np.array([1]), np.zeros((1, 8), np.float32))


def test_snapshot_round_trip(index: VectorIndex, vectors: Vectors, tmp_path: Path) -> None:
    index.save(tmp_path, {"generation": 3})
    index.add(np.array([600]), vectors[:1])
    index.save(tmp_path, {"generation": 4})
    loaded = VectorIndex.load(tmp_path, 24, "flat")
    assert loaded is not None
    again, state = loaded
    assert state == {"generation": 4}
    assert np.array_equal(again.ids(), index.ids())
    assert again.search(vectors[5], 5).ids.tolist() == index.search(vectors[5], 5).ids.tolist()
    assert len(list(tmp_path.iterdir())) == 2  # the snapshot before is gone


def test_no_snapshot_or_one_of_another_kind(index: VectorIndex, tmp_path: Path) -> None:
    assert VectorIndex.load(tmp_path / "none", 24, "flat") is None
    index.save(tmp_path, {})
    assert VectorIndex.load(tmp_path, 32, "flat") is None


@pytest.mark.parametrize("damage", ["cut", "flipped", "garbage", "gone", "manifest", "fields"])
def test_a_damaged_snapshot_is_refused(index: VectorIndex, tmp_path: Path, damage: str) -> None:
    index.save(tmp_path, {})
    manifest = tmp_path / "manifest.json"
    file = tmp_path / json.loads(manifest.read_text())["file"]
    body = file.read_bytes()
    if damage == "cut":
        file.write_bytes(body[:-100])
    elif damage == "flipped":
        file.write_bytes(body[:2000] + bytes([body[2000] ^ 1]) + body[2001:])
    elif damage == "garbage":
        file.write_bytes(b"garbage" * 100)
    elif damage == "gone":
        file.unlink()
    elif damage == "manifest":
        manifest.write_text("{")
    else:
        manifest.write_text('{"format": 1, "dim": 24, "kind": "flat"}')
    with pytest.raises(IndexDamaged):
        VectorIndex.load(tmp_path, 24, "flat")


def test_a_failed_save_keeps_the_snapshot_before(
    index: VectorIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.save(tmp_path, {"n": 1})

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("retrieval.index.os.fsync", full)
    with pytest.raises(DiskFull):
        index.save(tmp_path, {"n": 2})
    monkeypatch.undo()
    loaded = VectorIndex.load(tmp_path, 24, "flat")
    assert loaded is not None and loaded[1] == {"n": 1}
    assert len(list(tmp_path.iterdir())) == 2


def test_searching_while_it_changes(index: VectorIndex, vectors: Vectors) -> None:
    errors: list[BaseException] = []

    def search() -> None:
        try:
            for row in vectors[:150]:
                assert len(index.search(row, 10).ids) == 10
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(100):
        index.remove(np.array([n + 1]))
        index.add(np.array([n + 1]), vectors[n : n + 1])
    for thread in threads:
        thread.join()
    assert not errors
    assert len(index) == 500
