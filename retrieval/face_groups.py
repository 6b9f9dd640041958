"""Which faces are one person's: average linkage, with the owner's names kept apart.

Bottom-up clustering in which two groups are as far apart as their faces are on average (UPGMA:
Sokal and Michener, "A statistical method for evaluating systematic relationships", 1958), here
over squared distances, whose average follows from each group's mean and spread alone. Groups that
the owner gave different names are never joined. Knows numbers only: no SQL, no pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.face_vectors import SAME, Vectors


@dataclass(frozen=True)
class Cluster:
    """Faces that are one person's: how many, the sum of their vectors [dim], of their squares.

    ``group`` is the stored group they are, None for faces that are new; ``named`` by the owner.
    """

    count: int
    total: Vectors
    squares: float
    group: int | None = None
    named: bool = False

    @classmethod
    def of(cls, vectors: Vectors, group: int | None = None, named: bool = False) -> Cluster:
        """Sum up the faces [n, dim] of one group."""
        return cls(len(vectors), vectors.sum(0), float((vectors**2).sum()), group, named)


def distance(group: Cluster, face: Vectors) -> float:
    """Return how far a face [dim] is from those of a group: the root of the mean square."""
    squares = group.squares / group.count + float(face @ face)
    return float(max(0.0, squares - 2 * float(group.total @ face) / group.count) ** 0.5)


def join_new(groups: Sequence[Cluster], new: Vectors, limit: float = SAME) -> list[list[int]]:
    """Tell which new faces [n, dim] belong together, and with which group.

    The nearest pair is joined first, until none is nearer than ``limit`` on average. Pairs of
    groups that were there before are joined only when a new face brings them together.

    Returns:
        Sets of members; below ``len(groups)`` a number is a group, above it a new face. Groups
        to which nothing came are not among them.
    """
    known = len(groups)
    singles = [Cluster.of(vector[None]) for vector in new]
    state = _State([*groups, *singles], known)
    while (pair := state.nearest(limit**2)) is not None:
        state.join(*pair)
    return state.members()


class _State:
    """Distances of every cluster that is new or has changed (rows) to all (columns)."""

    def __init__(self, clusters: Sequence[Cluster], known: int) -> None:
        count = len(clusters)
        self._sizes = np.array([c.count for c in clusters], np.float64)
        self._means = np.array([c.total / c.count for c in clusters], np.float64)
        self._squares = np.array([c.squares / c.count for c in clusters], np.float64)
        self._named = np.array([c.named for c in clusters], bool)
        self._alive = np.ones(count, bool)
        self._members = [[n] for n in range(count)]
        self._row_of = {n: n - known for n in range(known, count)}
        self._cluster = list(range(known, count))
        self._far = np.array([self._distances(n) for n in self._cluster]).reshape(-1, count)

    def nearest(self, limit: float) -> tuple[int, int] | None:
        """Return the nearest pair of clusters below a squared distance, the row's first."""
        if not self._far.size:
            return None
        row, column = divmod(int(self._far.argmin()), self._far.shape[1])
        return (self._cluster[row], column) if self._far[row, column] < limit else None

    def join(self, one: int, other: int) -> None:
        """Make one cluster of two, under the lower number: a group's, if one of them is one."""
        keep, gone = sorted((one, other))
        a, b = self._sizes[keep], self._sizes[gone]
        self._means[keep] = (a * self._means[keep] + b * self._means[gone]) / (a + b)
        self._squares[keep] = (a * self._squares[keep] + b * self._squares[gone]) / (a + b)
        self._sizes[keep] = a + b
        self._named[keep] |= self._named[gone]
        self._members[keep] += self._members[gone]
        self._alive[gone] = False
        rows = [r for n in (keep, gone) if (r := self._row_of.pop(n, None)) is not None]
        row = rows[0]  # one of a pair always has a row
        for spare in rows[1:]:
            self._far[spare], self._cluster[spare] = np.inf, -1
        self._row_of[keep], self._cluster[row] = row, keep
        self._far[:, gone] = np.inf
        self._far[row] = self._distances(keep)
        for n, r in self._row_of.items():
            self._far[r, keep] = self._far[row, n]

    def members(self) -> list[list[int]]:
        """Return the members of every cluster that is new or has changed."""
        return [sorted(self._members[n]) for n in sorted(self._row_of)]

    def _distances(self, n: int) -> NDArray[np.float64]:
        """Return the mean squared distance of a cluster's faces to those of every other."""
        far: NDArray[np.float64] = (
            self._squares + self._squares[n] - 2.0 * (self._means @ self._means[n])
        )
        far[~self._alive] = np.inf
        if self._named[n]:
            far[self._named] = np.inf
        far[n] = np.inf
        return far
