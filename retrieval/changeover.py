"""From one embedder to another without a gap: the old one serves until the new has seen all.

Which embedder serves in a role is a row in SQL, so every process of a home agrees and a killed
one goes on. While a new one is on its way, searches and new files use the old; what is missing is
embedded in the background (``refill``), the new indexes are built, and then the row changes in a
transaction that finds nothing missing. Knows ids, not how embedders are loaded.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from sqlalchemy import Connection, Engine, delete, insert, select

from retrieval.catalog.tables import Library, Serving, VectorRow
from retrieval.catalog.transactions import reading, writing
from retrieval.indexer import Indexer
from retrieval.refill import Refill, lacking

Role = Literal["text", "joint"]


def serving(engine: Engine, role: Role, wanted: str) -> str:
    """Return the id of the embedder that is to serve, given the one the settings ask for.

    It is another one while vectors of that one are all there is.
    """
    with reading(engine) as connection:
        found = connection.scalar(select(Serving.embedder).where(Serving.role == role))
        if found == wanted:
            return wanted
        if found is not None and _has_vectors(connection, found):
            return found
    serve(engine, role, wanted)
    return wanted


def serve(engine: Engine, role: Role, embedder: str) -> None:
    """Serve with this one from now on, whether or not it has seen everything."""
    with writing(engine) as connection:
        _set(connection, role, embedder)


def change(engine: Engine, indexer: Indexer, role: Role, refills: list[Refill]) -> bool:
    """Serve with the embedder of the first refill if nothing waits for any of them any more.

    Its indexes are built before, so that the first search with it is as quick as any.

    Returns:
        Whether it serves now.
    """
    if any(_waits(engine, refill) for refill in refills):
        return False
    with reading(engine) as connection:
        libraries = connection.scalars(select(Library.id)).all()
    for library in libraries:
        for refill in refills:
            indexer.tend(library, refill.embedder.id, refill.embedder.dim)
        indexer.save(library)
    with writing(engine) as connection:  # nobody can add anything meanwhile
        if any(_lacks(connection, refill) for refill in refills):
            return False
        _set(connection, role, refills[0].embedder.id)
    return True


def drop_unused(engine: Engine, used: Collection[str], most: int = 2000) -> int:
    """Remove up to ``most`` vectors of embedders that are not ``used``; returns how many.

    One transaction: a killed program goes on with the rest. Only for a process that began after
    the changeover, since one that began before may still search with the old ones.
    """
    with reading(engine) as connection:
        pairs = select(VectorRow.library_id, VectorRow.embedder).distinct()
        unused = [pair for pair in connection.execute(pairs) if pair.embedder not in used]
    if not unused:
        return 0
    library, embedder = unused[0]
    of_it = (VectorRow.library_id == library, VectorRow.embedder == embedder)
    some = select(VectorRow.id).where(*of_it).order_by(VectorRow.id).limit(most)
    with writing(engine) as connection:
        return connection.execute(delete(VectorRow).where(VectorRow.id.in_(some))).rowcount


def _waits(engine: Engine, refill: Refill) -> bool:
    with reading(engine) as connection:
        return _lacks(connection, refill)


def _lacks(connection: Connection, refill: Refill) -> bool:
    rows = connection.execute(lacking(refill.embedder).limit(len(refill.lost) + 1)).all()
    return any(row.id not in refill.lost for row in rows)


def _has_vectors(connection: Connection, embedder: str) -> bool:
    libraries = connection.scalars(select(Library.id)).all()
    return any(
        connection.scalar(
            select(VectorRow.id)
            .where(VectorRow.library_id == library, VectorRow.embedder == embedder)
            .limit(1)
        )
        for library in libraries
    )


def _set(connection: Connection, role: Role, embedder: str) -> None:
    connection.execute(delete(Serving).where(Serving.role == role))
    connection.execute(insert(Serving), [{"role": role, "embedder": embedder}])
