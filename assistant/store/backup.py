"""Backup and restore of a home folder on SQLite: one tar with the database and the blobs.

Indexes, thumbnails and models are left out: they are rebuilt. The database is copied by SQLite's
own backup, so the program may run meanwhile; blobs never change once written, so every blob the
copied database refers to is whole.
"""

from __future__ import annotations

import sqlite3
import tarfile
import tempfile
from pathlib import Path

from assistant.config import Settings
from assistant.store.migrate import copy_database, migrate
from retrieval.catalog.base import open_engine
from retrieval.errors import FileDamaged, FileNotFound, HomeError

_DATABASE = "sightline.db"


def write_backup(settings: Settings, target: Path) -> int:
    """Write the archive atomically and return how many blobs it holds.

    Raises:
        HomeError: there is no SQLite database here, or the target cannot be written.
    """
    source = settings.home / _DATABASE
    if not source.is_file():
        raise HomeError(path=settings.home, detail="there is no database to back up")
    temporary = target.with_name(f".{target.name}.part")
    try:
        with tempfile.TemporaryDirectory() as folder, tarfile.open(temporary, "w") as archive:
            copy = Path(folder) / _DATABASE
            copy_database(source, copy)
            archive.add(copy, _DATABASE)
            blobs = sorted(p for p in (settings.home / "blobs").rglob("*") if _is_blob(p))
            for blob in blobs:
                archive.add(blob, str(blob.relative_to(settings.home)), recursive=False)
        temporary.replace(target)
    except OSError as error:
        raise HomeError(path=target, detail=error.strerror or str(error)) from error
    finally:
        temporary.unlink(missing_ok=True)
    return len(blobs)


def _is_blob(path: Path) -> bool:
    return path.is_file() and len(path.name) == 64


def read_backup(settings: Settings, source: Path) -> int:
    """Unpack an archive into a home folder without a database, migrate it, return the blob count.

    Raises:
        FileNotFound: no such archive.
        FileDamaged: it is not an archive of ``write_backup``.
        HomeError: the home folder already has a database (nothing is overwritten).
    """
    if not source.is_file():
        raise FileNotFound(name=source)
    database = settings.home / _DATABASE
    if database.exists():
        raise HomeError(path=settings.home, detail="it already holds a database")
    settings.home.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=settings.home) as folder:
            with tarfile.open(source, "r:") as archive:
                archive.extractall(folder, filter="data")
            unpacked = Path(folder)
            _check(unpacked / _DATABASE)
            count = 0
            for blob in (p for p in (unpacked / "blobs").rglob("*") if _is_blob(p)):
                goal = settings.home / blob.relative_to(unpacked)
                goal.parent.mkdir(parents=True, exist_ok=True)
                blob.replace(goal)
                count += 1
            (unpacked / _DATABASE).replace(database)
    except (tarfile.TarError, sqlite3.DatabaseError, KeyError) as error:
        raise FileDamaged(name=source.name, detail=str(error)) from error
    engine = open_engine(settings.database_url)
    migrate(engine, settings.home / "backups")
    engine.dispose()
    return count


def _check(database: Path) -> None:
    if not database.is_file():
        raise KeyError("there is no database in it")
    connection = sqlite3.connect(database)
    try:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
    finally:
        connection.close()
    if verdict != "ok":
        raise sqlite3.DatabaseError(str(verdict))
