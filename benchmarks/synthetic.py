"""A library of any size without files: clustered unit vectors, written to SQL as photos are.

Stands in for large libraries in benchmarks of search and growth; says nothing of quality.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import Connection, Engine, insert, select, update

from retrieval.catalog.base import now
from retrieval.catalog.tables import Asset, Library, PictureRow, VectorRow
from retrieval.catalog.vectors import pack
from retrieval.fakes import ColourJointEmbedder

LIBRARY = "bench"
DIM = 512
_CLUSTERS = 2000
_HIDDEN = 64
_BLOCK = 5000
_FIRST_DAY = datetime(2016, 1, 1, tzinfo=UTC)

Vectors = NDArray[np.float32]


def clustered(count: int, seed: int) -> Vectors:
    """Return unit vectors [count, 512] in 2,000 clusters of 64 hidden dimensions, and noise."""
    shape = np.random.default_rng(0)
    spread = shape.normal(size=(_HIDDEN, DIM)).astype(np.float32)
    centres = shape.normal(size=(_CLUSTERS, _HIDDEN)).astype(np.float32)
    random = np.random.default_rng(seed)
    hidden = centres[random.integers(0, _CLUSTERS, count)]
    hidden = hidden + 0.5 * random.standard_normal((count, _HIDDEN), dtype=np.float32)
    rows = hidden @ spread + random.standard_normal((count, DIM), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float16).astype(np.float32)


def blocks(count: int) -> Iterator[tuple[int, Vectors]]:
    """Yield vectors in blocks with the number of the first."""
    for start in range(0, count, _BLOCK):
        yield start, clustered(min(_BLOCK, count - start), 1 + start)


class ClusteredJoint(ColourJointEmbedder):
    """A joint embedder into the space of ``clustered``; costs next to nothing."""

    id = "bench-joint"
    dim = DIM

    def embed_images(self, images: Sequence[Image.Image]) -> Vectors:
        """Return unit vectors [n, 512]."""
        return clustered(len(images), 7)

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors [n, 512]; the same text gives the same vector."""
        return np.concatenate([clustered(1, len(text) * 31 + ord(text[-1])) for text in texts])


def fill(engine: Engine, count: int) -> None:
    """Write ``count`` photos, one a day spread over ten years, with their vectors."""
    with engine.begin() as connection:
        known = connection.scalar(select(Library.id).where(Library.id == LIBRARY))
        if known is None:
            connection.execute(insert(Library).values(id=LIBRARY, created_at=now(), generation=0))
    for start, vectors in blocks(count):
        with engine.begin() as connection:
            _write(connection, start, vectors)


def _write(connection: Connection, start: int, vectors: Vectors) -> None:
    numbers = range(start + 1, start + 1 + len(vectors))
    assets = [
        {
            "id": n,
            "library_id": LIBRARY,
            "sha256": f"bench{n:059}",
            "name": f"photo {n}.jpg",
            "media_type": "image/jpeg",
            "modality": "image",
            "bytes": 100_000,
            "taken_at": _FIRST_DAY + timedelta(days=n % 3650),
            "added_at": now(),
        }
        for n in numbers
    ]
    pictures = [
        {"id": n, "asset_id": n, "sha256": f"bench{n:059}", "width": 800, "height": 600}
        for n in numbers
    ]
    rows = [
        {
            "library_id": LIBRARY,
            "asset_id": n,
            "picture_id": n,
            "embedder": ClusteredJoint.id,
            "dim": DIM,
            "data": data,
        }
        for n, data in zip(numbers, pack(vectors), strict=True)
    ]
    for table, values in ((Asset, assets), (PictureRow, pictures), (VectorRow, rows)):
        connection.execute(insert(table), values)
    connection.execute(
        update(Library).where(Library.id == LIBRARY).values(generation=Library.generation + 1)
    )
