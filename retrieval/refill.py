"""Vectors that are missing from SQL, made from what is stored: after a repair, for a new embedder,
of sentences in libraries from before they were kept, and of passages in the space of photos.

Works in small transactions, so that it can be stopped, killed and resumed at any point.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, Select, and_, exists, func, insert, or_, select, update

from retrieval.blobs import BlobStore
from retrieval.catalog.tables import Asset, ChunkRow, Library, PictureRow, VectorRow
from retrieval.catalog.transactions import reading, writing
from retrieval.catalog.vectors import pack
from retrieval.chunking import embedded_text
from retrieval.embed.passages import JointPassages
from retrieval.embed.protocol import JointEmbedder, TextEmbedder
from retrieval.embed.sentences import LONG, Sentences
from retrieval.errors import HomeError, SightlineError
from retrieval.reading import decode_small
from retrieval.values import ABOUT, Chunk, RegionLocator

log = logging.getLogger(__name__)

Embedder = TextEmbedder | JointEmbedder | JointPassages | Sentences
Vectors = list[bytes]
"""What is stored of one passage or picture: one vector, or one of each sentence."""
_BATCH = 16


def missing_vectors(engine: Engine, embedder: Embedder) -> int:
    """Return how many chunks (or pictures) have no vector of this embedder."""
    with reading(engine) as connection:
        wanted = lacking(embedder).subquery()
        return connection.scalar(select(func.count()).select_from(wanted)) or 0


class Refill:
    """Embeds what has no vector of one embedder yet, a batch at a time, oldest first.

    ``lost`` are the ids of pictures that cannot be embedded because their file is gone.
    """

    def __init__(self, engine: Engine, blobs: BlobStore, embedder: Embedder) -> None:
        self.embedder = embedder
        self.lost: set[int] = set()
        self._engine = engine
        self._blobs = blobs
        self._after = 0
        self._whole_at: int | None = None

    def step(self) -> int:
        """Embed a batch; return how many vectors were made, 0 when none is missing."""
        with reading(self._engine) as connection:
            changes = connection.scalar(select(func.sum(Library.generation))) or 0
            if changes == self._whole_at:
                return 0  # nothing changed since all was there
            while True:
                wanted = lacking(self.embedder, self._after).limit(_BATCH)
                rows = connection.execute(wanted).all()
                if rows or not self._after:
                    break
                self._after = 0  # once more from the start: something may have come late
            rows = [row for row in rows if row.id not in self.lost]
        if not rows:
            self._whole_at = changes
            return 0
        self._after = rows[-1].id
        return self._keep(*self._embedded(rows))

    def run(self, cancelled: Callable[[], bool] = lambda: False) -> int:
        """Embed all that is missing; return how many vectors were made."""
        made = 0
        while not cancelled():
            lost = len(self.lost)
            count = self.step()
            made += count
            if not count and len(self.lost) == lost:
                break
        return made

    def _embedded(self, rows: Sequence[Any]) -> tuple[Sequence[Any], list[Vectors]]:
        """Embed rows; those that cannot be are left out and remembered."""
        try:
            return rows, _embed(self.embedder, self._blobs, rows)
        except SightlineError as error:
            if len(rows) == 1:
                log.warning("a stored picture cannot be embedded: %s", error)
                self.lost.add(rows[0].id)
                return [], []
        kept: list[Any] = []
        data: list[Vectors] = []
        for row in rows:
            one, vector = self._embedded([row])
            kept += one
            data += vector
        return kept, data

    def _keep(self, rows: Sequence[Any], data: Sequence[Vectors]) -> int:
        """Write vectors of what is still there."""
        if not rows:
            return 0
        table = PictureRow if _of_pictures(self.embedder) else ChunkRow
        with writing(self._engine) as connection:
            for library in {row.library_id for row in rows}:
                connection.execute(
                    update(Library)
                    .where(Library.id == library)
                    .values(generation=Library.generation + 1)
                )
            there = set(
                connection.scalars(select(table.id).where(table.id.in_([r.id for r in rows])))
            )
            values = [
                _row(self.embedder, row, vector)
                for row, vectors in zip(rows, data, strict=True)
                if row.id in there
                for vector in vectors
            ]
            if values:
                connection.execute(insert(VectorRow), values)
        return len(rows)


def fill_missing(
    engine: Engine,
    blobs: BlobStore,
    embedder: Embedder,
    cancelled: Callable[[], bool] = lambda: False,
) -> int:
    """Embed what has no vector yet; returns how many were made.

    Raises:
        HomeError: pictures' blobs are gone; all others have their vector.
    """
    refill = Refill(engine, blobs, embedder)
    made = refill.run(cancelled)
    if refill.lost:
        raise HomeError(path=blobs.folder, detail=f"{len(refill.lost)} pictures are gone")
    return made


def lacking(embedder: Embedder, after: int = 0) -> Select[*tuple[Any, ...]]:
    """Select what should have a vector of the embedder and has none, with an id above ``after``.

    These are chunks that mean something, pictures, or for ``JointPassages`` and ``Sentences`` what
    documents and recordings say, for these also what long texts on pictures do.
    """
    owner = (Asset.library_id, Asset.id.label("asset_id"))
    if _of_pictures(embedder):
        has = exists().where(
            VectorRow.picture_id == PictureRow.id, VectorRow.embedder == embedder.id
        )
        return (
            select(PictureRow.id, PictureRow.sha256, *owner)
            .join_from(PictureRow, Asset, PictureRow.asset_id == Asset.id)
            .where(PictureRow.id > after, ~has)
            .order_by(PictureRow.id)
        )
    has = exists().where(VectorRow.chunk_id == ChunkRow.id, VectorRow.embedder == embedder.id)
    if isinstance(embedder, (JointPassages, Sentences)):
        said = Asset.modality != "image"
        if isinstance(embedder, Sentences):
            said = or_(said, func.length(ChunkRow.text) >= LONG)
        wanted = and_(said, ChunkRow.kind.not_in(ABOUT))
    else:
        wanted = or_(
            ChunkRow.kind.not_in(("metadata", "tags")),
            and_(Asset.modality == "text", exists().where(VectorRow.chunk_id == ChunkRow.id)),
        )
    return (
        select(ChunkRow.id, ChunkRow.text, ChunkRow.heading, *owner)
        .join_from(ChunkRow, Asset, ChunkRow.asset_id == Asset.id)
        .where(ChunkRow.id > after, wanted, ~has)
        .order_by(ChunkRow.id)
    )


def _of_pictures(embedder: Embedder) -> bool:
    return not isinstance(embedder, (TextEmbedder, JointPassages, Sentences))


def _embed(embedder: Embedder, blobs: BlobStore, rows: Sequence[Any]) -> list[Vectors]:
    if isinstance(embedder, JointPassages):
        return _each(embedder.embed_passages([row.text for row in rows]))
    if isinstance(embedder, Sentences):
        said = [row.text for row in rows]
        return [pack(some) for some in embedder.embed(said, embedder.whole(_texts(rows)))]
    if isinstance(embedder, TextEmbedder):
        return _each(embedder.embed_passages(_texts(rows)))
    photos = [decode_small(blobs.read(row.sha256), embedder.side) for row in rows]
    return _each(embedder.embed_images(photos))


def _texts(rows: Sequence[Any]) -> list[str]:
    return [embedded_text(Chunk(r.text, "body", RegionLocator(), 0, r.heading)) for r in rows]


def _each(vectors: NDArray[np.float32]) -> list[Vectors]:
    return [[data] for data in pack(vectors)]


def _row(embedder: Embedder, row: Any, data: bytes) -> dict[str, Any]:
    of_pictures = _of_pictures(embedder)
    return {
        "library_id": row.library_id,
        "asset_id": row.asset_id,
        "chunk_id": None if of_pictures else row.id,
        "picture_id": row.id if of_pictures else None,
        "embedder": embedder.id,
        "dim": embedder.dim,
        "data": data,
    }
