"""Compares two runs of the same data case by case: differences, intervals, significance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evals.errors import BaselineMismatch
from evals.metrics import combine
from evals.resampling import LEAST_CASES, resampled, swapped
from evals.suite import load_suite
from evals.values import Metric, Result, Score


def compare(first: Result, second: Result, seed: int = 7) -> dict[str, Any]:
    """Return the differences of two runs (second minus first) over the cases both have.

    Each metric gets a paired 95 % bootstrap interval of the difference (None of fewer than five
    cases) and a two-sided p: how often swapping the two scores of cases at random moves the figure
    as far.

    Raises:
        BaselineMismatch: the runs are of another suite or of other data.
    """
    for what, a, b in (
        ("suite", first.suite, second.suite),
        ("data", first.config.get("data"), second.config.get("data")),
    ):
        if a != b:
            raise BaselineMismatch(path=first.config.get("run", ""), what=what, wanted=a, found=b)
    metrics = {}
    shared: set[str] = set()
    for metric in load_suite(first.suite).metrics:
        a, b = _by_case(first, metric.name), _by_case(second, metric.name)
        both = sorted(a.keys() & b.keys())
        shared.update(case for case, _ in both)
        metrics[metric.name] = _difference(metric, [a[k] for k in both], [b[k] for k in both], seed)
    return {
        "suite": first.suite,
        "split": first.split,
        "a": first.config.get("run"),
        "b": second.config.get("run"),
        "n": len(shared),
        "metrics": metrics,
    }


def _by_case(run: Result, metric: str) -> Mapping[tuple[str, str], Score]:
    return {
        (outcome.case, outcome.part): outcome.scores[metric]
        for outcome in run.outcomes
        if metric in outcome.scores
    }


def _difference(metric: Metric, a: list[Score], b: list[Score], seed: int) -> dict[str, Any] | None:
    """Return both figures, their difference, its interval, and its p."""
    before, after = combine(metric, a), combine(metric, b)
    if before is None or after is None:
        return None
    pair = None
    if len(a) >= LEAST_CASES:  # the same resamples are drawn of both
        moves = resampled(metric, b, seed) - resampled(metric, a, seed)
        pair = [round(float(end), 4) for end in np.nanpercentile(moves, [2.5, 97.5])]
    by_chance = np.abs(swapped(metric, a, b, seed)) >= abs(after - before) - 1e-9
    return {
        "a": round(before, 4),
        "b": round(after, 4),
        "difference": round(after - before, 4),
        "interval": pair,
        "p": round((1 + int(by_chance.sum())) / (1 + len(by_chance)), 4),
        "better": None if after == before else (after < before) == metric.lower_is_better,
    }
