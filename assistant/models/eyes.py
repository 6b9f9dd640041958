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
from assistant.models.second_opinion import SecondOpinion
from assistant.models.sight import SightProjector
from assistant.models.sight_adapter import adapter_file
from retrieval.weights import ModelStore

if TYPE_CHECKING:
    from retrieval.embed.efficientnet import EfficientNetLite2

SIGHT_WEIGHTS = Path(__file__).parent / "weights" / "sightline-vlm" / "model.safetensors"
OPINION_WEIGHT = 1.0  # of the answer decoder beside the language model
_KEPT = 64


class Eyes(Protocol):
    """What a text model needs in order to see."""

    def look(self, image: ImageBlock) -> Rows:
        """Return the rows of a picture; the same picture gives the same ``key``."""
        ...

    def adapter(self) -> Path | None:
        """Return a LoRA adapter in GGUF for prompts with pictures, if there is one."""
        ...


@dataclass(frozen=True)
class _Seen:
    """What is kept of a picture."""

    rows: Rows
    feature_map: NDArray[np.float32]
    things: tuple[str, ...]


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
        self._second: SecondOpinion | None = None
        self._adapter: Path | None = None
        self._adapted = False
        self._kept: OrderedDict[str, _Seen] = OrderedDict()

    def look(self, image: ImageBlock) -> Rows:
        """Return the rows of a picture, float32 [rows, width of the language model].

        Raises:
            ModelError: it is not a picture.
            WeightsError: a weight file is missing or damaged.
        """
        return self._seen(image).rows

    def adapter(self) -> Path | None:
        """Return the file of the changes to the language model that go with pictures, if any.

        Raises:
            WeightsError: the weights are missing or damaged.
        """
        with self._lock:
            if not self._adapted:
                self._adapter = adapter_file(self._weights, self._store.folder)
                self._adapted = True
            return self._adapter

    def opinions(
        self, image: ImageBlock, question: Sequence[int], answers: Sequence[Sequence[int]]
    ) -> list[float]:
        """Return the answer decoder's weighed log-likelihoods; see ``weighing.Adviser``."""
        found = self._opinion().scores(self._seen(image).feature_map, question, answers)
        return [OPINION_WEIGHT * value for value in found]

    def drafts(self, image: ImageBlock, question: Sequence[int]) -> list[list[int]]:
        """Return the answer decoder's likeliest answers; see ``weighing.Adviser``."""
        return self._opinion().drafts(self._seen(image).feature_map, question)

    def things(self, image: ImageBlock) -> tuple[str, ...]:
        """Return the words for what the encoder's classifier is sure to see."""
        return self._seen(image).things

    def _opinion(self) -> SecondOpinion:
        if self._second is None:
            self._second = SecondOpinion.load(self._weights)
        return self._second

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

    def _see(self, image: ImageBlock) -> _Seen:
        from retrieval.embed.efficientnet import EfficientNetLite2, class_texts, softmax
        from retrieval.embed.things import tags_of

        if self._encoder is None:
            self._encoder = EfficientNetLite2(self._store.path("efficientnet-lite2"), self._threads)
        seen = self._encoder.features([image.open()])
        if self._projector is None:
            self._projector = SightProjector.load(self._weights)
        rows = Rows(image.sha256, self._projector.image_tokens(seen.map)[0])
        things = tags_of(softmax(seen.logits)[0], class_texts())
        return _Seen(rows, seen.map[0], things)
