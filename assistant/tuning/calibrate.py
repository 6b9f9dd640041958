"""Fit the maps from similarity to probability that each embedder ships with.

For every query, libraries of many sizes are drawn, some of them without the wanted thing, and the
first few results of each become rows: what the score looked like, and whether the result was
relevant. Queries that match nothing in any library are added, all of whose results are wrong.
Half of the queries fit the map, the other half measure it. Knows vectors, not models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.tuning.calibrate_presence import fit_presence
from retrieval.background import Background
from retrieval.calibration import Calibration, Map, auroc, calibration_error, features, fit

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
_SIZES = (12, 25, 50, 100, 250, 600, 1000)
_SMALL_SIZES = (1, 2, 3, 5, 8)
_TOP = 3
_PAGE = -6.0
"""Log-odds of a page found by its look: below those of a text that answers in other words, which
may be 1 in 100. At -3 every page of a PDF went before the notes and letters that answered."""
_SCALE = 1000.0  # of the weights of a sort: the penalty of the fit counts on many rows


@dataclass(frozen=True)
class Asked:
    """Queries of one sort over the same things.

    ``scores``, ``relevant``, and ``explains`` (see ``calibration.features``) are [queries,
    things]; a share ``absent`` of the libraries lacks every relevant thing, the others surely
    hold one (where there is any). Queries of one ``group`` fit or measure together. ``weight`` is
    that of all rows of the sort together, in relation to the other sorts.
    """

    scores: Floats
    relevant: Flags
    absent: float = 0.5
    explains: Floats | None = None
    group: NDArray[np.int64] | None = None
    weight: float = 1.0

    @property
    def fitting(self) -> Flags:
        """Which queries fit the map; the others measure it."""
        group = np.arange(len(self.scores)) if self.group is None else self.group
        even: Flags = group % 2 == 0
        return even


@dataclass(frozen=True)
class Rows:
    """Results of searches: features [n, 6], relevance [n], query [n], whether it came first [n],
    whether the library searched holds anything relevant [n]."""

    features: NDArray[np.float64]
    relevant: NDArray[np.float64]
    query: NDArray[np.int64]
    first: Flags
    there: Flags

    def of(self, keep: Flags) -> Rows:
        """Return some of the rows."""
        return Rows(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))


def search_rows(asked: Asked, sizes: Sequence[int], rng: np.random.Generator) -> Rows:
    """Search libraries of the sizes given, drawn from the columns, for every query (row)."""
    made: list[tuple[NDArray[np.float64], NDArray[np.float64], int, bool]] = []
    scores = asked.scores
    for query, truth in enumerate(asked.relevant):
        wanted, others = np.flatnonzero(truth), np.flatnonzero(~truth)
        for size in sizes:
            if len(wanted) and (rng.random() >= asked.absent or not len(others)):
                pool = rng.choice(scores.shape[1], size, replace=False)
                pool[0] = pool[0] if truth[pool].any() else rng.choice(wanted)
            else:
                pool = rng.choice(others, min(size, len(others)), replace=False)
            found = scores[query, pool].astype(np.float64)
            best = np.argsort(-found)[:_TOP]
            explains = None if asked.explains is None else asked.explains[query, pool[best]]
            rows = features(found[best], found, explains)
            made.append((rows, truth[pool[best]] * 1.0, query, bool(truth[pool].any())))
    counts = [len(m[1]) for m in made]
    return Rows(
        np.concatenate([m[0] for m in made]),
        np.concatenate([m[1] for m in made]),
        np.repeat([m[2] for m in made], counts),
        np.concatenate([np.arange(count) == 0 for count in counts]),
        np.repeat([m[3] for m in made], counts),
    )


def fit_map(sorts: Mapping[str, Asked], seed: int = 0) -> tuple[Map, dict[str, float]]:
    """Fit one map over queries of several sorts, and measure it on each sort.

    Returns:
        The map, and on the held half of the queries of each sort: ``auroc`` and ``ece`` over the
        shown results, the same of tiny libraries, and ``auroc_nothing``: how often a first result
        that is right is likelier than one of a search with nothing to find, of any sort.
    """
    rng = np.random.default_rng(seed)
    large: dict[str, Rows] = {}
    small: dict[str, Rows] = {}
    for name, asked in sorts.items():
        sizes = [size for size in _SIZES if size <= asked.scores.shape[1]]
        large[name] = search_rows(asked, sizes, rng)
        small[name] = search_rows(asked, _SMALL_SIZES, rng)
    made = Map(_fit(sorts, large, _ALL), _fit(sorts, small, _ALONE))
    return made, _measure(made, sorts, large, small)


_ALL, _ALONE = (0, 1, 2, 3, 4, 5), (1, 5)


def _fit(
    sorts: Mapping[str, Asked], found: Mapping[str, Rows], columns: tuple[int, ...]
) -> tuple[float, ...]:
    rows, relevant, weights = [], [], []
    for name, asked in sorts.items():
        own = found[name].of(asked.fitting[found[name].query])
        weight = np.where(own.first, float(_TOP - 1), 1.0)  # first results as much as the rest
        rows.append(own.features[:, columns])
        relevant.append(own.relevant)
        weights.append(weight * asked.weight * _SCALE / weight.sum())
    return fit(np.concatenate(rows), np.concatenate(relevant), np.concatenate(weights))


def _measure(
    made: Map, sorts: Mapping[str, Asked], large: Mapping[str, Rows], small: Mapping[str, Rows]
) -> dict[str, float]:
    found: dict[str, float] = {}
    held = {
        name: tuple(rows[name].of(~asked.fitting[rows[name].query]) for rows in (large, small))
        for name, asked in sorts.items()
    }
    chances = {
        name: (
            _chance(made.relative, wide.features),
            _chance(made.absolute, tiny.features[:, _ALONE]),
        )
        for name, (wide, tiny) in held.items()
    }
    nothing = np.concatenate(
        [chances[name][0][wide.first & ~wide.there] for name, (wide, _) in held.items()]
    )
    for name, (wide, tiny) in held.items():
        chance, alone = chances[name]
        if not wide.relevant.any():
            continue
        right = chance[wide.first & (wide.relevant > 0)]
        found |= {
            f"{name}_auroc": auroc(chance, wide.relevant),
            f"{name}_ece": calibration_error(chance, wide.relevant),
            f"{name}_auroc_tiny": auroc(alone, tiny.relevant),
            f"{name}_ece_tiny": calibration_error(alone, tiny.relevant),
        }
        if len(nothing):
            truth = np.repeat([1.0, 0.0], [len(right), len(nothing)])
            found[f"{name}_auroc_nothing"] = auroc(np.concatenate([right, nothing]), truth)
    return {name: round(value, 4) for name, value in found.items()}


def _chance(weights: tuple[float, ...], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    chance: NDArray[np.float64] = 1 / (1 + np.exp(-(rows @ np.array(weights[:-1]) + weights[-1])))
    return chance


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
    own = nearest[np.arange(len(owner)), owner]
    own = own[own > -1]  # of photos with one caption nothing can be told
    usual = float(np.quantile(own, 0.1)) if len(own) else 1.0
    fits = nearest >= usual
    fits[np.arange(len(owner)), owner] = True
    votes = np.zeros((n, n), np.float32)
    np.add.at(votes, owner, fits.astype(np.float32))
    pairs = np.maximum(votes, votes.T) >= 2
    np.fill_diagonal(pairs, False)
    return fits, pairs


@dataclass(frozen=True)
class Short:
    """Queries of a word or two: ``plain`` [words, dim] as vectors, and in other forms, the first
    of them bare; which of the photos each word fits, [words, photos]. Words with an even number
    also make up the background. ``common``: things that ``retrieval.presence`` compares with."""

    plain: Floats
    forms: tuple[Floats, ...]
    fits: Flags
    common: Floats


def joint_calibration(
    embedder: str,
    photos: Floats,
    texts: Floats,
    unmatched: Floats,
    meanings: Floats,
    owner: NDArray[np.int64],
    short: Short,
) -> tuple[Calibration, dict[str, dict[str, float]]]:
    """Fit an image-text embedder: ``image`` (text finds photos), ``similar`` (photo finds photos),
    ``told`` (photo finds texts), ``presence`` (a photo shows a thing).

    Pages of documents look like nothing that captions tell of, so ``page`` is fixed low: the text
    that was read on a page speaks for it, not its look.

    Args:
        photos: [n, dim]; texts: captions [m, dim]; unmatched: queries that match nothing [u, dim].
        meanings: the captions as unit vectors of a text embedder [m, any].
        owner: [m], the photo of each caption.
    """
    centred = meanings - meanings.mean(axis=0)
    fits, pairs = alike(centred / np.linalg.norm(centred, axis=1, keepdims=True), owner)
    background = Background.of(short.plain[::2])

    def asked(queries: Floats, relevant: Flags, **more: Any) -> Asked:
        scores = queries @ photos.T
        explains = np.stack([background.stands_out(row, photos) for row in scores])
        return Asked(scores, relevant, explains=explains.astype(np.float32), **more)

    _, one = np.unique(owner, return_index=True)  # one caption a photo
    forms = np.concatenate([short.plain, *short.forms])
    times = 1 + len(short.forms)
    image, of_image = fit_map(
        {
            # photos like the wanted one are always about, so its absence would prove nothing
            "long": asked(texts[one], fits[one], absent=0.0),
            "unmatched": asked(
                unmatched, np.zeros((len(unmatched), len(photos)), bool), weight=0.5
            ),
            "short": asked(
                forms,
                np.tile(short.fits, (times, 1)),
                group=np.tile(np.arange(len(short.plain)), times),
            ),
        }
    )
    near = photos @ photos.T
    np.fill_diagonal(near, -1)  # a photo never finds itself: it is last, and not relevant
    similar, of_similar = fit_map({"photos": Asked(near, pairs)})
    told, of_told = fit_map({"texts": Asked((texts[one] @ photos.T).T.copy(), fits[one].T.copy())})
    page = Map(relative=(*[0.0] * 6, _PAGE), absolute=(0.0, 0.0, _PAGE))
    shows, of_shows = fit_presence(photos, short.forms[0], short.fits, short.common)
    maps = {"image": image, "similar": similar, "told": told, "page": page, "presence": shows}
    measured = {"image": of_image, "similar": of_similar, "told": of_told, "presence": of_shows}
    return Calibration(embedder, maps, background), measured
