"""Whether a page has a colour at all: enough to say that nothing on it is red.

A pixel has a colour when it is neither pale nor dark, and its hue lies in the colour's range. The
ranges overlap a little, so that a borderline shade is not denied. Knows no questions.
"""

from __future__ import annotations

import io

import numpy as np

_HUES: dict[str, tuple[tuple[float, float], ...]] = {
    "red": ((0, 20), (325, 360)),
    "orange": ((10, 50),),
    "yellow": ((40, 75),),
    "green": ((65, 180),),
    "blue": ((160, 265),),
    "purple": ((240, 330),),
    "pink": ((290, 360), (0, 15)),
}
"""Degrees of the colour circle."""
_PALE, _DARK = 0.2, 0.25
_PIXELS = 12
"""Fewer may be left of a neighbouring colour by the JPEG."""


def has_colour(jpeg: bytes, colour: str) -> bool:
    """Whether a picture has one of the colours red, orange, yellow, green, blue, purple, pink.

    Raises:
        KeyError: it is another colour.
    """
    from PIL import Image

    with Image.open(io.BytesIO(jpeg)) as picture:
        hue, saturation, value = np.moveaxis(np.asarray(picture.convert("HSV"), np.float32), -1, 0)
    degrees = hue * (360 / 255)
    coloured = (saturation > _PALE * 255) & (value > _DARK * 255)
    inside = np.zeros(coloured.shape, bool)
    for low, high in _HUES[colour]:
        inside |= (degrees >= low) & (degrees <= high)
    return int((coloured & inside).sum()) >= _PIXELS
