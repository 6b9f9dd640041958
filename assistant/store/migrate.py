"""Bring a database to the program's schema: snapshot, migrate, restore on failure.

The schema is changed by Alembic revisions only. A snapshot of an SQLite database is taken with
SQLite's own backup before a revision runs; PostgreSQL runs revisions in one transaction.
"""

from __future__ import annotations

import fcntl
import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from retrieval.catalog.base import now
from retrieval.errors import HomeError, SchemaOutdated


def alembic_config() -> Config:
    """Return Alembic's configuration for the revisions that ship with the program."""
    import migrations

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))
    return config


def head_revision() -> str:
    """Return the newest revision the program knows."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert head is not None, "the program ships at least one revision"
    return head


def current_revision(engine: Engine) -> str | None:
    """Return the revision a database is at; None when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def migrate(engine: Engine, backups: Path) -> str:
    """Upgrade to the newest revision and return it; a no-op when already there.

    Two processes that open the same SQLite database wait for each other, so that neither undoes
    what the other has done.

    Raises:
        SchemaOutdated: the database is newer than the program.
        HomeError: a revision failed; the database is as it was before.
    """
    if current_revision(engine) == head_revision():
        return head_revision()
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return _upgrade(engine, None, backups)
    path = Path(engine.url.database)
    with path.with_name(f"{path.name}.migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _upgrade(engine, path, backups)


def _upgrade(engine: Engine, path: Path | None, backups: Path) -> str:
    found, wanted = current_revision(engine), head_revision()
    if found == wanted:
        return wanted
    known = {
        script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()
    }
    if found is not None and found not in known:
        raise SchemaOutdated(path=engine.url.render_as_string(), found=found, wanted=wanted)
    snapshot = _snapshot(path, backups, found) if path and found else None
    config = alembic_config()
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except Exception as error:
        if path and snapshot:
            engine.dispose()
            copy_database(snapshot, path)
        raise HomeError(path=path or engine.url, detail=f"migration failed: {error}") from error
    return wanted


def _snapshot(path: Path, backups: Path, revision: str) -> Path:
    backups.mkdir(parents=True, exist_ok=True)
    target = backups / f"before-{revision}-{now():%Y%m%d-%H%M%S}.db"
    copy_database(path, target)
    return target


def copy_database(source: Path, target: Path) -> None:
    """Copy a live SQLite database page by page, WAL included."""
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()
