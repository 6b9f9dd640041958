"""From a similarity to the probability that the result is relevant.

A flat cosine cutoff does not work: what a score means depends on the embedder, on the kind of
thing compared, and on how the query scores against the whole library (a vague query is near to
everything). So the probability is a logistic function (Platt 1999) of six numbers:

    standard  = (score - mean of the pool) / (deviation of the pool + a floor)
    score     = the score itself
    gap       = score - best score of the pool          (0 for the best, negative for others)
    lift      = score - mean of the pool
    deviation = that of the pool: a query that means something here spreads the scores
    explains  = how far the query stands out of a fixed set of other texts, for this very thing:
                (score - mean over the texts) / (their deviation), where there is such a set

with non-negative weights, so that within one query a better score never gets a lower
probability; the fit drops those that do not help. In a pool of a few things mean and deviation
say nothing: below ``small`` things only ``score`` and ``explains`` are used, by a map of its own;
between ``small`` and ``large`` the two are mixed.

Parameters are fitted on data (``fit``) and lie as ``calibration.json`` with the embedder's
weights. Knows nothing of embedders, queries or the index.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.background import Background
from retrieval.errors import WeightsError
from retrieval.languages import Languages

Array = NDArray[np.float64]
_FLOOR = 0.01  # of the deviation: equal scores must not become infinitely surprising
_FEATURES = 6


@dataclass(frozen=True)
class Map:
    """The fitted numbers of one modality.

    ``relative`` are the weights of the six features, then the constant; ``absolute`` those of
    ``score`` and ``explains``, then the constant.
    """

    relative: tuple[float, ...]
    absolute: tuple[float, ...]
    small: int = 8
    large: int = 40

    def probabilities(self, scores: Array, pool: Array, explains: Array | None = None) -> Array:
        """Return the probability of each score, given all scores of the query."""
        stands = np.zeros(len(scores)) if explains is None else explains
        alone = _logistic(self.absolute[0] * scores + self.absolute[1] * stands + self.absolute[2])
        share = float(np.clip((len(pool) - self.small) / (self.large - self.small), 0, 1))
        if share == 0:
            return alone
        rows = features(scores, pool, stands)
        with_pool = _logistic(rows @ self.relative[:-1] + self.relative[-1])
        mixed: Array = share * with_pool + (1 - share) * alone
        return mixed


@dataclass(frozen=True)
class Calibration:
    """The maps of one embedder by modality, such as ``image`` (text finds photos) or ``text``.

    ``languages``: where scores are of questions whose language was taken out by it.
    """

    embedder: str
    maps: dict[str, Map]
    background: Background | None = None
    languages: Languages | None = None

    @classmethod
    def from_file(cls, path: Path) -> Calibration:
        """Read ``calibration.json``.

        Raises:
            WeightsError: it is missing or not such a file.
        """
        try:
            read = json.loads(path.read_text(encoding="utf-8"))
            maps = {
                modality: Map(
                    _weights(m["relative"], _FEATURES + 1),
                    _weights(m["absolute"], 3),
                    int(m["small"]),
                    int(m["large"]),
                )
                for modality, m in read["maps"].items()
            }
            told = read.get("background")
            background = Background.from_json(told) if told is not None else None
            spoken = read.get("languages")
            languages = Languages.from_json(spoken) if spoken is not None else None
            return cls(str(read["embedder"]), maps, background, languages)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WeightsError(model="calibration", detail=f"{path}: {error}") from error

    def to_json(self, **notes: object) -> str:
        """Return the text of ``calibration.json``, with ``notes`` (data, metrics) beside it."""
        maps = {modality: asdict(m) for modality, m in self.maps.items()}
        beside = {"background": self.background, "languages": self.languages}
        told = {name: value.to_json() for name, value in beside.items() if value is not None}
        whole = {"embedder": self.embedder, "maps": maps, **notes, **told}
        return json.dumps(whole, indent=1) + "\n"

    def probability(self, score: float, pool: NDArray[np.float32], modality: str) -> float:
        """Return the probability that a result with this score is relevant.

        Args:
            score: the similarity of the result.
            pool: the similarities of the query to the things searched (all, or a fair sample).
            modality: a key of ``maps``; one that was not fitted raises ``KeyError``.
        """
        return float(self.probabilities(np.array([score], np.float32), pool, modality)[0])

    def probabilities(
        self,
        scores: NDArray[np.float32],
        pool: NDArray[np.float32],
        modality: str,
        things: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """As ``probability`` for many results of one query at once.

        ``things`` [n, dim] are the vectors of the results, where the background needs them.

        These are the scores to compare across modalities: a photo with 0.6 and a paragraph with
        0.6 are equally likely to be wanted, whatever their cosines were.
        """
        explains = None
        if self.background is not None and things is not None:
            explains = self.background.stands_out(scores, things)
        chances = self.maps[modality].probabilities(
            np.asarray(scores, np.float64), np.asarray(pool, np.float64), explains
        )
        return chances.astype(np.float32)


def _weights(numbers: Sequence[float], count: int) -> tuple[float, ...]:
    """Return weights; files from before there was ``explains`` have one less."""
    found = tuple(map(float, numbers))
    if len(found) == count - 1:
        found = (*found[:-1], 0.0, found[-1])
    if len(found) != count:
        raise ValueError("a map has the wrong number of weights")
    return found


def features(scores: Array, pool: Array, explains: Array | None = None) -> Array:
    """Return [n, 6]: standard score, score, gap to the best (never positive), lift, deviation,
    explains (0 where it is not known)."""
    lift = scores - pool.mean()
    deviation = pool.std()
    gap = np.minimum(scores - pool.max(), 0)
    same = np.full(len(scores), deviation)
    stands = np.zeros(len(scores)) if explains is None else explains
    return np.stack([lift / (deviation + _FLOOR), scores, gap, lift, same, stands], axis=1)


def fit(
    rows: Array, labels: Array, weights: Array | None = None, ridge: float = 1e-3
) -> tuple[float, ...]:
    """Fit a logistic regression with non-negative weights.

    Newton's method on standardised columns; a column whose weight comes out negative is dropped
    and the rest fitted again.

    Args:
        rows: [n, features]; labels: [n] of 0 and 1; weights: [n], how much each row counts.
        ridge: the penalty on squared weights, which keeps separable data finite.

    Returns:
        One weight a column, then the constant.
    """
    count = np.ones(len(rows)) if weights is None else weights
    mean, deviation = rows.mean(0), rows.std(0) + 1e-9
    z = np.concatenate([(rows - mean) / deviation, np.ones((len(rows), 1))], axis=1)
    keep = list(range(z.shape[1]))
    while True:
        found = _newton(z[:, keep], labels, count, ridge)
        worst = int(np.argmin(found[:-1])) if len(keep) > 1 else -1
        if worst < 0 or found[worst] >= 0:
            break
        keep.pop(worst)
    full = np.zeros(z.shape[1])
    full[keep] = found
    slopes = full[:-1] / deviation
    return (*map(float, slopes), float(full[-1] - slopes @ mean))


def auroc(chances: Sequence[float] | Array, labels: Sequence[float] | Array) -> float:
    """Return the area under the ROC curve: how often a relevant result outranks another."""
    values, truth = np.asarray(chances, np.float64), np.asarray(labels) > 0.5
    order = np.argsort(values, kind="stable")
    _, first, counts = np.unique(values[order], return_index=True, return_counts=True)
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(first + (counts + 1) / 2, counts)  # ties share their mean rank
    n_true, n_false = int(truth.sum()), int((~truth).sum())
    return float((ranks[truth].sum() - n_true * (n_true + 1) / 2) / (n_true * n_false))


def calibration_error(
    chances: Sequence[float] | Array, labels: Sequence[float] | Array, bins: int = 10
) -> float:
    """Return the expected calibration error over bins of equal width (Naeini et al. 2015)."""
    values, truth = np.asarray(chances, np.float64), np.asarray(labels, np.float64)
    where = np.minimum((values * bins).astype(int), bins - 1)
    parts = [
        abs(values[where == b].mean() - truth[where == b].mean()) * (where == b).mean()
        for b in range(bins)
        if (where == b).any()
    ]
    return float(sum(parts))


def _newton(z: Array, labels: Array, count: Array, ridge: float) -> Array:
    found = np.zeros(z.shape[1])
    penalty = np.full(z.shape[1], ridge * count.sum())
    penalty[-1] = 0
    for _ in range(50):
        chance = _logistic(z @ found)
        slope = z.T @ (count * (labels - chance)) - penalty * found
        bend = (z * (count * chance * (1 - chance))[:, None]).T @ z
        step = np.linalg.solve(bend + np.diag(penalty + 1e-9), slope)
        found += step
        if np.abs(step).max() < 1e-8:
            break
    return found


def _logistic(x: Array) -> Array:
    # written so that neither tail overflows
    result: Array = 0.5 * (1 + np.tanh(0.5 * x))
    return result
