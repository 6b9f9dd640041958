"""Vectors that are missing from SQL, made from what is stored: after a repair or a new embedder.

Works in small transactions, so that it can be stopped and resumed at any point.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, Select, and_, exists, func, insert, or_, select, update

from retrieval.blobs import BlobStore
from retrieval.catalog.tables import Asset, ChunkRow, Library, PictureRow, VectorRow
from retrieval.catalog.transactions import reading, writing
from retrieval.catalog.vectors import pack
from retrieval.chunking import embedded_text
from retrieval.embed.protocol import JointEmbedder, TextEmbedder
from retrieval.reading import decode_small
from retrieval.values import Chunk, RegionLocator

_BATCH = 16


def missing_vectors(engine: Engine, embedder: TextEmbedder | JointEmbedder) -> int:
    """Return how many chunks (or pictures) have no vector of this embedder."""
    with reading(engine) as connection:
        wanted = _missing(embedder).subquery()
        return connection.scalar(select(func.count()).select_from(wanted)) or 0


def fill_missing(
    engine: Engine,
    blobs: BlobStore,
    embedder: TextEmbedder | JointEmbedder,
    cancelled: Callable[[], bool] = lambda: False,
) -> int:
    """Embed what has no vector yet; returns how many were made.

    Raises:
        HomeError: a picture's blob is gone.
    """
    made = 0
    while not cancelled():
        with reading(engine) as connection:
            rows = connection.execute(_missing(embedder).limit(_BATCH)).all()
        if not rows:
            break
        data = pack(_embed(embedder, blobs, rows))
        with writing(engine) as connection:
            for library in {row.library_id for row in rows}:
                connection.execute(
                    update(Library)
                    .where(Library.id == library)
                    .values(generation=Library.generation + 1)
                )
            connection.execute(
                insert(VectorRow),
                [_row(embedder, row, vector) for row, vector in zip(rows, data, strict=True)],
            )
        made += len(rows)
    return made


def _missing(embedder: TextEmbedder | JointEmbedder) -> Select[*tuple[Any, ...]]:
    """Select chunks that mean something, or pictures, without a vector of the embedder."""
    owner = (Asset.library_id, Asset.id.label("asset_id"))
    if isinstance(embedder, TextEmbedder):
        has = exists().where(VectorRow.chunk_id == ChunkRow.id, VectorRow.embedder == embedder.id)
        wanted = or_(
            ChunkRow.kind != "metadata",
            and_(Asset.modality == "text", exists().where(VectorRow.chunk_id == ChunkRow.id)),
        )
        return (
            select(ChunkRow.id, ChunkRow.text, ChunkRow.heading, *owner)
            .join_from(ChunkRow, Asset, ChunkRow.asset_id == Asset.id)
            .where(wanted, ~has)
            .order_by(ChunkRow.id)
        )
    has = exists().where(VectorRow.picture_id == PictureRow.id, VectorRow.embedder == embedder.id)
    return (
        select(PictureRow.id, PictureRow.sha256, *owner)
        .join_from(PictureRow, Asset, PictureRow.asset_id == Asset.id)
        .where(~has)
        .order_by(PictureRow.id)
    )


def _embed(
    embedder: TextEmbedder | JointEmbedder, blobs: BlobStore, rows: Sequence[Any]
) -> NDArray[np.float32]:
    if isinstance(embedder, TextEmbedder):
        texts = [
            embedded_text(Chunk(row.text, "body", RegionLocator(), 0, row.heading)) for row in rows
        ]
        return embedder.embed_passages(texts)
    return embedder.embed_images([decode_small(blobs.read(row.sha256)) for row in rows])


def _row(embedder: TextEmbedder | JointEmbedder, row: Any, data: bytes) -> dict[str, Any]:
    is_text = isinstance(embedder, TextEmbedder)
    return {
        "library_id": row.library_id,
        "asset_id": row.asset_id,
        "chunk_id": row.id if is_text else None,
        "picture_id": None if is_text else row.id,
        "embedder": embedder.id,
        "dim": embedder.dim,
        "data": data,
    }
