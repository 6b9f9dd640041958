"""The embedded tier's sight: a picture in, rows for the language model out.

EfficientNet-Lite2 gives a feature map, the trained projector turns it into rows; rows are kept by
the picture's hash. Without trained weights there are no eyes, and the model says so by
``sees_images``.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.models.images import ImageBlock
from assistant.models.llama_engine import Rows
from assistant.models.sight import SightProjector
from retrieval.weights import ModelStore

if TYPE_CHECKING:
    from retrieval.embed.efficientnet import EfficientNetLite2

SIGHT_WEIGHTS = Path(__file__).parent / "weights" / "sightline-vlm" / "model.safetensors"
_KEPT = 64


class Eyes(Protocol):
    """What a text model needs in order to see."""

    def look(self, image: ImageBlock) -> Rows:
        """Return the rows of a picture; the same picture gives the same ``key``."""


@dataclass(frozen=True)
class _Seen:
    """What is kept of a picture."""

    rows: Rows
    feature_map: NDArray[np.float32]


class SightEyes:
    """Lite2 and the projector, loaded at the first picture.

    Args:
        store: where the encoder's weights are.
        weights: the projector's ``model.safetensors``.
        threads: threads of the encoder.
    """

    def __init__(self, store: ModelStore, weights: Path = SIGHT_WEIGHTS, threads: int = 1) -> None:
        self._store = store
        self._weights = weights
        self._threads = threads
        self._lock = threading.Lock()
        self._encoder: EfficientNetLite2 | None = None
        self._projector: SightProjector | None = None
        self._kept: OrderedDict[str, _Seen] = OrderedDict()

    def look(self, image: ImageBlock) -> Rows:
        """Return the rows of a picture, float32 [rows, width of the language model].

        Raises:
            ModelError: it is not a picture.
            WeightsError: a weight file is missing or damaged.
        """
        return self._seen(image).rows

    def hint(self, image: ImageBlock, question: Sequence[int]) -> list[int]:
        """Return a drafted answer to a short question; see ``hints.Drafter``."""
        return self._drafting().hint(self._seen(image).feature_map, question)

    def caption(self, image: ImageBlock) -> list[int]:
        """Return a drafted caption; see ``hints.Drafter``."""
        return self._drafting().caption(self._seen(image).feature_map)

    def answer_scores(
        self, image: ImageBlock, question: Sequence[int], answers: Sequence[Sequence[int]]
    ) -> list[float]:
        """Return the drafter's opinion of answers; see ``hints.Drafter``."""
        return self._drafting().answer_scores(self._seen(image).feature_map, question, answers)

    def _seen(self, image: ImageBlock) -> _Seen:
        with self._lock:
            found = self._kept.get(image.sha256)
            if found is None:
                found = self._see(image)
                self._kept[image.sha256] = found
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(image.sha256)
            return found

    def _drafting(self) -> SightProjector:
        if self._projector is None:
            self._projector = SightProjector.load(self._weights)
        return self._projector

    def _see(self, image: ImageBlock) -> _Seen:
        from retrieval.embed.efficientnet import EfficientNetLite2

        if self._encoder is None:
            self._encoder = EfficientNetLite2(self._store.path("efficientnet-lite2"), self._threads)
        maps = self._encoder.feature_map([image.open()])
        rows = Rows(image.sha256, self._drafting().image_tokens(maps)[0])
        return _Seen(rows, maps[0])
