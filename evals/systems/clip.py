"""A plain photo search: the joint encoder over every photo and every text, exact search, no more.

What many small tools do: no words index, no OCR, no calibration, no answers. The search is the
exact inner product that FAISS calls ``IndexFlatIP``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evals.photos import open_photo
from evals.systems.base import Query, System, Taken
from retrieval.values import Passage, RegionLocator, TextLocator

if TYPE_CHECKING:
    from evals.context import Context
    from retrieval.embed.protocol import JointEmbedder
    from retrieval.values import Modality

_READ = 300


class Clip(System):
    """See the module."""

    name = "clip"

    def __init__(self, joint: JointEmbedder) -> None:
        self._joint = joint
        self._kept: dict[str, list[tuple[Passage, NDArray[np.float32]]]] = {}

    def ingest(self, paths: Sequence[Path], library: str, told: Callable[[int], None]) -> Taken:
        kept = self._kept.setdefault(library, [])
        taken: Taken = {}
        for place, path in enumerate(paths, start=1):
            number = len(kept) + 1
            try:
                kept.append(self._read(path, number))
                taken[path.name] = (number, "")
            except (OSError, ValueError) as error:
                taken[path.name] = (None, f"it is neither a photo nor plain text: {error}")
            told(place)
        return taken

    def _read(self, path: Path, number: int) -> tuple[Passage, NDArray[np.float32]]:
        """Return a file as a passage with its vector.

        Raises:
            OSError, ValueError: it is neither a photo nor text.
        """
        data = path.read_bytes()
        try:
            photo = open_photo(data)
        except OSError:
            text = data.decode("utf-8")[:_READ]
            where = TextLocator(0, len(text))
            found = passage(number, path.name, "text", text, where)
            return found, self._joint.embed_texts([text])[0]
        found = passage(number, path.name, "image", "", RegionLocator())
        return found, self._joint.embed_images([photo])[0]

    def search(self, query: Query) -> list[Passage]:
        kept = [
            (one, vector)
            for one, vector in self._kept.get(query.library, [])
            if query.modality in (None, one.modality)
        ]
        if not kept:
            return []
        asked = np.zeros_like(kept[0][1])
        if query.text:
            asked = asked + self._joint.embed_texts([query.text])[0]
        if query.image is not None:
            asked = asked + self._joint.embed_images([open_photo(query.image.read_bytes())])[0]
        scores = np.stack([vector for _, vector in kept]) @ asked
        return [kept[place][0] for place in np.argsort(-scores, kind="stable")[: query.k]]


def passage(
    number: int,
    name: str,
    modality: Modality,
    text: str,
    locator: TextLocator | RegionLocator,
    score: float = 0.0,
) -> Passage:
    """Return a piece of a file as a peer knows it."""
    return Passage(
        asset_id=number,
        asset=name,
        sha256="",
        modality=modality,
        media_type="",
        kind="pixels" if modality == "image" else "body",
        text=text,
        locator=locator,
        score=score,
        probability=max(0.0, min(1.0, score)),
    )


def build(context: Context, home: Path) -> Clip:
    """Build it over the joint encoder that the settings choose."""
    return Clip(context.joint)
