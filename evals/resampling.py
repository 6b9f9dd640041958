"""How sure a figure is, and whether two differ: bootstrap intervals and random swaps, seeded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evals.metrics import CORPUS, combine, parts_of
from evals.values import Metric, Score

BOOTSTRAP_SAMPLES = 1000
LEAST_CASES = 5


def interval(metric: Metric, scores: Sequence[Score], seed: int) -> tuple[float, float] | None:
    """Return the 95 % bootstrap interval (percentiles 2.5 and 97.5 of 1000 seeded resamples), or
    None of fewer than five cases, of which resamples say nothing."""
    if combine(metric, scores) is None or len(scores) < LEAST_CASES:
        return None
    figures = resampled(metric, scores, seed)
    low, high = np.nanpercentile(figures, [2.5, 97.5])
    return float(low), float(high)


def resampled(metric: Metric, scores: Sequence[Score], seed: int) -> NDArray[np.float64]:
    """Return the figure of ``BOOTSTRAP_SAMPLES`` resamples of the cases, NaN where undefined."""
    picks = np.random.default_rng(seed).integers(
        0, len(scores), size=(BOOTSTRAP_SAMPLES, len(scores))
    )
    if metric.combine != "mean":
        parts = parts_of(scores)
        return np.array([CORPUS[metric.combine](parts[pick]) for pick in picks])
    values = np.array([s.value for s in scores])
    weights = np.array([s.weight for s in scores])
    with np.errstate(divide="ignore", invalid="ignore"):
        found: NDArray[np.float64] = (
            metric.scale * (values * weights)[picks].sum(axis=1) / weights[picks].sum(axis=1)
        )
    return found


def swapped(
    metric: Metric, before: Sequence[Score], after: Sequence[Score], seed: int
) -> NDArray[np.float64]:
    """Return the differences that chance would give: each case's two scores swapped or not, at
    random, ``BOOTSTRAP_SAMPLES`` times (approximate randomisation; Noreen, 1989).

    Args:
        before, after: scores of the same cases, in the same order.
    """
    swaps = np.random.default_rng(seed).random((BOOTSTRAP_SAMPLES, len(before))) < 0.5
    if metric.combine != "mean":
        figure, a, b = CORPUS[metric.combine], parts_of(before), parts_of(after)
        return np.array(
            [figure(np.where(s[:, None], a, b)) - figure(np.where(s[:, None], b, a)) for s in swaps]
        )
    found = []
    for given in (swaps, ~swaps):
        values = np.where(given, [x.value for x in before], [x.value for x in after])
        weights = np.where(given, [x.weight for x in before], [x.weight for x in after])
        with np.errstate(divide="ignore", invalid="ignore"):
            found.append((values * weights).sum(axis=1) / weights.sum(axis=1))
    moves: NDArray[np.float64] = metric.scale * (found[0] - found[1])
    return moves


def spread(pair: tuple[float, float] | None) -> float:
    """Return the width of an interval, 0 for none."""
    return pair[1] - pair[0] if pair else 0.0
