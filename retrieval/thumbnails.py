"""Small JPEGs of pictures, made when first asked for and kept as files: a cache of the blobs."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image

from retrieval.blobs import BlobStore, disk_error

_SIDE = 360
_QUALITY = 80


class Thumbnails:
    """Thumbnails of picture blobs, named by the blob's SHA-256."""

    def __init__(self, folder: Path, blobs: BlobStore) -> None:
        self._folder = folder
        self._blobs = blobs

    def get(self, sha256: str) -> bytes:
        """Return the thumbnail (JPEG, longest side 360) of a picture blob.

        Raises:
            HomeError: the picture is gone, or the cache cannot be written (DiskFull).
        """
        path = self._path(sha256)
        try:
            return path.read_bytes()
        except OSError:
            body = shrink(self._blobs.read(sha256))
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(body)
            temporary.replace(path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise disk_error(error, path) from error
        return body

    def delete(self, names: Iterable[str]) -> None:
        """Forget the thumbnails of these blobs."""
        for sha256 in names:
            self._path(sha256).unlink(missing_ok=True)

    def names(self) -> Iterator[str]:
        """Yield the SHA-256 of every picture that has a thumbnail."""
        if self._folder.is_dir():
            yield from (path.stem for path in self._folder.glob("*.jpg"))

    def _path(self, sha256: str) -> Path:
        return self._folder / f"{self._blobs.path(sha256).name}.jpg"


def shrink(jpeg: bytes, side: int = _SIDE) -> bytes:
    """Return a JPEG with its longest side at most ``side``."""
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as opened:
        opened.draft("RGB", (side, side))
        image = opened.convert("RGB")
    image.thumbnail((side, side))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()
