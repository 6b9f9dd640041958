"""Photos and captions as the pooled features that Sightline-CLIP's heads are trained on.

The towers are locked, so every photo (and its mirror image, and random windows of its feature
map, which stand for crops) goes through them once; the arrays are kept as ``.npz`` and training
never touches a pixel again. Two further sources need no photos at all: the ImageNet classes that
the encoder knows, and the ways in which Chinese sentences lie elsewhere than English ones.
Knows nothing of losses or weights.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from retrieval.embed.clip import pool_map
from retrieval.embed.e5 import E5Small
from retrieval.embed.efficientnet import CHANNELS, GRID, EfficientNetLite2, class_texts

Array = NDArray[np.float32]
Progress = Callable[[int, int], None]
_STEP = 16


@dataclass(frozen=True)
class ClipData:
    """A split, pooled.

    ``photos`` float16 [n, views, 2560], view 0 the photo as it is and view 1 its mirror image;
    ``logits`` float16 [n, 2, 1000] of those two; ``texts`` float16 [m, 768]; ``owner`` int64 [m],
    the photo of each text; ``names`` [n].
    """

    photos: NDArray[np.float16]
    logits: NDArray[np.float16]
    texts: NDArray[np.float16]
    owner: NDArray[np.int64]
    names: tuple[str, ...]

    def save(self, path: Path) -> None:
        """Write it whole or not at all."""
        temporary = path.with_name(f".{path.name}.part")
        with temporary.open("wb") as out:
            np.savez(
                out,
                photos=self.photos,
                logits=self.logits,
                texts=self.texts,
                owner=self.owner,
                names=np.array(self.names),
            )
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> ClipData:
        """Read what ``save`` wrote."""
        with np.load(path, allow_pickle=False) as read:
            return cls(
                read["photos"],
                read["logits"],
                read["texts"],
                read["owner"],
                tuple(map(str, read["names"])),
            )


@dataclass(frozen=True)
class Anchors:
    """What the encoder knows of ImageNet, as features: one direction and some texts a class.

    ``centre`` [2560] is the mean photo, ``directions`` [1000, 2560] lead from it to the classes,
    ``texts`` [1000, 3, 768] name and describe them.
    """

    centre: Array
    directions: Array
    texts: Array


def read_split(folder: Path, split: str) -> tuple[dict[str, list[str]], Path]:
    """Return the captions by photo of ``<split>.jsonl``, and the tar or folder of its photos.

    Rows with a question and an answer count as the caption "question answer".
    """
    captions: dict[str, list[str]] = {}
    for line in (folder / f"{split}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        texts = row.get("captions") or [f"{row['question']} {row['answer'].replace('_', ' ')}"]
        captions.setdefault(row["image"], []).extend(map(tidy, texts))
    tar = folder / f"{split}.tar"
    return captions, tar if tar.exists() else folder / split


def tidy(caption: str) -> str:
    """Return a caption without the lone full stop that tokenized data sets end in."""
    return caption.strip().removesuffix(" .").strip()


def open_photos(where: Path, names: Sequence[str]) -> Iterator[Image.Image]:
    """Yield photos by name out of a tar or a folder, as RGB."""
    if where.is_dir():
        for name in names:
            with Image.open(where / name) as image:
                yield image.convert("RGB")
        return
    with tarfile.open(where) as tar:
        members = {Path(member.name).name: member for member in tar.getmembers()}
        for name in names:
            body = tar.extractfile(members[name])
            assert body is not None  # a regular file, by the layout of the data
            yield Image.open(io.BytesIO(body.read())).convert("RGB")


def build(
    folder: Path,
    split: str,
    encoder: EfficientNetLite2,
    text: E5Small,
    windows: int = 0,
    progress: Progress | None = None,
) -> ClipData:
    """Run both towers over a split; ``windows`` random windows are pooled for either view."""
    captions, where = read_split(folder, split)
    names = tuple(captions)
    photos = np.empty((len(names), 2 * (1 + windows), 2 * CHANNELS), np.float16)
    logits = np.empty((len(names), 2, 1000), np.float16)
    rng = np.random.default_rng(0)
    pictures = open_photos(where, names)
    for start in range(0, len(names), _STEP):
        part = [next(pictures) for _ in names[start : start + _STEP]]
        rows = slice(start, start + len(part))
        for mirrored in (0, 1):
            seen = encoder.features([ImageOps.mirror(p) for p in part] if mirrored else part)
            photos[rows, mirrored], logits[rows, mirrored] = pool_map(seen.map), seen.logits
            for window in range(windows):
                photos[rows, 2 + 2 * window + mirrored] = pool_map(_window(seen.map, rng))
        if progress:
            progress(start + len(part), len(names))
    texts = [caption for name in names for caption in captions[name]]
    owner = [place for place, name in enumerate(names) for _ in captions[name]]
    return ClipData(photos, logits, pool_texts(text, texts), np.array(owner, np.int64), names)


def pool_texts(text: E5Small, texts: Sequence[str]) -> NDArray[np.float16]:
    """Return the pooled tokens [n, 768] of texts, with the prefix that queries get."""
    return text.pooled([f"query: {t}" for t in texts]).astype(np.float16)


def class_anchors(weights: Path, photos: Array, text: E5Small) -> Anchors:
    """Derive from the classifier where photos of each ImageNet class would lie.

    For classes that share a covariance S, the weights of a linear classifier are S^-1 times the
    class means (linear discriminant analysis), so S times the weights are the means. S is taken
    from any photos; its rows for the maxima tell how these follow the means.

    Args:
        weights: the ``.pth`` file of the encoder; its last two tensors are the classifier.
        photos: pooled features [n, 2560] of ordinary photos.
    """
    import torch

    rows = list(torch.load(weights, map_location="cpu", weights_only=True).values())[-2].numpy()
    centre = photos.mean(axis=0)
    spread = photos - centre
    shared = spread[:, :CHANNELS].T @ spread / len(photos)
    directions = (rows - rows.mean(axis=0)) @ shared
    said: list[str] = []
    for lemmas, definition in zip(class_texts(), class_texts("definition"), strict=True):
        names = [name.strip() for name in lemmas.split(",")]
        said += [f"a photo of a {names[0]}", names[-1], f"{names[0]}, {definition}"]
    texts = pool_texts(text, said).astype(np.float32).reshape(len(rows), 3, -1)
    return Anchors(centre, directions.astype(np.float32), texts)


def language_shifts(text: E5Small, pairs: Sequence[tuple[str, str]]) -> Array:
    """Return [n, 768]: how the features of translations differ, from (English, other) pairs."""
    english, other = ([pair[side] for pair in pairs] for side in (0, 1))
    return (pool_texts(text, other).astype(np.float32)) - pool_texts(text, english)


def _window(maps: Array, rng: np.random.Generator) -> Array:
    """Return one random window of 5 to 8 places a side of all maps of a step."""
    height, width = rng.integers(5, GRID, 2)
    top, left = rng.integers(0, GRID - height + 1), rng.integers(0, GRID - width + 1)
    return maps[:, :, top : top + height, left : left + width]
