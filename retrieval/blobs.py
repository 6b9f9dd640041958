"""Bytes on disk under their SHA-256: ``blobs/ab/abcdef…``. Knows nothing of SQL or file types.

A blob is written to a temporary name, flushed to the disk, renamed, and its folder flushed, so a
name that exists is whole. Putting the same bytes twice is one blob.
"""

from __future__ import annotations

import errno
import hashlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from retrieval.errors import DiskFull, HomeError

_BLOCK = 1 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_HEX = frozenset("0123456789abcdef")


class Stored(NamedTuple):
    """A blob's name and its size in bytes."""

    sha256: str
    size: int


class BlobStore:
    """The blobs of one home folder; safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._incoming = folder / "incoming"

    def put(self, source: Path | bytes) -> Stored:
        """Store a file or bytes and return their SHA-256 and size; streams, idempotent.

        Raises:
            DiskFull: there is no room.
            HomeError: the folder cannot be written.
            OSError: the source cannot be read.
        """
        if isinstance(source, bytes):
            sha256 = hashlib.sha256(source).hexdigest()
            if self.exists(sha256):
                return Stored(sha256, len(source))
        temporary = self._incoming / f"{os.getpid()}-{uuid.uuid4().hex}"
        try:
            stored = self._write(temporary, source)
            self._keep(temporary, self.path(stored.sha256))
            return stored
        except OSError as error:
            if error.errno in _FULL:  # closing a file that could not be written fails once more
                raise disk_error(error, temporary) from error
            raise
        finally:
            temporary.unlink(missing_ok=True)

    def path(self, sha256: str) -> Path:
        """Return where a blob is or would be.

        Raises:
            ValueError: not a SHA-256 in lower-case hexadecimal.
        """
        if len(sha256) != 64 or not _HEX.issuperset(sha256):
            raise ValueError(f"not a SHA-256: {sha256!r}")
        return self.folder / sha256[:2] / sha256

    def exists(self, sha256: str) -> bool:
        """Tell whether a blob is here."""
        return self.path(sha256).is_file()

    def read(self, sha256: str) -> bytes:
        """Return a blob's bytes.

        Raises:
            HomeError: the blob is gone or cannot be read.
        """
        path = self.path(sha256)
        try:
            return path.read_bytes()
        except OSError as error:
            raise HomeError(path=path, detail=error.strerror or "gone") from error

    def delete(self, sha256: str) -> None:
        """Remove a blob; nothing happens when it is not there."""
        self.path(sha256).unlink(missing_ok=True)

    def names(self) -> Iterator[str]:
        """Yield the SHA-256 of every blob."""
        for path in self._files():
            if self._in_place(path):
                yield path.name

    def leftovers(self) -> Iterator[Path]:
        """Yield what is no blob: unfinished files of a killed process, files put there by hand."""
        if self._incoming.is_dir():
            yield from self._incoming.iterdir()
        for path in self._files():
            if not self._in_place(path) and path.is_file():
                yield path

    def _files(self) -> Iterator[Path]:
        for folder in sorted(self.folder.glob("[0-9a-f][0-9a-f]")):
            yield from folder.iterdir()

    def _in_place(self, path: Path) -> bool:
        name = path.name
        return len(name) == 64 and _HEX.issuperset(name) and name[:2] == path.parent.name

    def intact(self, sha256: str) -> bool:
        """Read a blob and tell whether its bytes still have its name."""
        try:
            with self.path(sha256).open("rb") as source:
                return hashlib.file_digest(source, "sha256").hexdigest() == sha256
        except OSError:
            return False

    def _keep(self, temporary: Path, target: Path) -> None:
        """Give a whole file its name."""
        try:
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                temporary.replace(target)
                flush_folder(target.parent)
        except OSError as error:
            raise disk_error(error, target) from error

    def _write(self, temporary: Path, source: Path | bytes) -> Stored:
        try:
            self._incoming.mkdir(parents=True, exist_ok=True)
            out = temporary.open("xb")
        except OSError as error:
            raise disk_error(error, temporary) from error
        with out:
            if isinstance(source, bytes):
                return _copy((source,), out, temporary)
            with source.open("rb") as opened:
                return _copy(iter(lambda: opened.read(_BLOCK), b""), out, temporary)


def _copy(blocks: Iterator[bytes] | tuple[bytes, ...], out: BinaryIO, path: Path) -> Stored:
    digest, size = hashlib.sha256(), 0
    for block in blocks:
        digest.update(block)
        size += len(block)
        try:
            out.write(block)
        except OSError as error:
            raise disk_error(error, path) from error
    try:
        out.flush()
        os.fsync(out.fileno())
    except OSError as error:
        raise disk_error(error, path) from error
    return Stored(digest.hexdigest(), size)


def disk_error(error: OSError, path: Path) -> HomeError:
    """Return the error to raise for a failed write to ``path``."""
    if error.errno in _FULL:
        return DiskFull(path=path)
    return HomeError(path=path, detail=error.strerror or str(error))


def flush_folder(folder: Path) -> None:
    """Make a rename inside ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
