"""One folder kept in step with a library: what is new is taken in, what moved is renamed,
what changed is read again, what is gone leaves.

A file is known by its content, so a moved file is not embedded again, and one that is in the
library from elsewhere stays when its copy in the folder goes. What the library knows is the only
state; the last sizes and times seen are remembered while the program runs, to read less.
Says what became of each file; knows no screen and no events of the file system.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from sqlalchemy import Engine

from retrieval.catalog import sources
from retrieval.catalog.records import FileRecord, Upload
from retrieval.catalog.sources import Sourced
from retrieval.catalog.store import find_asset
from retrieval.catalog.transactions import reading

RULES_FILE = ".sightlineignore"
_NEVER = (
    ".*", "~$*", "*~", "*.tmp", "*.part", "*.partial", "*.crdownload", "*.download", "*.swp",
    "Thumbs.db", "desktop.ini", "node_modules", "__pycache__",
)  # fmt: skip
_SETTLED_SECONDS = 2.0
_MANY = 5

What = Literal["indexed", "duplicate", "failed", "moved", "changed", "removed"]


class FolderGone(Exception):
    """All files of the folder are gone at once: a drive that is not connected? Nothing is done."""

    def __init__(self, folder: Path, files: int) -> None:
        super().__init__(f"{files} files of {folder}")
        self.folder, self.files = folder, files


@dataclass(frozen=True)
class Change:
    """What became of a file: ``record`` is how reading it ended; ``before`` where it lay."""

    what: What
    path: Path
    record: FileRecord | None = None
    before: Path | None = None


class Seen(NamedTuple):
    """A file as it lies there: bytes, and the latest of its times (ns), which any change moves."""

    size: int
    touched: int


Ingest = Callable[[list[Upload]], Sequence[FileRecord]]
Remove = Callable[[int], None]


class Folder:
    """A folder and the library that follows it.

    Args:
        ingest: takes files in and returns what became of each, in order.
        remove: deletes an asset.
        settled: seconds a file must have been left alone, so that none is read half written.
    """

    def __init__(
        self,
        engine: Engine,
        library: str,
        folder: Path,
        ingest: Ingest,
        remove: Remove,
        settled: float = _SETTLED_SECONDS,
    ) -> None:
        self.path = folder.absolute()
        self.unsettled = False
        self._arriving: set[int] = set()
        self._engine, self._library = engine, library
        self._ingest, self._remove, self._settled = ingest, remove, settled
        self._hashes: dict[Path, tuple[Seen, str]] = {}
        self._refused: dict[Path, Seen] = {}
        self._told: set[tuple[Path, str]] = set()

    def reconcile(self) -> list[Change]:
        """Bring the library in step; files still being written are left (``unsettled``).

        Raises:
            FolderGone: there is nothing left of what came from here; nothing was done.
        """
        known = {Path(a.source): a for a in sources.under(self._engine, self._library, self.path)}
        found = dict(walk(self.path))
        if known and not found and (len(known) > _MANY or not self.path.is_dir()):
            raise FolderGone(self.path, len(known))
        fresh = self._fresh(found, known)
        lost = {path: a for path, a in known.items() if path not in found or path in fresh}
        changes, uploads = self._place(fresh, lost)
        changes += self._take_in(uploads, found, lost)
        for path, asset in lost.items():
            if path not in found and asset.size in self._arriving:
                continue  # it may be the file that is just being moved to another place
            self._remove(asset.id)
            if path not in found:
                changes.append(Change("removed", path))
        return changes

    def _fresh(self, found: dict[Path, Seen], known: dict[Path, Sourced]) -> dict[Path, str]:
        """Return the SHA-256 of files whose content the library does not have from there."""
        fresh, latest = {}, (time.time() - self._settled) * 1e9
        self.unsettled, self._arriving = False, set()
        for path, seen in found.items():
            asset = known.get(path)
            if self._refused.get(path) == seen or (asset and _unchanged(asset, seen)):
                continue
            if seen.touched > latest:
                self.unsettled = True
                if asset is None:
                    self._arriving.add(seen.size)
                continue
            sha256 = self._hash(path, seen)
            if sha256 is not None and (asset is None or asset.sha256 != sha256):
                fresh[path] = sha256
        return fresh

    def _place(
        self, fresh: dict[Path, str], lost: dict[Path, Sourced]
    ) -> tuple[list[Change], list[Upload]]:
        """Give content that left its place its new one; return that, and what is to be read.

        What found a new place is taken out of ``lost``.
        """
        homeless = {asset.sha256: path for path, asset in lost.items()}
        changes, uploads = [], []
        for path, sha256 in fresh.items():
            before = homeless.pop(sha256, None)
            if before is not None:
                sources.moved(self._engine, lost.pop(before).id, path)
                changes.append(Change("moved", path, before=before))
            elif not self._has(sha256):
                uploads.append(Upload(path.name, path))
            elif (path, sha256) not in self._told:
                self._told.add((path, sha256))
                changes.append(Change("duplicate", path))
        return changes, uploads

    def _take_in(
        self, uploads: list[Upload], found: dict[Path, Seen], lost: dict[Path, Sourced]
    ) -> list[Change]:
        """Read files; what cannot be read keeps its earlier version (taken out of ``lost``)."""
        changes = []
        for upload, record in zip(uploads, self._ingest(uploads) if uploads else (), strict=True):
            assert upload.path is not None
            path, what = upload.path, record.status
            if what in ("indexed", "duplicate"):
                changes.append(Change("changed" if path in lost else what, path, record))
                continue
            lost.pop(path, None)
            if what == "failed":
                self._refused[path] = found[path]
                changes.append(Change("failed", path, record))
        return changes

    def _has(self, sha256: str) -> bool:
        with reading(self._engine) as connection:
            return find_asset(connection, self._library, sha256) is not None

    def _hash(self, path: Path, seen: Seen) -> str | None:
        """Return a file's SHA-256, None when it cannot be read now."""
        known = self._hashes.get(path)
        if known is not None and known[0] == seen:
            return known[1]
        try:
            with path.open("rb") as source:
                sha256 = hashlib.file_digest(source, "sha256").hexdigest()
        except OSError:
            return None
        self._hashes[path] = (seen, sha256)
        return sha256


def walk(folder: Path) -> Iterator[tuple[Path, Seen]]:
    """Yield the files of a folder and below, in order, without those that the rules leave out.

    Rules are file-name patterns, one a line, in ``.sightlineignore``; hidden, temporary and
    unfinished files are always left out. Links to folders are not followed.
    """
    if not folder.is_dir():
        return
    rules = (*_NEVER, *_rules(folder))
    for place, folders, names in os.walk(folder):
        here = Path(place)
        inside = here.relative_to(folder)
        folders[:] = sorted(name for name in folders if not _left_out(inside / name, rules))
        for name in sorted(names):
            if _left_out(inside / name, rules):
                continue
            try:
                stat = (here / name).stat()
            except OSError:
                continue  # gone since, or a broken link
            yield here / name, Seen(stat.st_size, max(stat.st_mtime_ns, stat.st_ctime_ns))


def _rules(folder: Path) -> list[str]:
    try:
        lines = (folder / RULES_FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [line.strip().rstrip("/") for line in lines if line.strip() and line[0] != "#"]


def _left_out(path: Path, rules: Sequence[str]) -> bool:
    """Tell whether a name, or the path below the folder, fits a pattern."""
    return any(
        fnmatch.fnmatch(path.name, rule) or fnmatch.fnmatch(path.as_posix(), rule) for rule in rules
    )


def _unchanged(asset: Sourced, seen: Seen) -> bool:
    return asset.size == seen.size and seen.touched / 1e9 < asset.added_at.timestamp()
