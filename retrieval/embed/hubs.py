"""Takes off what a photo has in common with every caption, and a caption with every photo.

In spaces of many dimensions a few points are near to nearly all (hubs; Radovanović et al. 2010):
such a photo comes up whatever is asked for. How much of a hub a photo is can be told beforehand
from a bank of captions,

    h(photo) = log(mean over captions c of exp(30 c·photo)) / 30

and half of it taken off the similarity is the middle way between none and the inverted softmax
(Smith et al. 2017); CSLS (Conneau et al. 2018) does the same with the nearest neighbours. The
same is done for texts by a bank of photos. So that an index of inner products needs to know
nothing of it, both are written into the vectors: two of their numbers say how much of a hub this
is on its own side, and carry a constant on the other.

Knows nothing of towers and heads.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
NUMBERS = 2
"""Of a vector, the numbers used here."""
_SHARPNESS = 30.0
_SHARE = 0.5
_CARRIED = 0.4  # the constant; so large that the others stay small beside it
_MOST = 0.3


@dataclass(frozen=True)
class Hubs:
    """Banks of unit vectors, of which the first numbers are kept: [captions, k], [photos, k].

    The numbers of a vector are sorted by how much they hold, so the first tell nearly all.
    """

    captions: Array
    photos: Array

    def of_photos(self, vectors: Array) -> Array:
        """Return unit vectors [n, d + 2] of the unit vectors [n, d] of photos."""
        return _joined(vectors, self._taken_off(vectors, self.captions), own=0)

    def of_texts(self, vectors: Array) -> Array:
        """Return unit vectors [n, d + 2] of the unit vectors [n, d] of texts."""
        return _joined(vectors, self._taken_off(vectors, self.photos), own=1)

    @cached_property
    def _usual(self) -> float:
        """What is half a hub among the bank's own pairs, so that most numbers stay near 0."""
        return float(_hubness(self.photos[:200], self.captions).mean())

    def _taken_off(self, vectors: Array, bank: Array) -> Array:
        kept = 1 - _CARRIED**2
        beyond = _hubness(vectors[:, : bank.shape[1]], bank) - self._usual
        scaled: Array = np.clip(_SHARE * kept / _CARRIED * beyond, -_MOST, _MOST)
        return scaled


def _hubness(vectors: Array, bank: Array) -> Array:
    """Return the soft maximum [n] of the similarities to a bank."""
    near = _SHARPNESS * vectors @ bank.T
    top = near.max(axis=1, keepdims=True, initial=-np.inf)
    found: Array = (top[:, 0] + np.log(np.exp(near - top).mean(axis=1))) / _SHARPNESS
    return found


def _joined(vectors: Array, taken_off: Array, own: int) -> Array:
    """Append the two numbers and scale the rest so that the whole is of unit length."""
    found = np.empty((len(vectors), vectors.shape[1] + NUMBERS), np.float32)
    rest = np.sqrt(1 - _CARRIED**2 - taken_off**2)
    found[:, :-NUMBERS] = vectors * rest[:, None]
    found[:, -NUMBERS + own] = -taken_off
    found[:, -1 - own] = _CARRIED
    return found
