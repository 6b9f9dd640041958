"""Faces as vectors, and which belong together: as the reference does, and by the owner's names."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from faces import changed, real_encoder, side_by_side
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from retrieval.face_groups import Cluster, join_new
from retrieval.face_vectors import DIM, SAME, large_enough
from retrieval.faces import find_faces
from retrieval.weights import ModelStore


def crowd(seed: int, spread: float = 0.03, people: int = 12) -> np.ndarray:
    """Return vectors [n, 128] of some people, one to eight each, in no order."""
    random = np.random.default_rng(seed)
    middles = random.normal(size=(people, DIM))
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    near = [m + spread * random.normal(size=(random.integers(1, 9), DIM)) for m in middles]
    return random.permutation(np.concatenate(near)).astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("limit", [0.3, 0.45, 0.6, 1.38])
def test_new_faces_are_grouped_as_average_linkage_does(seed: int, limit: float) -> None:
    faces = crowd(seed)
    tree = linkage(pdist(faces, "sqeuclidean"), "average")
    labels = fcluster(tree, limit**2, "distance")
    wanted = {frozenset(np.flatnonzero(labels == n).tolist()) for n in set(labels)}
    assert {frozenset(members) for members in join_new([], faces, limit)} == wanted


def test_faces_that_come_later_join_the_groups_there_are() -> None:
    faces = crowd(7, spread=0.015)
    half = len(faces) // 2
    groups = join_new([], faces[:half])
    known = [Cluster.of(faces[members], n) for n, members in enumerate(groups)]
    later = join_new(known, faces[half:])
    # every later face is placed exactly once, and who was there is not torn apart
    placed = [n for members in later for n in members if n >= len(known)]
    assert sorted(placed) == list(range(len(known), len(known) + len(faces) - half))
    whole = {frozenset(members) for members in join_new([], faces)}
    kept = {n for members in later for n in members if n < len(known)}
    told = {
        frozenset(
            f for n in members for f in (groups[n] if n < len(known) else [half + n - len(known)])
        )
        for members in [*later, *([n] for n in range(len(known)) if n not in kept)]
    }
    assert told == whole


def test_named_groups_are_never_joined_but_take_in_unnamed_ones() -> None:
    same = np.full((3, DIM), 0.1, np.float32)
    anna = Cluster.of(same[:1], 1, named=True)
    berta = Cluster.of(same[1:2], 2, named=True)
    unnamed = Cluster.of(same[2:], 3)
    (placed,) = join_new([anna, berta], same[:1])
    assert placed in ([0, 2], [1, 2])
    assert join_new([anna, unnamed], same[:1]) == [[0, 1, 2]]
    assert join_new([anna, berta], np.empty((0, DIM), np.float32)) == []


def test_the_encoder_tells_two_people_apart(model_store: ModelStore) -> None:
    encoder = real_encoder(model_store)
    found = []
    for who, how in itertools.product(("eileen", "grace"), ("as it is", "mirrored", "turned")):
        photo = changed(who, how)
        (face,) = find_faces(photo)
        found.append((who, encoder.embed(photo, [face.box])[0]))
    for (one, a), (other, b) in itertools.combinations(found, 2):
        assert (np.linalg.norm(a - b) < SAME) == (one == other)


def test_faces_of_one_photo_are_embedded_in_their_order(model_store: ModelStore) -> None:
    encoder = real_encoder(model_store)
    both = side_by_side(changed("grace"), changed("eileen"))
    left, right = encoder.embed(both, [face.box for face in find_faces(both)])
    photo = changed("eileen")
    (alone,) = encoder.embed(photo, [find_faces(photo)[0].box])
    assert np.linalg.norm(right - alone) < SAME < np.linalg.norm(left - alone)
    assert encoder.embed(photo, []).shape == (0, DIM)


def test_faces_of_few_pixels_are_left_out() -> None:
    assert large_enough((0.0, 0.0, 0.1, 0.1), 400, 400)
    assert not large_enough((0.0, 0.0, 0.1, 0.1), 300, 300)
