"""Fit the maps from similarity to probability that each embedder ships with.

For every query, libraries of many sizes are drawn, some of them without the wanted thing, and the
first few results of each become rows: what the score looked like, and whether the result was
relevant. Queries that match nothing in any library are added, all of whose results are wrong.
Half of the queries fit the map, the other half measure it. Knows vectors, not models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.calibration import Calibration, Map, auroc, calibration_error, features, fit

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
_SIZES = (12, 25, 50, 100, 250, 600, 1000)
_SMALL_SIZES = (1, 2, 3, 5, 8)
_TOP = 3


@dataclass(frozen=True)
class Rows:
    """Results of searches: features [n, 5], relevance [n], query [n], whether it came first [n]."""

    features: NDArray[np.float64]
    relevant: NDArray[np.float64]
    query: NDArray[np.int64]
    first: Flags

    def of(self, keep: Flags) -> Rows:
        """Return some of the rows."""
        return Rows(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))


def search_rows(
    scores: Floats,
    relevant: Flags,
    sizes: Sequence[int],
    rng: np.random.Generator,
    absent: float,
) -> Rows:
    """Search libraries of the sizes given, drawn from the columns, for every query (row).

    Args:
        scores: [queries, things]; relevant: the same shape. A share ``absent`` of the libraries
            lacks every relevant thing, the others surely hold one (where there is any).
    """
    made: list[tuple[NDArray[np.float64], NDArray[np.float64], int, NDArray[np.int64]]] = []
    for query in range(len(scores)):
        wanted = np.flatnonzero(relevant[query])
        others = np.flatnonzero(~relevant[query])
        for size in sizes:
            if len(wanted) and rng.random() >= absent:
                pool = rng.choice(scores.shape[1], size, replace=False)
                pool[0] = pool[0] if relevant[query, pool].any() else rng.choice(wanted)
            else:
                pool = rng.choice(others, min(size, len(others)), replace=False)
            found = scores[query, pool].astype(np.float64)
            best = np.argsort(-found)[:_TOP]
            rows = features(found[best], found)
            made.append((rows, relevant[query, pool[best]] * 1.0, query, np.arange(len(best))))
    return Rows(
        np.concatenate([m[0] for m in made]),
        np.concatenate([m[1] for m in made]),
        np.repeat([m[2] for m in made], [len(m[1]) for m in made]),
        np.concatenate([m[3] for m in made]) == 0,
    )


def fit_map(
    scores: Floats,
    relevant: Flags,
    unmatched: Floats | None = None,
    absent: float = 0.5,
    seed: int = 0,
) -> tuple[Map, dict[str, float]]:
    """Fit and measure one map.

    Args:
        scores: [queries, things]; relevant: the same shape.
        unmatched: [queries, things], scores of queries to which nothing is relevant; together
            they weigh half as much as the rest.
        absent: the share of libraries without anything relevant for the other queries.

    Returns:
        The map, and on the held half of the queries: ``auroc`` and ``ece`` over the shown
        results, ``auroc_unmatched`` of the first result of answerable against unmatched queries.
    """
    rng = np.random.default_rng(seed)
    whole = scores if unmatched is None else np.concatenate([scores, unmatched])
    truth = np.zeros(whole.shape, bool)
    truth[: len(relevant)] = relevant
    large = search_rows(whole, truth, [s for s in _SIZES if s <= scores.shape[1]], rng, absent)
    small = search_rows(whole, truth, _SMALL_SIZES, rng, absent)
    n_matched = len(scores)
    held = np.arange(len(whole)) % 2 == 1
    rows, tiny = large.of(~held[large.query]), small.of(~held[small.query])
    made = Map(
        fit(rows.features, rows.relevant, _weights(rows, n_matched)),
        fit(tiny.features[:, 1:2], tiny.relevant, _weights(tiny, n_matched)),
    )
    return made, _measure(made, large.of(held[large.query]), small.of(held[small.query]), n_matched)


def _weights(rows: Rows, n_matched: int) -> NDArray[np.float64]:
    """Weigh unmatched queries half as much as others, first results as much as the rest."""
    unmatched = rows.query >= n_matched
    weights = np.where(rows.first, float(_TOP - 1), 1.0)
    if unmatched.any():
        weights[unmatched] *= (~unmatched).sum() / unmatched.sum() / 2
    return weights


def _measure(made: Map, large: Rows, small: Rows, n_matched: int) -> dict[str, float]:
    relative = np.array(made.relative)
    chance = 1 / (1 + np.exp(-(large.features @ relative[:-1] + relative[-1])))
    alone = 1 / (1 + np.exp(-(made.absolute[0] * small.features[:, 1] + made.absolute[1])))
    matched = large.query < n_matched
    found = {
        "auroc": auroc(chance[matched], large.relevant[matched]),
        "ece": calibration_error(chance[matched], large.relevant[matched]),
        "auroc_tiny": auroc(alone, small.relevant),
        "ece_tiny": calibration_error(alone, small.relevant),
    }
    shown = large.first & ((large.relevant > 0) | ~matched)
    if (~matched).any():
        found["auroc_unmatched"] = auroc(chance[shown], matched[shown].astype(np.float64))
    return {name: round(value, 4) for name, value in found.items()}


def alike(captions: Floats, owner: NDArray[np.int64]) -> tuple[Flags, Flags]:
    """Tell which photos a caption fits besides its own, judged by the captions alone.

    A photo fits when one of its captions is as near to the query as nine in ten captions
    are to the nearest other caption of their own photo.

    Args:
        captions: unit text vectors [m, dim], centred; owner: [m], the photo of each.

    Returns:
        [m, photos]: caption fits photo; [photos, photos]: photos fit each other, never themselves.
    """
    n = int(owner.max()) + 1
    nearest = np.full((len(captions), n), -1.0, np.float32)
    near = captions @ captions.T
    np.fill_diagonal(near, -1)
    for photo in range(n):
        nearest[:, photo] = near[:, owner == photo].max(axis=1)
    usual = float(np.quantile(nearest[np.arange(len(owner)), owner], 0.1))
    fits = nearest >= usual
    fits[np.arange(len(owner)), owner] = True
    votes = np.zeros((n, n), np.float32)
    np.add.at(votes, owner, fits.astype(np.float32))
    pairs = np.maximum(votes, votes.T) >= 2
    np.fill_diagonal(pairs, False)
    return fits, pairs


def joint_calibration(
    embedder: str,
    photos: Floats,
    texts: Floats,
    unmatched: Floats,
    meanings: Floats,
    owner: NDArray[np.int64],
) -> tuple[Calibration, dict[str, dict[str, float]]]:
    """Fit an image-text embedder: ``image`` (text finds photos), ``similar`` (photo finds photos).

    Pages of documents look like nothing that captions tell of, so ``page`` is fixed low: the text
    that was read on a page speaks for it, not its look.

    Args:
        photos: [n, dim]; texts: captions [m, dim]; unmatched: queries that match nothing [u, dim].
        meanings: the captions as unit vectors of a text embedder [m, any].
        owner: [m], the photo of each caption.
    """
    centred = meanings - meanings.mean(axis=0)
    fits, pairs = alike(centred / np.linalg.norm(centred, axis=1, keepdims=True), owner)
    _, one = np.unique(owner, return_index=True)  # one caption a photo
    image, of_image = fit_map(
        # photos like the wanted one are always about, so its absence would prove nothing
        texts[one] @ photos.T,
        fits[one],
        unmatched @ photos.T,
        absent=0.0,
    )
    near = photos @ photos.T
    np.fill_diagonal(near, -1)  # a photo never finds itself: it is last, and not relevant
    similar, of_similar = fit_map(near, pairs)
    page = Map(relative=(0.0, 0.0, 0.0, 0.0, 0.0, -3.0), absolute=(0.0, -3.0))
    maps = {"image": image, "similar": similar, "page": page}
    return Calibration(embedder, maps), {"image": of_image, "similar": of_similar}


def text_calibration(
    embedder: str, passages: Floats, questions: Floats, relevant: Flags
) -> tuple[Calibration, dict[str, dict[str, float]]]:
    """Fit a text embedder on questions with known paragraphs ([q, p] relevance)."""
    text, of_text = fit_map(questions @ passages.T, relevant)
    return Calibration(embedder, {"text": text}), {"text": of_text}
