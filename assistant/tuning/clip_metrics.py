"""Recall of retrieval in both directions by the Flickr8k protocol, with intervals. Vectors only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def retrieval_ranks(
    photos: Array, texts: Array, owner: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rank (0 is best) of each text's photo, and of each photo's best text.

    Args:
        photos: unit vectors [n, dim]; texts: unit vectors [m, dim]; owner: [m], photo of each.
    """
    scores = texts @ photos.T
    own = scores[np.arange(len(owner)), owner][:, None]
    text_rank = (scores > own).sum(axis=1)
    matches = owner[:, None] == np.arange(len(photos))
    best_own = np.where(matches, scores, -np.inf).max(axis=0)
    photo_rank = (np.where(matches, -np.inf, scores) > best_own).sum(axis=0)
    return text_rank, photo_rank


def retrieval_metrics(photos: Array, texts: Array, owner: NDArray[np.int64]) -> dict[str, float]:
    """Return recall in both directions by the Flickr8k protocol, fractions of 1."""
    text_rank, photo_rank = retrieval_ranks(photos, texts, owner)
    found = {f"t2i_r{k}": float((text_rank < k).mean()) for k in (1, 5, 10)}
    return found | {f"i2t_r{k}": float((photo_rank < k).mean()) for k in (1, 5, 10)}


def intervals(
    photos: Array, texts: Array, owner: NDArray[np.int64], draws: int = 2000
) -> dict[str, tuple[float, float]]:
    """Return 95 % bootstrap intervals over photos (a photo's captions are not independent)."""
    text_rank, photo_rank = retrieval_ranks(photos, texts, owner)
    count = np.bincount(owner, minlength=len(photos))
    drawn = np.random.default_rng(0).integers(0, len(photos), (draws, len(photos)))
    made = {}
    for k in (1, 10):
        hits = np.bincount(owner, text_rank < k, len(photos))
        values = {"t2i": hits[drawn].sum(1) / count[drawn].sum(1)}
        values["i2t"] = (photo_rank < k)[drawn].mean(1)
        for name, sample in values.items():
            low, high = np.quantile(sample, (0.025, 0.975))
            made[f"{name}_r{k}"] = (round(float(low), 4), round(float(high), 4))
    return made
