"""Where the files of a library came from on disk, for folders that are kept in step."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, select, update

from retrieval.catalog.tables import Asset
from retrieval.catalog.transactions import reading, writing


class Sourced(NamedTuple):
    """An asset and the path it was read from."""

    id: int
    name: str
    source: str
    sha256: str
    size: int
    added_at: datetime


def under(engine: Engine, library: str, folder: Path) -> list[Sourced]:
    """Return the assets that were read from a folder or below it."""
    columns = (Asset.id, Asset.name, Asset.source, Asset.sha256, Asset.bytes, Asset.added_at)
    wanted = select(*columns).where(
        Asset.library_id == library,
        Asset.source.startswith(f"{folder}/", autoescape=True),
    )
    with reading(engine) as connection:
        return [Sourced(*row) for row in connection.execute(wanted.order_by(Asset.id))]


def moved(engine: Engine, asset_id: int, path: Path) -> None:
    """Note that the file of an asset lies elsewhere now; nothing is read or embedded again."""
    with writing(engine) as connection:
        connection.execute(
            update(Asset).where(Asset.id == asset_id).values(source=str(path), name=path.name)
        )
