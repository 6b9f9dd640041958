"""Keeps the vector indexes of each library in step with SQL, which is the truth.

One index per library and embedder, in memory. Before a search the library's generation is read;
when it moved, new vectors (ids above the last seen) are added and the deletion log is replayed,
inside one snapshot of the database, and the number of vectors is compared. Whenever anything
disagrees the index is rebuilt from SQL. Snapshots on disk only make the start faster.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

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


class Replica:
    """The index of one library and embedder, and how far in SQL it has come."""

    index: VectorIndex
    generation: int | None
    _last_vector: int
    _last_deletion: int
    _changes: int
    _ids: NDArray[np.int64]
    _owners: NDArray[np.int64]
    _owner_set: NDArray[np.int64]
    _sample: NDArray[np.float32]

    def __init__(self, library: str, embedder: str, dim: int, folder: Path, kind: str) -> None:
        self.library = library
        self.embedder = embedder
        self.dim = dim
        self._folder = folder
        self._kind = kind
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
            if len(self.index) != sql.count(connection, self.library, self.embedder):
                log.warning("index of %s/%s disagrees with SQL", self.library, self.embedder)
                self._rebuild(connection)
            self.generation = generation

    def rebuild(self, engine: Engine) -> None:
        """Build the index anew from SQL and replace the snapshot."""
        with self._lock, reading(engine) as connection:
            generation = sql.generation(connection, self.library)
            self._rebuild(connection)
            self.generation = generation
        self.save()

    def search(self, query: NDArray[np.float32], k: int, assets: sql.Ids | None = None) -> Hits:
        """Return the nearest vectors to a query [dim], exactly; ``assets`` restricts the owners."""
        allowed = None
        if assets is not None:
            ids, owners = self._ids, self._owners
            allowed = ids[np.isin(owners, assets)]
        return self.index.search(query, k, allowed)

    def owners(self) -> sql.Ids:
        """Return the assets that have a vector here, ascending."""
        return self._owner_set

    def scores(self, query: NDArray[np.float32], ids: sql.Ids) -> dict[int, float]:
        """Return the cosines of a query to single vectors; ids that are gone are left out."""
        ids = ids[np.isin(ids, self._ids)]
        if not len(ids):
            return {}
        try:
            values = self.index.vectors(ids) @ query
        except KeyError:
            return {}  # removed by another thread since
        return dict(zip(ids.tolist(), values.tolist(), strict=True))

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
                "last_vector": self._last_vector,
                "last_deletion": self._last_deletion,
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
        self.index = VectorIndex(self.dim, self._kind)
        self.generation = None
        self._last_vector = 0
        self._last_deletion = 0
        self._changes = 0
        self._ids = np.empty(0, np.int64)
        self._owners = np.empty(0, np.int64)
        self._owner_set = np.empty(0, np.int64)
        self._sample = np.empty((0, self.dim), np.float32)

    def _load(self, connection: Connection, generation: int) -> None:
        """Start from the snapshot if it is whole and does not contradict SQL."""
        try:
            found = VectorIndex.load(self._folder, self.dim, self._kind)
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
        self._last_vector = int(state["last_vector"])
        self._last_deletion = int(state["last_deletion"])

    def _probe(self, connection: Connection, index: VectorIndex) -> bool:
        """Compare some vectors with SQL: a restored database may have used the ids again."""
        ids = index.ids()
        if not len(ids):
            return True
        picks = ids[np.unique(np.linspace(0, len(ids) - 1, _PROBES).astype(int))]
        found, vectors = sql.by_id(connection, self.library, self.embedder, self.dim, picks)
        return bool(np.allclose(index.vectors(found), vectors, atol=1e-6))

    def _follow(self, connection: Connection) -> None:
        last_deletion = sql.last_deletion(connection, self.library)
        deleted = sql.deleted_since(connection, self.library, self._last_deletion)
        for block in sql.blocks_after(
            connection, self.library, self.embedder, self.dim, self._last_vector
        ):
            self.index.add(block.ids, block.vectors)
            self._last_vector = int(block.ids[-1])
            self._changes += len(block.ids)
        self._changes += self.index.remove(deleted)
        self._last_deletion = last_deletion
        self._ids, self._owners = sql.ids_and_owners(connection, self.library, self.embedder)
        self._owner_set = np.unique(self._owners)
        self._resample()

    def _rebuild(self, connection: Connection) -> None:
        self._reset()
        self._follow(connection)
        self._changes = max(self._changes, 1)

    def _resample(self) -> None:
        ids = self._ids
        if not len(ids) or len(self.index) != len(ids):
            return
        if len(ids) > _SAMPLE:
            ids = ids[np.linspace(0, len(ids) - 1, _SAMPLE).astype(int)]
        self._sample = self.index.vectors(ids)


class Indexer:
    """All replicas of one process. ``folder`` is the home's ``index`` folder."""

    def __init__(self, engine: Engine, folder: Path, kind: str = "flat") -> None:
        self._engine = engine
        self._folder = folder
        self._kind = kind
        self._replicas: dict[tuple[str, str], Replica] = {}
        self._lock = threading.Lock()

    def replica(self, library: str, embedder: str, dim: int) -> Replica:
        """Return the index of a library and embedder, brought in step with SQL."""
        replica = self._open(library, embedder, dim)
        replica.sync(self._engine)
        return replica

    def rebuild(self, library: str, embedder: str, dim: int) -> None:
        """Throw the index away, in memory and on disk, and build it from SQL."""
        self._open(library, embedder, dim).rebuild(self._engine)

    def save(self, library: str) -> None:
        """Write snapshots of a library's indexes that grew; to be called after a job."""
        for (owner, _), replica in list(self._replicas.items()):
            if owner == library:
                replica.sync(self._engine)
                replica.save_if_grown()

    def close(self) -> None:
        """Write snapshots of what changed."""
        for replica in list(self._replicas.values()):
            replica.save()

    def snapshot_folder(self, library: str, embedder: str) -> Path:
        """Return where the snapshot of an index lies."""
        return self._folder / _file_name(library) / _file_name(embedder)

    def snapshots(self) -> list[Path]:
        """Return the folders of all snapshots on disk."""
        return sorted(path for path in self._folder.glob("*/*") if path.is_dir())

    def _open(self, library: str, embedder: str, dim: int) -> Replica:
        with self._lock:
            key = (library, embedder)
            if key not in self._replicas:
                folder = self.snapshot_folder(library, embedder)
                self._replicas[key] = Replica(library, embedder, dim, folder, self._kind)
            return self._replicas[key]


def _file_name(name: Any) -> str:
    """Return a name that is one folder, whatever characters it has."""
    return quote(str(name), safe="").replace(".", "%2E")
