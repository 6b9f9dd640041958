"""How photos look, out of SQL: the hash, the joint vector and the moment of each."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from retrieval.catalog.tables import Asset, PictureRow, VectorRow
from retrieval.catalog.vectors import unpack
from retrieval.fold import Look


def looks_of(
    connection: Connection, asset_ids: Collection[int], embedder: str, dim: int
) -> dict[int, Look]:
    """Return the looks of photos by file; files without pixels or vector are left out."""
    rows = connection.execute(
        select(PictureRow.asset_id, PictureRow.look, VectorRow.data, Asset.taken_at)
        .join(VectorRow, VectorRow.picture_id == PictureRow.id)
        .join(Asset, Asset.id == PictureRow.asset_id)
        .where(
            PictureRow.asset_id.in_(sorted(asset_ids)),
            PictureRow.page.is_(None),
            VectorRow.embedder == embedder,
        )
    )
    return {row.asset_id: Look(row.look, unpack([row.data], dim)[0], row.taken_at) for row in rows}
