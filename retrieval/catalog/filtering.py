"""Filters as conditions on files in SQL. Knows nothing of what a file is shown as."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PureWindowsPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from retrieval.catalog.tables import Asset, Tag
from retrieval.values import Filters


def matching_assets(
    connection: Connection, library: str, filters: Filters
) -> NDArray[np.int64] | None:
    """Return the ids of the files that pass the filters, ascending; None when all do."""
    conditions = conditions_of(filters)
    if not conditions:
        return None
    rows = connection.scalars(
        select(Asset.id).where(Asset.library_id == library, *conditions).order_by(Asset.id)
    )
    return np.fromiter(rows, dtype=np.int64)


def conditions_of(filters: Filters) -> list[Any]:
    """Return what SQL asks of a file that passes the filters."""
    wanted: list[Any] = []
    if filters.modality is not None:
        wanted.append(Asset.modality == filters.modality)
    if filters.asset_ids is not None:
        wanted.append(Asset.id.in_(sorted(filters.asset_ids)))
    if filters.hashes is not None:
        wanted.append(Asset.sha256.in_(sorted(filters.hashes)))
    if filters.folder:
        wanted.append(_below(filters.folder))
    if filters.media_types:
        wanted.append(Asset.media_type.in_(sorted(filters.media_types)))
    if filters.tags:
        wanted.append(Asset.id.in_(select(Tag.asset_id).where(Tag.tag.in_(sorted(filters.tags)))))
    bounds: Mapping[Any, Any] = {
        Asset.taken_at: (filters.taken_from, filters.taken_to),
        Asset.added_at: (filters.added_from, filters.added_to),
    }
    for column, (first, last) in bounds.items():
        if first is not None:
            wanted.append(column >= first)
        if last is not None:
            wanted.append(column <= last)
    return wanted


def _below(folder: str) -> Any:
    """Return the condition that a file came from below a folder; separators of either kind."""
    source = func.replace(Asset.source, "\\", "/")
    path = folder.replace("\\", "/").rstrip("/") + "/"
    whole = PureWindowsPath(folder).drive or path.startswith("/")
    if whole:
        return source.startswith(path, autoescape=True)
    return source.contains(f"/{path.removeprefix('./')}", autoescape=True)
