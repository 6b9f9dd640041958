"""Fits the chance that a copied answer is right, on questions that did not teach the reader.

Each question is put to a library and its first passages are read. A row is what
``confidence.numbers_of`` tells of one reading, and whether the copy holds at least half of the
expected words (F1), as people count an answer right.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.citations import content_words
from assistant.confidence import NAMES
from retrieval.calibration import auroc, calibration_error, fit

RIGHT = 0.5
"""Share of words (F1) from which a copy counts as right."""
_FOLDS = 5


@dataclass(frozen=True)
class Row:
    """One reading: the numbers of ``confidence.NAMES``, whether it was right, whose question."""

    numbers: tuple[float, ...]
    right: bool
    group: str


def is_right(answer: str, expected: Sequence[str]) -> bool:
    """Whether an answer holds at least half of the words of one that is expected, and few more."""
    return max((_f1(answer, one) for one in expected), default=0.0) >= RIGHT


def _f1(one: str, other: str) -> float:
    a, b = Counter(content_words(one)), Counter(content_words(other))
    if not a or not b:
        return float(one.strip() == other.strip())
    return 2 * sum((a & b).values()) / (sum(a.values()) + sum(b.values()))


def fit_confidence(rows: Sequence[Row], source: str, path: Path) -> dict[str, Any]:
    """Fit, measure by cross-validation over whole groups, and write ``confidence.json``.

    Returns:
        What was written: weights (the constant last), AUROC and expected calibration error of
        rows whose group was not fitted on.
    """
    numbers = np.array([row.numbers for row in rows], np.float64)
    right = np.array([row.right for row in rows], np.float64)
    groups = sorted({row.group for row in rows})
    random.Random(0).shuffle(groups)
    fold = np.array([groups.index(row.group) % _FOLDS for row in rows])
    chances = np.zeros(len(rows))
    for k in range(_FOLDS):
        weights = fit(numbers[fold != k], right[fold != k], ridge=0.01)
        chances[fold == k] = _logistic(numbers[fold == k] @ weights[:-1] + weights[-1])
    written = {
        "weights": [round(w, 5) for w in fit(numbers, right, ridge=0.01)],
        "names": list(NAMES),
        "source": source,
        "rows": len(rows),
        "right": round(float(right.mean()), 4),
        "auroc": round(auroc(chances, right), 4),
        "calibration_error": round(calibration_error(chances, right), 4),
    }
    path.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return written


def _logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = 0.5 * (1 + np.tanh(0.5 * x))
    return found
