"""A snapshot of an index on disk: two files and a manifest that names and seals them.

New files get new names and the manifest is replaced last, at once, so that a crash at any point
leaves the old snapshot or the new one. Knows files; what is in them is made by ``VectorIndex``.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from retrieval.blobs import disk_error, flush_folder
from retrieval.errors import HomeError, IndexDamaged

FORMAT = 2
_MANIFEST = "manifest.json"

Writers = dict[str, Callable[[Path], None]]
"""How each file (by its role: vectors, rows) is written to a path."""


def write(folder: Path, writers: Writers, facts: dict[str, Any]) -> None:
    """Write a snapshot, then delete the files of the one before.

    Raises:
        DiskFull, HomeError: it could not be written; the snapshot before it still stands.
    """
    version = uuid.uuid4().hex[:12]
    files = {role: folder / f"{role}-{version}.bin" for role in writers}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for role, path in files.items():
            writers[role](path)
        sealed = {role: {"name": p.name, "sha256": _seal(p)} for role, p in files.items()}
        manifest = {"format": FORMAT, **facts, "files": sealed}
        _replace(folder / _MANIFEST, json.dumps(manifest, indent=1).encode())
    except (OSError, RuntimeError) as error:
        for path in files.values():
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise disk_error(error, folder) from error
        raise HomeError(path=folder, detail=str(error).splitlines()[0]) from error
    kept = {path.name for path in files.values()} | {_MANIFEST}
    for old in folder.iterdir():
        if old.name not in kept and old.is_file():
            old.unlink(missing_ok=True)


def read(folder: Path) -> tuple[dict[str, Any], dict[str, Path]] | None:
    """Return the manifest and the files by role, their checksums compared; None without one.

    Raises:
        IndexDamaged: a file is missing, cut off or changed.
    """
    try:
        manifest = json.loads((folder / _MANIFEST).read_bytes())
        if manifest["format"] != FORMAT:
            return None
        files = {}
        for role, sealed in manifest["files"].items():
            files[role] = folder / Path(sealed["name"]).name
            with files[role].open("rb") as source:
                if hashlib.file_digest(source, "sha256").hexdigest() != sealed["sha256"]:
                    raise IndexDamaged(path=files[role])
    except FileNotFoundError as error:
        if not (folder / _MANIFEST).exists():
            return None
        raise IndexDamaged(path=folder) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexDamaged(path=folder) from error
    return manifest, files


def _seal(path: Path) -> str:
    """Flush a file to the disk and return its SHA-256."""
    with path.open("rb") as source:
        os.fsync(source.fileno())
        return hashlib.file_digest(source, "sha256").hexdigest()


def _replace(path: Path, body: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        with temporary.open("wb") as out:
            out.write(body)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(path)
        flush_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
