"""The queue of files to take in: submitted, claimed by one worker, paused, cancelled, tried again.

A worker owns a job by its name in the row; ownership is taken by one conditional UPDATE, so two
processes on one home folder never work on the same job. A job whose worker died is taken over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, delete, func, insert, select, update

from retrieval.blobs import BlobStore
from retrieval.catalog import jobrows
from retrieval.catalog.base import now
from retrieval.catalog.records import FINAL, FileRecord, FileStatus, JobRecord, Upload
from retrieval.catalog.references import delete_unreferenced
from retrieval.catalog.tables import Job, JobFile
from retrieval.catalog.transactions import reading, writing
from retrieval.catalog.workers import orphaned
from retrieval.errors import SightlineError


class Jobs:
    """Operations on jobs; every method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def submit(self, library: str, uploads: Sequence[Upload], *, worker: str = "") -> int:
        """Queue files and return the job's id; with ``worker`` the job is that worker's at once."""
        moment = now()
        with writing(self._engine) as connection:
            jobrows.ensure_library(connection, library)
            job_id = connection.execute(
                insert(Job)
                .values(
                    library_id=library,
                    status="running" if worker else "queued",
                    worker=worker,
                    heartbeat_at=moment if worker else None,
                    started_at=moment if worker else None,
                    created_at=moment,
                )
                .returning(Job.id)
            ).scalar_one()
            rows = [
                {
                    "job_id": job_id,
                    "name": u.name,
                    "path": str(u.path or ""),
                    "sha256": u.sha256,
                    "asset_id": u.asset_id,
                }
                for u in uploads
            ]
            if rows:
                connection.execute(insert(JobFile), rows)
        return job_id

    def claim(self, worker: str) -> int | None:
        """Take the oldest job that waits or whose worker died; None when there is none.

        Files that a dead worker had in hand are queued again, or failed after MAX_ATTEMPTS.
        """
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(Job.id, Job.status, Job.worker, Job.heartbeat_at)
                .where(Job.status.in_(("queued", "running")))
                .order_by(Job.id)
            ).all()
        for job_id, status, owner, heartbeat in rows:
            if status == "running" and not orphaned(owner, heartbeat):
                continue
            with writing(self._engine) as connection:
                moment = now()
                taken = connection.execute(
                    update(Job)
                    .where(Job.id == job_id, Job.status == status, Job.worker == owner)
                    .values(status="running", worker=worker, heartbeat_at=moment, started_at=moment)
                ).rowcount
                if taken and status == "running":
                    jobrows.requeue(connection, job_id, blame=True)
                if taken:
                    return job_id
        return None

    def beat(self, job_id: int, worker: str) -> None:
        """Say that ``worker`` still lives."""
        with writing(self._engine) as connection:
            connection.execute(
                update(Job)
                .where(Job.id == job_id, Job.worker == worker, Job.status == "running")
                .values(heartbeat_at=now())
            )

    def owns(self, job_id: int, worker: str) -> bool:
        """Tell whether the job is still running and still this worker's."""
        with reading(self._engine) as connection:
            return jobrows.owns(connection, job_id, worker)

    def cancelled_files(self, job_id: int) -> frozenset[int]:
        """Return the ids of the files of a job that the user stopped."""
        with reading(self._engine) as connection:
            return frozenset(
                connection.scalars(
                    select(JobFile.id).where(
                        JobFile.job_id == job_id, JobFile.status == "cancelled"
                    )
                )
            )

    def waiting(self, job_id: int) -> list[FileRecord]:
        """Return the files still to be taken in, in order."""
        with reading(self._engine) as connection:
            return jobrows.read_files(
                connection, JobFile.job_id == job_id, JobFile.status == "queued"
            )

    def record(self, changes: Mapping[int, Mapping[str, Any]]) -> None:
        """Write status, progress or hash of files; those already at an end are left alone."""
        if not changes:
            return
        with writing(self._engine) as connection:
            for file_id, values in changes.items():
                connection.execute(
                    update(JobFile)
                    .where(JobFile.id == file_id, JobFile.status.not_in(FINAL))
                    .values(**values)
                )

    def settle(
        self,
        file_id: int,
        status: FileStatus,
        *,
        asset_id: int | None = None,
        error: SightlineError | None = None,
    ) -> bool:
        """Bring a file to its end; False when it has one already (the user cancelled it)."""
        with writing(self._engine) as connection:
            return jobrows.settle(connection, file_id, status, asset_id=asset_id, error=error)

    def finish(self, job_id: int, worker: str) -> None:
        """Mark a job done when all its files are at an end; else give it back to the queue."""
        with writing(self._engine) as connection:
            if not jobrows.owns(connection, job_id, worker):
                return
            open_files = connection.scalar(
                select(func.count()).where(JobFile.job_id == job_id, JobFile.status.not_in(FINAL))
            )
            if open_files:
                jobrows.requeue(connection, job_id, blame=False)
            connection.execute(
                update(Job)
                .where(Job.id == job_id)
                .values(status="queued" if open_files else "done", worker="")
            )

    def release(self, job_id: int, worker: str) -> None:
        """Give a job back to the queue whose worker is gone."""
        with writing(self._engine) as connection:
            given = connection.execute(
                update(Job)
                .where(Job.id == job_id, Job.worker == worker, Job.status == "running")
                .values(status="queued", worker="")
            ).rowcount
            if given:
                jobrows.requeue(connection, job_id, blame=True)

    def cancel(self, job_id: int) -> None:
        """Stop a job: what is not finished is cancelled; what is indexed stays."""
        with writing(self._engine) as connection:
            jobrows.set_job(connection, job_id, ("queued", "running", "paused"), "cancelled")
            jobrows.cancel_files(connection, JobFile.job_id == job_id)

    def cancel_file(self, file_id: int) -> None:
        """Stop one file of a job."""
        with writing(self._engine) as connection:
            jobrows.cancel_files(connection, JobFile.id == file_id)

    def pause(self, job_id: int) -> None:
        """Stop a job for now; a file under work starts again from its beginning later."""
        with writing(self._engine) as connection:
            if jobrows.set_job(connection, job_id, ("queued", "running"), "paused"):
                jobrows.requeue(connection, job_id, blame=False)

    def resume(self, job_id: int) -> None:
        """Put a paused job back into the queue."""
        with writing(self._engine) as connection:
            jobrows.set_job(connection, job_id, ("paused",), "queued")

    def retry(self, job_id: int) -> int:
        """Queue the failed and cancelled files of a job again; returns how many."""
        with writing(self._engine) as connection:
            count = connection.execute(
                update(JobFile)
                .where(JobFile.job_id == job_id, JobFile.status.in_(("failed", "cancelled")))
                .values(
                    status="queued",
                    progress=0.0,
                    attempts=0,
                    error_code=None,
                    error_params={},
                    finished_at=None,
                )
            ).rowcount
            if count:
                jobrows.set_job(connection, job_id, ("done", "cancelled"), "queued")
        return count

    def requeue(self, file: FileRecord, error: SightlineError) -> None:
        """Queue a file again that has to be read anew, or fail it after MAX_ATTEMPTS."""
        with writing(self._engine) as connection:
            if file.attempts + 1 >= jobrows.MAX_ATTEMPTS:
                jobrows.settle(connection, file.id, "failed", error=error)
                return
            connection.execute(
                update(JobFile)
                .where(JobFile.id == file.id, JobFile.status.not_in(FINAL))
                .values(status="queued", progress=0.0, attempts=file.attempts + 1)
            )

    def forget(self, job_id: int, blobs: BlobStore) -> bool:
        """Delete a job that is at an end, and the uploads that only it held."""
        with writing(self._engine) as connection:
            held = connection.scalars(
                select(JobFile.sha256).where(JobFile.job_id == job_id, JobFile.sha256.is_not(None))
            ).all()
            gone = connection.execute(
                delete(Job).where(Job.id == job_id, Job.status.in_(("done", "cancelled")))
            ).rowcount
        if gone:
            delete_unreferenced(self._engine, blobs, [sha256 for sha256 in held if sha256])
        return bool(gone)

    def list(self, library: str, *, limit: int = 20) -> list[JobRecord]:
        """Return the newest jobs of a library with their files, newest first."""
        with reading(self._engine) as connection:
            ids = connection.scalars(
                select(Job.id).where(Job.library_id == library).order_by(Job.id.desc()).limit(limit)
            ).all()
            return [job for job_id in ids if (job := jobrows.read_job(connection, job_id))]

    def get(self, job_id: int) -> JobRecord | None:
        """Return one job with its files."""
        with reading(self._engine) as connection:
            return jobrows.read_job(connection, job_id)
