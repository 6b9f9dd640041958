"""Photos and scans: upright pixels, text in them, and when, where and with what they were taken.

Knows nothing of embedding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from retrieval.parse.base import Limits, ParseTools, Source, clean, one_line
from retrieval.parse.layout import reading_order
from retrieval.parse.paragraphs import blocks_of
from retrieval.parse.pixels import check_pixels, opened, picture_of, upright_rgb
from retrieval.values import Block, Header, Parsed, RegionLocator

if TYPE_CHECKING:
    from PIL.Image import Image

_FRAMES_SHOWN = {"image/tiff"}  # of an animation, the first frame stands for all


def parse_image(source: Source, limits: Limits, tools: ParseTools) -> Iterator[Parsed]:
    """Yield the header, the picture (one a page for a TIFF of several), metadata and text.

    Raises:
        FileTooLarge: more pixels than ``limits.max_pixels``, or more pages than allowed.
        FileDamaged: it breaks off or is none of the formats that are opened.
    """
    with opened(source.path, source.name, limits.max_pixels) as image:
        frames = getattr(image, "n_frames", 1)
        pages = min(frames, limits.max_pages) if source.media_type in _FRAMES_SHOWN else 1
        metadata: dict[str, Any] = {"width": image.width, "height": image.height, **_exif(image)}
        if image.getexif().get(0x0112, 1) in (5, 6, 7, 8):
            metadata["width"], metadata["height"] = image.height, image.width
        if pages > 1:
            yield Header("text", source.media_type, pages, {**metadata, "pages": pages})
            yield from _pages(image, source, pages, limits, tools)
            return
        if frames > 1:
            metadata["frames"] = frames
        yield Header("image", source.media_type, 1, metadata)
        frame = upright_rgb(image)
    yield from _photo(frame, source, metadata, tools)


def _photo(
    frame: Image, source: Source, metadata: Mapping[str, Any], tools: ParseTools
) -> Iterator[Parsed]:
    from retrieval.parse.charts import chart_of_photo

    read = tools.ocr.read(frame, photo=True)
    frame = read.turned(frame)
    yield picture_of(frame)
    sentence = describe(source.name, metadata)
    yield Block(sentence, "metadata", RegionLocator())
    regions = reading_order(read.pieces, frame.height / frame.width)
    yield from blocks_of(regions, "ocr", None, 0, "")[0]
    yield from chart_of_photo(frame, [word for piece in read.pieces for word in piece.words])


def _pages(
    image: Image, source: Source, pages: int, limits: Limits, tools: ParseTools
) -> Iterator[Parsed]:
    for index in range(pages):
        image.seek(index)
        check_pixels(image, source.name, limits.max_pixels)
        frame = upright_rgb(image)
        read = tools.ocr.read(frame)
        frame = read.turned(frame)
        yield picture_of(frame, page=index + 1, unit=index)
        regions = reading_order(read.pieces, frame.height / frame.width)
        yield from blocks_of(regions, "ocr", index + 1, index, "")[0]


def describe(name: str, metadata: Mapping[str, Any]) -> str:
    """Return a sentence or two that words can find a photo by: name, date, place, camera."""
    stem = " ".join(re.split(r"[\s_\-.]+", PurePath(name).stem)).strip()
    parts = [f"Photo {name}" + (f" ({stem})" if stem and stem != PurePath(name).stem else "") + "."]
    if "taken_at" in metadata:
        taken = datetime.fromisoformat(metadata["taken_at"])
        parts.append(
            f"Taken on {taken:%A}, {taken.day} {taken:%B %Y} at {taken:%H:%M} ({taken:%Y-%m-%d})."
        )
    if "latitude" in metadata:
        north, east = metadata["latitude"], metadata["longitude"]
        parts.append(
            f"Place: {abs(north):.5f}° {'N' if north >= 0 else 'S'}, "
            f"{abs(east):.5f}° {'E' if east >= 0 else 'W'}."
        )
    if "camera" in metadata:
        parts.append(f"Camera: {metadata['camera']}.")
    if "description" in metadata:
        parts.append(metadata["description"])
    return " ".join(parts)


def _exif(image: Image) -> dict[str, Any]:
    """Read date, place, camera and caption; whatever is broken is left out."""
    found: dict[str, Any] = {}
    try:
        base = image.getexif()
        detail, place = base.get_ifd(0x8769), base.get_ifd(0x8825)
    except Exception:  # EXIF is written by every kind of device: no photo is refused over it
        return found
    taken = _taken_at(base, detail)
    if taken:
        found["taken_at"] = taken
    found.update(_position(place))
    maker, model = _text(base.get(0x010F)), _text(base.get(0x0110))
    if model:
        found["camera"] = model if model.lower().startswith(maker.lower()) else f"{maker} {model}"
    caption = _text(base.get(0x010E))
    if caption:
        found["description"] = caption
    return found


def _text(value: Any) -> str:
    return one_line(clean(value))[:500] if isinstance(value, str) else ""


def _taken_at(base: Mapping[int, Any], detail: Mapping[int, Any]) -> str | None:
    """Return the date as ISO 8601, with its offset when the camera knew one."""
    for value, offset in (
        (detail.get(0x9003), detail.get(0x9011)),
        (detail.get(0x9004), detail.get(0x9012)),
        (base.get(0x0132), detail.get(0x9010)),
    ):
        if not isinstance(value, str):
            continue
        try:
            taken = datetime.strptime(value.strip("\x00 ")[:19], "%Y:%m:%d %H:%M:%S")
        except ValueError:
            continue
        zone = offset.strip("\x00 ") if isinstance(offset, str) else ""
        return taken.isoformat() + (zone if re.fullmatch(r"[+-]\d\d:\d\d", zone) else "")
    return None


def _position(place: Mapping[int, Any]) -> dict[str, float]:
    """Return latitude and longitude in degrees, north and east positive."""
    try:
        north, east = _degrees(place[2]), _degrees(place[4])
    except (KeyError, TypeError, ValueError, ZeroDivisionError, IndexError):
        return {}
    if str(place.get(1, "N")).upper().startswith("S"):
        north = -north
    if str(place.get(3, "E")).upper().startswith("W"):
        east = -east
    if not (-90 <= north <= 90 and -180 <= east <= 180) or (north == 0 and east == 0):
        return {}
    return {"latitude": round(north, 6), "longitude": round(east, 6)}


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600
