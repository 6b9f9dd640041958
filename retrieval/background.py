"""How texts in general score against a thing: what a query must stand out of to mean it.

"A dog" is short and near to everything, a long caption is far nearer to its photo: their cosines
do not compare. But both can be measured in how they stand out of a fixed set of other texts for
the same photo (normalising by a cohort, as speaker verification does: Auckenthaler et al. 2000).
The cohort is kept as its mean and main directions, which give the mean and deviation of all its
scores against any vector. Knows vectors only.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
_RANK = 32


@dataclass(frozen=True)
class Background:
    """``mean`` [dim] of the cohort; ``axes`` [rank, dim], directions as long as its deviation
    along them; ``rest``: its variance along each direction that was left out."""

    mean: Array
    axes: Array
    rest: float

    @classmethod
    def of(cls, texts: Array, rank: int = _RANK) -> Background:
        """Sum up the unit vectors [n, dim] of a cohort."""
        mean = texts.mean(axis=0)
        _, lengths, directions = np.linalg.svd(texts - mean, full_matrices=False)
        lengths = lengths / np.sqrt(len(texts))
        left = float((lengths[rank:] ** 2).sum()) / texts.shape[1]
        axes = (directions[:rank] * lengths[:rank, None]).astype(np.float16)
        return cls(mean.astype(np.float16).astype(np.float32), axes.astype(np.float32), left)

    def stands_out(self, scores: NDArray[Any], things: Array) -> NDArray[np.float64]:
        """Return for scores [n] of unit vectors ``things`` [n, dim]: deviations above the mean."""
        usual = things @ self.mean
        spread = np.sqrt(((things @ self.axes.T) ** 2).sum(axis=1) + self.rest)
        found: NDArray[np.float64] = (np.asarray(scores, np.float64) - usual) / (spread + 1e-6)
        return found

    def to_json(self) -> dict[str, Any]:
        """Return plain values; the arrays as base64 of float16."""
        rows = np.concatenate([self.mean[None], self.axes]).astype(np.float16)
        return {
            "dim": rows.shape[1],
            "rest": self.rest,
            "rows": base64.b64encode(rows.tobytes()).decode(),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Background:
        """Read back what ``to_json`` wrote.

        Raises:
            ValueError, KeyError, TypeError: it is no such thing.
        """
        flat = np.frombuffer(base64.b64decode(value["rows"]), np.float16)
        rows = flat.reshape(-1, int(value["dim"])).astype(np.float32)
        return cls(rows[0], rows[1:], float(value["rest"]))
