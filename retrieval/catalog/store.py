"""Writing and removing assets: each appears and disappears in one transaction.

The library's generation is raised first in every transaction: on PostgreSQL that row lock makes
vector ids grow in commit order within a library, which the indexes rely on.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, literal, or_, select, update

from retrieval.blobs import BlobStore
from retrieval.catalog.base import now
from retrieval.catalog.jobrows import cancel_files, owns, settle_all
from retrieval.catalog.people import drop_empty
from retrieval.catalog.records import AssetDraft, FileStatus, PictureDraft
from retrieval.catalog.references import delete_unreferenced
from retrieval.catalog.tables import (
    Asset,
    ChunkRow,
    FigureRow,
    JobFile,
    Library,
    PictureRow,
    VectorDeletion,
    VectorRow,
)
from retrieval.catalog.transactions import writing
from retrieval.chunking import embedded_text
from retrieval.lexical import lexemes
from retrieval.values import Chunk, Figure

_READ = ("media_type", "modality", "units", "meta", "taken_at", "latitude", "longitude", "status")
"""What an asset's row has from its file's contents."""
_SAID_LATER = ("caption",)
"""Kinds of passages that were not read off the file when it was taken in."""


class LostJob(Exception):
    """The job was cancelled or taken over while the file was read: nothing was written."""


class BlobVanished(Exception):
    """A blob of the file was deleted before its row came: the file must be read again."""


def commit_assets(
    engine: Engine,
    drafts: list[AssetDraft],
    job_id: int,
    worker: str,
    *,
    blobs: BlobStore,
    text_embedder: tuple[str, int],
    sentence_embedder: tuple[str, int],
    joint_embedder: tuple[str, int],
) -> None:
    """Commit files of one job and library in one transaction: all of them or none.

    Each file's asset, chunks, pictures and vectors are written and its job file comes to its
    end; a file whose content is there already becomes a duplicate, unless it was read again:
    then what was read of it before makes room for what was read now.

    Args:
        text_embedder, sentence_embedder, joint_embedder: id and dimension of what made the vectors.

    Raises:
        LostJob: the job is no longer this worker's, a file of it was cancelled, or one that was
            read again was deleted.
        BlobVanished: a blob of a file was deleted meanwhile.
    """
    library = drafts[0].library
    with writing(engine) as connection:
        if not owns(connection, job_id, worker):
            raise LostJob
        connection.execute(
            update(Library).where(Library.id == library).values(generation=Library.generation + 1)
        )
        known = _known(connection, library, [draft.sha256 for draft in drafts])
        again = {d.replaces: d for d in drafts if d.replaces is not None}
        if not set(again) <= set(known.values()):
            raise LostJob
        fresh = list({d.sha256: d for d in drafts if d.sha256 not in known}.values())
        for draft in (*fresh, *again.values()):
            for sha256 in {draft.sha256, *(picture.sha256 for picture in draft.pictures)}:
                if not blobs.exists(sha256):
                    raise BlobVanished(sha256)
        made = _insert(connection, Asset, [_asset_values(draft) for draft in fresh])
        old = _make_room(connection, library, again)
        contents = dict(zip(made, fresh, strict=True)) | again
        _insert_contents(connection, contents, text_embedder, sentence_embedder, joint_embedder)
        own = {draft.file_id: asset for asset, draft in contents.items()}
        by_hash = known | {draft.sha256: own[draft.file_id] for draft in fresh}
        ends: dict[int, tuple[FileStatus, int]] = {
            draft.file_id: (
                "indexed" if draft.file_id in own else "duplicate",
                by_hash[draft.sha256],
            )
            for draft in drafts
        }
        if not settle_all(connection, ends):
            raise LostJob
    delete_unreferenced(engine, blobs, old)


def _make_room(connection: Connection, library: str, again: dict[int, AssetDraft]) -> set[str]:
    """Take away what was read of assets before; what people and models said of them stays.

    Returns:
        The blobs of their pictures.
    """
    if not again:
        return set()
    chunks = select(ChunkRow.id).where(
        ChunkRow.asset_id.in_(again), ChunkRow.kind.not_in(_SAID_LATER)
    )
    pictures = select(PictureRow.id).where(PictureRow.asset_id.in_(again))
    vectors = or_(VectorRow.chunk_id.in_(chunks), VectorRow.picture_id.in_(pictures))
    connection.execute(
        insert(VectorDeletion).from_select(
            ["library_id", "vector_id"], select(literal(library), VectorRow.id).where(vectors)
        )
    )
    connection.execute(delete(VectorRow).where(vectors))
    old = set(connection.scalars(select(PictureRow.sha256).where(PictureRow.asset_id.in_(again))))
    connection.execute(delete(ChunkRow).where(ChunkRow.id.in_(chunks)))
    connection.execute(delete(PictureRow).where(PictureRow.asset_id.in_(again)))
    connection.execute(delete(FigureRow).where(FigureRow.asset_id.in_(again)))
    for asset_id, draft in again.items():
        values = _asset_values(draft)
        connection.execute(
            update(Asset).where(Asset.id == asset_id).values({key: values[key] for key in _READ})
        )
    return old


def _known(connection: Connection, library: str, hashes: list[str]) -> dict[str, int]:
    rows = connection.execute(
        select(Asset.sha256, Asset.id).where(Asset.library_id == library, Asset.sha256.in_(hashes))
    )
    return {row.sha256: row.id for row in rows}


def _insert_contents(
    connection: Connection,
    drafts: dict[int, AssetDraft],
    text_embedder: tuple[str, int],
    sentence_embedder: tuple[str, int],
    joint_embedder: tuple[str, int],
) -> None:
    """Write chunks, pictures and vectors of assets (by id), one statement for each kind."""
    chunks = [(asset, n) for asset, draft in drafts.items() for n in range(len(draft.chunks))]
    pictures = [(asset, n) for asset, draft in drafts.items() for n in range(len(draft.pictures))]
    chunk_rows = [_chunk_values(asset, drafts[asset].chunks[n]) for asset, n in chunks]
    picture_rows = [_picture_values(asset, drafts[asset].pictures[n]) for asset, n in pictures]
    figures = [_figure(asset, one) for asset, draft in drafts.items() for one in draft.figures]
    if figures:
        connection.execute(insert(FigureRow), figures)
    chunk_ids = _insert(connection, ChunkRow, chunk_rows)
    picture_ids = _insert(connection, PictureRow, picture_rows)
    vectors = [
        _vector(drafts[asset].library, asset, text_embedder, data, chunk_id=chunk_id)
        for (asset, n), chunk_id in zip(chunks, chunk_ids, strict=True)
        if (data := drafts[asset].vectors[n]) is not None
    ]
    vectors += [
        _vector(drafts[asset].library, asset, sentence_embedder, data, chunk_id=chunk_id)
        for (asset, n), chunk_id in zip(chunks, chunk_ids, strict=True)
        for data in drafts[asset].sentences[n]
    ]
    vectors += [
        _vector(drafts[asset].library, asset, joint_embedder, data, picture_id=picture_id)
        for (asset, n), picture_id in zip(pictures, picture_ids, strict=True)
        if (data := drafts[asset].pictures[n].vector) is not None
    ]
    if vectors:
        connection.execute(insert(VectorRow), vectors)


def _insert(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> list[int]:
    """Write rows and return their ids in order."""
    if not rows:
        return []
    statement = insert(table).returning(table.id, sort_by_parameter_order=True)
    return list(connection.scalars(statement, rows))


def find_asset(connection: Connection, library: str, sha256: str) -> int | None:
    """Return the id of the asset with this content in a library."""
    return connection.scalar(
        select(Asset.id).where(Asset.library_id == library, Asset.sha256 == sha256)
    )


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
        cancel_files(connection, JobFile.asset_id == asset_id)  # that were to be read again
        connection.execute(delete(Asset).where(Asset.id == asset_id))
        drop_empty(connection, row.library_id)
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


def _chunk_values(asset_id: int, chunk: Chunk) -> dict[str, Any]:
    return {
        "asset_id": asset_id,
        "ordinal": chunk.ordinal,
        "kind": chunk.kind,
        "text": chunk.text,
        "lexemes": lexemes(embedded_text(chunk)),
        "heading": chunk.heading,
        "locator": chunk.locator.to_json(),
        "words": [word.to_json() for word in chunk.words] or None,
    }


def _picture_values(asset_id: int, picture: PictureDraft) -> dict[str, Any]:
    return {
        "asset_id": asset_id,
        "page": picture.page,
        "sha256": picture.sha256,
        "width": picture.width,
        "height": picture.height,
        "look": picture.look,
    }


def _figure(asset_id: int, figure: Figure) -> dict[str, Any]:
    return {
        "asset_id": asset_id,
        "page": figure.page,
        "position": figure.position,
        "sha256": figure.sha256,
        "look": figure.look,
    }


def _vector(
    library: str,
    asset_id: int,
    embedder: tuple[str, int],
    data: bytes,
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
