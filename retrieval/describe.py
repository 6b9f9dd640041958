"""Sentences about photos, written by a model that sees, kept beside the pixels.

A photo is found by its pixels the moment it is taken in. Later, when nothing else is to be done,
a describer says what it shows, and the sentence becomes a passage of kind ``caption`` that words
and meaning find too: a second way to the photo, never the only one, and never evidence. Each
photo is one small transaction, so the work may be stopped anywhere and goes on where it was.

Who describes is none of retrieval's business: a ``Describer`` is handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from retrieval.blobs import BlobStore
from retrieval.catalog.tables import (
    Asset,
    ChunkRow,
    Library,
    PictureRow,
    VectorDeletion,
    VectorRow,
)
from retrieval.catalog.transactions import reading, writing
from retrieval.catalog.vectors import pack
from retrieval.embed.protocol import TextEmbedder
from retrieval.lexical import lexemes
from retrieval.values import RegionLocator

_LONGEST = 400


class Describer(Protocol):
    """Says what a photo shows. ``id`` names the model: another one describes anew."""

    id: str

    def describe(self, jpeg: bytes) -> str:
        """Return a sentence about an upright photo; empty when there is nothing to say."""
        ...


def undescribed(engine: Engine, describer_id: str) -> int:
    """Return how many photos this describer has not described yet."""
    with reading(engine) as connection:
        count = select(func.count()).select_from(_waiting(describer_id).subquery())
        return connection.scalar(count) or 0


def describe_photos(
    engine: Engine,
    blobs: BlobStore,
    text: TextEmbedder,
    describer: Describer,
    *,
    most: int | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> int:
    """Describe photos that wait for it, oldest first; returns how many were.

    Raises:
        HomeError: a photo's blob is gone.
        ModelError: the describer failed; what was described stays.
    """
    done = 0
    while (most is None or done < most) and not cancelled():
        with reading(engine) as connection:
            row = connection.execute(_waiting(describer.id).limit(1)).one_or_none()
        if row is None:
            break
        said = " ".join(describer.describe(blobs.read(row.sha256)).split())[:_LONGEST]
        vector = pack(text.embed_passages([said]))[0] if said else None
        with writing(engine) as connection:
            _replace(connection, row.id, row.library_id, said, text, vector)
            connection.execute(
                update(Asset).where(Asset.id == row.id).values(described_by=describer.id)
            )
        done += 1
    return done


def _waiting(describer_id: str) -> Any:
    return (
        select(Asset.id, Asset.library_id, PictureRow.sha256)
        .join(PictureRow, PictureRow.asset_id == Asset.id)
        .where(
            Asset.modality == "image",
            PictureRow.page.is_(None),
            Asset.described_by != describer_id,
        )
        .order_by(Asset.id)
    )


def _replace(
    connection: Connection,
    asset_id: int,
    library: str,
    said: str,
    text: TextEmbedder,
    vector: bytes | None,
) -> None:
    """Put a photo's sentence in the place of the one it had, if it is still there."""
    if connection.scalar(select(Asset.id).where(Asset.id == asset_id)) is None:
        return  # deleted meanwhile
    connection.execute(
        update(Library).where(Library.id == library).values(generation=Library.generation + 1)
    )
    old = select(ChunkRow.id).where(ChunkRow.asset_id == asset_id, ChunkRow.kind == "caption")
    connection.execute(
        insert(VectorDeletion).from_select(
            ["library_id", "vector_id"],
            select(VectorRow.library_id, VectorRow.id).where(VectorRow.chunk_id.in_(old)),
        )
    )
    connection.execute(
        delete(ChunkRow).where(ChunkRow.asset_id == asset_id, ChunkRow.kind == "caption")
    )
    if vector is None:
        return
    last = connection.scalar(
        select(func.max(ChunkRow.ordinal)).where(ChunkRow.asset_id == asset_id)
    )
    values = {
        "asset_id": asset_id,
        "ordinal": 0 if last is None else last + 1,
        "kind": "caption",
        "text": said,
        "lexemes": lexemes(said),
        "heading": "",
        "locator": RegionLocator().to_json(),
    }
    chunk_id = connection.scalar(insert(ChunkRow).values(values).returning(ChunkRow.id))
    connection.execute(
        insert(VectorRow),
        [
            {
                "library_id": library,
                "asset_id": asset_id,
                "chunk_id": chunk_id,
                "picture_id": None,
                "embedder": text.id,
                "dim": text.dim,
                "data": vector,
            }
        ],
    )
