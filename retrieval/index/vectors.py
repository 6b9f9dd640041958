"""A vector index of any kind under one contract. Knows ids, owners and vectors, nothing of SQL.

Vectors are unit length, so the inner product is the cosine. Every vector has an id and an owner
(the file it is of); searches can be restricted by owner and then give only such vectors, as many
as are asked for while there are any, whatever the kind.

FAISS is given positions only, counted from 0; which id a position stands for is kept here. So an
id cannot be there twice (FAISS takes doubles without a word), removing works for kinds that
cannot remove, and a filter is a bit a position. FAISS allows concurrent searches but no search
beside a change; a lock sees to that.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from retrieval.errors import IndexDamaged
from retrieval.index import snapshot
from retrieval.index.kinds import KINDS, Vectors, available, faiss, selector
from retrieval.index.locks import ReadWriteLock
from retrieval.index.rows import Ids, Mask, Rows

_DIRECT = 4096  # so few allowed vectors are compared one by one: exact, and quicker
_BLOCK = 65_536
_SPARE = 1.3


class Hits(NamedTuple):
    """Search results, best first: ids [k] and cosines [k]; fewer than asked when there are."""

    ids: Ids
    scores: Vectors


_NOTHING = Hits(np.empty(0, np.int64), np.empty(0, np.float32))


class VectorIndex:
    """Unit vectors under int64 ids; any number of threads may search while none changes it.

    Args:
        dim: numbers in a vector.
        kind: a name in ``KINDS``.
        sample: vectors [n, dim] to learn from, for kinds that must.
        expected: how many vectors will come, about.
    """

    def __init__(
        self, dim: int, kind: str = "flat", sample: Vectors | None = None, expected: int = 0
    ) -> None:
        self.dim = dim
        self.kind = kind
        self.recall: float | None = None
        self._how = KINDS[kind]
        self.efforts = self._how.efforts
        self.exact = self._how.exact
        self.effort = self.efforts[0] if self.efforts else 0
        self._lock = ReadWriteLock()
        seen = np.empty((0, dim), np.float32) if sample is None else _floats(sample)
        self._index = self._how.make(dim, seen, expected)
        self._rows = Rows.empty()

    def __len__(self) -> int:
        return len(self._rows.known)

    @property
    def dead_share(self) -> float:
        """Return the share of positions whose vectors are removed but still take room."""
        return 1.0 - len(self) / len(self._rows) if len(self._rows) else 0.0

    def ids(self) -> Ids:
        """Return all ids, ascending."""
        with self._lock.reading():
            return self._rows.known.copy()

    def add(self, ids: Ids, vectors: Vectors, owners: Ids | None = None) -> None:
        """Add vectors [n, dim]; an id that is there already is replaced.

        Args:
            owners: what each vector is of; without, each is its own owner.
        """
        if vectors.shape != (len(ids), self.dim):
            raise ValueError(f"expected [{len(ids)}, {self.dim}], got {vectors.shape}")
        if not len(ids):
            return
        ids = np.asarray(ids, np.int64)
        owners = ids if owners is None else np.asarray(owners, np.int64)
        _, last = np.unique(ids[::-1], return_index=True)
        once = np.sort(len(ids) - 1 - last)  # of an id given twice the later vector counts
        with self._lock.writing():
            self._remove(ids)
            self._how.add(self._index, _floats(vectors[once]), len(self._rows))
            self._rows = self._rows.extended(ids[once], owners[once])

    def remove(self, ids: Ids) -> int:
        """Remove ids, unknown ones ignored; returns how many were there."""
        if not len(ids):
            return 0
        with self._lock.writing():
            return self._remove(np.unique(np.asarray(ids, np.int64)))

    def search(
        self, query: Vectors, k: int, among: Ids | None = None, but: Ids | None = None
    ) -> Hits:
        """Return the ``k`` nearest to one query [dim].

        Args:
            among: only vectors of these owners.
            but: no vectors of these owners.
        """
        row = _floats(query).reshape(1, self.dim)
        with self._lock.reading():
            mask = self._rows.mask(among, but)
            count = len(self) if mask is None else int(np.count_nonzero(mask))
            k = min(k, count)
            if k <= 0:
                return _NOTHING
            if mask is not None and count <= max(_DIRECT, k):
                return self._direct(row, k, mask)
            if self._how.selects:
                return self._selecting(row, k, mask, count)
            return self._sifting(row, k, mask, count)

    def scores(self, query: Vectors, ids: Ids) -> Hits:
        """Return the cosines of a query [dim] to those of ``ids`` that are there."""
        with self._lock.reading():
            positions = self._rows.positions(np.unique(np.asarray(ids, np.int64)))
            positions = positions[positions >= 0]
            if not len(positions):
                return _NOTHING
            cosines = self._how.vectors(self._index, positions) @ _floats(query)
            return Hits(self._rows.ids[positions], cosines)

    def vectors(self, ids: Ids) -> Vectors:
        """Return the vectors of ids that are there, [n, dim], as the kind keeps them.

        Raises:
            KeyError: an id is not there.
        """
        with self._lock.reading():
            positions = self._rows.positions(np.asarray(ids, np.int64))
            if (positions < 0).any():
                raise KeyError(int(np.asarray(ids)[positions < 0][0]))
            if not len(positions):
                return np.empty((0, self.dim), np.float32)
            return self._how.vectors(self._index, positions)

    def save(self, folder: Path, state: dict[str, Any]) -> None:
        """Write a snapshot, which replaces the one before at once.

        Args:
            state: what the owner must know to follow on from here (plain JSON).

        Raises:
            DiskFull, HomeError: it could not be written; the snapshot before it still stands.
        """
        with self._lock.reading():
            whole = self._how.to_disk(self._index)
            facts = {
                "kind": self.kind,
                "dim": self.dim,
                "vectors": len(self),
                "effort": self.effort,
                "recall": self.recall,
                "state": state,
            }
            snapshot.write(
                folder,
                {
                    "vectors": lambda path: faiss().write_index(whole, str(path)),
                    "rows": self._rows.write,
                },
                facts,
            )

    @classmethod
    def load(cls, folder: Path, dim: int) -> tuple[VectorIndex, dict[str, Any]] | None:
        """Read a snapshot back with its state; None when there is none that fits.

        Raises:
            IndexDamaged: a file is missing, cut off or changed.
        """
        found = snapshot.read(folder)
        if found is None:
            return None
        manifest, files = found
        try:
            kind = manifest["kind"]
            if manifest["dim"] != dim or kind not in KINDS or not available(kind):
                return None
            index = cls.__new__(cls)
            index.dim, index.kind, index._how = dim, kind, KINDS[kind]
            index.efforts, index.exact = index._how.efforts, index._how.exact
            index.effort, index.recall = int(manifest["effort"]), manifest["recall"]
            index._lock = ReadWriteLock()
            index._index = index._how.from_disk(faiss().read_index(str(files["vectors"])))
            index._rows = Rows.read(files["rows"])
            if len(index) != manifest["vectors"]:
                raise IndexDamaged(path=folder)
            return index, dict(manifest["state"])
        except (OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise IndexDamaged(path=folder) from error

    def _remove(self, ids: Ids) -> int:
        positions = self._rows.positions(ids)
        positions = positions[positions >= 0]
        if not len(positions):
            return 0
        dead = np.zeros(len(self._rows), np.bool_)
        dead[positions] = True
        self._rows = self._rows.without(dead, closed=self._how.remove(self._index, dead))
        return int(np.count_nonzero(dead))

    # --- ways to search; all under the reading lock --------------------------------------------

    def _direct(self, row: Vectors, k: int, mask: Mask) -> Hits:
        """Compare with each allowed vector."""
        best_at, best = np.empty(0, np.int64), np.empty(0, np.float32)
        allowed = np.flatnonzero(mask)
        for start in range(0, len(allowed), _BLOCK):
            positions = allowed[start : start + _BLOCK]
            scores = self._how.vectors(self._index, positions) @ row[0]
            best_at = np.concatenate([best_at, positions])
            best = np.concatenate([best, scores])
            order = np.argsort(-best, kind="stable")[:k]
            best_at, best = best_at[order], best[order]
        return Hits(self._rows.ids[best_at], best)

    def _selecting(self, row: Vectors, k: int, mask: Mask | None, count: int) -> Hits:
        """Let FAISS pass over what is not allowed; look wider until ``k`` are found."""
        how, chosen = self._how, None if mask is None else selector(mask)
        effort = how.effort(self._index, self.effort, count / len(self._rows))
        widest = how.widest(self._index)
        while True:
            parameters = how.parameters(self._index, effort, chosen)
            scores, positions = self._index.search(row, k, params=parameters)
            found = positions[0] >= 0
            if found.all() or effort >= widest:
                return Hits(self._rows.ids[positions[0][found]], scores[0][found])
            effort = min(2 * effort, widest)

    def _sifting(self, row: Vectors, k: int, mask: Mask | None, count: int) -> Hits:
        """Ask for more and drop what is not allowed; one by one when that does not do."""
        want = k if mask is None else math.ceil(_SPARE * k * len(self._rows) / count) + k
        while want <= self._how.most:
            parameters = self._how.parameters(self._index, self.effort, None)
            scores, positions = self._index.search(
                row, min(want, len(self._rows)), params=parameters
            )
            fits = positions[0] >= 0
            if mask is not None:
                fits &= mask[positions[0]]
            if np.count_nonzero(fits) >= k:
                at = positions[0][fits][:k]
                return Hits(self._rows.ids[at], scores[0][fits][:k])
            if want >= len(self._rows):
                break
            want *= 2
        return self._direct(row, k, self._rows.alive if mask is None else mask)


def set_threads(threads: int) -> None:
    """Set how many CPU threads FAISS uses, for the whole process."""
    faiss().omp_set_num_threads(threads)


def _floats(vectors: Vectors) -> Vectors:
    return np.ascontiguousarray(vectors, dtype=np.float32)
