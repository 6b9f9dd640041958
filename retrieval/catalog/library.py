"""The library as others see it: its files, passages and pictures; one file removed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, and_, delete, func, insert, or_, select

from retrieval.blobs import BlobStore
from retrieval.catalog import store
from retrieval.catalog.filtering import conditions_of
from retrieval.catalog.records import AssetRecord, ChunkRecord, PictureRecord
from retrieval.catalog.tables import Asset, ChunkRow, PictureRow, Tag
from retrieval.catalog.transactions import reading, writing
from retrieval.values import ABOUT, Filters, Word, locator_from_json


class Catalog:
    """Reads of the library (any thread), tags, and deletion."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def size(self, library: str) -> int:
        """Return how many files a library holds."""
        with reading(self.engine) as connection:
            return library_size(connection, library)

    def assets(
        self,
        library: str,
        *,
        query: str = "",
        filters: Filters | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> list[AssetRecord]:
        """Return a page of the library, newest first; ``query`` is part of the name."""
        wanted = _asset_query().where(Asset.library_id == library)
        wanted = wanted.where(*conditions_of(filters or Filters()))
        if query.strip():
            wanted = wanted.where(
                func.lower(Asset.name).contains(query.strip().lower(), autoescape=True)
            )
        with reading(self.engine) as connection:
            page = wanted.order_by(Asset.added_at.desc(), Asset.id.desc())
            return _assets(connection, page.limit(limit).offset(offset))

    def count(self, library: str, *, query: str = "", filters: Filters | None = None) -> int:
        """Return how many files ``assets`` would list without a limit."""
        wanted = select(func.count()).select_from(Asset).where(Asset.library_id == library)
        wanted = wanted.where(*conditions_of(filters or Filters()))
        if query.strip():
            wanted = wanted.where(
                func.lower(Asset.name).contains(query.strip().lower(), autoescape=True)
            )
        with reading(self.engine) as connection:
            return connection.scalar(wanted) or 0

    def names(self, library: str) -> dict[int, str]:
        """Return the names of all files of a library by id, in the order they came."""
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(Asset.id, Asset.name).where(Asset.library_id == library).order_by(Asset.id)
            )
            return {row.id: row.name for row in rows}

    def asset(self, asset_id: int) -> AssetRecord | None:
        """Return one file, None when it is gone."""
        with reading(self.engine) as connection:
            found = _assets(connection, _asset_query().where(Asset.id == asset_id))
        return found[0] if found else None

    def asset_by_hash(self, library: str, sha256: str) -> AssetRecord | None:
        """Return the file with this content."""
        with reading(self.engine) as connection:
            wanted = _asset_query().where(Asset.library_id == library, Asset.sha256 == sha256)
            found = _assets(connection, wanted)
        return found[0] if found else None

    def chunks(self, asset_id: int, page: int | None = None) -> list[ChunkRecord]:
        """Return the passages of a file in reading order; ``page`` (1-based) only those on it."""
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(*_CHUNK_COLUMNS)
                .where(ChunkRow.asset_id == asset_id)
                .order_by(ChunkRow.ordinal)
            ).all()
        found = [_chunk(row) for row in rows]
        if page is None:
            return found
        return [chunk for chunk in found if getattr(chunk.locator, "page", None) == page]

    def pictures(self, asset_id: int) -> list[PictureRecord]:
        """Return the photo, or the page images in order."""
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(
                    PictureRow.id,
                    PictureRow.asset_id,
                    PictureRow.page,
                    PictureRow.sha256,
                    PictureRow.width,
                    PictureRow.height,
                )
                .where(PictureRow.asset_id == asset_id)
                .order_by(PictureRow.page, PictureRow.id)
            ).all()
        return [PictureRecord(*row) for row in rows]

    def words(self, chunk_id: int) -> tuple[Word, ...]:
        """Return where the words of a heard or recognised passage stand; none of other passages."""
        with reading(self.engine) as connection:
            kept = connection.scalar(select(ChunkRow.words).where(ChunkRow.id == chunk_id))
        return tuple(Word.from_json(one) for one in kept or ())

    def picture(self, asset_id: int, page: int | None = None) -> PictureRecord | None:
        """Return the photo or one page image; the first picture when ``page`` is None."""
        found = self.pictures(asset_id)
        if page is not None:
            found = [picture for picture in found if picture.page == page]
        return found[0] if found else None

    def tag(self, asset_ids: Collection[int], tags: Collection[str]) -> None:
        """Put files under tags, beside those they have."""
        with writing(self.engine) as connection:
            of_these = select(Tag.asset_id, Tag.tag).where(Tag.asset_id.in_(sorted(asset_ids)))
            held = {(row.asset_id, row.tag) for row in connection.execute(of_these)}
            new = {(asset, tag) for asset in asset_ids for tag in tags} - held
            if new:
                rows = [{"asset_id": asset, "tag": tag} for asset, tag in sorted(new)]
                connection.execute(insert(Tag), rows)

    def untag(self, asset_ids: Collection[int], tags: Collection[str]) -> None:
        """Take files out from under tags."""
        wanted = (Tag.asset_id.in_(sorted(asset_ids)), Tag.tag.in_(sorted(tags)))
        with writing(self.engine) as connection:
            connection.execute(delete(Tag).where(*wanted))

    def tags(self, library: str) -> dict[str, int]:
        """Return the tags of a library and how many files are under each, by name."""
        counted = (
            select(Tag.tag, func.count())
            .join(Asset, Tag.asset_id == Asset.id)
            .where(Asset.library_id == library)
            .group_by(Tag.tag)
            .order_by(Tag.tag)
        )
        with reading(self.engine) as connection:
            return {row[0]: row[1] for row in connection.execute(counted)}

    def delete(self, asset_id: int, blobs: BlobStore) -> set[str] | None:
        """Remove a file, all that was derived from it, and the blobs nobody else uses.

        Returns:
            The blobs it used, so that thumbnails can follow; None when it was not there.
        """
        return store.delete_asset(self.engine, blobs, asset_id)


def library_size(connection: Connection, library: str) -> int:
    """Return how many files a library holds."""
    wanted = select(func.count()).select_from(Asset).where(Asset.library_id == library)
    return connection.scalar(wanted) or 0


def assets_by_id(connection: Connection, ids: Collection[int]) -> dict[int, AssetRecord]:
    """Return files by id in one query, without tags and chunk counts."""
    wanted = _asset_query(counted=False).where(Asset.id.in_(list(ids)))
    return {row.id: _asset(row, ()) for row in connection.execute(wanted)}


def chunks_for(
    connection: Connection, ids: Collection[int], assets: Collection[int]
) -> list[ChunkRecord]:
    """Return passages by id, and the first ones of each of ``assets``, in one query."""
    beginning = and_(ChunkRow.asset_id.in_(list(assets)), ChunkRow.ordinal < _BEGINNING)
    rows = connection.execute(
        select(*_CHUNK_COLUMNS)
        .where(or_(ChunkRow.id.in_(list(ids)), beginning))
        .order_by(ChunkRow.asset_id, ChunkRow.ordinal)
    )
    return [_chunk(row) for row in rows]


def chunks_on_page(
    connection: Connection, assets: Collection[int], number: int
) -> tuple[list[ChunkRecord], list[ChunkRecord]]:
    """Return the passages on the page of that number by counting, and those by its print.

    A page bears its number where a passage ends with it, as a line of its own or behind a gap.
    """
    on_page = ChunkRow.locator["page"].as_integer()
    ends = [ChunkRow.text.endswith(f"{gap}{number}") for gap in ("\n", "  ")]
    paged = ChunkRow.asset_id.in_(sorted(assets)), on_page.is_not(None), ChunkRow.kind.not_in(ABOUT)
    by_place = select(*_CHUNK_COLUMNS).where(*paged, on_page == number).order_by(ChunkRow.id)
    bears = or_(ChunkRow.text == str(number), *ends)
    by_print = select(*_CHUNK_COLUMNS).where(*paged, bears).order_by(ChunkRow.id)
    return (
        [_chunk(row) for row in connection.execute(by_place)],
        [_chunk(row) for row in connection.execute(by_print)],
    )


_BEGINNING = 8
_CHUNK_COLUMNS = (
    ChunkRow.id,
    ChunkRow.asset_id,
    ChunkRow.ordinal,
    ChunkRow.kind,
    ChunkRow.text,
    ChunkRow.heading,
    ChunkRow.locator,
)


def _chunk(row: Row[Any]) -> ChunkRecord:
    return ChunkRecord(
        id=row.id,
        asset_id=row.asset_id,
        ordinal=row.ordinal,
        kind=row.kind,
        text=row.text,
        heading=row.heading,
        locator=locator_from_json(row.locator),
    )


def _asset_query(*, counted: bool = True) -> Select[Any]:
    columns: list[Any] = list(Asset.__table__.columns)
    if counted:
        number = (
            select(func.count())
            .where(ChunkRow.asset_id == Asset.id, ChunkRow.kind.not_in(ABOUT))
            .correlate(Asset)
            .scalar_subquery()
        )
        columns.append(number.label("chunk_count"))
    return select(*columns)


def _assets(connection: Connection, wanted: Select[Any]) -> list[AssetRecord]:
    rows = connection.execute(wanted).all()
    tags: dict[int, list[str]] = {}
    if rows:
        of_these = select(Tag.asset_id, Tag.tag).where(Tag.asset_id.in_([r.id for r in rows]))
        for asset_id, tag in connection.execute(of_these.order_by(Tag.tag)):
            tags.setdefault(asset_id, []).append(tag)
    return [_asset(row, tuple(tags.get(row.id, ()))) for row in rows]


def _asset(row: Row[Any], tags: tuple[str, ...]) -> AssetRecord:
    return AssetRecord(
        id=row.id,
        library=row.library_id,
        sha256=row.sha256,
        name=row.name,
        source=row.source,
        media_type=row.media_type,
        modality=row.modality,
        size=row.bytes,
        status=row.status,
        units=row.units,
        chunks=getattr(row, "chunk_count", 0),
        added_at=row.added_at,
        taken_at=row.taken_at,
        latitude=row.latitude,
        longitude=row.longitude,
        meta=row.meta,
        tags=tags,
    )
