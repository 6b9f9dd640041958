"""One library of the catalog as the agent sees it: bound to its owner, read only."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image as Pictures
from PIL.Image import Image

from assistant.errors import AssetNotFound
from assistant.library import Attached
from assistant.messages import AssetView
from assistant.views import FaceView
from retrieval.blobs import BlobStore
from retrieval.catalog import people
from retrieval.catalog.library import Catalog
from retrieval.catalog.records import AssetRecord, ChunkRecord
from retrieval.catalog.transactions import reading
from retrieval.errors import Cancelled
from retrieval.marks import PageMarks, marks_of
from retrieval.values import (
    ABOUT,
    Filters,
    Modality,
    PageLocator,
    Passage,
    Query,
    SearchResult,
    Word,
)

Search = Callable[[Query], SearchResult]
Recognise = Callable[[str, str, bytes], list[FaceView]]
Look = Callable[[Path, str, Sequence[int], Callable[[], bool]], Iterable[PageMarks]]


class Shelf:
    """A ``LibraryView`` over catalog, blobs and search.

    Args:
        library: the one library it can see; every asset is checked against it.
        recognise: names the faces of a picture that is in no library, by those of this one.
        look: draws pages of a PDF and tells what they look like.
    """

    def __init__(
        self,
        library: str,
        catalog: Catalog,
        blobs: BlobStore,
        search: Search,
        recognise: Recognise = lambda library, name, jpeg: [],
        look: Look = lambda path, name, pages, cancelled: (),
    ) -> None:
        self._recognise = recognise
        self._look = look
        self._library = library
        self._catalog = catalog
        self._blobs = blobs
        self._search = search

    def size(self) -> int:
        """Return how many files it holds."""
        return self._catalog.size(self._library)

    def search(
        self,
        text: str = "",
        *,
        image: Image | None = None,
        k: int = 8,
        modality: Modality | None = None,
        asset_ids: Iterable[int] | None = None,
        filters: Filters | None = None,
    ) -> SearchResult:
        """Find passages by words, by a picture, or both; ``filters`` hold beside the others."""
        wanted = _narrowed(filters, modality)
        if asset_ids is not None:
            wanted = replace(wanted, asset_ids=frozenset(asset_ids))
        return self._search(Query(self._library, text, image, k, wanted))

    def passages(self, asset_id: int, page: int | None = None) -> list[Passage]:
        """Return the text of a file in reading order.

        Raises:
            AssetNotFound: it is not in this library.
        """
        record = self._record(asset_id)
        return [
            passage_of(record, chunk)
            for chunk in self._catalog.chunks(asset_id, page)
            if chunk.kind not in ABOUT
        ]

    def assets(
        self,
        query: str = "",
        *,
        modality: Modality | None = None,
        limit: int = 1000,
        filters: Filters | None = None,
    ) -> list[AssetView]:
        """Return files, the latest first, whose name contains ``query``."""
        wanted = _narrowed(filters, modality)
        found = self._catalog.assets(self._library, query=query, filters=wanted, limit=limit)
        return [view_of(record) for record in found]

    def asset(self, asset_id: int) -> AssetView:
        """Return one file.

        Raises:
            AssetNotFound: it is not in this library.
        """
        return view_of(self._record(asset_id))

    def picture(self, asset_id: int, page: int | None = None) -> bytes | None:
        """Return the JPEG of a photo or a page, if there is one.

        Raises:
            AssetNotFound: it is not in this library.
        """
        self._record(asset_id)
        record = self._catalog.picture(asset_id, page)
        return None if record is None else self._blobs.read(record.sha256)

    def seen(self, asset_id: int) -> str:
        """Return what a model said before that a photo shows; empty when it said nothing.

        Raises:
            AssetNotFound: it is not in this library.
        """
        self._record(asset_id)
        said = {chunk.kind: chunk.text for chunk in self._catalog.chunks(asset_id)}
        return said.get("caption") or said.get("tags") or ""

    def words(self, passage: Passage) -> Sequence[Word]:
        """Return the places of words that were heard or recognised; of others, none are kept."""
        return self._catalog.words(passage.chunk_id) if passage.chunk_id is not None else ()

    def marks(
        self, asset_id: int, pages: Sequence[int], cancelled: Callable[[], bool]
    ) -> list[PageMarks]:
        """Return what pages look like: a PDF is drawn anew, a scan is looked at as it was kept.

        Raises:
            AssetNotFound: it is not in this library.
            FileRejected: its pages cannot be drawn; ``Cancelled`` when ``cancelled`` said so.
        """
        record = self._record(asset_id)
        read: dict[int, list[Word]] = {}
        for chunk in self._catalog.chunks(asset_id):
            if chunk.kind == "ocr" and isinstance(chunk.locator, PageLocator):
                read.setdefault(chunk.locator.page, []).extend(self._catalog.words(chunk.id))
        found = list[PageMarks]()
        for page in pages:
            if cancelled():
                raise Cancelled(name=record.name)
            if page in read and (seen := self._scanned(asset_id, page, read[page])):
                found.append(seen)
        drawn = [page for page in pages if page not in read]
        if drawn and record.media_type == "application/pdf":
            found += self._look(self._blobs.path(record.sha256), record.name, drawn, cancelled)
        return sorted(found, key=lambda one: one.page)

    def _scanned(self, asset_id: int, page: int, words: Sequence[Word]) -> PageMarks | None:
        jpeg = self.picture(asset_id, page)
        if jpeg is None:
            return None
        with Pictures.open(io.BytesIO(jpeg), formats=("JPEG",)) as picture:
            return marks_of(picture.convert("RGB"), words, page)

    def people(self) -> tuple[str, ...]:
        """Return the names that the owner gave people; none while faces are not grouped."""
        with reading(self._catalog.engine) as connection:
            if not people.wanted(connection, self._library):
                return ()
            found = people.groups(connection, self._library)
        return tuple(group.name for group in found if group.name)

    def faces(self, file: AssetView | Attached) -> list[FaceView]:
        """Return the faces of a photo, named or not; of one that is only attached nothing is kept.

        None while faces are not grouped.
        """
        record = self._catalog.asset_by_hash(self._library, file.sha256)
        if record is not None:
            with reading(self._catalog.engine) as connection:
                return face_views(people.faces(connection, self._library, asset_id=record.id))
        if isinstance(file, AssetView) or file.jpeg is None or not self.people():
            return []
        return self._recognise(self._library, file.name, file.jpeg)

    def faces_of(self, name: str) -> list[FaceView]:
        """Return the faces of a person by the exact name."""
        with reading(self._catalog.engine) as connection:
            return face_views(people.faces(connection, self._library, named=name))

    def _record(self, asset_id: int) -> AssetRecord:
        record = self._catalog.asset(asset_id)
        if record is None or record.library != self._library:
            raise AssetNotFound(asset=asset_id)
        return record


def _narrowed(filters: Filters | None, modality: Modality | None) -> Filters:
    wanted = filters or Filters()
    return replace(wanted, modality=modality) if modality is not None else wanted


def passage_of(record: AssetRecord, chunk: ChunkRecord) -> Passage:
    """Return a stored chunk as a passage."""
    return Passage(
        asset_id=record.id,
        asset=record.name,
        sha256=record.sha256,
        modality=record.modality,
        media_type=record.media_type,
        kind=chunk.kind,
        text=chunk.text,
        locator=chunk.locator,
        score=1.0,
        probability=1.0,
        chunk_id=chunk.id,
        heading=chunk.heading,
        metadata=record.meta,
    )


def face_views(found: Sequence[people.FaceRecord]) -> list[FaceView]:
    """Return stored faces as they are shown."""
    return [FaceView(f.id, f.asset_id, f.asset, f.box, f.name) for f in found]


def tag_name(text: str) -> str:
    """Return a tag as it is kept: lower case, single spaces, at most 60 characters."""
    return " ".join(text.casefold().split())[:60].strip()


def view_of(record: AssetRecord) -> AssetView:
    """Return a file of the catalog as it is shown."""
    meta = dict(record.meta)
    if record.latitude is not None and record.longitude is not None:
        meta |= {"latitude": record.latitude, "longitude": record.longitude}
    return AssetView(
        id=record.id,
        name=record.name,
        sha256=record.sha256,
        media_type=record.media_type,
        modality=record.modality,
        bytes=record.size,
        status=record.status,
        chunks=record.chunks,
        units=record.units,
        added_at=record.added_at,
        taken_at=record.taken_at,
        meta=meta,
        tags=record.tags,
    )
