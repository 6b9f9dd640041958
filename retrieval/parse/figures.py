"""Images inside documents, as what they are known by: "where is this image used".

Their pixels are looked at once and not kept. Lines, icons and areas of one colour look like
everything and are left out. Knows no format of documents.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageStat

from retrieval.fold import difference_hash
from retrieval.parse.pixels import FORMATS, upright_rgb
from retrieval.values import Figure

if TYPE_CHECKING:
    from retrieval.parse.base import Limits

_SMALLEST = 64  # pixels of the shorter side
_FLAT = 6.0  # deviation of the grey values
_PAGE_MOST = 12
_LARGEST = 40_000_000  # pixels; more is not worth the time it takes


def figure_of(
    data: bytes, limits: Limits, page: int | None = None, position: int | None = None, unit: int = 0
) -> Figure | None:
    """Return an image file out of a document; None for one that nobody would look for, or that
    cannot be decoded: a document is not refused for a broken image."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if min(width, height) < _SMALLEST or width * height > min(limits.max_pixels, _LARGEST):
                return None
            return _figure(
                upright_rgb(image), hashlib.sha256(data).hexdigest(), page, position, unit
            )
    except Exception:  # Pillow lets many kinds of errors through for broken files
        return None


def figures_of_page(page: Any, number: int) -> Iterator[Figure]:
    """Yield the images of a PDFium page; its lock must be held."""
    import pypdfium2.raw as raw

    found = page.get_objects(filter=(raw.FPDF_PAGEOBJ_IMAGE,), max_depth=3)
    for count, item in enumerate(found):
        if count == _PAGE_MOST:
            return
        try:
            width, height = item.get_px_size()
            if min(width, height) < _SMALLEST or width * height > _LARGEST:
                continue
            data = bytes(item.get_data(decode_simple=False))
            image = item.get_bitmap(render=False).to_pil().convert("RGB")
        except Exception:  # an image in a form that PDFium cannot hand out
            continue
        sha256 = hashlib.sha256(data).hexdigest()
        if (figure := _figure(image, sha256, number, None, number - 1)) is not None:
            yield figure


def _figure(
    image: Image.Image, sha256: str, page: int | None, position: int | None, unit: int
) -> Figure | None:
    if ImageStat.Stat(image.convert("L").resize((32, 32))).stddev[0] < _FLAT:
        return None
    return Figure(sha256, difference_hash(image), page, position, unit)
