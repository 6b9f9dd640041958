"""Opens photos of a data folder and embeds them in batches, once.

Vectors are kept below ``<home>/evals/vectors`` by embedder and content. A photo that cannot be
opened is remembered with the reason, and never found. Knows nothing of suites.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from evals.data import Media

if TYPE_CHECKING:
    from retrieval.embed.protocol import JointEmbedder

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
_BATCH = 32


@dataclass(frozen=True)
class Gallery:
    """Photos to search: names, unit vectors float32 [n, dim], and what could not be opened."""

    names: tuple[str, ...]
    vectors: NDArray[np.float32]
    unreadable: Mapping[str, str]

    def scores(self, queries: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the cosines float32 [n queries, n photos]; an unreadable photo is last."""
        found = (queries @ self.vectors.T).astype(np.float32)
        for column, name in enumerate(self.names):
            if name in self.unreadable:
                found[:, column] = -np.inf
        return found


def open_photo(data: bytes) -> Image.Image:
    """Return a photo in RGB.

    Raises:
        OSError: the bytes are no photo.
    """
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        return image.convert("RGB")


def image_content(data: bytes) -> dict[str, Any]:
    """Return a photo as a content block of a chat message.

    Raises:
        OSError: the bytes are no photo.
    """
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        media_type = Image.MIME[str(image.format)]
    return {"type": "image", "base64": base64.b64encode(data).decode(), "mime_type": media_type}


def embed_gallery(
    media: Media,
    names: Sequence[str],
    joint: JointEmbedder,
    cache: Path,
    told: Callable[[int], None],
) -> Gallery:
    """Embed the named photos, or read their vectors from an earlier run.

    Args:
        told: how many photos are done, after each batch.
    """
    digest = hashlib.sha256(f"{joint.id} {media.digest(names)} {names}".encode()).hexdigest()[:20]
    path = cache / f"{digest}.npz"
    if path.is_file():
        with np.load(path, allow_pickle=False) as kept:
            faults = dict(zip(kept["bad"].tolist(), kept["why"].tolist(), strict=True))
            return Gallery(tuple(names), kept["vectors"], faults)
    vectors = np.zeros((len(names), joint.dim), dtype=np.float32)
    unreadable: dict[str, str] = {}
    for places, photos in _batches(media, names, unreadable):
        if photos:
            vectors[places] = joint.embed_images(photos)
        told(places[-1] + 1 if places else 0)
    cache.mkdir(parents=True, exist_ok=True)
    waiting = path.with_suffix(".tmp.npz")
    bad = np.array(list(unreadable), dtype=str)
    why = np.array(list(unreadable.values()), dtype=str)
    np.savez(waiting, vectors=vectors, bad=bad, why=why)
    waiting.replace(path)
    return Gallery(tuple(names), vectors, unreadable)


def _batches(
    media: Media, names: Sequence[str], unreadable: dict[str, str]
) -> Iterator[tuple[list[int], list[Image.Image]]]:
    for start in range(0, len(names), _BATCH):
        places, photos = [], []
        for place in range(start, min(start + _BATCH, len(names))):
            try:
                photos.append(open_photo(media.read(names[place])))
                places.append(place)
            except (OSError, ValueError, Image.DecompressionBombError) as error:
                unreadable[names[place]] = f"the photo cannot be opened: {error}"
        yield places, photos


def ranks(scores: NDArray[np.float32], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each row the 1-based rank of its wanted column; a tie counts against it.

    Args:
        scores: [n, m]; wanted: [n] column of the right item.
    """
    own = np.take_along_axis(scores, wanted[:, None], axis=1)
    found: NDArray[np.int64] = (scores >= own).sum(axis=1)
    return found
