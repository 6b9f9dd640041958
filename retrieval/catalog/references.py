"""Which blobs are still needed: every table with a ``sha256`` column refers to blobs.

Found by looking at the database itself, so that a table of another layer (attachments of
messages) is never forgotten. Citations hold a hash by value only and keep nothing alive.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, Engine, column, inspect, select, table, union
from sqlalchemy.sql import TableClause

from retrieval.blobs import BlobStore
from retrieval.catalog.transactions import writing

_BY_VALUE = frozenset({"citations"})


def blob_tables(connection: Connection) -> list[TableClause]:
    """Return the tables whose ``sha256`` keeps a blob alive."""
    inspector = inspect(connection)
    return [
        table(name, column("sha256"))
        for name in inspector.get_table_names()
        if name not in _BY_VALUE
        and not name.startswith("chunks_fts")
        and any(c["name"] == "sha256" for c in inspector.get_columns(name))
    ]


def referenced(connection: Connection, among: Iterable[str] | None = None) -> set[str]:
    """Return the blobs that some row refers to; ``among`` restricts the question."""
    wanted = None if among is None else list(among)
    found: set[str] = set()
    for start in range(0, len(wanted), 500) if wanted is not None else (0,):
        parts = []
        for clause in blob_tables(connection):
            query = select(clause.c.sha256).where(clause.c.sha256.is_not(None))
            if wanted is not None:
                query = query.where(clause.c.sha256.in_(wanted[start : start + 500]))
            parts.append(query)
        found.update(connection.scalars(union(*parts)))
    return found


def delete_unreferenced(engine: Engine, blobs: BlobStore, among: Iterable[str]) -> set[str]:
    """Delete those of ``among`` that no row refers to; returns what was deleted.

    Holds the write lock, so that no other process can begin to refer to one meanwhile.
    """
    candidates = set(among)
    if not candidates:
        return set()
    with writing(engine) as connection:
        gone = candidates - referenced(connection, candidates)
        for sha256 in gone:
            blobs.delete(sha256)
    return gone
