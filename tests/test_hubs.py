"""Hubs: a photo that is near to every caption no longer comes up whatever is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.embed.e5 import unit
from retrieval.embed.hubs import NUMBERS, Hubs

Array = NDArray[np.float32]
DIM = 64
THINGS = np.eye(4, DIM, dtype=np.float32)
HUB = 4  # of ``seen``: a little of each thing, and clearer than any


def noisy(vectors: Array, noise: float, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    return unit((vectors + noise * rng.standard_normal(vectors.shape)).astype(np.float32))


@pytest.fixture
def seen() -> Array:
    return np.concatenate([noisy(THINGS, 0.2, 1), unit(THINGS.sum(0, keepdims=True))])


@pytest.fixture
def hubs() -> Hubs:
    many = THINGS.repeat(50, axis=0)
    return Hubs(noisy(many, 0.1, 2), noisy(many, 0.1, 3))


def test_a_hub_no_longer_stands_before_what_is_meant(seen: Array, hubs: Hubs) -> None:
    asked, meant = noisy(THINGS.repeat(100, axis=0), 0.1, 4), np.arange(4).repeat(100)
    for before, after in (
        (asked @ seen.T, hubs.of_texts(asked) @ hubs.of_photos(seen).T),
        (asked @ seen.T, hubs.of_photos(asked) @ hubs.of_texts(seen).T),
    ):
        was, now = before.argmax(axis=1), after.argmax(axis=1)
        assert (now == HUB).sum() < (was == HUB).sum()
        assert (now == meant).sum() > (was == meant).sum()


def test_vectors_stay_of_unit_length_and_photos_alike_stay_alike(seen: Array, hubs: Hubs) -> None:
    many = noisy(seen.repeat(5, axis=0), 0.05, 6)
    for made in (hubs.of_photos(many), hubs.of_texts(many)):
        assert made.shape == (25, DIM + NUMBERS)
        np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    made = hubs.of_photos(many)
    before, after = (many @ many[0])[1:], (made @ made[0])[1:]
    assert np.corrcoef(before, after)[0, 1] > 0.98
    assert hubs.of_photos(many[:0]).shape == (0, DIM + NUMBERS)
