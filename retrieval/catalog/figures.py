"""Images inside documents: kept when a document is taken in, found by how they look."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, select

from retrieval.catalog.tables import Asset, ChunkRow, FigureRow
from retrieval.fold import HASH_BITS


class Use(NamedTuple):
    """A place where an image is used; ``bits`` of its hash differ from the one looked for."""

    asset_id: int
    page: int | None
    position: int | None
    bits: int


def uses(connection: Connection, library: str, look: int, most: int) -> list[Use]:
    """Return the places in documents whose image looks like ``look``, the likest first."""
    rows = connection.execute(
        select(FigureRow.asset_id, FigureRow.page, FigureRow.position, FigureRow.look)
        .join(Asset, Asset.id == FigureRow.asset_id)
        .where(Asset.library_id == library)
    ).all()
    if not rows:
        return []
    looks = np.array([row.look for row in rows], np.int64) ^ np.int64(look)
    apart = np.unpackbits(looks.view(np.uint8).reshape(-1, 8), axis=1).sum(axis=1)
    near = [n for n in np.argsort(apart, kind="stable")[:most] if apart[n] <= HASH_BITS]
    return [Use(rows[n].asset_id, rows[n].page, rows[n].position, int(apart[n])) for n in near]


def chunk_at(connection: Connection, asset_id: int, position: int) -> int | None:
    """Return the passage of a file without pages that a character position lies in or after."""
    rows = connection.execute(
        select(ChunkRow.id, ChunkRow.locator)
        .where(ChunkRow.asset_id == asset_id, ChunkRow.kind != "metadata")
        .order_by(ChunkRow.ordinal)
    ).all()
    before = [row.id for row in rows if row.locator.get("chars", (0,))[0] <= position]
    return before[-1] if before else rows[0].id if rows else None
