"""Indexes follow SQL: other processes' changes, snapshots lost, damaged or of another database."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, insert, text

from retrieval.catalog.base import now
from retrieval.catalog.tables import Asset, Library, VectorRow
from retrieval.catalog.vectors import pack
from retrieval.indexer import Indexer
from retrieval.replica import Replica

DIM = 16


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def indexer(engine: Engine, folder: Path) -> Indexer:
    with engine.begin() as connection:
        connection.execute(insert(Library), [{"id": "a", "generation": 0, "created_at": now()}])
        connection.execute(insert(Library), [{"id": "b", "generation": 0, "created_at": now()}])
    return Indexer(engine, folder)


def vectors(count: int, seed: int = 1) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    rows = np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def add(engine: Engine, library: str, count: int, seed: int = 1, *, bump: bool = True) -> None:
    with engine.begin() as connection:
        if bump:
            connection.execute(
                text("UPDATE libraries SET generation = generation + 1 WHERE id = :id"),
                {"id": library},
            )
        asset = connection.execute(
            insert(Asset)
            .values(library_id=library, sha256=f"{library}{seed}", name="x", bytes=1)
            .returning(Asset.id)
        ).scalar_one()
        connection.execute(
            insert(VectorRow),
            [
                {
                    "library_id": library,
                    "asset_id": asset,
                    "embedder": "e",
                    "dim": DIM,
                    "data": data,
                }
                for data in pack(vectors(count, seed))
            ],
        )


def remove(engine: Engine, vector_id: int, *, log: bool = True) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE libraries SET generation = generation + 1"))
        if log:
            connection.execute(
                text("INSERT INTO vector_deletions (library_id, vector_id) VALUES ('a', :id)"),
                {"id": vector_id},
            )
        connection.execute(text("DELETE FROM vectors WHERE id = :id"), {"id": vector_id})


def opened(engine: Engine, folder: Path) -> Replica:
    return Indexer(engine, folder).replica("a", "e", DIM)


def test_what_another_process_does_is_seen(engine: Engine, indexer: Indexer) -> None:
    add(engine, "a", 50)
    replica = indexer.replica("a", "e", DIM)
    assert len(replica) == 50
    add(engine, "a", 30, seed=2)
    remove(engine, 7)
    replica = indexer.replica("a", "e", DIM)
    assert len(replica) == 79
    assert replica.search(vectors(30, 2)[4], 1).ids.tolist() == [55]
    assert 7 not in replica.search(vectors(50)[6], 79).ids


def test_libraries_are_apart(engine: Engine, indexer: Indexer) -> None:
    add(engine, "a", 5)
    add(engine, "b", 3, seed=2)
    assert len(indexer.replica("a", "e", DIM)) == 5
    assert len(indexer.replica("b", "e", DIM)) == 3
    assert len(indexer.replica("nobody", "e", DIM)) == 0
    assert len(indexer.replica("a", "another embedder", DIM)) == 0


def test_a_filter_is_by_owner(engine: Engine, indexer: Indexer) -> None:
    add(engine, "a", 20)
    add(engine, "a", 20, seed=2)
    replica = indexer.replica("a", "e", DIM)
    found = replica.search(vectors(20)[0], 40, np.array([2]))
    assert sorted(found.ids.tolist()) == list(range(21, 41))


def test_an_unlogged_deletion_makes_it_rebuild(engine: Engine, indexer: Indexer) -> None:
    add(engine, "a", 20)
    indexer.replica("a", "e", DIM)
    remove(engine, 3, log=False)
    replica = indexer.replica("a", "e", DIM)
    assert len(replica) == 19
    assert 3 not in replica.index.ids()


def test_a_snapshot_is_used_and_followed_on(engine: Engine, indexer: Indexer, folder: Path) -> None:
    add(engine, "a", 40)
    indexer.replica("a", "e", DIM)
    indexer.close()
    add(engine, "a", 10, seed=2)
    remove(engine, 5)
    replica = opened(engine, folder)
    assert len(replica) == 49
    with engine.connect() as connection:
        known = connection.scalars(text("SELECT id FROM vectors ORDER BY id")).all()
    assert replica.index.ids().tolist() == list(known)


@pytest.mark.parametrize("harm", ["deleted", "damaged", "other database", "future", "embedder"])
def test_a_snapshot_that_cannot_be_trusted_is_built_anew(
    engine: Engine,
    indexer: Indexer,
    folder: Path,
    harm: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    add(engine, "a", 40)
    indexer.replica("a", "e", DIM)
    indexer.close()
    where = indexer.snapshot_folder("a", "e")
    manifest = where / "manifest.json"
    written = json.loads(manifest.read_text())
    if harm == "deleted":
        shutil.rmtree(folder)
    elif harm == "damaged":
        file = where / written["files"]["vectors"]["name"]
        file.write_bytes(file.read_bytes()[:-7])
    elif harm == "other database":
        with engine.begin() as connection:
            for number, data in enumerate(pack(vectors(40, seed=9)), 1):
                connection.execute(
                    text("UPDATE vectors SET data = :data WHERE id = :id"),
                    {"data": data, "id": number},
                )
    elif harm == "future":
        written["state"]["generation"] = 99
        manifest.write_text(json.dumps(written))
    else:
        written["state"]["embedder"] = "another"
        manifest.write_text(json.dumps(written))
    replica = opened(engine, folder)
    seed = 9 if harm == "other database" else 1
    assert len(replica) == 40
    assert replica.search(vectors(40, seed)[11], 1).ids.tolist() == [12]
    assert bool(caplog.records) == (harm in ("damaged", "other database", "future"))


def test_names_of_libraries_are_never_paths(indexer: Indexer, folder: Path) -> None:
    for name in ("..", "../../x", "a/b", ".hidden"):
        assert indexer.snapshot_folder(name, "e").parent.parent == folder
