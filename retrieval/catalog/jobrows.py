"""Statements on jobs and their files that run inside somebody else's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    func,
    insert,
    null,
    select,
    update,
)

from retrieval.catalog.base import now
from retrieval.catalog.records import ACTIVE, FINAL, FileRecord, FileStatus, JobRecord
from retrieval.catalog.tables import Asset, ChunkRow, Job, JobFile, Library
from retrieval.errors import FileRejected, SightlineError
from retrieval.values import ABOUT

MAX_ATTEMPTS = 5
"""How often a file may be under work when its worker dies before it is given up. Files read ahead
of the one that did it are counted too, and people kill programs, so not too few."""

_KEPT = case((JobFile.path != "", null()), else_=JobFile.sha256)
"""A file that was not taken in keeps its blob only if the bytes are nowhere else."""


def ensure_library(connection: Connection, library: str) -> None:
    """Make the library's row if it is the first use of its name."""
    if connection.scalar(select(Library.id).where(Library.id == library)) is None:
        connection.execute(insert(Library).values(id=library, created_at=now(), generation=0))


def owns(connection: Connection, job_id: int, worker: str) -> bool:
    """Tell, inside a transaction, whether a running job is this worker's."""
    found = connection.scalar(
        select(Job.id).where(Job.id == job_id, Job.worker == worker, Job.status == "running")
    )
    return found is not None


def settle(
    connection: Connection,
    file_id: int,
    status: FileStatus,
    *,
    asset_id: int | None = None,
    error: SightlineError | None = None,
) -> bool:
    """Bring a file to its end inside a transaction; False when it has one already."""
    values: dict[str, Any] = {"status": status, "finished_at": now(), "sha256": _KEPT}
    if status in ("indexed", "duplicate"):
        values |= {"progress": 1.0, "asset_id": asset_id, "sha256": None}
    if error is not None:
        values |= {"error_code": error.code, "error_params": _plain(error.params)}
    changed = connection.execute(
        update(JobFile).where(JobFile.id == file_id, JobFile.status.not_in(FINAL)).values(**values)
    ).rowcount
    return bool(changed)


def settle_all(connection: Connection, ends: Mapping[int, tuple[FileStatus, int]]) -> bool:
    """Bring taken-in files (id to status and asset) to their end; False when one has an end."""
    still_open = select(JobFile.id).where(JobFile.id.in_(ends), JobFile.status.not_in(FINAL))
    if len(connection.scalars(still_open.with_for_update()).all()) != len(ends):
        return False
    connection.execute(
        update(JobFile.__table__)  # type: ignore[arg-type]
        .where(JobFile.id == bindparam("file"))
        .values(
            status=bindparam("end"),
            asset_id=bindparam("asset"),
            progress=1.0,
            sha256=None,
            finished_at=now(),
        ),
        [{"file": file, "end": end, "asset": asset} for file, (end, asset) in ends.items()],
    )
    return True


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    """Keep numbers and text; a path or anything else becomes its text."""
    return {k: v if isinstance(v, (int, float, str)) else str(v) for k, v in params.items()}


def set_job(connection: Connection, job_id: int, before: Iterable[str], after: str) -> bool:
    changed = connection.execute(
        update(Job)
        .where(Job.id == job_id, Job.status.in_(tuple(before)))
        .values(status=after, worker="")
    ).rowcount
    return bool(changed)


def cancel_files(connection: Connection, which: ColumnElement[bool]) -> None:
    connection.execute(
        update(JobFile)
        .where(which, JobFile.status.not_in(FINAL))
        .values(status="cancelled", finished_at=now(), sha256=_KEPT)
    )


def requeue(connection: Connection, job_id: int, *, blame: bool) -> None:
    """Queue the files under work again; with ``blame`` they are given up at the third time."""
    under_work = and_(JobFile.job_id == job_id, JobFile.status.in_(ACTIVE))
    if blame:
        rows = connection.execute(
            select(JobFile.id, JobFile.name).where(under_work, JobFile.attempts + 1 >= MAX_ATTEMPTS)
        ).all()
        for row in rows:
            error = FileRejected(
                name=row.name, detail=f"the program stopped {MAX_ATTEMPTS} times while reading it"
            )
            settle(connection, row.id, "failed", error=error)
    connection.execute(
        update(JobFile)
        .where(under_work)
        .values(status="queued", progress=0.0, attempts=JobFile.attempts + (1 if blame else 0))
    )


def read_job(connection: Connection, job_id: int) -> JobRecord | None:
    row = connection.execute(
        select(Job.id, Job.library_id, Job.status, Job.created_at, Job.started_at).where(
            Job.id == job_id
        )
    ).one_or_none()
    if row is None:
        return None
    files = read_files(connection, JobFile.job_id == job_id)
    total = sum(1.0 if f.status in FINAL else f.progress for f in files)
    since = row.started_at
    eta = None
    if row.status == "running" and since is not None:
        ended = connection.scalar(
            select(func.count()).where(JobFile.job_id == job_id, JobFile.finished_at >= since)
        )
        made = (ended or 0) + sum(f.progress for f in files if f.status in ACTIVE)
        if made > 0:
            eta = (now() - since).total_seconds() / made * (len(files) - total)
    progress = total / len(files) if files else 1.0
    return JobRecord(
        row.id, row.library_id, row.status, progress, eta, row.created_at, tuple(files)
    )


def read_files(connection: Connection, *where: ColumnElement[bool]) -> list[FileRecord]:
    chunks = (
        select(func.count())
        .where(ChunkRow.asset_id == JobFile.asset_id, ChunkRow.kind.not_in(ABOUT))
        .scalar_subquery()
    )
    rows = connection.execute(
        select(JobFile.__table__, Asset.modality, chunks.label("chunks"))
        .join_from(JobFile, Asset, JobFile.asset_id == Asset.id, isouter=True)
        .where(*where)
        .order_by(JobFile.id)
    )
    return [
        FileRecord(
            id=row.id,
            job_id=row.job_id,
            name=row.name,
            path=row.path,
            sha256=row.sha256,
            status=row.status,
            progress=row.progress,
            attempts=row.attempts,
            asset_id=row.asset_id,
            error_code=row.error_code,
            error_params=row.error_params,
            modality=row.modality,
            chunks=row.chunks or 0,
        )
        for row in rows
    ]
