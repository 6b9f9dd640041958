"""The signals of a search, each a ranking of places: pixels, meaning of text, words of text.

A *place* is a photo, a chunk of a document or recording, or the image of a page. Each signal
gives its places a raw score and a chance of being relevant; fusing them is done elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from retrieval.catalog.fulltext import lexical_hits
from retrieval.catalog.vectors import Ids, targets
from retrieval.fusion import Hit
from retrieval.lexical import query_words
from retrieval.places import Page, Part, Photo, Place
from retrieval.relevance import Relevance, coverage, of_few_letters
from retrieval.replica import Replica

Vector = NDArray[np.float32]


@dataclass
class Scope:
    """Where to look: one library, among the files that pass the filters (None: all)."""

    connection: Connection
    library: str
    photos: Ids
    allowed: Ids | None
    depth: int
    relevance: Relevance
    best_chunk: dict[Photo, int]

    def place_of(self, asset_id: int, chunk_id: int) -> Photo | Part:
        """Return the place of a chunk: the photo it was read from, or itself."""
        at = int(np.searchsorted(self.photos, asset_id))
        if at < len(self.photos) and self.photos[at] == asset_id:
            self.best_chunk.setdefault(Photo(asset_id), chunk_id)
            return Photo(asset_id)
        return Part(asset_id, chunk_id)

    def chunk_of(self, place: Place) -> int | None:
        """Return the chunk that stands for a place: its own, or the best read on a photo."""
        if isinstance(place, Part):
            return place.chunk_id
        return self.best_chunk.get(place) if isinstance(place, Photo) else None


def pixels(scope: Scope, replica: Replica, query: Vector, kind: str) -> list[list[Hit]]:
    """Rank photos, and page images, by a joint vector [dim]; ``kind`` is image or similar."""
    pool = replica.pool(query)
    found = []
    for photos in (True, False):  # apart, so that neither hides the other
        compared = "page" if (photos, kind) == (False, "image") else kind
        found.append(_pixels_of(scope, replica, query, pool, compared, photos=photos))
    return found


def _pixels_of(
    scope: Scope,
    replica: Replica,
    query: Vector,
    pool: Vector,
    kind: str,
    *,
    photos: bool,
) -> list[Hit]:
    among, but = scope.allowed, None if photos else scope.photos
    if photos:
        among = scope.photos if among is None else among[np.isin(among, scope.photos)]
    found = replica.search(query, scope.depth, among, but)
    of = {t.vector_id: t for t in targets(scope.connection, replica.embedder, found.ids)}
    hits = []
    chances = scope.relevance.chances(replica.embedder, kind, found.scores, pool)
    for vector_id, score, chance in zip(found.ids, found.scores, chances, strict=True):
        target = of.get(int(vector_id))
        if target is None:
            continue  # deleted since the index was brought up to date
        if target.page is None:
            hits.append(Hit(Photo(target.asset_id), float(score), float(chance)))
        else:
            hits.append(Hit(Page(target.asset_id, target.page), float(score), float(chance)))
    return hits


def meaning(scope: Scope, replica: Replica, query: Vector, also_chunks: Sequence[int]) -> list[Hit]:
    """Rank chunks by a dense vector [dim]; chunks that words found are scored in any case."""
    found = replica.search(query, scope.depth, scope.allowed)
    of = targets(scope.connection, replica.embedder, found.ids, also_chunks)
    scores = dict(zip(found.ids.tolist(), found.scores.tolist(), strict=True))
    missing = np.array([t.vector_id for t in of if t.vector_id not in scores], np.int64)
    scores |= replica.scores(query, missing)
    of = sorted((t for t in of if t.vector_id in scores), key=lambda t: -scores[t.vector_id])
    values = np.array([scores[t.vector_id] for t in of], np.float32)
    chances = scope.relevance.chances(replica.embedder, "text", values, replica.pool(query))
    hits: dict[Photo | Part, Hit] = {}
    for target, score, chance in zip(of, values, chances, strict=True):
        assert target.chunk_id is not None, "a text vector belongs to a chunk"
        place = scope.place_of(target.asset_id, target.chunk_id)
        sure = of_few_letters(float(chance), target.kind or "", target.letters or 0)
        hits.setdefault(place, Hit(place, float(score), sure))
    return sorted(hits.values(), key=lambda hit: -hit.chance)


def words(scope: Scope, text: str) -> tuple[list[Hit], list[int]]:
    """Rank chunks by the words they share with a text; also returns the chunk ids found."""
    wanted = query_words(text)
    among = None if scope.allowed is None else scope.allowed.tolist()
    found = lexical_hits(scope.connection, scope.library, wanted, scope.depth, among)
    hits: dict[Photo | Part, Hit] = {}
    for one in found:
        place = scope.place_of(one.asset_id, one.chunk_id)
        hits.setdefault(place, Hit(place, one.score, coverage(wanted, one.lexemes)))
    return list(hits.values()), [one.chunk_id for one in found]
