"""Rows whose owner is gone. The database keeps such from arising; a damaged or edited one has them.

PostgreSQL leaves no way to them; in SQLite another program can write without the rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Connection, insert, select, text, update

from retrieval.catalog.tables import Library, VectorDeletion, VectorRow


def orphan_rows(connection: Connection) -> Counter[str]:
    """Return how many rows of each table refer to a row that is not there."""
    rows = {(name, rowid) for name, rowid, _ in _violations(connection)}
    return Counter(name for name, _ in rows)


def mend_orphans(connection: Connection) -> None:
    """Delete rows whose owner is gone; a reference that may be empty is emptied instead."""
    vectors = VectorRow.__tablename__
    # vectors first: those that leave with their passage or picture would leave untold
    for name, rowid, reference in sorted(
        _violations(connection), key=lambda row: row[0] != vectors
    ):
        _, _, _, column, _, _, on_delete, _ = next(
            row
            for row in connection.execute(text(f'PRAGMA foreign_key_list("{name}")'))
            if row[0] == reference
        )
        if on_delete == "SET NULL":
            change = f'UPDATE "{name}" SET "{column}" = NULL WHERE rowid = :row'
            connection.execute(text(change), {"row": rowid})
            continue
        if name == vectors:
            _tell_indexes(connection, rowid)
        connection.execute(text(f'DELETE FROM "{name}" WHERE rowid = :row'), {"row": rowid})


def _violations(connection: Connection) -> Iterator[tuple[str, int, int]]:
    """Yield table, row and number of the reference of each row whose owner is gone."""
    if connection.dialect.name == "sqlite":
        for name, rowid, _, reference in connection.execute(text("PRAGMA foreign_key_check")):
            if rowid is not None:
                yield name, rowid, reference


def _tell_indexes(connection: Connection, vector_id: int) -> None:
    """Note a vector as deleted, so that every index of its library drops it."""
    library = select(VectorRow.library_id).where(VectorRow.id == vector_id).scalar_subquery()
    known = connection.scalar(select(Library.id).where(Library.id == library))
    if known is not None:
        connection.execute(insert(VectorDeletion).values(library_id=known, vector_id=vector_id))
        grown = update(Library).where(Library.id == known)
        connection.execute(grown.values(generation=Library.generation + 1))
