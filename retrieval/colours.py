"""Names of colours: which one a shade is, and whether a page has a colour at all.

A pixel has a colour when it is neither pale nor dark, and its hue lies in the colour's range. Knows
no questions and no words.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np

NEUTRAL = ("black", "grey", "white")
_HUES: dict[str, tuple[tuple[float, float], ...]] = {
    "red": ((0, 20), (325, 360)),
    "orange": ((10, 50),),
    "yellow": ((40, 75),),
    "green": ((65, 180),),
    "blue": ((160, 265),),
    "purple": ((240, 330),),
    "pink": ((290, 360), (0, 15)),
}
"""Degrees of the colour circle. They overlap, so that a borderline shade is not denied."""
_PALE, _DARK = 0.2, 0.25
_PIXELS = 12
"""Fewer may be left of a neighbouring colour by the JPEG."""
_NAMES = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "red")
_UPTO = (16, 43, 70, 166, 256, 312, 342, 361)
"""Degrees at which the names end, for a name each."""
_TINTED, _DEEP = 0.14, 0.5
"""Saturations from which a light and a dark shade have a colour."""
_BLACK, _WHITE, _NIGHT = 0.3, 0.85, 0.22
_ROSE = 0.62
"""Saturation below which a light red is called pink."""


def names_of(rgb: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the names of shades: (n, 3) RGB, 0..255, to (n,) names; neutral ones have one too."""
    import cv2

    row = np.ascontiguousarray(rgb.reshape(1, -1, 3), dtype=np.float32) / 255
    hue, saturation, value = np.moveaxis(cv2.cvtColor(row, cv2.COLOR_RGB2HSV)[0], -1, 0)
    names = np.array(_NAMES, dtype="U6")[np.searchsorted(_UPTO, hue, side="right")]
    names[(names == "red") & (saturation < _ROSE) & (value > _WHITE)] = "pink"
    least = np.interp(value, (_BLACK, 0.6), (_DEEP, _TINTED))
    neutral = (saturation < least) | (value < _NIGHT)
    greys = np.where(value < _BLACK, "black", np.where(value > _WHITE, "white", "grey"))
    return np.where(neutral, greys, names)


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
