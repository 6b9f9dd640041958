"""What rerankers may judge of the places found: their texts and the images of their pages."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from retrieval.catalog.library import chunks_for
from retrieval.catalog.tables import PictureRow
from retrieval.places import Page, Part, Place
from retrieval.rerank.protocol import Candidate
from retrieval.values import PageLocator


def candidates(connection: Connection, places: Sequence[Place]) -> list[Candidate]:
    """Return a candidate for each place, in order; empty where there is nothing to judge."""
    wanted = [place.chunk_id for place in places if isinstance(place, Part)]
    chunks = {chunk.id: chunk for chunk in chunks_for(connection, wanted, ())}
    owners = {place.asset_id for place in places}
    rows = connection.execute(
        select(PictureRow.asset_id, PictureRow.page, PictureRow.sha256).where(
            PictureRow.asset_id.in_(sorted(owners)), PictureRow.page.is_not(None)
        )
    )
    pictures = {(row.asset_id, row.page): row.sha256 for row in rows}
    found = []
    for place in places:
        if isinstance(place, Page):
            found.append(Candidate(picture=pictures.get((place.asset_id, place.page), "")))
            continue
        chunk = chunks.get(place.chunk_id) if isinstance(place, Part) else None
        if chunk is None:
            found.append(Candidate())
            continue
        page = chunk.locator.page if isinstance(chunk.locator, PageLocator) else None
        text = f"{chunk.heading}\n{chunk.text}" if chunk.heading else chunk.text
        found.append(Candidate(text, pictures.get((place.asset_id, page), "")))
    return found
