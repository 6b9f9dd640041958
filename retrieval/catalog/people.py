"""Faces and their groups in SQL: what the owner of a library reads, names, moves and erases.

What is stored is stored only while the owner wants it: every write looks at that first, in its
own transaction. How faces are found and put together is in ``retrieval.people``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Select,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from retrieval.catalog.jobrows import ensure_library
from retrieval.catalog.tables import Asset, FaceGroup, FaceRow, Library
from retrieval.catalog.transactions import writing
from retrieval.values import Box

LONGEST_NAME = 60


@dataclass(frozen=True)
class FaceRecord:
    """A stored face: where it is in which photo; ``name`` is what the owner gave its group."""

    id: int
    asset_id: int
    asset: str
    box: Box
    group: int | None
    name: str


@dataclass(frozen=True)
class GroupRecord:
    """Faces that look like one person's; ``name`` is empty until the owner gives one."""

    id: int
    name: str
    faces: int
    photos: int


def person_name(name: str) -> str:
    """Return a name as it is kept: single spaces, at most 60 characters."""
    return " ".join(name.split())[:LONGEST_NAME].strip()


def wanted(connection: Connection, library: str) -> bool:
    """Whether the owner of a library lets faces be grouped."""
    return bool(connection.scalar(select(Library.groups_faces).where(Library.id == library)))


def switch_on(engine: Engine, library: str) -> None:
    """Let the faces of a library be grouped from now on."""
    with writing(engine) as connection:
        ensure_library(connection, library)
        connection.execute(update(Library).where(Library.id == library).values(groups_faces=True))


def groups(connection: Connection, library: str) -> list[GroupRecord]:
    """Return the groups of a library: named ones by name, then the others, the largest first."""
    faces = func.count(FaceRow.id)
    photos = func.count(FaceRow.asset_id.distinct())
    rows = connection.execute(
        select(FaceGroup.id, FaceGroup.name, faces, photos)
        .join(FaceRow, FaceRow.group_id == FaceGroup.id)
        .where(FaceGroup.library_id == library)
        .group_by(FaceGroup.id, FaceGroup.name)
    )
    found = [GroupRecord(row[0], row[1] or "", row[2], row[3]) for row in rows]
    return sorted(found, key=lambda g: (not g.name, g.name.casefold(), -g.faces, g.id))


def faces(
    connection: Connection,
    library: str,
    *,
    group: int | None = None,
    asset_id: int | None = None,
    named: str | None = None,
) -> list[FaceRecord]:
    """Return stored faces, of one group, photo or name; those of the newest photos first."""
    query = _faces().where(Asset.library_id == library)
    if group is not None:
        query = query.where(FaceRow.group_id == group)
    if asset_id is not None:
        query = query.where(FaceRow.asset_id == asset_id)
    if named is not None:
        query = query.where(FaceGroup.name == named)
    rows = connection.execute(query.order_by(Asset.added_at.desc(), Asset.id.desc(), FaceRow.id))
    return [_record(row) for row in rows]


def face(connection: Connection, library: str, face_id: int) -> FaceRecord | None:
    """Return one stored face of a library, None when there is none of this number."""
    row = connection.execute(
        _faces().where(Asset.library_id == library, FaceRow.id == face_id)
    ).one_or_none()
    return None if row is None else _record(row)


def name_group(engine: Engine, library: str, group: int, name: str) -> bool:
    """Give a group a name, or another one, or none; False when there is no such group.

    A name is one person's: a group that is given the name of another joins it.
    """
    kept = person_name(name)
    with writing(engine) as connection:
        if not _owned(connection, library, group):
            return False
        other = _called(connection, library, kept) if kept else None
        if other is not None and other != group:
            _join(connection, other, [group])
            return True
        connection.execute(update(FaceGroup).where(FaceGroup.id == group).values(name=kept or None))
        return True


def merge(engine: Engine, library: str, into: int, others: Sequence[int]) -> bool:
    """Join groups to one; False when one is not there. It is called as it was, or as they were."""
    with writing(engine) as connection:
        if not all(_owned(connection, library, group) for group in (into, *others)):
            return False
        _join(connection, into, [group for group in others if group != into])
        return True


def move_face(engine: Engine, library: str, face_id: int, name: str = "") -> bool:
    """Take a face out of its group; into the group of that name, if one is given.

    Without a name it stays out of every group. False when there is no such face.
    """
    kept = person_name(name)
    with writing(engine) as connection:
        if face(connection, library, face_id) is None:
            return False
        group = _called(connection, library, kept) if kept else None
        if kept and group is None:
            made = insert(FaceGroup).values(library_id=library, name=kept)
            group = connection.scalar(made.returning(FaceGroup.id))
        connection.execute(
            update(FaceRow).where(FaceRow.id == face_id).values(group_id=group, apart=group is None)
        )
        drop_empty(connection, library)
        return True


def forget(engine: Engine, library: str, group: int) -> bool:
    """Remove a person: the name, the group and its faces; False when there is no such group.

    The photos stay, and count as looked at: their faces do not come back.
    """
    with writing(engine) as connection:
        if not _owned(connection, library, group):
            return False
        connection.execute(delete(FaceRow).where(FaceRow.group_id == group))
        connection.execute(delete(FaceGroup).where(FaceGroup.id == group))
    clear_journal(engine)
    return True


def erase(engine: Engine, library: str) -> None:
    """Remove every face, group and name of a library, and group no faces in it from now on."""
    owned = select(Asset.id).where(Asset.library_id == library)
    with writing(engine) as connection:
        connection.execute(update(Library).where(Library.id == library).values(groups_faces=False))
        connection.execute(delete(FaceRow).where(FaceRow.asset_id.in_(owned)))
        connection.execute(delete(FaceGroup).where(FaceGroup.library_id == library))
        connection.execute(
            update(Asset).where(Asset.library_id == library).values(faces_seen=False)
        )
    clear_journal(engine)


def clear_journal(engine: Engine) -> None:
    """Let what was deleted leave SQLite's journal too; in the file itself it is overwritten.

    Readers at work may keep some of it until the next checkpoint: it does not wait for them, for
    nobody can write meanwhile.
    """
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            patience = connection.scalar(text("PRAGMA busy_timeout"))
            connection.execute(text("PRAGMA busy_timeout = 1000"))
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
            connection.execute(text(f"PRAGMA busy_timeout = {int(patience or 0)}"))


def drop_empty(connection: Connection, library: str) -> None:
    """Remove groups that hold no face any more."""
    full = select(FaceRow.group_id).where(FaceRow.group_id.is_not(None))
    connection.execute(
        delete(FaceGroup).where(FaceGroup.library_id == library, FaceGroup.id.not_in(full))
    )


def _faces() -> Select[Any]:
    return (
        select(
            FaceRow.id,
            FaceRow.asset_id,
            Asset.name,
            FaceRow.box,
            FaceRow.group_id,
            FaceGroup.name,
        )
        .join(Asset, Asset.id == FaceRow.asset_id)
        .join(FaceGroup, FaceGroup.id == FaceRow.group_id, isouter=True)
    )


def _record(row: Any) -> FaceRecord:
    face_id, asset_id, asset, (x0, y0, x1, y1), group, name = row
    return FaceRecord(face_id, asset_id, asset, (x0, y0, x1, y1), group, name or "")


def _owned(connection: Connection, library: str, group: int) -> bool:
    found = select(FaceGroup.id).where(FaceGroup.id == group, FaceGroup.library_id == library)
    return connection.scalar(found) is not None


def _called(connection: Connection, library: str, name: str) -> int | None:
    """Return the group of this name, whatever its capitals."""
    rows = connection.execute(
        select(FaceGroup.id, FaceGroup.name).where(
            FaceGroup.library_id == library, FaceGroup.name.is_not(None)
        )
    )
    return next((row.id for row in rows if row.name.casefold() == name.casefold()), None)


def _join(connection: Connection, into: int, others: Sequence[int]) -> None:
    """Put the faces of other groups into one; it takes a name of theirs if it has none."""
    rows = connection.execute(
        select(FaceGroup.id, FaceGroup.name).where(FaceGroup.id.in_([into, *others]))
    )
    names = {row.id: row.name for row in rows}
    connection.execute(update(FaceRow).where(FaceRow.group_id.in_(others)).values(group_id=into))
    connection.execute(delete(FaceGroup).where(FaceGroup.id.in_(others)))
    if names.get(into) is None:
        taken = next((names[group] for group in others if names.get(group)), None)
        connection.execute(update(FaceGroup).where(FaceGroup.id == into).values(name=taken))
