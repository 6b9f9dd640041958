"""Vector indexes: the only file that imports FAISS. Knows ids and vectors, nothing of SQL.

Vectors are unit length, so the inner product is the cosine. FAISS allows concurrent searches but
no search beside a change, and takes the same id twice without a word; both are dealt with here.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.blobs import disk_error, flush_folder
from retrieval.errors import HomeError, IndexDamaged

Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]
FORMAT = 1
_MANIFEST = "manifest.json"


class Hits(NamedTuple):
    """Search results, best first: ids [k] and cosines [k]; fewer than asked when there are."""

    ids: Ids
    scores: Vectors


def _flat(dim: int) -> Any:
    return _faiss().IndexIDMap2(_faiss().IndexFlatIP(dim))


KINDS: dict[str, Callable[[int], Any]] = {"flat": _flat}
"""Index kinds by name. Flat is exact, removes and filters, and is fast enough to 200k vectors."""


class VectorIndex:
    """Unit vectors under int64 ids; any number of threads may search while none changes it."""

    def __init__(self, dim: int, kind: str = "flat") -> None:
        self.dim = dim
        self.kind = kind
        self._lock = ReadWriteLock()
        self._index = KINDS[kind](dim)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def ids(self) -> Ids:
        """Return all ids, ascending."""
        with self._lock.reading():
            return np.sort(_faiss().vector_to_array(self._index.id_map)).astype(np.int64)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors [n, dim]; an id that is there already is replaced."""
        if not len(ids):
            return
        if vectors.shape != (len(ids), self.dim):
            raise ValueError(f"expected [{len(ids)}, {self.dim}], got {vectors.shape}")
        ids = np.ascontiguousarray(ids, dtype=np.int64)
        with self._lock.writing():
            if len(self):
                self._index.remove_ids(_faiss().IDSelectorBatch(ids))
            self._index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), ids)

    def remove(self, ids: Ids) -> int:
        """Remove ids, unknown ones ignored; returns how many were there."""
        if not len(ids):
            return 0
        with self._lock.writing():
            selector = _faiss().IDSelectorBatch(np.ascontiguousarray(ids, dtype=np.int64))
            return int(self._index.remove_ids(selector))

    def search(self, query: Vectors, k: int, allowed: Ids | None = None) -> Hits:
        """Return the ``k`` nearest to one query [dim], exactly, among ``allowed`` ids if given."""
        with self._lock.reading():
            k = min(k, len(self) if allowed is None else len(allowed))
            if k <= 0:
                return Hits(np.empty(0, np.int64), np.empty(0, np.float32))
            parameters = None
            if allowed is not None:
                selector = _faiss().IDSelectorBatch(np.ascontiguousarray(allowed, np.int64))
                parameters = _faiss().SearchParameters(sel=selector)
            row = np.ascontiguousarray(query, dtype=np.float32).reshape(1, self.dim)
            scores, ids = self._index.search(row, k, params=parameters)
        found = ids[0] >= 0
        return Hits(ids[0][found], scores[0][found])

    def vectors(self, ids: Ids) -> Vectors:
        """Return the vectors of ids that are there, [n, dim].

        Raises:
            KeyError: an id is not there.
        """
        with self._lock.reading():
            try:
                rows = [self._index.reconstruct(int(i)) for i in ids]
            except RuntimeError as error:
                raise KeyError(str(error)) from error
        return np.array(rows, dtype=np.float32).reshape(-1, self.dim)

    def save(self, folder: Path, state: dict[str, Any]) -> None:
        """Write a snapshot: a new file, then a manifest that names it, then the old file goes.

        Args:
            state: what the owner must know to follow on from here (plain JSON).

        Raises:
            DiskFull, HomeError: it could not be written; the snapshot before it still stands.
        """
        name = f"vectors-{uuid.uuid4().hex[:12]}.faiss"
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with self._lock.reading():
                _faiss().write_index(self._index, str(path))
                manifest = {
                    "format": FORMAT,
                    "kind": self.kind,
                    "dim": self.dim,
                    "ntotal": len(self),
                    "file": name,
                    "sha256": _seal(path),
                    "state": state,
                }
            _replace(folder / _MANIFEST, json.dumps(manifest, indent=1).encode())
        except (OSError, RuntimeError) as error:
            path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise disk_error(error, path) from error
            raise HomeError(path=path, detail=str(error).splitlines()[0]) from error
        for old in folder.glob("vectors-*.faiss"):
            if old.name != name:
                old.unlink(missing_ok=True)

    @classmethod
    def load(cls, folder: Path, dim: int, kind: str) -> tuple[VectorIndex, dict[str, Any]] | None:
        """Read a snapshot back with its state; None when there is none or it is of another kind.

        Raises:
            IndexDamaged: a file is missing, cut off or changed.
        """
        try:
            manifest = json.loads((folder / _MANIFEST).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise IndexDamaged(path=folder / _MANIFEST) from error
        try:
            if (manifest["format"], manifest["dim"], manifest["kind"]) != (FORMAT, dim, kind):
                return None
            path = folder / Path(manifest["file"]).name
            with path.open("rb") as source:
                found = hashlib.file_digest(source, "sha256").hexdigest()
            if found != manifest["sha256"]:
                raise IndexDamaged(path=path)
            index = cls.__new__(cls)
            index.dim, index.kind, index._lock = dim, kind, ReadWriteLock()
            index._index = _faiss().read_index(str(path))
            if len(index) != manifest["ntotal"]:
                raise IndexDamaged(path=path)
            return index, dict(manifest["state"])
        except (OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise IndexDamaged(path=folder) from error


class ReadWriteLock:
    """Many readers or one writer; a waiting writer holds back new readers."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._readers = 0
        self._writing = False
        self._writers_waiting = 0

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Hold the lock together with other readers."""
        with self._condition:
            self._condition.wait_for(lambda: not self._writing and not self._writers_waiting)
            self._readers += 1
        try:
            yield
        finally:
            with self._condition:
                self._readers -= 1
                self._condition.notify_all()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock alone."""
        with self._condition:
            self._writers_waiting += 1
            self._condition.wait_for(lambda: not self._writing and not self._readers)
            self._writers_waiting -= 1
            self._writing = True
        try:
            yield
        finally:
            with self._condition:
                self._writing = False
                self._condition.notify_all()


def set_threads(threads: int) -> None:
    """Set how many CPU threads FAISS uses, for the whole process."""
    _faiss().omp_set_num_threads(threads)


def _faiss() -> Any:
    import faiss

    # 1.15 raised this to 128000, so that batched flat searches lost BLAS (4 times slower)
    faiss.cvar.distance_compute_blas_threshold = 20
    return faiss


def _seal(path: Path) -> str:
    """Flush a file to the disk and return its SHA-256."""
    with path.open("rb") as source:
        os.fsync(source.fileno())
        return hashlib.file_digest(source, "sha256").hexdigest()


def _replace(path: Path, body: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        with temporary.open("wb") as out:
            out.write(body)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(path)
        flush_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
