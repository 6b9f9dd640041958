"""Keeps each index of the kind that suits its size, with a recall that is measured.

Exact search serves up to about 200,000 vectors. Above, an approximate index is filled from SQL
while the exact one goes on serving, its recall@10 is measured against exact search, its effort is
raised until the recall is 0.95, and then it takes over. The first kind that gets there is kept;
when none does the index stays exact. The recall is measured again after a fifth of the vectors
changed. All of it can be stopped and lost at any time: indexes are caches.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from retrieval.catalog import vectors as sql
from retrieval.catalog.transactions import reading
from retrieval.index import VectorIndex
from retrieval.replica import Cursor, Replica

log = logging.getLogger(__name__)

FLAT_LIMIT = 200_000
TARGET = 0.95
CANDIDATES = ("ivf_sq8", "rabitq")

_K = 10
_QUERIES = 100
_TRAINING = 40 * 4096  # 40 vectors for each of the most cells there are
_CHANGED = 0.2
_DEAD = 0.2
_NOISE = 0.6  # length of the noise on stored vectors that stand for queries: cosine 0.86
_AGAIN = 1.5

Vectors = NDArray[np.float32]
Due = Literal["grow", "shrink", "check", "compact"]
Truth = tuple[Vectors, sql.Ids]
"""Queries [n, dim] and the ids [n, 10] that exact search finds for them."""


class Stopped(Exception):
    """The program closes: the work is given up."""


class Upkeep:
    """Tends replicas, one at a time, in the caller's thread or one of its own."""

    def __init__(self, engine: Engine, flat_limit: int = FLAT_LIMIT) -> None:
        self._engine = engine
        self._limit = flat_limit
        self._gave_up: dict[tuple[str, str], int] = {}
        self._working = threading.Lock()
        self._begun = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def due(self, replica: Replica) -> Due | None:
        """Tell what an index needs, if anything."""
        index, count = replica.index, len(replica)
        if index.exact:
            least = self._limit
            if (gave_up := self._gave_up.get((replica.library, replica.embedder))) is not None:
                least = int(_AGAIN * gave_up)
            return "grow" if count > least else "compact" if index.dead_share > _DEAD else None
        if count < self._limit // 2:
            return "shrink"
        if index.dead_share > _DEAD:
            return "compact"
        return "check" if replica.unchecked > _CHANGED * count else None

    def begin(self, replica: Replica) -> None:
        """Tend an index in the background if it needs it and none is being tended."""
        if self.due(replica) is None or self._closing.is_set():
            return
        with self._begun:
            if self._thread is not None and self._thread.is_alive():
                return
            self._thread = threading.Thread(
                target=self._quietly, args=(replica,), name="index-upkeep", daemon=True
            )
            self._thread.start()

    def tend(self, replica: Replica) -> None:
        """Do what an index needs; returns when it is done."""
        with self._working:
            due = self.due(replica)
            if due in ("shrink", "compact") and (due == "shrink" or replica.index.exact):
                replica.rebuild(self._engine)
            elif due in ("grow", "compact") or (due == "check" and not self._check(replica)):
                self._grow(replica)

    def close(self) -> None:
        """Give up what is under work."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _quietly(self, replica: Replica) -> None:
        try:
            self.tend(replica)
        except Stopped:
            log.info("building the index of %s was given up: closing", replica.library)
        except Exception:  # searches go on with the index there is
            log.exception("the index of %s could not be tended", replica.library)

    def _grow(self, replica: Replica) -> None:
        """Fill an approximate index, and switch to the first kind whose recall is enough."""
        for kind in CANDIDATES:
            index, cursor, exact = self._fill(replica, kind)
            recall = tune(index, *exact)
            log.info("%s: %s has a recall of %.3f", replica.library, kind, recall)
            if recall >= TARGET:
                replica.adopt(self._engine, index, cursor)
                self._gave_up.pop((replica.library, replica.embedder), None)
                return
        self._gave_up[replica.library, replica.embedder] = len(replica)
        log.warning("no approximate index of %s finds enough: it stays exact", replica.library)
        if not replica.index.exact:
            replica.rebuild(self._engine)

    def _check(self, replica: Replica) -> bool:
        """Measure the recall again; False when no effort gives enough."""
        queries = self._queries(replica)
        best = Exact(queries)
        for block in self._blocks(replica):
            best.see(block)
        recall = tune(replica.index, queries, best.ids)
        replica.unchecked = 0
        return recall >= TARGET

    def _fill(self, replica: Replica, kind: str) -> tuple[VectorIndex, Cursor, Truth]:
        """Fill an index from SQL; also return queries and what exact search finds for them."""
        with reading(self._engine) as connection:
            deletion = sql.last_deletion(connection, replica.library)
            count = sql.count(connection, replica.library, replica.embedder)
        sample = self._sample(replica, _TRAINING)
        index = VectorIndex(replica.dim, kind, sample, expected=count)
        queries = self._queries(replica)
        best, last = Exact(queries), 0
        for block in self._blocks(replica):
            index.add(block.ids, block.vectors, block.owners)
            best.see(block)
            last = int(block.ids[-1])
        return index, Cursor(last, deletion), (queries, best.ids)

    def _blocks(self, replica: Replica) -> Iterator[sql.VectorBlock]:
        """Yield all vectors in SQL, each block in a short transaction of its own."""
        after = 0
        while True:
            if self._closing.is_set():
                raise Stopped
            with reading(self._engine) as connection:
                block = next(
                    sql.blocks_after(
                        connection, replica.library, replica.embedder, replica.dim, after
                    ),
                    None,
                )
            if block is None:
                return
            yield block
            after = int(block.ids[-1])

    def _sample(self, replica: Replica, most: int) -> Vectors:
        ids = replica.index.ids()
        if len(ids) > most:
            ids = np.sort(np.random.default_rng(0).choice(ids, most, replace=False))
        found = []
        for some in np.array_split(ids, max(1, len(ids) // 10_000)):
            with reading(self._engine) as connection:
                found.append(
                    sql.by_id(connection, replica.library, replica.embedder, replica.dim, some)[1]
                )
        return np.concatenate(found)

    def _queries(self, replica: Replica) -> Vectors:
        """Return recent queries, and stored vectors with noise to make up the number."""
        asked = list(replica.recent)[-_QUERIES // 2 :]
        stored = self._sample(replica, _QUERIES - len(asked))
        noise = np.random.default_rng(1).normal(size=stored.shape).astype(np.float32)
        noise *= _NOISE / np.linalg.norm(noise, axis=1, keepdims=True)
        made = stored + noise
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        return np.concatenate([*(query[None] for query in asked), made]).astype(np.float32)


class Exact:
    """Finds the ten nearest to queries among vectors that pass by in blocks."""

    def __init__(self, queries: Vectors) -> None:
        self._queries = queries
        self.ids = np.full((len(queries), _K), -1, np.int64)
        self._scores = np.full((len(queries), _K), -np.inf, np.float32)

    def see(self, block: sql.VectorBlock) -> None:
        """Take the vectors of a block into account."""
        scores = np.concatenate([self._scores, self._queries @ block.vectors.T], axis=1)
        ids = np.concatenate(
            [self.ids, np.broadcast_to(block.ids, (len(self.ids), len(block.ids)))], axis=1
        )
        best = np.argpartition(-scores, _K - 1, axis=1)[:, :_K]
        self._scores = np.take_along_axis(scores, best, axis=1)
        self.ids = np.take_along_axis(ids, best, axis=1)


def tune(index: VectorIndex, queries: Vectors, exact: sql.Ids) -> float:
    """Raise the effort of an index until its recall is enough; return and note the recall."""
    found = 0.0
    for effort in index.efforts:
        index.effort = effort
        found = recall(index, queries, exact)
        if found >= TARGET:
            break
    index.recall = found
    return found


def recall(index: VectorIndex, queries: Vectors, exact: sql.Ids) -> float:
    """Return the share of the exact results [n, 10] that an index finds too."""
    shares = [
        np.isin(wanted[wanted >= 0], index.search(query, _K).ids).mean()
        for query, wanted in zip(queries, exact, strict=True)
    ]
    return float(np.mean(shares))
