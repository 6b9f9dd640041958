"""What filters look at, in memory: kind and dates of the files of a library, following SQL.

A filter by date over 100,000 photos lets tens of thousands pass; reading their ids from SQL for
each search costs many times the search itself. None of these columns ever changes for a file, so
following means reading what is new; when files were removed all is read anew.
"""

from __future__ import annotations

import threading
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from retrieval.catalog.filtering import matching_assets
from retrieval.catalog.tables import Asset
from retrieval.catalog.vectors import Ids
from retrieval.values import Filters

_KINDS = ("image", "text", "audio")
_NEVER = np.iinfo(np.int64).min


class Columns:
    """Ids, kinds and dates of the files of one library; any thread."""

    def __init__(self, library: str) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._generation: int | None = None
        self._forget()

    def matching(self, connection: Connection, generation: int, filters: Filters) -> Ids | None:
        """Return the ids of the files that pass the filters, ascending; None when all do.

        Args:
            generation: of the library, as this connection sees it.
        """
        if not _is_simple(filters):
            return matching_assets(connection, self._library, filters)
        wanted = filters.modality, *_bounds(filters)
        if not any(one is not None for one in wanted):
            return None
        with self._lock:
            self._follow(connection, generation)
            ids, kinds, taken, added = self._ids, self._kinds, self._taken, self._added
        keep = np.ones(len(ids), np.bool_)
        if filters.modality is not None:
            keep &= kinds == _KINDS.index(filters.modality)
        for values, first, last in (
            (taken, filters.taken_from, filters.taken_to),
            (added, filters.added_from, filters.added_to),
        ):
            if first is not None or last is not None:
                keep &= values != _NEVER
            if first is not None:
                keep &= values >= _moment(first)
            if last is not None:
                keep &= values <= _moment(last)
        return ids[keep]

    def photos(self, connection: Connection, generation: int) -> Ids:
        """Return the ids of the photos, ascending; the same array until a file changes."""
        with self._lock:
            self._follow(connection, generation)
            return self._photos

    def count(self, connection: Connection, generation: int) -> int:
        """Return how many files the library holds; counting a million in SQL takes 50 ms."""
        with self._lock:
            self._follow(connection, generation)
            return len(self._ids)

    def _forget(self) -> None:
        self._ids: Ids = np.empty(0, np.int64)
        self._kinds: NDArray[np.int8] = np.empty(0, np.int8)
        self._taken: Ids = np.empty(0, np.int64)
        self._added: Ids = np.empty(0, np.int64)
        self._photos: Ids = np.empty(0, np.int64)

    def _follow(self, connection: Connection, generation: int) -> None:
        if generation == self._generation:
            return
        if len(self._ids):  # SQLite gives the last id again when its file was removed
            last = select(Asset.added_at).where(Asset.id == int(self._ids[-1]))
            if _moment(connection.scalar(last)) != self._added[-1]:
                self._forget()
        self._read(connection)
        count = select(func.count()).select_from(Asset).where(Asset.library_id == self._library)
        if len(self._ids) != connection.scalar(count):
            self._forget()
            self._read(connection)
        self._photos = self._ids[self._kinds == _KINDS.index("image")]
        self._generation = generation

    def _read(self, connection: Connection) -> None:
        """Read the files above the last that is known."""
        after = int(self._ids[-1]) if len(self._ids) else 0
        rows = connection.execute(
            select(Asset.id, Asset.modality, Asset.taken_at, Asset.added_at)
            .where(Asset.library_id == self._library, Asset.id > after)
            .order_by(Asset.id)
        ).all()
        if not rows:
            return
        ids, kinds, taken, added = zip(*rows, strict=True)
        self._ids = np.concatenate([self._ids, np.array(ids, np.int64)])
        numbers = [_KINDS.index(kind) if kind in _KINDS else -1 for kind in kinds]
        self._kinds = np.concatenate([self._kinds, np.array(numbers, np.int8)])
        self._taken = np.concatenate([self._taken, np.array([_moment(t) for t in taken])])
        self._added = np.concatenate([self._added, np.array([_moment(t) for t in added])])


def _is_simple(filters: Filters) -> bool:
    """Whether a filter looks at nothing but these columns."""
    return not (
        filters.asset_ids is not None
        or filters.hashes is not None
        or filters.media_types
        or filters.tags
        or filters.folder
    )


def _bounds(filters: Filters) -> tuple[datetime | None, ...]:
    return filters.taken_from, filters.taken_to, filters.added_from, filters.added_to


def _moment(when: datetime | None) -> np.int64:
    """Return microseconds since 1970."""
    if when is None:
        return np.int64(_NEVER)
    return np.int64(round(when.timestamp() * 1_000_000))
