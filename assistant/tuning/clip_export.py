"""From a trained model to the one file that inference reads, and its measures as inference runs it.

``retrieval.embed.clip`` names the tensors. Three parts are not trained: the words for the ImageNet
classes, in the space of the tuned text tower, ``mix``, the 510 directions in which photos and texts
differ most, and banks of captions and photos, to tell hubs by (``retrieval.embed.hubs``). Knows
nothing of how the model was trained.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.tuning.clip_heads import Halves, head_tensors, narrow
from assistant.tuning.clip_model import ClipModel, Member
from assistant.tuning.e5_torch import adapters
from assistant.tuning.registry import WEIGHTS
from retrieval.embed.clip import CAPTION_BANK, PHOTO_BANK, Heads
from retrieval.embed.e5 import unit
from retrieval.embed.hubs import NUMBERS

Array = NDArray[np.float32]
ID = "sightline-clip-2"
DIM = 512
_BANK, _BANK_NUMBERS = 2000, 64


@dataclass(frozen=True)
class Sample:
    """Some photos and texts as the towers pool them after training.

    ``views``: pooled maps [n, 2560] and logits [n, 1000] of the photos as they are, and mirrored;
    ``texts`` [m, 768], captions; ``wordings`` [n, 768], other wordings of as many, to tell hubs
    by in more than the captions' language; ``classes`` [1000, 768], the mean of the texts that
    name a class.
    """

    views: Sequence[tuple[Array, Array]]
    texts: Array
    wordings: Array
    classes: Array


def weights_of(
    model: ClipModel, members: Sequence[Member], sample: Sample, class_share: float
) -> Halves:
    """Return all tensors in float16; ``sample`` is of the photos that were learned from."""
    width, photos = sample.texts.shape[1] // 2, sample.views[0][0]
    words = sample.classes[:, :width]
    tensors: dict[str, Any] = {
        "class_words": unit(words - words.mean(axis=0)),
        "text_centre": sample.texts[:, :width].mean(axis=0),
        "class_share": np.array([class_share]),
    }
    for number, (pair, member) in enumerate(zip(model.heads, members, strict=True)):
        wide = {side: head_tensors(pair[side]) for side in ("image", "text")}  # type: ignore[index]
        for side, named in narrow(wide, photos, sample.texts, member.keep).items():
            tensors |= {f"{side}.{number}.{name}": value for name, value in named.items()}
    learned = adapters(model.tower)
    if any(value.any() for name, value in learned.items() if name.endswith(".b")):
        tensors |= {f"lora.{name}": value for name, value in learned.items()}
    tensors["mix"] = _principal(tensors, sample)
    tensors |= banks(tensors, sample)
    return {name: np.ascontiguousarray(t).astype(np.float16) for name, t in tensors.items()}


def _principal(tensors: Mapping[str, Any], sample: Sample) -> Array:
    """Return [widths, 510]: the directions in which the parts of both sides are largest."""
    widths = [len(t) for name, t in tensors.items() if re.fullmatch(r"image\.\d+\.bias", name)]
    whole = sum(widths) + len(tensors["text_centre"])
    heads = _heads({**tensors, "mix": np.eye(whole)})
    photos, texts = _photos(heads, sample), heads.of_texts(sample.texts)
    moments = photos.T @ photos / len(photos) + texts.T @ texts / len(texts)
    _, directions = np.linalg.eigh(moments.astype(np.float64))
    found: Array = directions[:, ::-1][:, : DIM - NUMBERS].astype(np.float32)
    return found


def banks(tensors: Mapping[str, Any], sample: Sample) -> dict[str, Array]:
    """Return photos and wordings of the sample by the first of their numbers, [<= 2000, 64]."""
    heads = _heads(tensors)
    photos, texts = _photos(heads, sample), heads.of_texts(sample.wordings)
    return {
        PHOTO_BANK: photos[:_BANK, :_BANK_NUMBERS],
        CAPTION_BANK: texts[:_BANK, :_BANK_NUMBERS],
    }


def _heads(tensors: Mapping[str, Any]) -> Heads:
    """Return the heads as they will be written."""
    return Heads.of({n: np.asarray(t, np.float32) for n, t in tensors.items()})


def _photos(heads: Heads, sample: Sample) -> Array:
    seen = sum(heads.of_photos(pooled, logits) for pooled, logits in sample.views)
    return unit(np.asarray(seen, np.float32))


def write_weights(folder: Path, tensors: Halves) -> None:
    """Write ``model.safetensors`` whole or not at all."""
    from safetensors.numpy import save

    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{WEIGHTS}.part"
    temporary.write_bytes(save(tensors))
    temporary.replace(folder / WEIGHTS)
