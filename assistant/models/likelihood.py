"""How likely an engine holds a line to be after a prompt. Knows nothing of text or pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.models.llama_engine import LlamaEngine, Prefilled

_AT_ONCE = 16  # tokens


def line_likelihood(
    engine: LlamaEngine, ready: Prefilled, first: NDArray[Any], tokens: Sequence[int]
) -> float:
    """Return the log-likelihood (natural) of ``tokens`` after a prompt, and forget them again.

    Args:
        ready: the prompt in the engine; first: the logits after it.
    """
    total = log_probability(first, tokens[0])
    for start in range(0, len(tokens) - 1, _AT_ONCE):
        group = tokens[start : min(start + _AT_ONCE, len(tokens) - 1)]
        engine.extend(ready.lane, group, outputs=len(group))
        for index in range(len(group)):
            total += log_probability(engine.logits(index), tokens[start + index + 1])
    engine.cut(ready.lane, ready.read)
    return total


def log_probabilities(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Return log-probabilities, float64, of logits."""
    shares: NDArray[np.float64] = logits - _log_of_all(logits)
    return shares


def log_probability(logits: NDArray[Any], token: int) -> float:
    """Return the log-probability of one token."""
    return float(logits[token]) - _log_of_all(logits)


def _log_of_all(logits: NDArray[Any]) -> float:
    """Return the logarithm of the sum of exponentials; a vocabulary is summed up in float64."""
    top = logits.max()
    return float(top) + math.log(float(np.exp(logits - top).sum(dtype=np.float64)))
