"""The library side of the assistant: taking files in, showing them, finding, deleting.

Maps what retrieval hands out to views, and checks that a file belongs to the library it is asked
for in. Knows no conversations and no language model.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import AssetNotFound, JobNotFound
from assistant.i18n import Language, explain_code, text
from assistant.messages import AssetView, Citation, EvidenceView
from assistant.shelf import Shelf, passage_of, tag_name, view_of
from assistant.views import FileOutcome, Finding, JobAction, JobFileView, JobView, SyncNews
from retrieval.blobs import BlobStore
from retrieval.catalog.jobs import Jobs
from retrieval.catalog.library import Catalog
from retrieval.catalog.records import FileRecord, JobRecord, Upload
from retrieval.errors import FileNotFound
from retrieval.folders import Folder
from retrieval.thumbnails import Thumbnails
from retrieval.values import (
    Filters,
    Locator,
    Modality,
    PageLocator,
    Passage,
    Query,
    RegionLocator,
    SearchResult,
)

if TYPE_CHECKING:
    from retrieval.ingest import Ingestor
    from retrieval.search import Searcher
    from retrieval.worker import IngestWorker

SUGGESTIONS = 4
OnProgress = Callable[[int, int, str], None]


class Files:
    """Files of every library of one home folder.

    Args:
        ingestor, searcher, worker: return the part, built when it is first needed.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        jobs: Jobs,
        blobs: BlobStore,
        thumbnails: Thumbnails,
        language: Language,
        ingestor: Callable[[], Ingestor],
        searcher: Callable[[], Searcher],
        worker: Callable[[], IngestWorker],
    ) -> None:
        self._catalog = catalog
        self._jobs = jobs
        self._blobs = blobs
        self._thumbnails = thumbnails
        self._language: Language = language
        self._ingestor = ingestor
        self._searcher = searcher
        self._worker = worker

    # --- taking in ---------------------------------------------------------------------------

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
        if not uploads:
            return missing
        job = self._ingestor().run_now(library, uploads, on_file=on_progress, cancelled=cancelled)
        done = [_outcome(upload, record) for upload, record in zip(uploads, job.files, strict=True)]
        return missing + done

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

        watched = Folder(self._catalog.engine, library, folder, ingest, self.delete)
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

    # --- showing -----------------------------------------------------------------------------

    def shelf(self, library: str) -> Shelf:
        """Return what the owner of a library may see."""
        return Shelf(library, self._catalog, self._blobs, self.find)

    def size(self, library: str) -> int:
        """Return how many files a library holds."""
        return self._catalog.size(library)

    def assets(
        self, library: str, query: str, filters: Filters, limit: int, offset: int
    ) -> list[AssetView]:
        """Return a page of a library, the latest first."""
        found = self._catalog.assets(
            library, query=query, filters=filters, limit=limit, offset=offset
        )
        return [view_of(record) for record in found]

    def tags(self, library: str) -> dict[str, int]:
        """Return the tags of a library and how many files are under each."""
        return self._catalog.tags(library)

    def tag(
        self, library: str, asset_ids: Sequence[int], tags: Sequence[str], remove: bool
    ) -> None:
        """Put files of a library under tags, or take them out.

        Raises:
            AssetNotFound: one is not in it; nothing was changed.
        """
        for asset_id in asset_ids:
            found = self._catalog.asset(asset_id)
            if found is None or found.library != library:
                raise AssetNotFound(asset=asset_id)
        change = self._catalog.untag if remove else self._catalog.tag
        change(asset_ids, [name for tag in tags if (name := tag_name(tag))])

    def asset(self, asset_id: int) -> AssetView:
        """Return one file.

        Raises:
            AssetNotFound: it is gone.
        """
        record = self._catalog.asset(asset_id)
        if record is None:
            raise AssetNotFound(asset=asset_id)
        return view_of(record)

    def chunks(self, asset_id: int, page: int | None) -> list[Passage]:
        """Return the passages of a file (or of one page).

        Raises:
            AssetNotFound: it is gone.
        """
        record = self._catalog.asset(asset_id)
        if record is None:
            raise AssetNotFound(asset=asset_id)
        return [passage_of(record, chunk) for chunk in self._catalog.chunks(asset_id, page)]

    def delete(self, asset_id: int) -> None:
        """Remove a file with all that was derived from it.

        Raises:
            AssetNotFound: it is gone already.
        """
        used = self._catalog.delete(asset_id, self._blobs)
        if used is None:
            raise AssetNotFound(asset=asset_id)
        self._thumbnails.delete(name for name in used if not self._blobs.exists(name))

    def original(self, asset_id: int) -> tuple[str, str, bytes]:
        """Return a file's name, media type and bytes.

        Raises:
            AssetNotFound: it is gone.
        """
        view = self.asset(asset_id)
        return view.name, view.media_type, self._blobs.read(view.sha256)

    def thumbnail(self, asset_id: int) -> bytes | None:
        """Return a small JPEG of a photo or a first page; None where there is no picture."""
        picture = self._catalog.picture(asset_id)
        if picture is None:
            return None
        return self._thumbnails.get(picture.sha256)

    def evidence(self, source: Citation | tuple[int, Locator]) -> EvidenceView | None:
        """Return the picture of a cited page or photo and the boxes to draw on it.

        None for recordings, plain text, and files that are gone with their pixels.
        """
        asset_id, place = (
            (source.asset_id, source.locator) if isinstance(source, Citation) else source
        )
        page = place.page if isinstance(place, PageLocator) else None
        picture = None if asset_id is None else self._catalog.picture(asset_id, page)
        if picture is not None:
            jpeg = self._blobs.read(picture.sha256)
        elif isinstance(source, Citation) and (pixels := self._pixels(source)):
            jpeg = pixels
        else:
            return None
        if isinstance(place, PageLocator):
            return EvidenceView(jpeg, place.boxes)
        whole = isinstance(place, RegionLocator) and place.region == (0.0, 0.0, 1.0, 1.0)
        return EvidenceView(
            jpeg, (place.region,) if isinstance(place, RegionLocator) and not whole else ()
        )

    def _pixels(self, citation: Citation) -> bytes | None:
        """Return the JPEG of an attached photo, from its own bytes."""
        if citation.modality != "image" or not self._blobs.exists(citation.sha256):
            return None
        try:
            return _upright(self._blobs.read(citation.sha256), 2048)
        except OSError:
            return None

    # --- finding -----------------------------------------------------------------------------

    def find(self, query: Query) -> SearchResult:
        """Search one library."""
        return self._searcher().search(query)

    def suggestions(self, library: str) -> list[str]:
        """Return questions that this library can answer, for an empty conversation."""
        kinds: dict[str, str] = {
            "image": "suggest_photo",
            "text": "suggest_summary",
            "audio": "suggest_audio",
        }
        found = [
            text(key, self._language, name=record.name)
            for modality, key in kinds.items()
            for record in self._catalog.assets(
                library, filters=Filters(modality=_modality(modality)), limit=1
            )
        ]
        if found:
            found.append(text("suggest_list", self._language))
        return found[:SUGGESTIONS]

    def doctor(self, examine: Callable[..., Any], repair: bool) -> list[Finding]:
        """Return what disagrees; ``examine`` is retrieval's own check."""
        return [
            Finding(str(f.sentence), bool(f.repaired), str(getattr(f, "kind", "")))
            for f in examine(repair=repair)
        ]


def _modality(name: str) -> Modality:
    kinds: dict[str, Modality] = {"image": "image", "text": "text", "audio": "audio"}
    return kinds[name]


def walk(path: Path) -> Iterator[Path]:
    """Yield a file, or the files under a folder in order, hidden ones passed over."""
    if path.is_file():
        yield path.absolute()
    elif path.is_dir():
        for file in sorted(path.rglob("*")):
            parts = file.relative_to(path).parts
            if file.is_file() and not any(part.startswith(".") for part in parts):
                yield file.absolute()


def _outcome(upload: Upload, record: FileRecord) -> FileOutcome:
    assert upload.path is not None
    return FileOutcome(
        path=upload.path,
        name=record.name,
        status=record.status,
        asset_id=record.asset_id,
        modality=record.modality,
        chunks=record.chunks,
        code=record.error_code,
        params=dict(record.error_params),
    )


def _upright(image: bytes, longest: int) -> bytes:
    """Return an attached picture as a JPEG to show."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(image)) as opened:
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    picture.thumbnail((longest, longest))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()
