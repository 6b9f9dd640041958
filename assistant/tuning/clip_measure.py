"""Measures Sightline-CLIP as the app runs it, and fits the calibration it ships with.

Everything goes through ``SightlineClip`` itself (ONNX Runtime, numpy), so the figures are those
of the weights on disk and not of the model that was trained. Knows nothing of training.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from assistant.errors import TuningError
from assistant.tuning.calibrate import Short, joint_calibration
from assistant.tuning.clip_metrics import retrieval_ranks
from retrieval.embed.e5 import E5Small
from retrieval.embed.protocol import JointEmbedder
from retrieval.embed.registry import CALIBRATION
from retrieval.presence import COMMON

Array = NDArray[np.float32]
_STEP = 32


@dataclass(frozen=True)
class Embedded:
    """A split in the joint space: photos [n, 512], texts [m, 512], the photo of each text [m]."""

    photos: Array
    texts: Array
    owner: NDArray[np.int64]
    names: tuple[str, ...]
    said: tuple[str, ...]

    def first(self, photos: int) -> Embedded:
        """Return the first photos and their texts."""
        few = self.owner < photos
        said = self.said[: int(few.sum())]
        return Embedded(
            self.photos[:photos], self.texts[few], self.owner[few], self.names[:photos], said
        )


def embed_split(
    clip: JointEmbedder,
    captions: dict[str, list[str]],
    photos: Callable[[Sequence[str]], Iterator[Image.Image]],
) -> Embedded:
    """Embed photos and their captions; ``photos`` yields them by name."""
    names = tuple(captions)
    said = tuple(text for name in names for text in captions[name])
    owner = np.repeat(np.arange(len(names)), [len(captions[name]) for name in names])
    steps = [names[start : start + _STEP] for start in range(0, len(names), _STEP)]
    made = [clip.embed_images(list(photos(step))) for step in steps]
    return Embedded(np.concatenate(made), clip.embed_texts(said), owner, names, said)


def chinese_metrics(clip: JointEmbedder, split: Embedded, file: Path) -> dict[str, float]:
    """Return recall of Chinese captions (lines of ``image``, ``caption``) among all photos.

    Nothing is returned when the split has none of their photos.

    ``relative`` divides R@1 by that of the English captions of the same photos.
    """
    rows = _rows(file)
    place = {name: number for number, name in enumerate(split.names)}
    rows = [row for row in rows if row["image"] in place]
    if not rows:
        return {}
    owner = np.array([place[row["image"]] for row in rows])
    texts = clip.embed_texts([row["caption"] for row in rows])
    rank, _ = retrieval_ranks(split.photos, texts, owner)
    same = np.isin(split.owner, owner)
    english, _ = retrieval_ranks(split.photos, split.texts[same], split.owner[same])
    found = {f"zh_t2i_r{k}": float((rank < k).mean()) for k in (1, 10)}
    found |= {f"en_t2i_r{k}_same_photos": float((english < k).mean()) for k in (1, 10)}
    found["zh_relative"] = found["zh_t2i_r1"] / max(found["en_t2i_r1_same_photos"], 1e-9)
    return found | {"zh_captions": float(len(rows))}


def calibrate(
    clip: JointEmbedder, e5: E5Small, split: Embedded, queries: Path, folder: Path
) -> dict[str, dict[str, float]]:
    """Fit the maps from similarity to probability, write them beside the weights, whole or not.

    Args:
        queries: the folder of ``no_match_queries.jsonl`` and ``short_queries.jsonl``.

    Raises:
        TuningError: the folder cannot be written to.
    """
    asked = [row["query"] for row in _rows(queries / "no_match_queries.jsonl")]
    words = _rows(queries / "short_queries.jsonl")
    made, metrics = joint_calibration(
        clip.id,
        split.photos,
        split.texts,
        clip.embed_texts(asked),
        e5.embed_queries(split.said),
        split.owner,
        short_queries(clip, words, split),
    )
    text = made.to_json(
        data=f"{len(split.photos)} photos and their captions; {len(asked)} queries matching none; "
        f"{len(words)} words in several forms",
        metrics=metrics,
    )
    temporary = folder / f".{CALIBRATION}.part"
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(folder / CALIBRATION)
    except OSError as error:
        detail = f"{folder / CALIBRATION} cannot be written: {error.strerror or error}"
        raise TuningError(detail=detail) from error
    return metrics


def short_queries(clip: JointEmbedder, rows: Sequence[dict[str, Any]], split: Embedded) -> Short:
    """Return words people look for, and the photos one of whose captions has them.

    Args:
        rows: of ``en`` and ``zh``, the word; ``words``, what captions say for it.
    """
    said: list[set[str]] = [set() for _ in split.names]
    for text, owner in zip(split.said, split.owner, strict=True):
        said[int(owner)].update(re.findall(r"[a-z]+", text.lower()))
    fits = np.array([[not there.isdisjoint(row["words"]) for there in said] for row in rows])
    plain = [f"{'an' if row['en'][0] in 'aeiou' else 'a'} {row['en']}" for row in rows]
    forms = (
        [row["en"] for row in rows],
        [f"Which photo shows {words}" for words in plain],
        [row["zh"] for row in rows],
    )
    many = tuple(map(clip.embed_texts, forms))
    return Short(clip.embed_texts(plain), many, fits, clip.embed_texts(COMMON))


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
