"""Taking files in: the queue and its jobs, files at once, a folder that is followed.

Maps jobs of retrieval to views. Knows nothing of showing, finding or deleting, and no
conversations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import AssetNotFound, JobNotFound
from assistant.i18n import Language, explain_code
from assistant.views import FileOutcome, JobAction, JobFileView, JobView, SyncNews
from retrieval.blobs import BlobStore
from retrieval.catalog.jobs import Jobs
from retrieval.catalog.library import Catalog
from retrieval.catalog.records import FileRecord, JobRecord, Upload
from retrieval.errors import FileNotFound
from retrieval.folders import Folder

if TYPE_CHECKING:
    from retrieval.ingest import Ingestor
    from retrieval.worker import IngestWorker

OnProgress = Callable[[int, int, str], None]


class Intake:
    """The way into every library of one home folder.

    Args:
        ingestor, worker: return the part, built when it is first needed.
        delete: removes an asset that is gone from a followed folder.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        jobs: Jobs,
        blobs: BlobStore,
        language: Language,
        ingestor: Callable[[], Ingestor],
        worker: Callable[[], IngestWorker],
        delete: Callable[[int], None],
    ) -> None:
        self._catalog = catalog
        self._jobs = jobs
        self._blobs = blobs
        self._language: Language = language
        self._ingestor = ingestor
        self._worker = worker
        self._delete = delete

    def upload(self, library: str, name: str, source: bytes | Path) -> int:
        """Keep a file and queue it; the worker of this process takes it in. Returns the job."""
        if isinstance(source, Path) and not source.is_file():
            raise FileNotFound(name=name)
        stored = self._blobs.put(source)
        job = self._jobs.submit(library, [Upload(name, sha256=stored.sha256)])
        self._worker().wake()
        return job

    def ingest(
        self,
        library: str,
        paths: Sequence[Path],
        on_progress: OnProgress | None,
        cancelled: Callable[[], bool] | None,
    ) -> list[FileOutcome]:
        """Take in files and folders now; one outcome a file, in order."""
        uploads, missing = [], []
        for path in paths:
            found = list(walk(path))
            if not found and not path.is_dir():
                missing.append(
                    FileOutcome(
                        path, path.name, "failed", code=FileNotFound.code, params={"name": path}
                    )
                )
            uploads += [Upload(file.name, path=file) for file in found]
        return missing + self._take_in(library, uploads, on_progress, cancelled)

    def read_again(
        self,
        library: str,
        patterns: Sequence[str],
        on_progress: OnProgress | None,
        cancelled: Callable[[], bool] | None,
    ) -> list[FileOutcome]:
        """Read files of the library again now; one outcome a file, in order.

        Args:
            patterns: names, ``*`` and ``?`` for any letters; none: all files. One that fits no
                file is told as failed.
        """
        names = self._catalog.names(library)
        fits = {p: [a for a, name in names.items() if _fits(name, p)] for p in patterns}
        missing = [
            FileOutcome(Path(p), p, "failed", code=FileNotFound.code, params={"name": p})
            for p, found in fits.items()
            if not found
        ]
        wanted = [a for a in names if not patterns or any(a in found for found in fits.values())]
        uploads = [self._kept(asset) for asset in wanted]
        return missing + self._take_in(library, uploads, on_progress, cancelled)

    def _take_in(
        self,
        library: str,
        uploads: Sequence[Upload],
        on_progress: OnProgress | None,
        cancelled: Callable[[], bool] | None,
    ) -> list[FileOutcome]:
        if not uploads:
            return []
        job = self._ingestor().run_now(library, uploads, on_file=on_progress, cancelled=cancelled)
        return [_outcome(upload, record) for upload, record in zip(uploads, job.files, strict=True)]

    def queue_again(self, library: str, asset: int) -> int:
        """Let the worker of this process read a file of the library again; return the job.

        Raises:
            AssetNotFound: it is gone.
        """
        job = self._jobs.submit(library, [self._kept(asset)])
        self._worker().wake()
        return job

    def _kept(self, asset_id: int) -> Upload:
        asset = self._catalog.asset(asset_id)
        if asset is None:
            raise AssetNotFound(asset_id=asset_id)
        return Upload(asset.name, sha256=asset.sha256, asset_id=asset.id)

    def jobs(self, library: str) -> list[JobView]:
        """Return the latest jobs."""
        return [self._job(record) for record in self._jobs.list(library)]

    def job(self, library: str, job: int) -> JobView:
        """Return one job of a library.

        Raises:
            JobNotFound: there is none of this number.
        """
        record = self._jobs.get(job)
        if record is None or record.library != library:
            raise JobNotFound(job=job)
        return self._job(record)

    def steer_job(self, library: str, job: int, action: JobAction, *, wake: bool) -> JobView:
        """Pause, resume, cancel or try a job again; what is indexed stays in any case.

        Args:
            wake: let the worker of this process look at the queue at once.

        Raises:
            JobNotFound: there is none of this number in the library.
        """
        self.job(library, job)
        {
            "pause": self._jobs.pause,
            "resume": self._jobs.resume,
            "cancel": self._jobs.cancel,
            "retry": self._jobs.retry,
        }[action](job)
        if wake and action in ("resume", "retry"):
            self._worker().wake()
        return self.job(library, job)

    def work_off(self) -> int:
        """Take in what waits in the queue, here and now; returns how many jobs there were."""
        done = 0
        while self._ingestor().run_next():
            done += 1
        return done

    def keep_in_step(
        self, library: str, folder: Path, stopped: Callable[[], bool], *, once: bool
    ) -> Iterator[SyncNews]:
        """Keep a library in step with a folder until ``stopped``; yield what became of files.

        Raises:
            FileNotFound: there is no such folder.
        """
        if not folder.is_dir():
            raise FileNotFound(name=folder)
        from assistant.step import follow_folder

        ingestor = self._ingestor()

        def ingest(uploads: list[Upload]) -> Sequence[FileRecord]:
            return ingestor.run_now(library, uploads, cancelled=stopped).files

        watched = Folder(self._catalog.engine, library, folder, ingest, self._delete)
        yield from follow_folder(watched, stopped, once=once)

    def _job(self, record: JobRecord) -> JobView:
        return JobView(
            id=record.id,
            status=record.status,
            files=tuple(self._job_file(file) for file in record.files),
            progress=record.progress,
            eta=record.eta,
        )

    def _job_file(self, record: FileRecord) -> JobFileView:
        code, params = record.error_code, dict(record.error_params)
        return JobFileView(
            name=record.name,
            status=record.status,
            progress=record.progress,
            reason=explain_code(code, params, self._language) if code else "",
            asset_id=record.asset_id,
            code=code,
            params=params,
        )


def walk(path: Path) -> Iterator[Path]:
    """Yield a file, or the files under a folder in order, hidden ones passed over."""
    if path.is_file():
        yield path.absolute()
    elif path.is_dir():
        for file in sorted(path.rglob("*")):
            parts = file.relative_to(path).parts
            if file.is_file() and not any(part.startswith(".") for part in parts):
                yield file.absolute()


def _fits(name: str, pattern: str) -> bool:
    name, pattern = name.casefold(), pattern.casefold()
    return name == pattern or fnmatchcase(name, pattern)  # "scan [2].pdf" is a name too


def _outcome(upload: Upload, record: FileRecord) -> FileOutcome:
    return FileOutcome(
        path=upload.path or Path(upload.name),
        name=record.name,
        status=record.status,
        asset_id=record.asset_id,
        modality=record.modality,
        chunks=record.chunks,
        code=record.error_code,
        params=dict(record.error_params),
    )
