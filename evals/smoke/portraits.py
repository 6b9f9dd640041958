"""Photos of two people in the public domain, as they are, changed, and side by side."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.smoke.shapes import HERE, SPLIT, write
from retrieval.errors import FileNotFound

if TYPE_CHECKING:
    from PIL.Image import Image

PEOPLE = ("eileen", "grace")
CHANGES = ("as it is", "mirrored", "night", "far", "tilted", "coarse", "hidden")
"""Of the small set; ``dark``, ``small`` and ``turned`` are easier."""
_NOBODY = ("rocket.jpg", "coffee.png", "chelsea.png", "motorcycle_left.png")


def faces(folder: Path, count: int) -> None:
    """Write the small set: each photo with who is in it, from left to right."""
    shown: list[tuple[str, Image, list[str]]] = [
        (f"{who}-{how.replace(' ', '-')}.jpg", changed(who, how), [who])
        for how in CHANGES
        for who in PEOPLE
    ]
    eileen, grace = PEOPLE
    for name, row in (
        ("three.jpg", [(eileen, "turned"), (grace, "small"), (eileen, "mirrored")]),
        ("six.jpg", [(who, how) for how in ("dark", "turned", "coarse") for who in PEOPLE]),
    ):
        whole = side_by_side(*(changed(who, how) for who, how in row))
        shown.append((name, whole, [who for who, _ in row]))
    shown += [(f"{Path(n).stem}.jpg", _skimage(n), []) for n in _NOBODY]
    target = folder / SPLIT
    target.mkdir(exist_ok=True)
    rows: list[dict[str, Any]] = []
    for name, photo, people in shown[:count]:
        photo.save(target / name, quality=90)
        rows.append({"image": name, "faces": len(people), "people": people})
    write(folder / f"{SPLIT}.jsonl", rows)


@cache
def portrait(who: str) -> Image:
    """Return a photo of ``eileen`` or of ``grace``.

    Raises:
        FileNotFound: the scikit-image package is not installed.
    """
    from PIL import Image

    if who == "eileen":
        return _skimage("astronaut.png")
    return Image.open(HERE / "people" / "grace_hopper.jpg").convert("RGB")


def changed(who: str, how: str = "as it is") -> Image:
    """Return a photo of somebody, as it is or changed in a way named here."""
    from PIL import Image, ImageEnhance, ImageOps

    photo = portrait(who)
    ways: dict[str, Callable[[], Image.Image]] = {
        "as it is": lambda: photo,
        "mirrored": lambda: ImageOps.mirror(photo),
        "dark": lambda: ImageEnhance.Brightness(photo).enhance(0.6),
        "small": lambda: photo.resize((photo.width * 2 // 3, photo.height * 2 // 3)),
        "turned": lambda: photo.rotate(8, resample=Image.Resampling.BICUBIC),
        "night": lambda: ImageEnhance.Brightness(photo).enhance(0.15),
        "far": lambda: photo.resize((photo.width * 2 // 5, photo.height * 2 // 5)),
        "tilted": lambda: photo.rotate(30, resample=Image.Resampling.BICUBIC),
        "coarse": lambda: _coarse(photo),
        "hidden": lambda: _hidden(photo, who),
    }
    return ways[how]()


def side_by_side(*photos: Image) -> Image:
    """Return photos next to each other, as high as the lowest."""
    from PIL import Image

    height = min(photo.height for photo in photos)
    scaled = [p.resize((round(p.width * height / p.height), height)) for p in photos]
    whole = Image.new("RGB", (sum(p.width for p in scaled), height))
    left = 0
    for photo in scaled:
        whole.paste(photo, (left, 0))
        left += photo.width
    return whole


def _coarse(photo: Image) -> Image:
    """Return a photo as a poor JPEG of half its size leaves it."""
    from PIL import Image

    stream = io.BytesIO()
    photo.resize((photo.width // 2, photo.height // 2)).save(stream, "JPEG", quality=12)
    return Image.open(stream).convert("RGB")


def _hidden(photo: Image, who: str) -> Image:
    """Return a photo with mouth and chin covered, as by a mask."""
    from PIL import ImageDraw

    x0, y0, x1, y1 = {"eileen": (0.37, 0.25, 0.52, 0.34), "grace": (0.36, 0.43, 0.68, 0.57)}[who]
    shown = photo.copy()
    corners = (x0 * photo.width, y0 * photo.height, x1 * photo.width, y1 * photo.height)
    ImageDraw.Draw(shown).rectangle(corners, fill="white")
    return shown


def _skimage(name: str) -> Image:
    from PIL import Image

    spec = find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFound(name="scikit-image")
    return Image.open(Path(spec.submodule_search_locations[0]) / "data" / name).convert("RGB")
