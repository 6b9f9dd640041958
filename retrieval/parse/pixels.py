"""Opening pictures safely, and making the upright RGB JPEG that is shown and embedded.

Only the formats named here are opened, and the size is read from the header before a pixel is
decoded. Knows nothing of text in pictures.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from retrieval.errors import FileDamaged, FileTooLarge
from retrieval.values import Picture

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "HEIF", "AVIF")
LONGEST = 2048
_DECODE_FROM = 1600  # a JPEG is decoded at half size when that still leaves this much


@contextmanager
def opened(path: Path, name: str, max_pixels: int) -> Iterator[Image.Image]:
    """Open a picture without decoding it, and close it at the end.

    Raises:
        FileTooLarge: its header tells of more than ``max_pixels`` pixels.
        FileDamaged: it is no picture of a known format, or breaks off (also while it is used).
    """
    _know_heif()
    ours = Image.MAX_IMAGE_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Image.MAX_IMAGE_PIXELS = None  # our own limit follows, with the size in its message
            image = Image.open(path, formats=FORMATS)
            Image.MAX_IMAGE_PIXELS = ours
            with image:
                check_pixels(image, name, max_pixels)
                yield image
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError) as error:
        raise FileDamaged(name=name, detail="the picture cannot be decoded to its end") from error
    finally:
        Image.MAX_IMAGE_PIXELS = ours


def check_pixels(image: Image.Image, name: str, max_pixels: int) -> None:
    """Refuse a picture (or frame) larger than allowed, in words a person understands."""
    width, height = image.size
    if width * height > max_pixels:
        size = f"{width * height / 1e6:,.0f} megapixels ({width:,} × {height:,})"
        limit = f"{max_pixels / 1e6:,.0f} megapixels"
        raise FileTooLarge(name=name, size=size, limit=limit)


def upright_rgb(image: Image.Image) -> Image.Image:
    """Decode the current frame: upright by its EXIF, 8-bit RGB, transparency on white.

    The longest side is at most 2048 pixels.
    """
    if image.format in ("JPEG", "MPO"):  # the JPEG reader names itself MPO for stereo photos
        image.draft("RGB", (_DECODE_FROM, _DECODE_FROM))
    image.load()
    frame = image
    if frame.mode.startswith(("I", "F")):
        frame = _eight_bit(frame)
    if frame.mode in ("L", "RGB", "RGBA", "CMYK"):
        _shrink(frame)  # before other copies of a large picture are made
    if frame.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in frame.info:
        layer = frame.convert("RGBA")
        frame = Image.new("RGB", layer.size, "white")
        frame.paste(layer, mask=layer.getchannel("A"))
    else:
        frame = frame.convert("RGB")
    _shrink(frame)
    return _turned_by_exif(frame, image)


def _shrink(frame: Image.Image) -> None:
    if max(frame.size) > LONGEST:
        frame.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _turned_by_exif(frame: Image.Image, original: Image.Image) -> Image.Image:
    """Turn or mirror a frame as the EXIF orientation of its file says."""
    turn = _TURNS.get(original.getexif().get(0x0112, 1))
    return frame if turn is None else frame.transpose(turn)


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _eight_bit(frame: Image.Image) -> Image.Image:
    """Stretch 16-bit or floating-point grey to 8 bits; most such files do not use the range."""
    values = np.nan_to_num(np.asarray(frame, dtype=np.float32))
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) * (255.0 / (high - low)) if high > low else values * 0
    return Image.fromarray(scaled.astype(np.uint8))


def picture_of(
    image: Image.Image,
    longest: int = LONGEST,
    quality: int = 90,
    page: int | None = None,
    unit: int = 0,
) -> Picture:
    """Encode an upright RGB image as a fresh JPEG without metadata, at most ``longest`` a side."""
    if max(image.size) > longest:
        image = image.copy()
        image.thumbnail((longest, longest), Image.Resampling.BICUBIC, reducing_gap=2.0)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Picture(stream.getvalue(), image.width, image.height, page, unit)


@cache
def _know_heif() -> None:
    from pillow_heif import register_heif_opener

    register_heif_opener()
