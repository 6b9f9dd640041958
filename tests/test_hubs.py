"""Hubs: a photo that is near to every caption no longer comes up whatever is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.embed.e5 import unit
from retrieval.embed.hubs import NUMBERS, Hubs

Array = NDArray[np.float32]
DIM = 24
THINGS = np.eye(20, DIM, dtype=np.float32)


def noisy(vectors: Array, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    return unit((vectors + 0.25 * rng.standard_normal(vectors.shape)).astype(np.float32))


@pytest.fixture
def photos() -> Array:
    """Twenty photos of as many things, and one that is a little of each."""
    return np.concatenate([noisy(THINGS, 1), unit(THINGS.sum(0, keepdims=True))])


@pytest.fixture
def hubs(photos: Array) -> Hubs:
    many = THINGS.repeat(10, axis=0)
    return Hubs(noisy(many, 2), noisy(many, 3))


def test_a_hub_among_photos_stands_behind_the_photo_that_is_meant(
    photos: Array, hubs: Hubs
) -> None:
    asked, meant = noisy(THINGS.repeat(50, axis=0), 4), np.arange(20).repeat(50)
    before = (asked @ photos.T).argmax(axis=1)
    after = (hubs.of_texts(asked) @ hubs.of_photos(photos).T).argmax(axis=1)
    assert (after == 20).sum() < (before == 20).sum()
    assert (after == meant).sum() > (before == meant).sum()


def test_a_hub_among_texts_stands_behind_the_text_that_is_meant(photos: Array, hubs: Hubs) -> None:
    texts = hubs.of_texts(photos)  # the same places, as texts
    asked = noisy(THINGS.repeat(50, axis=0), 5)
    before = (asked @ photos.T).argmax(axis=1)
    after = (hubs.of_photos(asked) @ texts.T).argmax(axis=1)
    assert (after == 20).sum() < (before == 20).sum()


def test_vectors_stay_of_unit_length_and_photos_alike_stay_alike(photos: Array, hubs: Hubs) -> None:
    for made in (hubs.of_photos(photos), hubs.of_texts(photos)):
        assert made.shape == (21, DIM + NUMBERS)
        np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    made = hubs.of_photos(photos)
    before, after = (photos @ photos[0])[1:20], (made @ made[0])[1:20]
    assert np.corrcoef(before, after)[0, 1] > 0.95
    assert hubs.of_photos(photos[:0]).shape == (0, DIM + NUMBERS)
