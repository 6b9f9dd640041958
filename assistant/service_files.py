"""What may be asked of the assistant about files: taking in, showing, finding, deleting.

One part of the façade in ``service``; holds no logic of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from assistant.album import Album, album_of
from assistant.config import Settings
from assistant.files import Files
from assistant.intake import Intake, OnProgress
from assistant.lookup import open_picture, spoken_of
from assistant.messages import AssetView, Citation, EvidenceView, RowsView
from assistant.store.conversations import Conversations
from assistant.views import FileOutcome, JobAction, JobView, SyncNews
from retrieval.values import Filters, Locator, Modality, Passage, Query, SearchResult


class FileRequests:
    """Requests about the files of a home folder; the parts are set by ``Assistant``."""

    settings: Settings
    _files: Files
    _intake: Intake
    _conversations: Conversations
    _describe: Callable[..., int]

    def upload(self, name: str, source: bytes | Path, *, library: str | None = None) -> int:
        """Queue a file for the background worker; return the job's id.

        Raises:
            FileNotFound: the path is not there.
        """
        return self._intake.upload(library or self.settings.library, name, source)

    def ingest(
        self,
        paths: Sequence[Path],
        *,
        library: str | None = None,
        on_progress: OnProgress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[FileOutcome]:
        """Take in files and folders now; ``on_progress(done, total, name)`` after each file."""
        return self._intake.ingest(library or self.settings.library, paths, on_progress, cancelled)

    def read_again(
        self,
        patterns: Sequence[str] = (),
        *,
        library: str | None = None,
        on_progress: OnProgress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[FileOutcome]:
        """Read files of the library again, for what this version reads better or anew.

        What was read before stays until the file is read wholly; tags, faces, descriptions and
        conversations stay anyway.

        Args:
            patterns: names, ``*`` and ``?`` for any letters; none: all files.
        """
        home = library or self.settings.library
        return self._intake.read_again(home, patterns, on_progress, cancelled)

    def queue_again(self, asset_id: int, *, library: str | None = None) -> int:
        """Queue a file of the library to be read again by the background worker; return the job.

        Raises:
            AssetNotFound: it is gone.
        """
        return self._intake.queue_again(library or self.settings.library, asset_id)

    def jobs(self, *, library: str | None = None) -> list[JobView]:
        """Return the latest jobs of a library."""
        return self._intake.jobs(library or self.settings.library)

    def steer_job(
        self, job: int, action: JobAction, *, library: str | None = None, wake: bool = True
    ) -> JobView:
        """Pause, resume, cancel or retry a job; ``wake`` this process's worker for it.

        Raises:
            JobNotFound: there is none of this number in the library.
        """
        return self._intake.steer_job(library or self.settings.library, job, action, wake=wake)

    def work_off(self) -> int:
        """Take in what waits in the queue, here and now; returns how many jobs there were."""
        return self._intake.work_off()

    def keep_in_step(
        self,
        folder: Path,
        *,
        library: str | None = None,
        stopped: Callable[[], bool] = lambda: False,
        once: bool = False,
    ) -> Iterator[SyncNews]:
        """Keep a library in step with a folder; ``once`` or until ``stopped``.

        Raises:
            FileNotFound: there is no such folder.
        """
        return self._intake.keep_in_step(
            library or self.settings.library, folder, stopped, once=once
        )

    def assets(
        self,
        *,
        library: str | None = None,
        query: str = "",
        modality: Modality | None = None,
        filters: Filters | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> list[AssetView]:
        """Return a page of a library, the latest first; ``query`` is part of the name."""
        wanted = filters or Filters(modality=modality)
        return self._files.assets(library or self.settings.library, query, wanted, limit, offset)

    def tags(self, *, library: str | None = None) -> dict[str, int]:
        """Return the tags of a library and how many files are under each, by name."""
        return self._files.tags(library or self.settings.library)

    def tag(
        self,
        asset_ids: Sequence[int],
        tags: Sequence[str],
        *,
        remove: bool = False,
        library: str | None = None,
    ) -> None:
        """Put files of a library under tags (albums), or take them out.

        Raises:
            AssetNotFound: a file is not in it; nothing was changed.
        """
        self._files.tag(library or self.settings.library, asset_ids, tags, remove)

    def album(self, name: str, *, library: str | None = None) -> Album:
        """Return what is under a tag: how many files, when and where, and a line for each."""
        return album_of(self._files.shelf(library or self.settings.library), name)

    def asset(self, asset_id: int) -> AssetView:
        """Return one file.

        Raises:
            AssetNotFound: it is gone.
        """
        return self._files.asset(asset_id)

    def chunks(self, asset_id: int, page: int | None = None) -> list[Passage]:
        """Return the passages of a file, or of one page.

        Raises:
            AssetNotFound: it is gone.
        """
        return self._files.chunks(asset_id, page)

    def delete_asset(self, asset_id: int) -> None:
        """Remove a file with everything derived from it.

        Raises:
            AssetNotFound: it is gone.
        """
        self._files.delete(asset_id)

    def describe_photos(
        self, most: int | None = None, cancelled: Callable[[], bool] = lambda: False
    ) -> int:
        """Let the chat model describe photos that wait for it; return how many it did.

        Nothing is done with a model that does not see.

        Raises:
            ModelUnavailable, ModelError: it cannot be loaded, or failed; what is done stays.
        """
        return self._describe(most, cancelled)

    def library_size(self, library: str | None = None) -> int:
        """Return how many files a library holds."""
        return self._files.size(library or self.settings.library)

    def suggestions(self, *, library: str | None = None) -> list[str]:
        """Return a few questions this library can answer."""
        return self._files.suggestions(library or self.settings.library)

    def thumbnail(self, asset_id: int, page: int | None = None) -> bytes | None:
        """Return a small JPEG of a photo or of a document's page, the first where none is given."""
        return self._files.thumbnail(asset_id, page)

    def original(self, asset_id: int) -> tuple[str, str, bytes]:
        """Return name, media type and bytes of a file.

        Raises:
            AssetNotFound: it is gone.
        """
        return self._files.original(asset_id)

    def evidence(self, source: Citation | tuple[int, Locator]) -> EvidenceView | None:
        """Return the picture behind a citation and the boxes to draw on it."""
        return self._files.evidence(source)

    def evidence_rows(self, source: Citation | tuple[int, Locator]) -> RowsView | None:
        """Return the cited rows of a spreadsheet with those beside them; None for other files."""
        return self._files.rows(source)

    def search(
        self,
        text: str = "",
        *,
        image: Path | None = None,
        k: int = 10,
        modality: Modality | None = None,
        library: str | None = None,
        filters: Filters | None = None,
        conversation: str | None = None,
        fold: bool = False,
    ) -> SearchResult:
        """Find passages by words, by a picture, or by both.

        Args:
            filters: restrictions; ``modality`` is then part of them.
            conversation: only files that were attached to it or cited in it.
            fold: show near-duplicate photos as one result, the others behind it.

        Raises:
            ConversationNotFound: there is no such conversation.
            FileNotFound: the picture is not there.
            FileDamaged: it cannot be read.
        """
        wanted = filters or Filters(modality=modality)
        if conversation is not None:
            wanted = replace(wanted, hashes=spoken_of(self._conversations.get(conversation)))
        pixels = None if image is None else open_picture(image)
        return self._files.find(
            Query(library or self.settings.library, text, pixels, k, wanted, fold)
        )
