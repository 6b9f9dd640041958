"""One contract for every kind of vector index, and snapshots that are whole or refused."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import DiskFull, IndexDamaged
from retrieval.index import KINDS, Ids, VectorIndex, Vectors, available

DIM, COUNT = 32, 6000


def unit(rows: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Vectors:
    """Unit vectors as SQL keeps them: half precision."""
    halves = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
    return halves.astype(np.float32)


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    """Clusters, as photos of the same things make them: id n has row n - 1."""
    random = np.random.default_rng(7)
    centres = random.normal(size=(60, DIM))
    return unit(centres[np.arange(COUNT) % 60] + 0.5 * random.normal(size=(COUNT, DIM)))


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if not available(name):
        pytest.skip("no CUDA device, or faiss without it")
    return name


@pytest.fixture
def index(kind: str, vectors: Vectors) -> VectorIndex:
    made = VectorIndex(DIM, kind, vectors[::2], COUNT)
    half = COUNT // 2
    made.add(np.arange(1, half + 1), vectors[:half])
    made.add(np.arange(half + 1, COUNT + 1), vectors[half:])
    made.effort = made.efforts[-1] if made.efforts else 0
    return made


def nearest(vectors: Vectors, query: Vectors, k: int, allowed: Ids) -> set[int]:
    cosines = vectors[allowed - 1] @ query
    return set(allowed[np.argsort(-cosines)[:k]].tolist())


ALL = np.arange(1, COUNT + 1)


def recall(
    index: VectorIndex,
    vectors: Vectors,
    allowed: Ids = ALL,
    k: int = 10,
    but: Ids | None = None,
    among: Ids | None = None,
) -> float:
    found = 0
    for n in range(0, COUNT, 400):
        hits = index.search(vectors[n], k, among, but)
        assert len(set(hits.ids.tolist())) == k, "as many as asked for, none twice"
        assert set(hits.ids.tolist()) <= set(allowed.tolist()), "only what is allowed"
        assert (np.diff(hits.scores) <= 1e-6).all(), "best first"
        found += len(set(hits.ids.tolist()) & nearest(vectors, vectors[n], k, allowed))
    return found / (k * len(range(0, COUNT, 400)))


def bar(index: VectorIndex) -> float:
    return 1.0 if index.exact else 0.95


def test_search_finds_the_nearest(index: VectorIndex, vectors: Vectors) -> None:
    assert recall(index, vectors) >= bar(index)
    found = index.search(vectors[3], 1)
    assert found.ids.tolist() == [4]
    assert found.scores[0] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("share", [2, 40, 1000], ids=["half", "few", "six"])
def test_a_filter_lets_nothing_else_pass_and_misses_nothing(
    index: VectorIndex, vectors: Vectors, share: int
) -> None:
    allowed = np.arange(1, COUNT + 1, share)
    k = min(10, len(allowed))
    assert recall(index, vectors, allowed, k, among=allowed) >= bar(index)
    others = np.setdiff1d(ALL, allowed)
    assert recall(index, vectors, allowed, k, but=others) >= bar(index)
    both = np.setdiff1d(allowed, allowed[:2])
    hits = index.search(vectors[0], COUNT, allowed, allowed[:2])
    assert sorted(hits.ids.tolist()) == both.tolist()


def test_a_filter_is_by_owner(index: VectorIndex, vectors: Vectors) -> None:
    index.add(np.array([9001, 9002]), vectors[:2], owners=np.array([77_000, 77_000]))
    found = index.search(vectors[4000], 10, among=np.array([77_000, 5]))
    assert sorted(found.ids.tolist()) == [5, 9001, 9002]
    assert not {9001, 9002} & set(index.search(vectors[0], 50, but=np.array([77_000])).ids)


def test_asking_for_more_than_there_is(index: VectorIndex, vectors: Vectors, kind: str) -> None:
    assert len(index.search(vectors[0], 10 * COUNT).ids) == COUNT
    assert index.search(vectors[0], 10, np.array([4, 9], np.int64)).ids.size == 2
    assert index.search(vectors[0], 10, np.empty(0, np.int64)).ids.size == 0
    assert VectorIndex(DIM, kind, vectors, 10).search(vectors[0], 10).ids.size == 0


def test_adding_an_id_again_replaces_it(index: VectorIndex, vectors: Vectors) -> None:
    index.add(np.array([4, 11, 4]), vectors[[20, 30, 9]])
    assert len(index) == COUNT
    assert set(index.search(vectors[9], 2).ids.tolist()) == {4, 10}
    assert (index.vectors(np.array([4]))[0] @ vectors[9]) == pytest.approx(1.0, abs=0.02)
    assert index.ids().tolist() == ALL.tolist()


def test_remove(index: VectorIndex, vectors: Vectors) -> None:
    assert index.remove(np.array([4, 5, 4, 99_999])) == 2
    assert index.remove(np.array([4])) == 0
    left = np.setdiff1d(ALL, [4, 5])
    assert recall(index, vectors, left) >= bar(index)
    assert index.ids().tolist() == left.tolist()
    assert index.scores(vectors[0], np.array([3, 4])).ids.tolist() == [3]
    with pytest.raises(KeyError):
        index.vectors(np.array([4]))
    index.add(np.array([4]), vectors[3:4])
    assert index.search(vectors[3], 1).ids.tolist() == [4]


def test_removing_most_leaves_the_rest_findable(index: VectorIndex, vectors: Vectors) -> None:
    left = ALL[::10]
    index.remove(np.setdiff1d(ALL, left))
    assert recall(index, vectors, left) >= bar(index)
    assert len(index.search(vectors[0], COUNT).ids) == len(left)


def test_vectors_come_back(index: VectorIndex, vectors: Vectors) -> None:
    ids = np.array([17, 3, 5999])
    assert np.allclose(index.vectors(ids), vectors[ids - 1], atol=0.0 if index.exact else 0.05)
    hits = index.scores(vectors[16], np.array([5999, 17]))
    assert hits.ids.tolist() == [17, 5999]
    assert hits.scores[0] == pytest.approx(1.0, abs=0.01)


def test_wrong_shape_is_refused(index: VectorIndex) -> None:
    with pytest.raises(ValueError, match="expected"):
        index.add(np.array([1]), np.zeros((1, 8), np.float32))


def test_snapshot_round_trip(index: VectorIndex, vectors: Vectors, tmp_path: Path) -> None:
    index.save(tmp_path, {"generation": 3})
    index.remove(np.array([2]))
    index.add(np.array([9000]), vectors[:1], owners=np.array([12]))
    index.save(tmp_path, {"generation": 4})
    loaded = VectorIndex.load(tmp_path, DIM)
    assert loaded is not None
    again, state = loaded
    assert state == {"generation": 4}
    assert np.array_equal(again.ids(), index.ids())
    assert again.search(vectors[5], 5).ids.tolist() == index.search(vectors[5], 5).ids.tolist()
    assert again.effort == index.effort and again.kind == index.kind
    again.remove(np.array([7]))
    again.add(np.array([9001]), vectors[6:7])
    assert again.search(vectors[6], 1).ids.tolist() == [9001]
    assert again.search(vectors[0], 9, among=np.array([12])).ids.tolist() == [9000, 12]
    assert len(list(tmp_path.iterdir())) == 3  # the snapshot before is gone


def small() -> VectorIndex:
    made = VectorIndex(DIM)
    made.add(ALL[:50], unit(np.random.default_rng(1).normal(size=(50, DIM))))
    return made


def test_no_snapshot_or_one_of_another_size(index: VectorIndex, tmp_path: Path) -> None:
    assert VectorIndex.load(tmp_path / "none", DIM) is None
    index.save(tmp_path, {})
    assert VectorIndex.load(tmp_path, 24) is None


@pytest.mark.parametrize("role", ["vectors", "rows"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "garbage", "gone", "manifest", "fields"])
def test_a_damaged_snapshot_is_refused(tmp_path: Path, damage: str, role: str) -> None:
    index = small()
    index.save(tmp_path, {})
    manifest = tmp_path / "manifest.json"
    file = tmp_path / json.loads(manifest.read_text())["files"][role]["name"]
    body = file.read_bytes()
    if damage == "cut":
        file.write_bytes(body[:-9])
    elif damage == "flipped":
        file.write_bytes(body[:200] + bytes([body[200] ^ 1]) + body[201:])
    elif damage == "garbage":
        file.write_bytes(b"garbage" * 100)
    elif damage == "gone":
        file.unlink()
    elif damage == "manifest":
        manifest.write_text("{")
    else:
        manifest.write_text('{"format": 2, "dim": 32, "kind": "flat"}')
    with pytest.raises(IndexDamaged):
        VectorIndex.load(tmp_path, DIM)


def test_a_failed_save_keeps_the_snapshot_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = small()
    index.save(tmp_path, {"n": 1})

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("retrieval.index.snapshot.os.fsync", full)
    with pytest.raises(DiskFull):
        index.save(tmp_path, {"n": 2})
    monkeypatch.undo()
    loaded = VectorIndex.load(tmp_path, DIM)
    assert loaded is not None and loaded[1] == {"n": 1}
    assert len(list(tmp_path.iterdir())) == 3


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
    assert len(index) == COUNT
