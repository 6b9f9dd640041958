"""The signals of a search, each a ranking of places: pixels, meaning of text, words of text;
and the spelling of what they found.

A *place* is a photo, a chunk of a document or recording, or the image of a page. Each signal
gives its places a raw score and a chance of being relevant; fusing them is done elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import Connection

from retrieval.catalog.figures import chunk_at, uses
from retrieval.catalog.fulltext import lexical_hits
from retrieval.catalog.library import chunks_for
from retrieval.catalog.vectors import Ids, targets
from retrieval.embed.passages import joint_of
from retrieval.embed.sentences import text_of
from retrieval.fold import difference_hash
from retrieval.fusion import Fused, Hit
from retrieval.languages import is_chinese
from retrieval.lexical import query_words
from retrieval.places import Page, Part, Photo, Place
from retrieval.relevance import Relevance, coverage, of_few_letters, of_hearsay
from retrieval.replica import Replica
from retrieval.spelling import letters_of, shares
from retrieval.values import HEARSAY

Vector = NDArray[np.float32]

_USED = 0.98
"""Chance that a document holds an image whose hash agrees: of 44,850 pairs of photos none does."""

_SPELLED = 60
"""How many of the best places are compared by spelling: some 10 ms."""
_LETTERS = 20_000


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

    def place_of(self, asset_id: int, chunk_id: int, kind: str) -> Photo | Part:
        """Return the place of a chunk: the photo it was read from, or itself."""
        at = int(np.searchsorted(self.photos, asset_id))
        if at < len(self.photos) and self.photos[at] == asset_id:
            if kind not in HEARSAY:
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
    things = replica.vectors(found.ids) if kind == "image" else None
    chances = scope.relevance.chances(replica.embedder, kind, found.scores, pool, things)
    for vector_id, score, chance in zip(found.ids, found.scores, chances, strict=True):
        target = of.get(int(vector_id))
        if target is None:
            continue  # deleted since the index was brought up to date
        if target.page is None:
            hits.append(Hit(Photo(target.asset_id), float(score), float(chance)))
        else:
            hits.append(Hit(Page(target.asset_id, target.page), float(score), float(chance)))
    return hits


def used(scope: Scope, image: Image.Image) -> list[Hit]:
    """Rank the places in documents that hold this very image, whole or another size of it."""
    look = difference_hash(image.convert("RGB"))
    hits: dict[Page | Part, Hit] = {}
    for use in uses(scope.connection, scope.library, look, scope.depth):
        if scope.allowed is not None and not np.isin(use.asset_id, scope.allowed):
            continue
        place: Page | Part
        if use.page is not None:
            place = Page(use.asset_id, use.page)
        else:
            chunk = chunk_at(scope.connection, use.asset_id, use.position or 0)
            if chunk is None:
                continue
            place = Part(use.asset_id, chunk)
        likeness = 1 - use.bits / 64
        hits.setdefault(place, Hit(place, likeness, _USED * likeness))
    return list(hits.values())


def told(scope: Scope, replica: Replica, image: Vector) -> list[Hit]:
    """Rank passages by what an image shows [dim]: both lie in the space of photos."""
    found = replica.search(image, scope.depth, scope.allowed)
    of = {t.vector_id: t for t in targets(scope.connection, replica.embedder, found.ids)}
    embedder = joint_of(replica.embedder)
    chances = scope.relevance.chances(embedder, "told", found.scores, replica.pool(image))
    return [
        Hit(Part(target.asset_id, target.chunk_id), float(score), float(chance))
        for vector_id, score, chance in zip(found.ids, found.scores, chances, strict=True)
        if (target := of.get(int(vector_id))) is not None and target.chunk_id is not None
    ]


def meaning(
    scope: Scope,
    replica: Replica,
    query: Vector,
    also_chunks: Sequence[int],
    kind: str = "text",
    chinese: bool | None = None,
) -> list[Hit]:
    """Rank chunks by a dense vector [dim]: their own (``text``) or the nearest of their sentences'.

    Args:
        also_chunks: scored in any case.
        kind: ``text``; or ``sentence``, ``crossed``: of the question's language, of another.
        chinese: only texts that are Chinese, or only those that are not.
    """
    found = replica.search(query, scope.depth, scope.allowed)
    of = targets(scope.connection, replica.embedder, found.ids, also_chunks)
    scores = dict(zip(found.ids.tolist(), found.scores.tolist(), strict=True))
    missing = np.array([t.vector_id for t in of if t.vector_id not in scores], np.int64)
    scores |= replica.scores(query, missing)
    of = sorted((t for t in of if t.vector_id in scores), key=lambda t: -scores[t.vector_id])
    if chinese is not None:
        of = [t for t in of if is_chinese(t.begins or "") == chinese]
    values = np.array([scores[t.vector_id] for t in of], np.float32)
    chances = scope.relevance.chances(text_of(replica.embedder), kind, values, replica.pool(query))
    hits: dict[Photo | Part, Hit] = {}
    for target, score, chance in zip(of, values, chances, strict=True):
        assert target.chunk_id is not None, "a text vector belongs to a chunk"
        of_what = target.kind or ""
        place = scope.place_of(target.asset_id, target.chunk_id, of_what)
        sure = of_hearsay(of_few_letters(float(chance), of_what, target.letters or 0), of_what)
        hits.setdefault(place, Hit(place, float(score), sure))
    return sorted(hits.values(), key=lambda hit: -hit.chance)


def by_sentence(
    scope: Scope, replica: Replica, query: Vector, chunk_ids: Sequence[int]
) -> dict[int, tuple[float, ...]]:
    """Return for each chunk the cosines of a vector [dim] to its sentences, in their order."""
    of = sorted(targets(scope.connection, replica.embedder, np.empty(0, np.int64), chunk_ids))
    cosines = replica.scores(query, np.array([target.vector_id for target in of], np.int64))
    found: dict[int, tuple[float, ...]] = {}
    for target in of:
        if target.chunk_id is not None and target.vector_id in cosines:
            cosine = cosines[target.vector_id]
            found[target.chunk_id] = (*found.get(target.chunk_id, ()), cosine)
    return found


def words(scope: Scope, text: str) -> tuple[list[Hit], list[int]]:
    """Rank chunks by the words they share with a text; also returns the chunk ids found."""
    wanted = query_words(text)
    found = lexical_hits(scope.connection, scope.library, wanted, scope.depth, scope.allowed)
    hits: dict[Photo | Part, Hit] = {}
    for one in found:
        place = scope.place_of(one.asset_id, one.chunk_id, one.kind)
        chance = of_hearsay(coverage(wanted, one.lexemes), one.kind)
        hits.setdefault(place, Hit(place, one.score, chance))
    return list(hits.values()), [one.chunk_id for one in found]


def spelled(scope: Scope, found: dict[Place, Fused], question: str) -> None:
    """Add to what was read off pixels how much of the question's spelling its text holds, and of
    its words: forms are near-equal, so a rank among them says less than how much is held.

    Written text has no errors of recognition, and good questions about it use other words: with
    it XQuAD fell from .96 to .94. Only ranks, and leaves chances alone: half the letters of a
    question may be held by a text that does not answer it.
    """
    texts: dict[Place, list[str]] = {}
    likely = sorted(found.values(), key=lambda fused: -fused.score)[:_SPELLED]
    parts = {f.key.chunk_id: f.key for f in likely if isinstance(f.key, Part)}
    shown = {f.key.asset_id: f.key for f in likely if isinstance(f.key, Photo)}
    for chunk in chunks_for(scope.connection, parts, shown):
        read = parts.get(chunk.id) if chunk.kind == "ocr" else None
        holder = read or shown.get(chunk.asset_id)
        if holder is not None and chunk.kind not in HEARSAY:
            texts.setdefault(holder, []).append(f"{chunk.heading} {chunk.text}")
    letters = [letters_of(" ".join(held))[:_LETTERS] for held in texts.values()]
    most = max((found[place].signals.get("lexical", 0.0) for place in texts), default=0.0)
    for place, share in zip(texts, shares(question, letters), strict=True):
        found[place].add_spelling(share)
        found[place].add_held(most)
