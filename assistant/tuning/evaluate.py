"""Small measures that several parts of training share."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np


def same_answer(one: str, other: str) -> bool:
    """Tell whether two short answers agree but for case, articles, full stop and underscores."""
    return _plain(one) == _plain(other)


def bootstrap(values: Sequence[float], draws: int = 1000, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a mean."""
    rng = np.random.default_rng(seed)
    sample = np.asarray(values, np.float64)
    means = sample[rng.integers(len(sample), size=(draws, len(sample)))].mean(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def _plain(text: str) -> str:
    text = re.sub(r"\b(a|an|the)\b", " ", text.lower().replace("_", " "))
    return " ".join(text.split()).rstrip(" .")
