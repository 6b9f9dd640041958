"""What the photo tower makes of every photo, computed once and kept on disk.

The tower is locked, so photos pass through it once, in several views: as they are, mirrored, and
cut out at random with changed colours and proportions (the photos of Flickr8k are squashed, other
people's are not). A cache is a folder of memory maps and a ``state.json``; a killed run goes on
where it stopped.

Knows nothing of texts or training.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from retrieval.embed.clip import pool_map
from retrieval.embed.efficientnet import EfficientNetLite2

_STEP = 8
_SHAPES = {"pooled": (2560,), "logits": (1000,)}
Report = Callable[[int, int, float], None]


@dataclass(frozen=True)
class PhotoCache:
    """One view of a split: ``pooled`` float16 [n, 2560], mean and maximum of the map; ``logits``
    float16 [n, 1000]. View 0 is the photo, view 1 its mirror image, others are cuts.
    """

    pooled: NDArray[np.float16]
    logits: NDArray[np.float16]
    names: tuple[str, ...]

    @classmethod
    def load(cls, folder: Path) -> PhotoCache:
        """Open what ``build_cache`` wrote; the files are mapped, not read."""
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        maps = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _SHAPES}
        return cls(**maps, names=tuple(state["names"]))


def build_cache(
    folder: Path,
    names: Sequence[str],
    photos: Callable[[Sequence[str]], Iterator[Image.Image]],
    encoder: EfficientNetLite2,
    view: int,
    report: Report | None = None,
) -> PhotoCache:
    """Compute what is missing of a cache and open it.

    Args:
        photos: yields RGB photos by name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {"encoder": encoder.id, "view": view, "names": list(names)}
    done = _done(folder, wanted)
    maps = {
        name: np.lib.format.open_memmap(
            folder / f"{name}.npy",
            mode="r+" if done else "w+",
            dtype=np.float16,
            shape=None if done else (len(names), *shape),
        )
        for name, shape in _SHAPES.items()
    }
    started, first, pictures = time.monotonic(), done, photos(names[done:])
    while done < len(names):
        part = [next(pictures) for _ in names[done : done + _STEP]]
        rows = slice(done, done + len(part))
        rng = np.random.default_rng([view, done])
        seen = encoder.features([_view(photo, view, rng) for photo in part])
        maps["pooled"][rows], maps["logits"][rows] = pool_map(seen.map), seen.logits
        done += len(part)
        if done == len(names) or done % (_STEP * 16) == 0:
            for array in maps.values():
                array.flush()
            _write_state(folder, {**wanted, "done": done})
            if report:
                report(done, len(names), (done - first) / (time.monotonic() - started))
    return PhotoCache.load(folder)


def _view(photo: Image.Image, view: int, rng: np.random.Generator) -> Image.Image:
    """Return the photo, its mirror image, or a random cut of it in other colours."""
    if view == 0:
        return photo
    if view == 1:
        return ImageOps.mirror(photo)
    share, stretch = rng.uniform(0.5, 1.0), np.exp(rng.uniform(-0.29, 0.29))
    width = min(1.0, float(np.sqrt(share) * stretch)) * photo.width
    height = min(1.0, float(np.sqrt(share) / stretch)) * photo.height
    left, top = rng.uniform(0, photo.width - width), rng.uniform(0, photo.height - height)
    cut = photo.resize(
        (260, 260), Image.Resampling.BICUBIC, box=(left, top, left + width, top + height)
    )
    for kind in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        cut = kind(cut).enhance(float(rng.uniform(0.7, 1.3)))
    return ImageOps.mirror(cut) if rng.random() < 0.5 else cut


def _done(folder: Path, wanted: dict[str, object]) -> int:
    try:
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0
    done = int(state.pop("done", 0))
    return done if state == wanted else 0


def _write_state(folder: Path, state: dict[str, object]) -> None:
    temporary = folder / ".state.part"
    temporary.write_text(json.dumps(state), encoding="utf-8")
    temporary.replace(folder / "state.json")
