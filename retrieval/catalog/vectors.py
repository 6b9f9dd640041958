"""Vectors out of SQL as numpy arrays, in bulk and without ORM objects."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, or_, select

from retrieval.catalog.tables import ChunkRow, Library, PictureRow, VectorDeletion, VectorRow
from retrieval.languages import LOOKED_AT

Ids = NDArray[np.int64]
_ROWS = 4096


class VectorBlock(NamedTuple):
    """Rows of the vector table: ids [n], owners (asset ids) [n], unit vectors [n, dim] float32."""

    ids: Ids
    owners: Ids
    vectors: NDArray[np.float32]


def generation(connection: Connection, library: str) -> int:
    """Return the library's generation; -1 when there is no such library."""
    found = connection.scalar(select(Library.generation).where(Library.id == library))
    return -1 if found is None else found


def last_deletion(connection: Connection, library: str) -> int:
    """Return the newest entry of the library's deletion log, 0 when empty."""
    newest = select(func.max(VectorDeletion.id)).where(VectorDeletion.library_id == library)
    return connection.scalar(newest) or 0


def deleted_since(connection: Connection, library: str, after: int) -> Ids:
    """Return the vector ids deleted after entry ``after`` of the log."""
    rows = connection.scalars(
        select(VectorDeletion.vector_id).where(
            VectorDeletion.library_id == library, VectorDeletion.id > after
        )
    )
    return np.fromiter(rows, dtype=np.int64)


def count(connection: Connection, library: str, embedder: str) -> int:
    """Return how many vectors of an embedder a library has."""
    wanted = (VectorRow.library_id == library, VectorRow.embedder == embedder)
    return connection.scalar(select(func.count()).select_from(VectorRow).where(*wanted)) or 0


def ids_and_owners(connection: Connection, library: str, embedder: str) -> tuple[Ids, Ids]:
    """Return all vector ids, ascending, and the assets that own them (a covering index scan)."""
    rows = connection.execute(
        select(VectorRow.id, VectorRow.asset_id)
        .where(VectorRow.library_id == library, VectorRow.embedder == embedder)
        .order_by(VectorRow.id)
    ).all()
    both = np.array([tuple(row) for row in rows], dtype=np.int64).reshape(-1, 2)
    return both[:, 0].copy(), both[:, 1].copy()


def blocks_after(
    connection: Connection, library: str, embedder: str, dim: int, after: int
) -> Iterator[VectorBlock]:
    """Yield the vectors with an id above ``after``, ascending, some thousand at a time."""
    while True:
        rows = connection.execute(
            select(VectorRow.id, VectorRow.asset_id, VectorRow.data)
            .where(
                VectorRow.library_id == library,
                VectorRow.embedder == embedder,
                VectorRow.dim == dim,
                VectorRow.id > after,
            )
            .order_by(VectorRow.id)
            .limit(_ROWS)
        ).all()
        if not rows:
            return
        ids = np.array([row[0] for row in rows], dtype=np.int64)
        owners = np.array([row[1] for row in rows], dtype=np.int64)
        yield VectorBlock(ids, owners, unpack([row[2] for row in rows], dim))
        after = int(ids[-1])


def by_id(
    connection: Connection, library: str, embedder: str, dim: int, ids: Ids
) -> tuple[Ids, NDArray[np.float32]]:
    """Return those of ``ids`` that exist, ascending, and their vectors."""
    rows = connection.execute(
        select(VectorRow.id, VectorRow.data)
        .where(
            VectorRow.library_id == library,
            VectorRow.embedder == embedder,
            VectorRow.id.in_(ids.tolist()),
        )
        .order_by(VectorRow.id)
    ).all()
    found = np.array([row[0] for row in rows], dtype=np.int64)
    return found, unpack([row[1] for row in rows], dim)


class Target(NamedTuple):
    """What a vector is of: a chunk (kind, length, beginning) or a picture (page) of an asset."""

    vector_id: int
    asset_id: int
    chunk_id: int | None
    page: int | None
    kind: str | None
    letters: int | None
    begins: str | None


def targets(
    connection: Connection, embedder: str, ids: Ids, chunk_ids: Collection[int] = ()
) -> list[Target]:
    """Return what vectors are of, by vector id or by chunk id."""
    rows = connection.execute(
        select(
            VectorRow.id,
            VectorRow.asset_id,
            VectorRow.chunk_id,
            PictureRow.page,
            ChunkRow.kind,
            func.length(ChunkRow.text),
            func.substr(ChunkRow.text, 1, LOOKED_AT),
        )
        .join_from(VectorRow, PictureRow, VectorRow.picture_id == PictureRow.id, isouter=True)
        .join(ChunkRow, VectorRow.chunk_id == ChunkRow.id, isouter=True)
        .where(
            VectorRow.embedder == embedder,
            or_(VectorRow.id.in_(ids.tolist()), VectorRow.chunk_id.in_(list(chunk_ids))),
        )
    )
    return [Target(*row) for row in rows]


def pack(vectors: NDArray[np.float32]) -> list[bytes]:
    """Return each row [dim] as the float16 bytes that are stored."""
    return [row.tobytes() for row in vectors.astype(np.float16)]


def unpack(data: list[bytes], dim: int) -> NDArray[np.float32]:
    """Return stored bytes as float32 [n, dim]."""
    return np.frombuffer(b"".join(data), dtype=np.float16).reshape(-1, dim).astype(np.float32)
