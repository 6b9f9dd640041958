"""Faces of photos, stored and put into groups in idle time, where the owner wants it.

One photo is one transaction, and so is one round of grouping: the work may be stopped or killed
anywhere and goes on where it was. Nothing is looked at, computed or stored in a library whose
owner has not switched it on. Names come from the owner alone, and no round of grouping takes one
away: groups of different names stay apart, and an unnamed one that joins takes the name.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image
from sqlalchemy import Connection, Engine, delete, func, insert, select, true, update

from retrieval.blobs import BlobStore
from retrieval.catalog.people import wanted
from retrieval.catalog.tables import Asset, FaceGroup, FaceRow, Library, PictureRow
from retrieval.catalog.transactions import reading, writing
from retrieval.catalog.vectors import pack, unpack
from retrieval.errors import FacesUnavailable
from retrieval.face_groups import Cluster, distance, join_new
from retrieval.face_vectors import DIM, SAME, FaceEncoder, large_enough
from retrieval.faces import find_faces
from retrieval.values import Box

log = logging.getLogger(__name__)

ROUND = 200
"""New faces from which a round of grouping is due before all photos are looked at."""


class People:
    """Looks for faces and groups them, a small step at a time; any thread, any process.

    Args:
        encoder: returns what turns faces into vectors, loaded when there is work.
    """

    def __init__(
        self, engine: Engine, blobs: BlobStore, encoder: Callable[[], FaceEncoder]
    ) -> None:
        self._engine = engine
        self._blobs = blobs
        self._encoder = encoder

    def step(self, library: str | None = None) -> bool:
        """Look at one photo, or group what was found; False when there is nothing to do.

        Args:
            library: work for this one only.

        Raises:
            FacesUnavailable, WeightsError: detector or encoder cannot be used.
        """
        with reading(self._engine) as connection:
            photo = connection.execute(_photos(library).limit(1)).one_or_none()
            loose = _loose_in(connection, library, 1 if photo is None else ROUND)
        if loose is not None:
            self._group(loose)
            return True
        if photo is None:
            return False
        self._look(photo.id, photo.sha256)
        return True

    def waiting(self, library: str) -> int:
        """Return how many photos of a library were not looked at yet."""
        with reading(self._engine) as connection:
            count = select(func.count()).select_from(_photos(library).subquery())
            return connection.scalar(count) or 0

    def ungrouped(self, library: str) -> bool:
        """Whether faces of a library wait for a group."""
        with reading(self._engine) as connection:
            return _loose_in(connection, library, 1) is not None

    def recognise(self, library: str, picture: Image.Image) -> list[tuple[Box, str]]:
        """Return the faces of an upright picture that is not kept, each with the name it is like.

        The name is empty for a face that is no nearer than ``SAME`` to anybody. Nothing is stored.

        Raises:
            FacesUnavailable, WeightsError: detector or encoder cannot be used.
        """
        with reading(self._engine) as connection:
            named = _clusters(connection, library, named=True)
        boxes = [f.box for f in find_faces(picture) if large_enough(f.box, *picture.size)]
        if not named or not boxes:
            return [(box, "") for box in boxes]
        found = []
        for box, vector in zip(boxes, self._encoder().embed(picture, boxes), strict=True):
            far, name = min((distance(cluster, vector), name) for cluster, name in named)
            found.append((box, name if far < SAME else ""))
        return found

    def _look(self, asset_id: int, sha256: str) -> None:
        """Store the faces of one photo."""
        encoder = self._encoder()
        boxes = []
        vectors = np.empty((0, DIM), np.float32)
        try:
            with Image.open(io.BytesIO(self._blobs.read(sha256))) as picture:
                found = find_faces(picture)
                boxes = [f.box for f in found if large_enough(f.box, *picture.size)]
                if boxes:
                    vectors = encoder.embed(picture, boxes)
        except FacesUnavailable:
            raise
        except Exception as error:  # doctor tells of a lost photo; the others go on
            log.warning("photo %s could not be looked at for faces: %s", asset_id, error)
        rows = [
            {
                "asset_id": asset_id,
                "box": [round(side, 5) for side in box],
                "embedder": encoder.id,
                "dim": DIM,
                "data": data,
            }
            for box, data in zip(boxes, pack(vectors), strict=True)
        ]
        with writing(self._engine) as connection:
            seen = connection.execute(
                update(Asset)
                .where(Asset.id == asset_id, Asset.faces_seen.is_(False), _is_wanted())
                .values(faces_seen=True)
            )
            if seen.rowcount and rows:  # else: deleted, erased or done by another meanwhile
                connection.execute(insert(FaceRow), rows)

    def _group(self, library: str) -> None:
        """Put faces without a group into one: an old one that they fit, or a new one."""
        with reading(self._engine) as connection:
            known = [cluster for cluster, _ in _clusters(connection, library)]
            loose = connection.execute(
                select(FaceRow.id, FaceRow.data)
                .join(Asset, Asset.id == FaceRow.asset_id)
                .where(Asset.library_id == library, *_LOOSE)
                .order_by(FaceRow.id)
                .limit(ROUND)
            ).all()
        sets = join_new(known, unpack([row.data for row in loose], DIM))
        with writing(self._engine) as connection:
            if not wanted(connection, library):
                return
            for members in sets:
                groups = [known[n].group for n in members if n < len(known)]
                faces = [loose[n - len(known)].id for n in members if n >= len(known)]
                _put(connection, library, [g for g in groups if g is not None], faces)


_LOOSE = (FaceRow.group_id.is_(None), FaceRow.apart.is_(False))


def _is_wanted() -> Any:
    return Asset.library_id.in_(select(Library.id).where(Library.groups_faces.is_(True)))


def _photos(library: str | None) -> Any:
    """Return the query of photos that wait to be looked at, the oldest first."""
    query = (
        select(Asset.id, PictureRow.sha256)
        .join(PictureRow, PictureRow.asset_id == Asset.id)
        .where(
            Asset.modality == "image",
            PictureRow.page.is_(None),
            Asset.faces_seen.is_(False),
            _is_wanted(),
        )
        .order_by(Asset.id)
    )
    return query if library is None else query.where(Asset.library_id == library)


def _loose_in(connection: Connection, library: str | None, least: int) -> str | None:
    """Return a library with at least so many faces that wait for a group."""
    query = (
        select(Asset.library_id)
        .join(FaceRow, FaceRow.asset_id == Asset.id)
        .where(*_LOOSE, _is_wanted())
        .group_by(Asset.library_id)
        .having(func.count() >= least)
    )
    if library is not None:
        query = query.where(Asset.library_id == library)
    return connection.scalar(query.limit(1))


def _clusters(
    connection: Connection, library: str, named: bool = False
) -> list[tuple[Cluster, str]]:
    """Return the groups of a library, each summed up, and their names; ``named`` only those."""
    rows = connection.execute(
        select(FaceGroup.id, FaceGroup.name, FaceRow.data)
        .join(FaceRow, FaceRow.group_id == FaceGroup.id)
        .where(FaceGroup.library_id == library, FaceGroup.name.is_not(None) if named else true())
        .order_by(FaceGroup.id)
    )
    held: dict[tuple[int, str], list[bytes]] = {}
    for group, name, data in rows:
        held.setdefault((group, name or ""), []).append(data)
    return [
        (Cluster.of(unpack(vectors, DIM), group, bool(name)), name)
        for (group, name), vectors in held.items()
    ]


def _put(connection: Connection, library: str, groups: list[int], faces: list[int]) -> None:
    """Bring groups and faces together, unless the owner changed them meanwhile.

    A group that was named, joined or forgotten in between is looked at again in the next round.
    """
    held = connection.execute(
        select(FaceGroup.id, FaceGroup.name)
        .where(FaceGroup.id.in_(groups), FaceGroup.library_id == library)
        .order_by(FaceGroup.name.is_(None), FaceGroup.id)
    ).all()
    if len(held) < len(groups) or sum(row.name is not None for row in held) > 1:
        return
    if held:
        target: int | None = held[0].id
    else:
        made = insert(FaceGroup).values(library_id=library).returning(FaceGroup.id)
        target = connection.scalar(made)
    connection.execute(
        update(FaceRow).where(FaceRow.id.in_(faces), *_LOOSE).values(group_id=target)
    )
    others = [row.id for row in held[1:]]
    if others:
        connection.execute(
            update(FaceRow).where(FaceRow.group_id.in_(others)).values(group_id=target)
        )
        connection.execute(delete(FaceGroup).where(FaceGroup.id.in_(others)))
