"""Ingestion: a job's files in, searchable assets out, each in one transaction.

The work itself is in ``reading`` and ``pipeline``; here jobs are made, claimed, run, stopped and
given back. Every file comes to a stated end: indexed, duplicate, failed with a reason, or
cancelled. Knows no screen and no language model.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from retrieval.catalog.jobs import Jobs
from retrieval.catalog.records import JobRecord, Upload
from retrieval.catalog.workers import worker_name
from retrieval.lease import Lease
from retrieval.pipeline import OnFile, Parts, Pass, Report


class Ingestor:
    """Runs jobs, one at a time in this process; several processes may share a home."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.jobs = Jobs(parts.engine)
        self.worker = worker_name()
        self._busy = threading.Lock()

    def submit(self, library: str, uploads: Sequence[Upload]) -> int:
        """Queue files for whichever worker comes first; returns the job's id."""
        return self.jobs.submit(library, uploads)

    def upload(self, library: str, name: str, source: bytes | Path) -> int:
        """Store an upload as a blob at once and queue it; returns the job's id.

        Raises:
            HomeError: the blob cannot be written (DiskFull).
            OSError: the source cannot be read.
        """
        stored = self._parts.blobs.put(source)
        return self.submit(library, [Upload(name, sha256=stored.sha256)])

    def run_now(
        self,
        library: str,
        uploads: Sequence[Upload],
        *,
        on_file: OnFile | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> JobRecord:
        """Take files in and return the job with the outcome of each (the command line's way).

        Interrupting (Ctrl-C, or ``cancelled`` turning True) cancels what is not finished.
        """
        job_id = self.jobs.submit(library, uploads, worker=self.worker)
        try:
            self.run(job_id, on_file=on_file, stop=cancelled)
        except KeyboardInterrupt:
            self.jobs.cancel(job_id)
            raise
        if cancelled is not None and cancelled():
            self.jobs.cancel(job_id)
        return self.job(job_id)

    def job(self, job_id: int) -> JobRecord:
        """Return a job that exists."""
        found = self.jobs.get(job_id)
        assert found is not None, f"job {job_id} was forgotten while it ran"
        return found

    def run_next(self, *, stop: Callable[[], bool] | None = None) -> bool:
        """Claim the next job and work it off; False when there was none."""
        job_id = self.jobs.claim(self.worker)
        if job_id is None:
            return False
        self.run(job_id, stop=stop)
        return True

    def run(
        self,
        job_id: int,
        *,
        on_file: OnFile | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        """Work off a job that is this worker's; ``stop`` gives the rest back to the queue."""
        job = self.job(job_id)
        try:
            with self._busy, Lease(self.jobs, job_id, self.worker, stop) as lease:
                report = Report(len(job.files), on_file)
                while not lease.stopped and (files := self.jobs.waiting(job_id)):
                    Pass(self._parts, self.jobs, lease, job.library, report).run(files)
        except Exception:
            self.jobs.release(job_id, self.worker)  # else nobody takes it while this process lives
            raise
        except KeyboardInterrupt:
            self.jobs.finish(job_id, self.worker)
            raise
        self.jobs.finish(job_id, self.worker)
        self._parts.indexer.save(job.library)
