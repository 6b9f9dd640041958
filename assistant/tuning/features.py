"""Features of the frozen image encoder, computed once and kept on disk.

The encoder never learns here, so every photo passes through it once however many epochs follow.
A cache holds float16 [photos, 81, 1280] (cells of the 9x9 map, row by row) as a memory map, the
photos' names, and how many rows are done: a killed run goes on where it stopped.

Knows nothing of what is learned from the features.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from assistant.tuning.data import Split

CELLS, CHANNELS = 81, 1280
_BATCH = 16
Report = Callable[[int, int, float], None]


class Encoder(Protocol):
    """The part of EfficientNetLite2 that is used."""

    id: str

    def feature_map(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """Return float32 [n, 1280, 9, 9]."""
        ...


@dataclass(frozen=True)
class Features:
    """Cached maps of one split."""

    maps: NDArray[np.float16]
    names: tuple[str, ...]
    rows: dict[str, int] = field(repr=False)

    def get(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 [n, 81, 1280] of photos by name."""
        return self.maps[[self.rows[name] for name in names]].astype(np.float32)


def to_cells(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn maps [n, 1280, 9, 9] into rows of cells [n, 81, 1280]."""
    return np.ascontiguousarray(maps.reshape(len(maps), maps.shape[1], -1).transpose(0, 2, 1))


def mirrored(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return cells [n, 81, channels] as if the photos were mirrored.

    A convolutional network sees a mirrored photo as the mirrored map but for small differences,
    which costs nothing, where a second pass of all photos costs minutes.
    """
    side = math.isqrt(cells.shape[1])
    grid = cells.reshape(len(cells), side, side, cells.shape[2])
    return np.ascontiguousarray(grid[:, :, ::-1]).reshape(cells.shape)


def cache_features(
    split: Split, folder: Path, encoder: Encoder, report: Report | None = None
) -> Features:
    """Compute what is missing of a split's features and return them all.

    ``report`` gets (photos done, photos in all, photos a second).

    Raises:
        DataImageBad: a photo is missing or corrupt.
    """
    names = split.image_names()
    path, state_path = _paths(folder, split.name)
    wanted = {"encoder": encoder.id, "names": names}
    done = _done(path, state_path, wanted)
    shape = (len(names), CELLS, CHANNELS)
    folder.mkdir(parents=True, exist_ok=True)
    maps = np.lib.format.open_memmap(
        path, mode="r+" if done else "w+", dtype=np.float16, shape=None if done else shape
    )
    started, first = time.monotonic(), done
    while done < len(names):
        batch = names[done : done + _BATCH]
        images = [split.images.open(name) for name in batch]
        maps[done : done + len(batch)] = to_cells(encoder.feature_map(images))
        done += len(batch)
        if done == len(names) or done % (_BATCH * 8) == 0:
            maps.flush()
            _write_state(state_path, {**wanted, "done": done})
        if report:
            speed = (done - first) / max(time.monotonic() - started, 1e-9)
            report(done, len(names), speed)
    return load_features(split.name, folder)


def load_features(name: str, folder: Path) -> Features:
    """Open the cache of the split called ``name``; the file is mapped, not read."""
    path, state_path = _paths(folder, name)
    state = json.loads(state_path.read_text(encoding="utf-8"))
    names = tuple(state["names"])
    maps = np.load(path, mmap_mode="r")
    return Features(maps, names, {image: row for row, image in enumerate(names)})


def _paths(folder: Path, name: str) -> tuple[Path, Path]:
    stem = name.replace("/", "-")
    return folder / f"{stem}.f16.npy", folder / f"{stem}.json"


def _done(path: Path, state_path: Path, wanted: dict[str, Any]) -> int:
    """Return how many rows of a cache hold; 0 when it is of other photos or another encoder."""
    try:
        state = json.loads(state_path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0
    done = int(state.pop("done", 0))
    return done if path.is_file() and state == wanted else 0


def _write_state(path: Path, state: dict[str, Any]) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(state), encoding="utf-8")
    temporary.replace(path)
