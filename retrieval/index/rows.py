"""Which id and owner each position of an index has, and which positions are in use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Rows:
    """Ids, owners and use of positions 0..n-1; never changed, only replaced.

    Args:
        ids, owners: int64 [n].
        alive: bool [n]; False where the vector is removed but the position is still taken.
    """

    def __init__(self, ids: Ids, owners: Ids, alive: Mask) -> None:
        self.ids, self.owners, self.alive = ids, owners, alive
        there = np.arange(alive.size) if alive.all() else np.flatnonzero(alive)
        known = ids[there]
        if known.size > 1 and (known[1:] < known[:-1]).any():
            order = np.argsort(known)
            there, known = there[order], known[order]
        self._there, self.known = there, known
        self._latest: tuple[Ids, Mask] | None = None

    @classmethod
    def empty(cls) -> Rows:
        """Return none."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.bool_))

    def __len__(self) -> int:
        """Return how many positions there are, in use or not."""
        return int(self.alive.size)

    def extended(self, ids: Ids, owners: Ids) -> Rows:
        """Return rows with more positions at the end."""
        return Rows(
            np.concatenate([self.ids, ids]),
            np.concatenate([self.owners, owners]),
            np.concatenate([self.alive, np.ones(len(ids), np.bool_)]),
        )

    def without(self, dead: Mask, *, closed: bool) -> Rows:
        """Return rows without some; ``closed``: the positions after them moved down."""
        if closed:
            return Rows(self.ids[~dead], self.owners[~dead], self.alive[~dead])
        return Rows(self.ids, self.owners, self.alive & ~dead)

    def positions(self, ids: Ids) -> Ids:
        """Return where ids are, -1 for those that are not."""
        if not len(self.known):
            return np.full(len(ids), -1, np.int64)
        at = np.minimum(np.searchsorted(self.known, ids), len(self.known) - 1)
        return np.where(self.known[at] == ids, self._there[at], -1)

    def mask(self, among: Ids | None, but: Ids | None) -> Mask | None:
        """Return which positions may be found, by owner; None when all may."""
        mask = None if len(self.known) == len(self) else self.alive
        for owners, wanted in ((among, True), (but, False)):
            if owners is not None:
                listed = self._owned_by(owners)
                passing = listed if wanted else ~listed
                mask = passing if mask is None else mask & passing
        return None if mask is not None and mask.all() else mask

    def _owned_by(self, wanted: Ids) -> Mask:
        """Return which positions are of ``wanted``; kept while the same array is asked for again,
        as a library's photos are twice in every search."""
        latest = self._latest
        if latest is None or latest[0] is not wanted:
            self._latest = latest = (wanted, _listed(self.owners, wanted))
        return latest[1]

    def write(self, path: Path) -> None:
        """Write to a file."""
        np.stack([self.ids, self.owners, self.alive.astype(np.int64)]).tofile(path)

    @classmethod
    def read(cls, path: Path) -> Rows:
        """Read back what was written."""
        ids, owners, alive = np.fromfile(path, np.int64).reshape(3, -1)
        return cls(ids, owners, alive.astype(np.bool_))


def _listed(owners: Ids, wanted: Ids) -> Mask:
    """Tell for each owner whether it is wanted: a table, or a search if ids are far apart."""
    if not len(wanted):
        return np.zeros(len(owners), np.bool_)
    top = int(max(owners.max(initial=0), wanted.max()))
    if top > 64 * (len(owners) + len(wanted)) or min(owners.min(initial=0), wanted.min()) < 0:
        return np.isin(owners, wanted)
    table = np.zeros(top + 1, np.bool_)
    table[wanted] = True
    return table[owners]
