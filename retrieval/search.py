"""Search: text, an image, or both, to passages with their places and chances of being relevant.

Four directions and the composed one: text finds photos (joint vector) and texts (dense vector
and words); an image finds photos and page images like it, and texts that speak of what it shows;
an image with a text finds by the sum of both. What each signal found is fused, photos and texts
are merged by chance, and one file does not crowd out the others.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import Connection, Engine

from retrieval import pages, signals
from retrieval.calibration import Calibration
from retrieval.catalog.columns import Columns
from retrieval.catalog.looks import looks_of
from retrieval.catalog.transactions import reading
from retrieval.catalog.vectors import generation
from retrieval.embed.passages import JointPassages
from retrieval.embed.protocol import (
    ImageClassifier,
    JointEmbedder,
    TextEmbedder,
    bare,
    embed_asked,
)
from retrieval.embed.sentences import Sentences
from retrieval.errors import SearchError
from retrieval.figures import parts_of_figures
from retrieval.fold import fold
from retrieval.fusion import Fused, Hit, fuse, merge_families, spread
from retrieval.indexer import Indexer
from retrieval.languages import is_chinese
from retrieval.places import Part, Photo, Place
from retrieval.relevance import Relevance, is_confident
from retrieval.replica import Replica
from retrieval.rerank.candidates import candidates
from retrieval.rerank.protocol import MOST, Reranker, reorder
from retrieval.results import passages_of
from retrieval.values import (
    Passage,
    Query,
    SearchResult,
)

_IMAGE_SHARE = 0.4
"""Of an image asked for together with words. Measured on photos of Flickr8k with "but a black dog":
0.4 finds .26 right ones among ten, 0.5 .24, the image alone .04, the words alone .07 to .10."""
_DEPTH = 50
_PER_ASSET = 3
_ALIKE = 50
"""How many more results are looked at when near-duplicates are folded."""
_MAX_QUERY = 4000
_WORD_CHANCE = 0.2


@dataclass(frozen=True)
class _Asked:
    """A query as vectors and words.

    ``sentence``, ``crossed``: what is compared with sentences of its language, and of another one.
    """

    joint: NDArray[np.float32]
    joint_kind: str
    text: str
    image: NDArray[np.float32] | None = None
    dense: list[tuple[str, NDArray[np.float32], str]] = field(default_factory=list)
    sentence: NDArray[np.float32] | None = None
    crossed: NDArray[np.float32] | None = None


class Searcher:
    """Searches libraries; any thread.

    Args:
        calibrations: what turns the embedders' scores into chances; without, chances are guesses.
        classifier: says what an image shows, so that an image alone finds texts too.
        rerankers: judge the best passages and pages anew, one after the other.
    """

    def __init__(
        self,
        engine: Engine,
        indexer: Indexer,
        text: TextEmbedder,
        joint: JointEmbedder,
        calibrations: Sequence[Calibration] = (),
        classifier: ImageClassifier | None = None,
        rerankers: Sequence[Reranker] = (),
    ) -> None:
        self._engine = engine
        self._indexer = indexer
        self._text = text
        self._joint = joint
        self._passages = JointPassages(joint)
        self._sentences = Sentences(text)
        self._relevance = Relevance(calibrations)
        self._classifier = classifier
        self._rerankers = rerankers
        self._columns: dict[str, Columns] = {}

    def search(self, query: Query) -> SearchResult:
        """Return the ``k`` best passages; none at all in an empty library.

        Raises:
            SearchError: neither text nor image, or ``k`` below 1.
        """
        started = time.perf_counter()
        text = query.text[:_MAX_QUERY].encode(errors="ignore").decode().strip()
        if not text and query.image is None:
            raise SearchError(detail="the query has neither words nor an image")
        if query.k < 1:
            raise SearchError(detail=f"k is {query.k}, at least 1 result must be asked for")
        with reading(self._engine) as connection:
            columns = self._columns_of(query.library)
            before = generation(connection, query.library)
            size = columns.count(connection, before)
            allowed = columns.matching(connection, before, query.filters)
        if not size or (allowed is not None and not len(allowed)):
            return SearchResult((), False, time.perf_counter() - started, size)
        asked = self._ask(text, query.image)
        joint = self._indexer.replica(query.library, self._joint.id, self._joint.dim)
        dense = self._indexer.replica(query.library, self._text.id, self._text.dim)
        with reading(self._engine) as connection:
            scope = signals.Scope(
                connection=connection,
                library=query.library,
                photos=columns.photos(connection, generation(connection, query.library)),
                allowed=allowed,
                depth=max(_DEPTH, 4 * query.k),
                relevance=self._relevance,
                best_chunk={},
            )
            found = self._rank(scope, asked, query, joint, dense)
            found, alike = self._folded(scope, found, query)
            passages = self._with_sentences(scope, asked, passages_of(scope, found, alike))
        confident = any(is_confident(fused) for fused in found)
        return SearchResult(passages, confident, time.perf_counter() - started, size)

    def _ask(self, text: str, image: Image.Image | None) -> _Asked:
        """Embed the query."""
        dense = [("dense", self._questions([text])[0], text)] if text else []
        sentence, crossed = self._in_both(text) if text else (None, None)
        if parts := parts_of_figures(text):
            vectors = self._questions(parts)
            dense += [("parts", *pair) for pair in zip(vectors, parts, strict=True)]
        if image is None:
            pixels = self._joint.embed_texts([bare(text)])[0]
            return _Asked(pixels, "image", text, None, dense, sentence, crossed)
        joint = self._joint.embed_images([image])[0]
        if text:
            both = (
                _IMAGE_SHARE * joint + (1 - _IMAGE_SHARE) * self._joint.embed_texts([bare(text)])[0]
            )
            length = max(float(np.linalg.norm(both)), 1e-9)
            return _Asked(both / length, "similar", text, joint, dense, sentence, crossed)
        if self._classifier is not None:
            shown = self._classifier.classify([image], 3)[0]
            named = ", ".join(label for label, chance in shown if chance >= _WORD_CHANCE)
            if named:
                dense = [("image_words", self._questions([named])[0], named)]
        return _Asked(joint, "similar", "", joint, dense)

    def _questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed questions [n, dim] so that they find texts of every language."""
        return self._relevance.neutral(self._text.id, embed_asked(self._text, texts))

    def _in_both(self, text: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Embed a question as it is, and with its language wholly taken out."""
        asked = embed_asked(self._text, [text])
        return asked[0], self._relevance.neutral(self._text.id, asked, share=1.0)[0]

    def _rank(
        self, scope: signals.Scope, asked: _Asked, query: Query, joint: Replica, dense: Replica
    ) -> list[Fused]:
        rankings: list[tuple[str, Sequence[Hit]]] = [
            ("joint", hits) for hits in signals.pixels(scope, joint, asked.joint, asked.joint_kind)
        ]
        for signal, vector, words in asked.dense:
            by_words, chunk_ids = signals.words(scope, words)
            rankings.append(("lexical" if signal == "dense" else signal, by_words))
            if signal == "dense":
                rankings += self._by_sentences(scope, asked, chunk_ids)
            rankings.append((signal, signals.meaning(scope, dense, vector, chunk_ids)))
        if query.image is not None and not asked.text:
            rankings.append(("used", signals.used(scope, query.image)))
        if asked.image is not None:
            passages = self._indexer.replica(query.library, self._passages.id, self._joint.dim)
            rankings.append(("told", signals.told(scope, passages, asked.image)))
        fused = fuse(rankings)
        pages.put_forward(scope.connection, fused, asked.text)
        pages.gather(scope.connection, fused)
        if asked.text:
            signals.spelled(scope, fused, asked.text)
            self._look_again(scope.connection, fused, asked.text)
        families = [
            sorted((f for f in fused.values() if isinstance(f.key, Photo)), key=lambda f: -f.score),
            sorted(
                (f for f in fused.values() if not isinstance(f.key, Photo)), key=lambda f: -f.score
            ),
        ]
        each = query.k if query.filters.asset_ids is not None else _PER_ASSET
        wanted = query.k if not query.fold else query.k + _ALIKE
        return spread(merge_families(families), wanted, each)

    def _by_sentences(
        self, scope: signals.Scope, asked: _Asked, chunk_ids: list[int]
    ) -> list[tuple[str, list[Hit]]]:
        """Rank chunks by their sentences, those of each language by the vector that is for it.

        Adds what was found to ``chunk_ids``.
        """
        replica, rankings = self._told(scope.library), []
        chinese = is_chinese(asked.text)
        for kind, vector in (("sentence", asked.sentence), ("crossed", asked.crossed)):
            if vector is not None:
                only = chinese if kind == "sentence" else not chinese
                hits = signals.meaning(scope, replica, vector, chunk_ids, kind, only)
                chunk_ids += [hit.key.chunk_id for hit in hits if isinstance(hit.key, Part)]
                rankings.append((kind, hits))
        return rankings

    def _with_sentences(
        self, scope: signals.Scope, asked: _Asked, passages: Sequence[Passage]
    ) -> tuple[Passage, ...]:
        """Return passages with how near each of their sentences is to the question."""
        near: dict[int, tuple[float, ...]] = {}
        chinese = is_chinese(asked.text)
        read = [p for p in passages if p.chunk_id is not None and p.kind != "pixels"]
        for vector, only in ((asked.sentence, chinese), (asked.crossed, not chinese)):
            chunks = [p.chunk_id or 0 for p in read if is_chinese(p.text) == only]
            if vector is not None and chunks:
                near |= signals.by_sentence(scope, self._told(scope.library), vector, chunks)
        return tuple(replace(p, sentences=near.get(p.chunk_id or 0, ())) for p in passages)

    def _told(self, library: str) -> Replica:
        return self._indexer.replica(library, self._sentences.id, self._sentences.dim)

    def _look_again(self, connection: Connection, fused: dict[Place, Fused], question: str) -> None:
        """Let the rerankers judge the best passages and pages of documents."""
        if not self._rerankers:
            return
        papers = [one for one in fused.values() if not isinstance(one.key, Photo)]
        best = sorted(papers, key=lambda one: -one.score)[:MOST]
        judged = candidates(connection, [one.key for one in best])
        for reranker in self._rerankers:
            reorder(best, reranker.scores(question, judged))

    def _folded(
        self, scope: signals.Scope, found: list[Fused], query: Query
    ) -> tuple[list[Fused], dict[int, list[int]]]:
        """Put near-duplicate photos behind the best of them; also returns those by its file."""
        ranked = [fused.key.asset_id for fused in found if isinstance(fused.key, Photo)]
        if not query.fold or len(ranked) < 2:
            return found[: query.k], {}
        looks = looks_of(scope.connection, ranked, self._joint.id, self._joint.dim)
        groups = fold(ranked, looks)
        kept = [f for f in found if not isinstance(f.key, Photo) or f.key.asset_id in groups]
        return kept[: query.k], groups

    def _columns_of(self, library: str) -> Columns:
        return self._columns.setdefault(library, Columns(library))
