"""Indexes change their kind with their size, find enough, and never stop serving meanwhile."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, insert, text

from retrieval.catalog.base import now
from retrieval.catalog.tables import Asset, Library, VectorRow
from retrieval.catalog.vectors import pack
from retrieval.index import VectorIndex
from retrieval.indexer import Indexer
from retrieval.replica import Replica
from retrieval.upkeep import Exact, recall

DIM, LIMIT = 32, 1500


@pytest.fixture
def indexer(engine: Engine, tmp_path: Path) -> Indexer:
    with engine.begin() as connection:
        connection.execute(insert(Library), [{"id": "a", "generation": 0, "created_at": now()}])
    return Indexer(engine, tmp_path / "index", flat_limit=LIMIT)


def add(engine: Engine, count: int, seed: int, clusters: int = 20) -> None:
    random = np.random.default_rng(seed)
    rows = np.random.default_rng(0).normal(size=(clusters, DIM))[np.arange(count) % clusters]
    rows = rows + 0.5 * random.normal(size=(count, DIM))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    with engine.begin() as connection:
        connection.execute(text("UPDATE libraries SET generation = generation + 1"))
        asset = connection.execute(
            insert(Asset)
            .values(library_id="a", sha256=f"{seed}", name="x", bytes=1)
            .returning(Asset.id)
        ).scalar_one()
        values = {"library_id": "a", "asset_id": asset, "embedder": "e", "dim": DIM}
        connection.execute(
            insert(VectorRow), [values | {"data": data} for data in pack(rows.astype(np.float32))]
        )


def delete(engine: Engine, where: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE libraries SET generation = generation + 1"))
        connection.execute(
            text(
                "INSERT INTO vector_deletions (library_id, vector_id) "
                f"SELECT library_id, id FROM vectors WHERE {where}"
            )
        )
        connection.execute(text(f"DELETE FROM vectors WHERE {where}"))


def opened(indexer: Indexer) -> Replica:
    return indexer.replica("a", "e", DIM)


def measured(engine: Engine, replica: Replica) -> float:
    """Recall@10 of queries near stored vectors, against exact search over SQL."""
    from retrieval.catalog.vectors import blocks_after

    with engine.connect() as connection:
        blocks = list(blocks_after(connection, "a", "e", DIM, 0))
    queries = np.concatenate([block.vectors for block in blocks])[::37] + 0.05
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    exact = Exact(queries)
    for block in blocks:
        exact.see(block)
    return recall(replica.index, queries, exact.ids)


def test_an_index_that_outgrew_exact_search_changes_and_finds_enough(
    engine: Engine, indexer: Indexer, tmp_path: Path
) -> None:
    add(engine, 1000, 1)
    assert not indexer.outgrown("a", "e", DIM)
    add(engine, 1500, 2)
    assert indexer.outgrown("a", "e", DIM)
    indexer.tend("a", "e", DIM)
    replica = opened(indexer)
    assert not replica.index.exact and len(replica) == 2500
    assert replica.index.recall is not None and replica.index.recall >= 0.95
    assert measured(engine, replica) >= 0.95
    assert not indexer.outgrown("a", "e", DIM)
    indexer.close()
    again = Indexer(engine, tmp_path / "index", flat_limit=LIMIT)
    assert opened(again).index.kind == replica.index.kind, "the snapshot is of the new kind"
    assert not again.outgrown("a", "e", DIM)


def test_it_follows_sql_after_the_change(engine: Engine, indexer: Indexer) -> None:
    add(engine, 2500, 1)
    opened(indexer)
    indexer.tend("a", "e", DIM)
    add(engine, 300, 2)
    delete(engine, "id <= 100")
    replica = opened(indexer)
    assert not replica.index.exact
    assert replica.index.ids().tolist() == list(range(101, 2801))
    assert measured(engine, replica) >= 0.95


def test_what_changes_while_it_is_built_is_not_missed(
    engine: Engine, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(engine, 2500, 1)
    opened(indexer)
    whole = VectorIndex.add
    changed: list[int] = []

    def add_and_interfere(index: VectorIndex, *given: np.ndarray) -> None:
        whole(index, *given)
        if not changed and not index.exact:  # another process works on, just now
            changed.append(1)
            add(engine, 200, 3)
            delete(engine, "id <= 50")

    monkeypatch.setattr(VectorIndex, "add", add_and_interfere)
    indexer.tend("a", "e", DIM)
    assert changed
    assert opened(indexer).index.ids().tolist() == list(range(51, 2701))


def test_many_changes_make_the_recall_measured_again(engine: Engine, indexer: Indexer) -> None:
    add(engine, 2500, 1)
    indexer.tend("a", "e", DIM)
    add(engine, 2500, 7, clusters=3)  # other photos than those it learned from
    assert indexer.outgrown("a", "e", DIM)
    indexer.tend("a", "e", DIM)
    assert measured(engine, opened(indexer)) >= 0.95
    assert not indexer.outgrown("a", "e", DIM)


def test_an_index_that_shrank_is_exact_again(engine: Engine, indexer: Indexer) -> None:
    add(engine, 2500, 1)
    indexer.tend("a", "e", DIM)
    delete(engine, "id > 500")
    indexer.tend("a", "e", DIM)
    replica = opened(indexer)
    assert replica.index.exact and len(replica) == 500


def test_when_no_kind_finds_enough_it_stays_exact(
    engine: Engine, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(engine, 2500, 1)
    monkeypatch.setattr("retrieval.upkeep.TARGET", 1.01)
    indexer.tend("a", "e", DIM)
    assert opened(indexer).index.exact
    assert not indexer.outgrown("a", "e", DIM), "it is not tried again at once"
    assert measured(engine, opened(indexer)) == 1.0


def test_it_happens_beside_the_searches(engine: Engine, indexer: Indexer) -> None:
    add(engine, 2500, 1)
    indexer.background = True
    found = set()
    for _ in range(400):
        replica = opened(indexer)
        assert len(replica.search(np.ones(DIM, np.float32), 10).ids) == 10
        found.add(replica.index.kind)
        if len(found) == 2:
            break
        threading.Event().wait(0.05)
    assert found == {"flat", "ivf_sq8"}
    indexer.close()
