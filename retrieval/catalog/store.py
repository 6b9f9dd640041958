"""Writing and removing assets: each appears and disappears in one transaction.

The library's generation is raised first in every transaction: on PostgreSQL that row lock makes
vector ids grow in commit order within a library, which the indexes rely on.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update

from retrieval.blobs import BlobStore
from retrieval.catalog.base import now
from retrieval.catalog.jobrows import owns, settle
from retrieval.catalog.records import AssetDraft
from retrieval.catalog.references import delete_unreferenced
from retrieval.catalog.tables import (
    Asset,
    ChunkRow,
    Library,
    PictureRow,
    VectorDeletion,
    VectorRow,
)
from retrieval.catalog.transactions import writing
from retrieval.chunking import embedded_text
from retrieval.lexical import lexemes
from retrieval.values import Chunk


class LostJob(Exception):
    """The job was cancelled or taken over while the file was read: nothing was written."""


class BlobVanished(Exception):
    """A blob of the file was deleted before its row came: the file must be read again."""


def commit_asset(
    connection: Connection,
    draft: AssetDraft,
    *,
    blobs: BlobStore,
    text_embedder: tuple[str, int],
    joint_embedder: tuple[str, int],
) -> tuple[int, bool]:
    """Write an asset, its chunks, pictures and vectors, and bring its job file to its end.

    Args:
        text_embedder, joint_embedder: id and dimension of the embedders of the vectors.

    Returns:
        The asset's id, and whether it is new (False: the same content was there already).

    Raises:
        LostJob, BlobVanished: nothing may be committed; the caller rolls back.
    """
    connection.execute(
        update(Library).where(Library.id == draft.library).values(generation=Library.generation + 1)
    )
    known = find_asset(connection, draft.library, draft.sha256)
    if known is not None:
        if not settle(connection, draft.file_id, "duplicate", asset_id=known):
            raise LostJob
        return known, False
    for sha256 in {draft.sha256, *(p.sha256 for p in draft.pictures)}:
        if not blobs.exists(sha256):
            raise BlobVanished(sha256)
    asset_id = connection.execute(
        insert(Asset).values(_asset_values(draft)).returning(Asset.id)
    ).scalar_one()
    chunk_ids = insert_chunks(connection, asset_id, draft.chunks)
    picture_ids = _insert_pictures(connection, asset_id, draft)
    vectors = [
        _vector(draft.library, asset_id, text_embedder, data, chunk_id=chunk_id)
        for chunk_id, data in zip(chunk_ids, draft.vectors, strict=True)
        if data is not None
    ]
    vectors += [
        _vector(draft.library, asset_id, joint_embedder, picture.vector, picture_id=picture_id)
        for picture_id, picture in zip(picture_ids, draft.pictures, strict=True)
        if picture.vector is not None
    ]
    if vectors:
        connection.execute(insert(VectorRow), vectors)
    if not settle(connection, draft.file_id, "indexed", asset_id=asset_id):
        raise LostJob
    return asset_id, True


def commit_assets(
    engine: Engine,
    drafts: list[AssetDraft],
    job_id: int,
    worker: str,
    *,
    blobs: BlobStore,
    text_embedder: tuple[str, int],
    joint_embedder: tuple[str, int],
) -> None:
    """Commit several assets of one job in one transaction: all of them or none.

    Raises:
        LostJob: the job is no longer this worker's, or a file of it was cancelled.
        BlobVanished: as in ``commit_asset``.
    """
    with writing(engine) as connection:
        if not owns(connection, job_id, worker):
            raise LostJob
        for draft in drafts:
            commit_asset(
                connection,
                draft,
                blobs=blobs,
                text_embedder=text_embedder,
                joint_embedder=joint_embedder,
            )


def find_asset(connection: Connection, library: str, sha256: str) -> int | None:
    """Return the id of the asset with this content in a library."""
    return connection.scalar(
        select(Asset.id).where(Asset.library_id == library, Asset.sha256 == sha256)
    )


def insert_chunks(connection: Connection, asset_id: int, chunks: tuple[Chunk, ...]) -> list[int]:
    """Write chunks and return their ids in order."""
    if not chunks:
        return []
    rows = [
        {
            "asset_id": asset_id,
            "ordinal": chunk.ordinal,
            "kind": chunk.kind,
            "text": chunk.text,
            "lexemes": lexemes(embedded_text(chunk)),
            "heading": chunk.heading,
            "locator": chunk.locator.to_json(),
        }
        for chunk in chunks
    ]
    statement = insert(ChunkRow).returning(ChunkRow.id, sort_by_parameter_order=True)
    return list(connection.scalars(statement, rows))


def delete_asset(engine: Engine, blobs: BlobStore, asset_id: int) -> set[str] | None:
    """Remove an asset with everything derived from it, at once.

    Returns:
        The blobs it used (whether or not another asset still uses them), None if not there.
    """
    with writing(engine) as connection:
        row = connection.execute(
            select(Asset.library_id, Asset.sha256).where(Asset.id == asset_id)
        ).one_or_none()
        if row is None:
            return None
        connection.execute(
            update(Library)
            .where(Library.id == row.library_id)
            .values(generation=Library.generation + 1)
        )
        connection.execute(
            insert(VectorDeletion).from_select(
                ["library_id", "vector_id"],
                select(VectorRow.library_id, VectorRow.id).where(VectorRow.asset_id == asset_id),
            )
        )
        used = {
            row.sha256,
            *connection.scalars(select(PictureRow.sha256).where(PictureRow.asset_id == asset_id)),
        }
        connection.execute(delete(Asset).where(Asset.id == asset_id))
    delete_unreferenced(engine, blobs, used)
    return used


def _asset_values(draft: AssetDraft) -> dict[str, Any]:
    return {
        "library_id": draft.library,
        "sha256": draft.sha256,
        "name": draft.name,
        "source": draft.source,
        "media_type": draft.media_type,
        "modality": draft.modality,
        "bytes": draft.size,
        "status": "indexed",
        "units": draft.units,
        "meta": dict(draft.meta),
        "taken_at": draft.taken_at,
        "latitude": draft.latitude,
        "longitude": draft.longitude,
        "added_at": now(),
    }


def _insert_pictures(connection: Connection, asset_id: int, draft: AssetDraft) -> list[int]:
    if not draft.pictures:
        return []
    rows = [
        {
            "asset_id": asset_id,
            "page": picture.page,
            "sha256": picture.sha256,
            "width": picture.width,
            "height": picture.height,
        }
        for picture in draft.pictures
    ]
    statement = insert(PictureRow).returning(PictureRow.id, sort_by_parameter_order=True)
    return list(connection.scalars(statement, rows))


def _vector(
    library: str,
    asset_id: int,
    embedder: tuple[str, int],
    data: bytes | None,
    *,
    chunk_id: int | None = None,
    picture_id: int | None = None,
) -> dict[str, Any]:
    return {
        "library_id": library,
        "asset_id": asset_id,
        "chunk_id": chunk_id,
        "picture_id": picture_id,
        "embedder": embedder[0],
        "dim": embedder[1],
        "data": data,
    }
