"""The second half of ingestion: pieces of several files into batches, whole files into SQL.

Pieces come from ``reading``; two encoders take them in batches across files; files that are
whole are committed together, each wholly or not at all. The indexes follow by themselves.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from retrieval.batching import Batch, asset_draft
from retrieval.blobs import BlobStore
from retrieval.catalog.jobs import Jobs
from retrieval.catalog.records import FileRecord, FileStatus
from retrieval.catalog.references import delete_unreferenced
from retrieval.catalog.store import BlobVanished, LostJob, commit_assets, find_asset
from retrieval.catalog.transactions import reading
from retrieval.chunking import Chunker
from retrieval.embed.protocol import JointEmbedder, TextEmbedder
from retrieval.embed.sentences import sentences_id
from retrieval.encoding import Encoding
from retrieval.errors import Cancelled, HomeError, SightlineError
from retrieval.indexer import Indexer
from retrieval.lease import Lease
from retrieval.reading import Parser, Piece, Reader, Work

OnFile = Callable[[int, int, str], None]
"""Called when a file came to its end: how many have, of how many, its name."""

_COMMIT_SECONDS = 0.3
_COMMIT_FILES = 16


@dataclass(frozen=True)
class Parts:
    """What ingestion works with."""

    engine: Engine
    blobs: BlobStore
    parser: Parser
    text: TextEmbedder
    joint: JointEmbedder
    indexer: Indexer
    max_bytes: int


class Report:
    """Counts files that came to their end."""

    def __init__(self, total: int, on_file: OnFile | None) -> None:
        self._total = total
        self._on_file = on_file
        self._done = 0

    def ended(self, name: str) -> None:
        """Count one and tell whoever wants to know."""
        self._done += 1
        if self._on_file is not None:
            self._on_file(self._done, self._total, name)


class Pass:
    """One pass over the waiting files of a job."""

    def __init__(
        self, parts: Parts, jobs: Jobs, lease: Lease, library: str, report: Report
    ) -> None:
        self._parts = parts
        self._jobs = jobs
        self._lease = lease
        self._library = library
        self._report = report
        self._texts = Batch(lambda piece: len(piece[2].text) + 20.0)
        self._pictures = Batch(lambda _: 1.0)
        self._encoding = Encoding(parts.text, parts.joint, self._when_complete, self._fail)
        self._ready: list[Work] = []
        self._twins: list[Work] = []
        self._committed_at = time.monotonic()

    def run(self, files: list[FileRecord]) -> None:
        """Read, embed and commit; returns when all files are at an end or the lease is over."""
        self._reader = self._new_reader(files)
        self._reader.start()
        try:
            while not self._lease.stopped and self._step(self._reader):
                pass
            while not self._lease.stopped and self._embed_step(force=True):
                pass
            self._commit()
            self._settle_twins()
        except BaseException:
            self._lease.stop()
            raise
        finally:
            self._reader.close()
            for work in list(self._reader.open.values()):
                self._drop_blobs(work)

    def _new_reader(self, files: list[FileRecord]) -> Reader:
        text = self._parts.text
        return Reader(
            files,
            self._lease,
            blobs=self._parts.blobs,
            parser=self._parts.parser,
            chunker=lambda: Chunker(text.count_tokens, text.max_tokens),
            find=self._find,
            max_bytes=self._parts.max_bytes,
            side=self._parts.joint.side,
        )

    def _step(self, reader: Reader) -> bool:
        """Take a piece, or use the time to embed and commit; False when all was read."""
        busy = bool(self._texts.waiting or self._pictures.waiting)
        try:
            piece = reader.next(0 if busy else 0.1)
        except queue.Empty:
            self._embed_step(force=True)
        else:
            if piece is None:
                return False
            self._take(piece)
            self._embed_step(force=False)
        late = time.monotonic() - self._committed_at > _COMMIT_SECONDS
        if self._ready and (late or len(self._ready) >= _COMMIT_FILES):
            self._commit()
        return True

    def _take(self, piece: Piece) -> None:
        work = piece.work
        work.ended = piece.chunk is None and piece.picture is None
        if piece.chunk is not None:
            self._texts.waiting.append((work, piece.chunk, work.chunks[piece.chunk]))
        elif piece.picture is not None:
            self._pictures.waiting.append((work, *piece.picture))
        elif work.error is not None:
            self._end_failed(work)
        elif work.duplicate_of is not None:
            self._settle(work, "duplicate", asset_id=work.duplicate_of)
        elif work.twin_of is not work:
            self._twins.append(work)
        else:
            self._when_complete(work)

    def _embed_step(self, *, force: bool) -> bool:
        """Embed one batch if one is full, or if ``force`` and any waits; False when none was."""
        for batch, embed in (
            (self._pictures, self._encoding.pictures),
            (self._texts, self._encoding.texts),
        ):
            if batch.waiting and (force or len(batch.waiting) >= batch.size):
                pieces = [piece for piece in batch.take() if self._wanted(piece[0])]
                if pieces:
                    started = time.monotonic()
                    embed(pieces)
                    batch.learn(pieces, time.monotonic() - started)
                return True
        return False

    def _wanted(self, work: Work) -> bool:
        if work.error is None and self._lease.dropped(work.file.id):
            self._fail(work, Cancelled(name=work.file.name))
        return work.error is None

    def _when_complete(self, work: Work) -> None:
        if work.error is not None:
            return
        if work.complete and work not in self._ready:
            self._ready.append(work)
        else:
            self._lease.note(work.file.id, progress=work.progress)

    def _commit(self) -> None:
        """Commit what is ready together; when that fails, one by one."""
        ready, self._ready = self._ready, []
        self._committed_at = time.monotonic()
        works = [work for work in ready if not self._lease.dropped(work.file.id)]
        for work in ready:
            if work not in works:
                self._fail(work, Cancelled(name=work.file.name))
        if not works:
            return
        try:
            self._write(works)
        except (LostJob, BlobVanished, SightlineError):
            for work in works:
                self._commit_alone(work)
        else:
            for work in works:
                self._ended(work)

    def _commit_alone(self, work: Work) -> None:
        try:
            self._write([work])
        except LostJob:
            self._fail(work, Cancelled(name=work.file.name))
        except BlobVanished as error:
            self._lease.forget(work.file.id)
            detail = HomeError(path=error, detail="the file was deleted while it was taken in")
            self._jobs.requeue(work.file, detail)
        except SightlineError as error:
            self._fail(work, error)
        else:
            self._ended(work)

    def _write(self, works: list[Work]) -> None:
        text, joint = self._parts.text, self._parts.joint
        commit_assets(
            self._parts.engine,
            [asset_draft(work, self._library) for work in works],
            self._lease.job_id,
            self._lease.worker,
            blobs=self._parts.blobs,
            text_embedder=(text.id, text.dim),
            sentence_embedder=(sentences_id(text.id), text.dim),
            joint_embedder=(joint.id, joint.dim),
        )

    def _fail(self, work: Work, error: SightlineError) -> None:
        """Give a file up; it is settled once the reader is done with it."""
        work.error = error
        if work.ended:
            self._end_failed(work)

    def _end_failed(self, work: Work) -> None:
        """Bring a file to its end without an asset, and drop the blobs only it had."""
        for _, _, kept in self._pictures.drop(work):
            kept.exception()  # wait until the blob is there or never will be
        self._texts.drop(work)
        if isinstance(work.error, Cancelled):
            if not self._lease.stopped:
                self._settle(work, "cancelled")
        else:
            self._settle(work, "failed", error=work.error)
        self._drop_blobs(work)

    def _drop_blobs(self, work: Work) -> None:
        used = work.blobs | ({work.sha256} if work.sha256 else set())
        delete_unreferenced(self._parts.engine, self._parts.blobs, used)

    def _settle(self, work: Work, status: FileStatus, **values: Any) -> None:
        self._jobs.settle(work.file.id, status, **values)
        self._ended(work)

    def _settle_twins(self) -> None:
        """End the files whose content another file of this job has."""
        for work in self._twins:
            first = work.twin_of
            assert first is not None, "only twins wait here"
            asset_id = self._find(work.sha256)
            if asset_id is not None:
                self._settle(work, "duplicate", asset_id=asset_id)
            elif first.error is not None and not isinstance(first.error, Cancelled):
                self._fail(work, first.error)

    def _ended(self, work: Work) -> None:
        self._lease.forget(work.file.id)
        self._reader.open.pop(work.file.id, None)
        work.clear()
        self._report.ended(work.file.name)

    def _find(self, sha256: str) -> int | None:
        with reading(self._parts.engine) as connection:
            return find_asset(connection, self._library, sha256)
