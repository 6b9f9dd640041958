"""What one step of training Sightline-CLIP sees: matching photos and texts from all sources.

Knows features and chance, not losses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assistant.tuning.clip_data import Anchors, ClipData
from assistant.tuning.clip_heads import Array, Recipe

if TYPE_CHECKING:
    from torch import Tensor

_ANCHOR_STEP = 6.0  # how far from the mean photo a class lies; real photos lie 10.6 from it
_ANCHOR_NOISE = 0.6  # share of a real photo's own deviation that is added


@dataclass(frozen=True)
class Sources:
    """What a run learns from; only ``captions`` is needed."""

    captions: ClipData
    further: ClipData | None = None
    anchors: Anchors | None = None
    shifts: Array | None = None


def _captions_of(data: ClipData) -> list[NDArray[np.int64]]:
    order = np.argsort(data.owner, kind="stable")
    return np.split(order, np.searchsorted(data.owner[order], np.arange(1, len(data.names))))


class Batches:
    """Draws the matching photos and texts of a step out of all sources."""

    def __init__(self, sources: Sources, recipe: Recipe) -> None:
        self._sources, self._recipe = sources, recipe
        self._captions = _captions_of(sources.captions)
        self._further = _captions_of(sources.further) if sources.further else []

    def draw(self, rows: NDArray[np.int64], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return features of one view and one caption of each photo, and of the other pairs."""
        import torch

        sources, recipe = self._sources, self._recipe
        pairs = [self._of(sources.captions, self._captions, rows, rng)]
        if sources.further:
            some = rng.choice(
                len(self._further), min(recipe.further, len(self._further)), replace=False
            )
            pairs.append(self._of(sources.further, self._further, some, rng))
        if sources.anchors:
            pairs.append(self._anchors(sources.anchors, rng))
        photos = np.concatenate([pair[0] for pair in pairs])
        texts = np.concatenate([pair[1] for pair in pairs])
        if sources.shifts is not None:
            moved = (rng.random(len(texts)) < recipe.languages) * rng.uniform(0, 1.2, len(texts))
            shift = sources.shifts[rng.integers(0, len(sources.shifts), len(texts))]
            texts = texts + moved[:, None].astype(np.float32) * shift
        return torch.from_numpy(photos), torch.from_numpy(texts)

    def _of(
        self,
        data: ClipData,
        captions: list[NDArray[np.int64]],
        rows: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> tuple[Array, Array]:
        views = rng.integers(0, 2, len(rows))
        through = (rng.random(len(rows)) < self._recipe.windows) & (data.photos.shape[1] > 2)
        views[through] = rng.integers(2, max(data.photos.shape[1], 3), len(rows))[through]
        texts = [rng.choice(captions[row]) for row in rows]
        return data.photos[rows, views].astype(np.float32), data.texts[texts].astype(np.float32)

    def _anchors(self, anchors: Anchors, rng: np.random.Generator) -> tuple[Array, Array]:
        count = min(self._recipe.anchors, len(anchors.texts))
        which = rng.choice(len(anchors.texts), count, replace=False)
        plain = self._sources.captions.photos
        own = plain[rng.integers(0, len(plain), count), 0].astype(np.float32) - anchors.centre
        made = anchors.centre + _ANCHOR_STEP * anchors.directions[which] + _ANCHOR_NOISE * own
        # the encoder's features are never negative
        return np.maximum(made, 0), anchors.texts[which, rng.integers(0, 3, count)]
