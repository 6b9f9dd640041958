"""The library side of the assistant: showing files, finding, deleting.

Maps what retrieval hands out to views, and checks that a file belongs to the library it is asked
for in. Knows nothing of taking files in (``intake``), no conversations and no language model.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from assistant.errors import AssetNotFound
from assistant.i18n import Language, text
from assistant.messages import AssetView, Citation, EvidenceView, RowsView
from assistant.shelf import Look, Recognise, Shelf, passage_of, tag_name, view_of
from assistant.views import Finding
from retrieval.blobs import BlobStore
from retrieval.catalog.library import Catalog
from retrieval.tables import tables_of
from retrieval.thumbnails import Thumbnails
from retrieval.values import (
    CellLocator,
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
    from retrieval.search import Searcher

SUGGESTIONS = 4
_ROWS = 60
"""Rows of a sheet that are shown as evidence; an answer over more cites them by number."""


class Files:
    """Files of every library of one home folder.

    Args:
        searcher: returns the part, built when it is first needed.
        recognise: names the faces of a picture that is in no library.
        look: draws pages of a PDF and tells what they look like.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        blobs: BlobStore,
        thumbnails: Thumbnails,
        language: Language,
        searcher: Callable[[], Searcher],
        recognise: Recognise,
        look: Look,
    ) -> None:
        self._recognise = recognise
        self._look = look
        self._catalog = catalog
        self._blobs = blobs
        self._thumbnails = thumbnails
        self._language: Language = language
        self._searcher = searcher

    # --- showing -----------------------------------------------------------------------------

    def shelf(self, library: str) -> Shelf:
        """Return what the owner of a library may see."""
        return Shelf(library, self._catalog, self._blobs, self.find, self._recognise, self._look)

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

    def thumbnail(self, asset_id: int, page: int | None = None) -> bytes | None:
        """Return a small JPEG of a photo or a page (the first); None where there is no picture."""
        picture = self._catalog.picture(asset_id, page)
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

    def rows(self, source: Citation | tuple[int, Locator]) -> RowsView | None:
        """Return the cited rows of a spreadsheet with those beside them, _ROWS at most.

        None for all else, for a sheet whose columns have no names, and for files that are gone.
        """
        asset_id, place = (
            (source.asset_id, source.locator) if isinstance(source, Citation) else source
        )
        record = None if asset_id is None else self._catalog.asset(asset_id)
        if record is None or not isinstance(place, CellLocator):
            return None
        passages = [passage_of(record, c) for c in self._catalog.chunks(record.id, place.page)]
        table = next(iter(tables_of(passages)), None)
        if table is None:
            return None
        every, cited = table.rows, frozenset(place.rows)
        at = [i for i, row in enumerate(every) if row.number in cited]
        beside = sorted({j for i in at for j in (i - 1, i, i + 1) if 0 <= j < len(every)})
        shown = tuple((every[i].number, every[i].cells) for i in beside[:_ROWS])
        return RowsView(table.columns, shown, cited, place.column) if shown else None

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


def _upright(image: bytes, longest: int) -> bytes:
    """Return an attached picture as a JPEG to show."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(image)) as opened:
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    picture.thumbnail((longest, longest))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()
