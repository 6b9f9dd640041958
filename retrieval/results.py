"""Places that a search found as passages: read out of SQL, with their texts and where they stand.

Knows neither queries nor vectors.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from retrieval.catalog.library import assets_by_id, chunks_for
from retrieval.catalog.records import AssetRecord, ChunkRecord
from retrieval.fusion import Fused
from retrieval.places import Page, Part, Photo
from retrieval.relevance import is_confident
from retrieval.signals import Scope
from retrieval.values import (
    ABOUT,
    ChunkKind,
    Locator,
    PageLocator,
    Passage,
    RegionLocator,
)

_MAX_PHOTO_TEXT = 2000


def passages_of(
    scope: Scope, found: list[Fused], alike: dict[int, list[int]]
) -> tuple[Passage, ...]:
    """Read what was found out of SQL: one query for the files, one for the texts.

    Args:
        alike: near-duplicates of photos, by the file of the photo that stands for them.
    """
    owners = {f.key.asset_id for f in found}
    wanted = {of for f in found if (of := scope.chunk_of(f.key)) is not None}
    shown = {f.key.asset_id for f in found if isinstance(f.key, (Photo, Page))}
    assets = assets_by_id(scope.connection, owners)
    texts: dict[int, list[ChunkRecord]] = {}
    for chunk in chunks_for(scope.connection, wanted, shown):
        texts.setdefault(chunk.asset_id, []).append(chunk)
    made = []
    for fused in found:
        owner = fused.key.asset_id
        if owner not in assets:
            continue  # deleted meanwhile
        passage = _passage(fused, assets[owner], texts.get(owner, []), scope)
        if passage is not None and isinstance(fused.key, Photo):
            passage = replace(passage, alike=tuple(alike.get(owner, ())))
        if passage is not None:
            made.append(passage)
    return tuple(made)


def _passage(
    fused: Fused, asset: AssetRecord, texts: list[ChunkRecord], scope: Scope
) -> Passage | None:
    chunk: ChunkRecord | None = None
    locator: Locator
    kind: ChunkKind | Literal["pixels"]
    if isinstance(fused.key, Part):
        chunk = next((c for c in texts if c.id == fused.key.chunk_id), None)
        if chunk is None:
            return None  # deleted meanwhile
        text, kind, locator = chunk.text, chunk.kind, chunk.locator
    elif isinstance(fused.key, Page):
        page = fused.key.page
        beside = [c for c in texts if getattr(c.locator, "page", None) == page]
        text = next((c.text for c in beside if c.kind != "metadata"), "")
        kind, locator = "pixels", PageLocator(page)
    else:
        chunk = next((c for c in texts if c.id == scope.chunk_of(fused.key)), None)
        text = _photo_text(texts, chunk)
        read = chunk if chunk is not None and chunk.kind not in ABOUT else None
        kind = read.kind if read is not None else "pixels"
        locator = read.locator if read is not None else RegionLocator()
    return Passage(
        asset_id=asset.id,
        asset=asset.name,
        sha256=asset.sha256,
        modality=asset.modality,
        media_type=asset.media_type,
        kind=kind,
        text=text,
        locator=locator,
        score=fused.score,
        probability=fused.chance,
        likely=is_confident(fused),
        chunk_id=chunk.id if chunk is not None else None,
        heading=chunk.heading if chunk is not None else "",
        signals=dict(fused.signals),
        metadata=asset.meta,
    )


def _photo_text(texts: list[ChunkRecord], best: ChunkRecord | None) -> str:
    """Return all that was read on a photo when it is short, else the chunk that was found."""
    read = [c.text for c in texts if c.kind not in ABOUT]
    whole = "\n".join(read)
    if whole and len(whole) <= _MAX_PHOTO_TEXT:
        return whole
    if best is not None and best.kind not in ABOUT:
        return best.text
    return read[0] if read else next((c.text for c in texts if c.kind == "metadata"), "")
