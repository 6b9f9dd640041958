"""The vector index of one library and embedder, following SQL, which is the truth.

Before a search the library's generation is read; when it moved, new vectors (ids above the last
seen) are added and the deletion log is replayed, inside one snapshot of the database, and the
number of vectors is compared. Whenever anything disagrees the index is rebuilt from SQL. The
snapshot on disk only makes the start faster.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine

from retrieval.catalog import vectors as sql
from retrieval.catalog.transactions import reading
from retrieval.errors import IndexDamaged, SightlineError
from retrieval.index import Hits, VectorIndex

log = logging.getLogger(__name__)

_SAMPLE = 1024
_PROBES = 64
_SAVE_AFTER = 1000
_RECENT = 64


class Cursor(NamedTuple):
    """How far in SQL an index has come: the last vector and the last deletion it has seen."""

    vector: int = 0
    deletion: int = 0


class Replica:
    """The index of one library and embedder; any thread.

    ``recent`` holds the last queries, which the self-check uses; ``unchecked`` counts changes
    since the recall was measured last.
    """

    index: VectorIndex
    generation: int | None
    unchecked: int
    _cursor: Cursor
    _changes: int
    _sample: NDArray[np.float32]

    def __init__(self, library: str, embedder: str, dim: int, folder: Path) -> None:
        self.library = library
        self.embedder = embedder
        self.dim = dim
        self.recent: deque[NDArray[np.float32]] = deque(maxlen=_RECENT)
        self._folder = folder
        self._lock = threading.Lock()
        self._reset()

    def __len__(self) -> int:
        return len(self.index)

    def sync(self, engine: Engine) -> None:
        """Follow SQL; cheap when nothing changed."""
        with self._lock, reading(engine) as connection:
            generation = sql.generation(connection, self.library)
            if generation == self.generation:
                return
            if self.generation is None:
                self._load(connection, generation)
            self._follow(connection)
            self._compare(connection)
            self.generation = generation

    def rebuild(self, engine: Engine) -> None:
        """Build the index anew from SQL, exact, and replace the snapshot."""
        with self._lock, reading(engine) as connection:
            generation = sql.generation(connection, self.library)
            self._rebuild(connection)
            self.generation = generation
        self.save()

    def adopt(self, engine: Engine, index: VectorIndex, cursor: Cursor) -> None:
        """Go on with an index that was filled elsewhere as far as ``cursor``."""
        with self._lock, reading(engine) as connection:
            generation = sql.generation(connection, self.library)
            self._reset()
            self.index, self._cursor, self._changes = index, cursor, len(index)
            self._follow(connection)
            self.unchecked = 0
            self._compare(connection)
            self.generation = generation
        self.save()

    def search(
        self,
        query: NDArray[np.float32],
        k: int,
        among: sql.Ids | None = None,
        but: sql.Ids | None = None,
    ) -> Hits:
        """Return the vectors nearest to a query [dim]: of the assets ``among``, none of ``but``."""
        self.recent.append(query)
        return self.index.search(query, k, among, but)

    def scores(self, query: NDArray[np.float32], ids: sql.Ids) -> dict[int, float]:
        """Return the cosines of a query to single vectors; ids that are gone are left out."""
        found = self.index.scores(query, ids)
        return dict(zip(found.ids.tolist(), found.scores.tolist(), strict=True))

    def vectors(self, ids: sql.Ids) -> NDArray[np.float32] | None:
        """Return the vectors [n, dim] of results; None when one was removed meanwhile."""
        try:
            return self.index.vectors(ids)
        except KeyError:
            return None

    def pool(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the cosines [<=1024] of a query to an even sample of all vectors."""
        scores: NDArray[np.float32] = self._sample @ query
        return scores

    def save(self, *, if_changed: int = 1) -> None:
        """Write a snapshot when at least ``if_changed`` vectors changed since the last.

        A failure is only logged: a snapshot is not needed.
        """
        with self._lock:
            if self.generation is None or self._changes < if_changed:
                return
            state = {
                "embedder": self.embedder,
                "generation": self.generation,
                "last_vector": self._cursor.vector,
                "last_deletion": self._cursor.deletion,
                "unchecked": self.unchecked,
            }
            try:
                self.index.save(self._folder, state)
                self._changes = 0
            except SightlineError as error:
                log.warning("index snapshot not written: %s", error)

    def save_if_grown(self) -> None:
        """Write a snapshot when it is worth it: a tenth of the index, at least a thousand."""
        self.save(if_changed=max(_SAVE_AFTER, len(self.index) // 10))

    def _reset(self) -> None:
        self.index = VectorIndex(self.dim)
        self.generation = None
        self.unchecked = 0
        self._cursor = Cursor()
        self._changes = 0
        self._sample = np.empty((0, self.dim), np.float32)

    def _load(self, connection: Connection, generation: int) -> None:
        """Start from the snapshot if it is whole and does not contradict SQL."""
        try:
            found = VectorIndex.load(self._folder, self.dim)
        except IndexDamaged as error:
            log.warning("%s", error)
            return
        if found is None or found[1].get("embedder") != self.embedder:
            return
        index, state = found
        if state["generation"] > generation or not self._probe(connection, index):
            log.warning("index snapshot in %s is of another database", self._folder)
            return
        self.index = index
        self.unchecked = int(state.get("unchecked", 0))
        self._cursor = Cursor(int(state["last_vector"]), int(state["last_deletion"]))

    def _probe(self, connection: Connection, index: VectorIndex) -> bool:
        """Compare some vectors with SQL: a restored database may have used the ids again."""
        ids = index.ids()
        if not len(ids):
            return True
        picks = ids[np.unique(np.linspace(0, len(ids) - 1, _PROBES).astype(int))]
        found, vectors = sql.by_id(connection, self.library, self.embedder, self.dim, picks)
        return alike(index, index.vectors(found), vectors)

    def _follow(self, connection: Connection) -> None:
        last_deletion = sql.last_deletion(connection, self.library)
        deleted = sql.deleted_since(connection, self.library, self._cursor.deletion)
        last, changed = self._cursor.vector, 0
        for block in sql.blocks_after(
            connection, self.library, self.embedder, self.dim, self._cursor.vector
        ):
            self.index.add(block.ids, block.vectors, block.owners)
            last = int(block.ids[-1])
            changed += len(block.ids)
        changed += self.index.remove(deleted)
        self._cursor = Cursor(last, last_deletion)
        self._changes += changed
        self.unchecked += changed
        if changed or not len(self._sample):
            self._resample()

    def _compare(self, connection: Connection) -> None:
        if len(self.index) != sql.count(connection, self.library, self.embedder):
            log.warning("index of %s/%s disagrees with SQL", self.library, self.embedder)
            self._rebuild(connection)

    def _rebuild(self, connection: Connection) -> None:
        self._reset()
        self._follow(connection)
        self._changes = max(self._changes, 1)

    def _resample(self) -> None:
        ids = self.index.ids()
        if len(ids) > _SAMPLE:
            ids = ids[np.linspace(0, len(ids) - 1, _SAMPLE).astype(int)]
        self._sample = self.index.vectors(ids)


def alike(index: VectorIndex, found: NDArray[np.float32], stored: NDArray[np.float32]) -> bool:
    """Tell whether vectors of an index [n, dim] are those of SQL, as exactly as its kind keeps."""
    if index.exact:
        return bool(np.allclose(found, stored, atol=1e-6))
    return bool(((found * stored).sum(axis=1) > _SAME).all())


_SAME = 0.95
"""Cosine of a unit vector and its copy in one byte a number; those of two photos are far lower."""
