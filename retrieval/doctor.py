"""Do database, files and indexes agree? Finds what does not, and mends what can be mended.

Each check looks at one kind of disagreement and returns findings; with ``repair`` it also acts.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, delete, func, select, text
from sqlalchemy.exc import DatabaseError

from retrieval.blobs import BlobStore
from retrieval.catalog import vectors as sql
from retrieval.catalog.jobs import Jobs
from retrieval.catalog.orphans import mend_orphans, orphan_rows
from retrieval.catalog.people import erase
from retrieval.catalog.records import Upload
from retrieval.catalog.references import referenced
from retrieval.catalog.store import delete_asset
from retrieval.catalog.tables import Asset, FaceRow, Job, Library, PictureRow, VectorRow
from retrieval.catalog.transactions import reading, writing
from retrieval.catalog.workers import orphaned
from retrieval.embed.passages import JointPassages
from retrieval.embed.protocol import JointEmbedder, TextEmbedder
from retrieval.embed.sentences import Sentences
from retrieval.indexer import Indexer
from retrieval.refill import Embedder, fill_missing, missing_vectors
from retrieval.replica import Replica, alike
from retrieval.thumbnails import Thumbnails

_GRACE_SECONDS = 3600.0
"""A blob younger than this may belong to a file that is being taken in right now."""

_COMPARE_WORDS = "INSERT INTO chunks_fts(chunks_fts, rank) VALUES('integrity-check', 1)"
"""FTS5's own check, with rank 1: against the passages too, not only within itself."""

SENTENCES = {
    "database_damaged": "The database is damaged: {detail}. Restore a backup.",
    "words_damaged": "The index of words disagrees with the passages.",
    "rows_orphan": "{count} rows of {table} belong to nothing any more.",
    "blob_missing": "The stored file of {name} is missing or damaged.",
    "picture_missing": "A picture of {name} is missing or damaged.",
    "blob_orphan": "{count} stored files belong to nothing any more ({size} bytes).",
    "unfinished": "{count} unfinished or foreign files lie among the stored ones.",
    "thumbnail_orphan": "{count} thumbnails belong to nothing any more.",
    "vectors_missing": "{count} passages or pictures have no vector of {embedder}.",
    "vectors_stale": "{count} vectors are of {embedder}, which is not used any more.",
    "index_disagrees": "The index of library {library} ({embedder}) disagrees with the database.",
    "index_outgrown": "The index of library {library} ({embedder}) has outgrown its kind.",
    "snapshot_orphan": "A saved index belongs to nothing any more: {folder}.",
    "faces_unwanted": "{count} faces are stored in library {library}, whose owner wants none.",
    "job_stuck": "Job {job} is marked as running, but its program is gone.",
}


@dataclass(frozen=True)
class Finding:
    """One disagreement; ``repaired`` once it is mended."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)
    repaired: bool = False

    @property
    def sentence(self) -> str:
        """Say it in English."""
        return SENTENCES[self.code].format(**self.params)

    def to_json(self) -> dict[str, Any]:
        """Return code, parameters, sentence and whether it was mended."""
        return {
            "code": self.code,
            "params": self.params,
            "sentence": self.sentence,
            "repaired": self.repaired,
        }


@dataclass(frozen=True)
class Patient:
    """What is examined. ``coming`` are embedders that are to serve once they have seen all."""

    engine: Engine
    blobs: BlobStore
    thumbnails: Thumbnails
    indexer: Indexer
    text: TextEmbedder
    joint: JointEmbedder
    grace_seconds: float = _GRACE_SECONDS
    coming: tuple[Embedder, ...] = ()

    @property
    def embedders(self) -> tuple[Embedder, ...]:
        """All that keep vectors, each in an index of its own."""
        passages = JointPassages(self.joint)
        return (self.text, Sentences(self.text), self.joint, passages, *self.coming)


def check(patient: Patient, *, repair: bool = False) -> list[Finding]:
    """Examine everything; with ``repair`` mend what can be mended.

    Reads every blob to compare its checksum, so it takes about as long as reading the library.
    """
    return [finding for one in CHECKS for finding in one(patient, repair)]


def _database(patient: Patient, repair: bool) -> Iterator[Finding]:
    if patient.engine.dialect.name != "sqlite":
        return
    with reading(patient.engine) as connection:
        said = connection.scalars(text("PRAGMA quick_check")).all()
    if said != ["ok"]:
        yield Finding("database_damaged", {"detail": "; ".join(map(str, said[:3]))})
    try:
        with writing(patient.engine) as connection:
            connection.execute(text(_COMPARE_WORDS))
    except DatabaseError:
        if repair:
            with writing(patient.engine) as connection:
                connection.execute(text("INSERT INTO chunks_fts(chunks_fts) VALUES('rebuild')"))
        yield Finding("words_damaged", repaired=repair)


def _rows(patient: Patient, repair: bool) -> Iterator[Finding]:
    """Find rows whose owner is gone: vectors, passages or pictures of no file."""
    with reading(patient.engine) as connection:
        lone = orphan_rows(connection)
    if lone and repair:
        with writing(patient.engine) as connection:
            mend_orphans(connection)
    for table, count in sorted(lone.items()):
        yield Finding("rows_orphan", {"count": count, "table": table}, repaired=repair)


def _faces(patient: Patient, repair: bool) -> Iterator[Finding]:
    """Find faces where their grouping is switched off."""
    with reading(patient.engine) as connection:
        rows = connection.execute(
            select(Asset.library_id, func.count())
            .join(FaceRow, FaceRow.asset_id == Asset.id)
            .join(Library, Library.id == Asset.library_id)
            .where(Library.groups_faces.is_(False))
            .group_by(Asset.library_id)
        ).all()
    for library, count in rows:
        if repair:
            erase(patient.engine, library)
        params = {"count": count, "library": library}
        yield Finding("faces_unwanted", params, repaired=repair)


def _jobs(patient: Patient, repair: bool) -> Iterator[Finding]:
    with reading(patient.engine) as connection:
        rows = connection.execute(
            select(Job.id, Job.worker, Job.heartbeat_at).where(Job.status == "running")
        ).all()
    for job_id, worker, heartbeat in rows:
        if orphaned(worker, heartbeat):
            if repair:
                Jobs(patient.engine).release(job_id, worker)
            yield Finding("job_stuck", {"job": job_id}, repaired=repair)


def _originals(patient: Patient, repair: bool) -> Iterator[Finding]:
    """Find assets whose original or pictures are gone.

    An original is taken again from where it came from, if it is still there unchanged. An asset
    that lacks a picture is taken in anew from its original.
    """
    with reading(patient.engine) as connection:
        assets = connection.execute(
            select(Asset.id, Asset.library_id, Asset.name, Asset.sha256, Asset.source)
        ).all()
        pictures: dict[int, list[str]] = {}
        for asset_id, sha256 in connection.execute(select(PictureRow.asset_id, PictureRow.sha256)):
            pictures.setdefault(asset_id, []).append(sha256)
    for asset_id, library, name, sha256, source in assets:
        if not patient.blobs.intact(sha256):
            mended = repair and _restore(patient.blobs, sha256, source)
            yield Finding("blob_missing", {"name": name}, repaired=mended)
            if not mended:
                continue
        if all(patient.blobs.intact(picture) for picture in pictures.get(asset_id, ())):
            continue
        if repair:
            for picture in pictures[asset_id]:
                if not patient.blobs.intact(picture):
                    patient.blobs.delete(picture)
            Jobs(patient.engine).submit(library, [Upload(name, sha256=sha256)])
            delete_asset(patient.engine, patient.blobs, asset_id)
        yield Finding("picture_missing", {"name": name}, repaired=repair)


def _restore(blobs: BlobStore, sha256: str, source: str) -> bool:
    blobs.delete(sha256)
    if not source or not Path(source).is_file():
        return False
    stored = blobs.put(Path(source)).sha256
    if stored != sha256:
        blobs.delete(stored)
    return stored == sha256


def _files(patient: Patient, repair: bool) -> Iterator[Finding]:
    """Find files that nothing refers to."""
    before = time.time() - patient.grace_seconds
    old = [p for p in patient.blobs.leftovers() if p.stat().st_mtime < before]
    if old:
        if repair:
            for path in old:
                path.unlink(missing_ok=True)
        yield Finding("unfinished", {"count": len(old)}, repaired=repair)
    with writing(patient.engine) as connection:  # nobody may begin to refer to one meanwhile
        used = referenced(connection)
        orphans = [
            sha256
            for sha256 in patient.blobs.names()
            if sha256 not in used and patient.blobs.path(sha256).stat().st_mtime < before
        ]
        size = sum(patient.blobs.path(sha256).stat().st_size for sha256 in orphans)
        if repair:
            for sha256 in orphans:
                patient.blobs.delete(sha256)
    if orphans:
        yield Finding("blob_orphan", {"count": len(orphans), "size": size}, repaired=repair)
    lone = [sha256 for sha256 in patient.thumbnails.names() if sha256 not in used]
    if lone:
        if repair:
            patient.thumbnails.delete(lone)
        yield Finding("thumbnail_orphan", {"count": len(lone)}, repaired=repair)


def _vectors(patient: Patient, repair: bool) -> Iterator[Finding]:
    """Find texts and pictures without a vector, then vectors that no embedder made any more."""
    current = [embedder.id for embedder in patient.embedders]
    # passages among photos are embedded in idle time: that they wait is no disagreement
    for embedder in (patient.text, Sentences(patient.text), patient.joint, *patient.coming):
        count = missing_vectors(patient.engine, embedder)
        if count:
            if repair:
                fill_missing(patient.engine, patient.blobs, embedder)
            params = {"count": count, "embedder": embedder.id}
            yield Finding("vectors_missing", params, repaired=repair)
    with reading(patient.engine) as connection:
        stale = connection.execute(
            select(VectorRow.embedder, func.count())
            .where(VectorRow.embedder.not_in(current))
            .group_by(VectorRow.embedder)
        ).all()
    for name, count in stale:
        if repair:
            with writing(patient.engine) as connection:
                connection.execute(delete(VectorRow).where(VectorRow.embedder == name))
        yield Finding("vectors_stale", {"count": count, "embedder": name}, repaired=repair)


def _indexes(patient: Patient, repair: bool) -> Iterator[Finding]:
    """Compare every vector of every index with SQL."""
    with reading(patient.engine) as connection:
        libraries = connection.scalars(select(Library.id)).all()
    for library in libraries:
        for embedder in patient.embedders:
            replica = patient.indexer.replica(library, embedder.id, embedder.dim)
            with reading(patient.engine) as connection:
                same = _agrees(connection, replica, library, embedder)
            if not same:
                if repair:
                    patient.indexer.rebuild(library, embedder.id, embedder.dim)
                params = {"library": library, "embedder": embedder.id}
                yield Finding("index_disagrees", params, repaired=repair)
            if patient.indexer.outgrown(library, embedder.id, embedder.dim):
                if repair:
                    patient.indexer.tend(library, embedder.id, embedder.dim)
                params = {"library": library, "embedder": embedder.id}
                yield Finding("index_outgrown", params, repaired=repair)
    known = {
        patient.indexer.snapshot_folder(library, embedder.id)
        for library in libraries
        for embedder in patient.embedders
    }
    for folder in patient.indexer.snapshots():
        if folder not in known:
            if repair:
                shutil.rmtree(folder, ignore_errors=True)
            yield Finding("snapshot_orphan", {"folder": str(folder)}, repaired=repair)


def _agrees(connection: Connection, replica: Replica, library: str, embedder: Embedder) -> bool:
    ids, _ = sql.ids_and_owners(connection, library, embedder.id)
    if not np.array_equal(ids, replica.index.ids()):
        return False
    for block in sql.blocks_after(connection, library, embedder.id, embedder.dim, 0):
        if not alike(replica.index, replica.index.vectors(block.ids), block.vectors):
            return False
    return True


CHECKS: tuple[Callable[[Patient, bool], Iterator[Finding]], ...] = (
    _database,
    _rows,
    _faces,
    _jobs,
    _originals,
    _files,
    _vectors,
    _indexes,
)
"""In this order: what a repair leaves behind is seen by the checks after it."""
