"""Transactions that mean the same on SQLite and PostgreSQL.

Python's sqlite3 opens a transaction late: reads are not one snapshot, and a read that turns into
a write can fail at once instead of waiting. So both kinds are begun by hand here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from retrieval.errors import DiskFull, HomeError


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a connection whose reads all see the database at one moment."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a connection that holds the write lock; commits at the end, rolls back on error.

    Raises:
        DiskFull: the database could not grow.
        HomeError: another program kept the database locked, or it cannot be written.
    """
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()
    except OperationalError as error:
        where = engine.url.database or engine.url.render_as_string()
        detail = str(error.orig)
        if "full" in detail or "No space left" in detail:
            raise DiskFull(path=where) from error
        raise HomeError(path=where, detail=detail) from error
