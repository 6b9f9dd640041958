"""Fit the chance that a photo shows a thing, which ``retrieval.presence`` tells.

By the POPE protocol (Li et al. 2023): of every photo, words that its captions say and as many that
they do not, half of these words that are often said. A thing no caption mentions may be there all
the same, so the figures err on the low side. Half of the photos fit, the others measure.
Knows vectors, not models.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrieval.calibration import Map, auroc, calibration_error, fit
from retrieval.presence import standings

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


def fit_presence(
    photos: Floats, words: Floats, fits: Flags, common: Floats, seed: int = 0
) -> tuple[Map, dict[str, float]]:
    """Return the map from how a word stands out in a photo to a chance, and its measures.

    Args:
        photos: unit vectors [n, dim]; words: [m, dim]; fits: [m, n], a caption of the photo says
            the word; common: ``retrieval.presence.COMMON`` as vectors.

    Returns:
        The map, and of the other half of the photos ``accuracy``, ``auroc``, ``ece`` and ``yes``,
        the share of questions that are answered so.
    """
    rng = np.random.default_rng(seed)
    stands = standings(photos, words, common)
    often = fits.sum(axis=1) + 1e-9
    photo, word, there = [], [], []
    for place in range(len(photos)):
        said, unsaid = np.flatnonzero(fits[:, place]), np.flatnonzero(~fits[:, place])
        if len(said) > len(unsaid):
            continue
        half = len(said) // 2
        wrong = rng.choice(unsaid, len(said) - half, replace=False)
        popular = rng.choice(unsaid, half, False, often[unsaid] / often[unsaid].sum())
        chosen = [*said, *wrong, *popular]
        word += chosen
        photo += [place] * len(chosen)
        there += [1.0] * len(said) + [0.0] * len(said)
    rows, truth = stands[photo, word][:, None].astype(np.float64), np.array(there)
    fitting = np.array(photo) % 2 == 0
    slope, constant = fit(rows[fitting], truth[fitting])
    chance = 1 / (1 + np.exp(-(slope * rows[~fitting, 0] + constant)))
    held = truth[~fitting]
    metrics = {
        "accuracy": float(((chance > 0.5) == held).mean()),
        "auroc": auroc(chance, held),
        "ece": calibration_error(chance, held),
        "yes": float((chance > 0.5).mean()),
        "questions": float(len(held)),
    }
    made = Map((*[0.0] * 5, slope, constant), (0.0, slope, constant))
    return made, {name: round(value, 4) for name, value in metrics.items()}
