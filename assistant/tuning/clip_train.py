"""Train Sightline-CLIP's heads on pooled features: contrastive, with EMA and early stop.

A step takes ``batch`` different photos, one caption and one view of each; the loss is InfoNCE in
both directions (Radford et al. 2021) with a learned temperature. The weights kept are an
exponential moving average; the epoch kept is the best on the validation split. Several members
are trained from different seeds; ``mix`` is the 512-d principal subspace of their outputs put
side by side. Three things reach beyond the captions: ImageNet classes as pairs of a made-up
photo and their names (so that the space knows things that no caption tells of), a further set,
and texts moved as translation would move them. A run resumes after a kill.

Writes ``model.safetensors`` (fp16) and ``card.json``. Pixels are ``clip_data``'s business.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.tuning.clip_batches import Batches, Sources
from assistant.tuning.clip_data import ClipData
from assistant.tuning.clip_heads import Array, Halves, Member, Recipe, narrow
from retrieval.embed.e5 import unit

Report = Callable[[dict[str, float]], None]
DIM = 512
CLASS_SHARE = 0.2
SHIPPED = (
    Recipe(),
    Recipe(
        seed=1,
        inputs="mean",
        width=256,
        epochs=40,
        learning_rate=1.5e-3,
        hidden=512,
        photo_dropout=0.4,
        text_dropout=0.25,
        windows=0.4,
        anchors=100,
        further=120,
        languages=0.3,
    ),
)


def retrieval_metrics(photos: Array, texts: Array, owner: NDArray[np.int64]) -> dict[str, float]:
    """Return recall in both directions by the Flickr8k protocol, fractions of 1.

    Args:
        photos: unit vectors [n, dim]; texts: unit vectors [m, dim]; owner: [m], photo of each.
    """
    scores = texts @ photos.T
    own = scores[np.arange(len(owner)), owner][:, None]
    text_rank = (scores > own).sum(axis=1)
    matches = owner[:, None] == np.arange(len(photos))
    best_own = np.where(matches, scores, -np.inf).max(axis=0)
    photo_rank = (np.where(matches, -np.inf, scores) > best_own).sum(axis=0)
    found = {f"t2i_r{k}": float((text_rank < k).mean()) for k in (1, 5, 10)}
    return found | {f"i2t_r{k}": float((photo_rank < k).mean()) for k in (1, 5, 10)}


def train(
    sources: Sources,
    validation: ClipData,
    recipes: Sequence[Recipe],
    folder: Path,
    report: Report | None = None,
) -> dict[str, float]:
    """Train a member a recipe, write weights and card into ``folder``, return the metrics."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors: Halves = {}
    for number, recipe in enumerate(recipes):
        kept = _train_member(sources, validation, recipe, number, folder, report)
        photos, texts = _plain(sources.captions), sources.captions.texts
        small = narrow(kept, photos.astype(np.float32), texts.astype(np.float32), recipe.keep)
        tensors |= _named(small, number)
    tensors |= class_part(sources, CLASS_SHARE)
    tensors["mix"] = principal_mix(tensors, sources.captions)
    metrics = evaluate(tensors, validation)
    write_weights(folder, tensors, {"recipes": [asdict(r) for r in recipes], "metrics": metrics})
    return metrics


def class_part(sources: Sources, share: float) -> Halves:
    """Return the tensors of the untrained part: words of the classes, centre of the captions."""
    captions = sources.captions.texts[:, : sources.captions.texts.shape[1] // 2]
    centre = captions.mean(axis=0, dtype=np.float32)
    words = np.zeros((1000, len(centre)), np.float32)
    if sources.anchors is None:
        share = 0.0
    else:
        named = sources.anchors.texts[:, :, : len(centre)].mean(axis=1)
        words = unit(named - named.mean(axis=0))
    return {
        "class_words": words.astype(np.float16),
        "text_centre": centre.astype(np.float16),
        "class_share": np.array([share], np.float16),
    }


def principal_mix(tensors: Halves, data: ClipData) -> NDArray[np.float16]:
    """Return [widths, 512]: the directions in which the parts of both sides are largest."""
    width = len(tensors["text_centre"]) + sum(
        len(value)
        for name, value in tensors.items()
        if name.startswith("image.") and name.endswith(".bias")
    )
    photos, texts = embed(tensors | {"mix": np.eye(width, dtype=np.float16)}, data)
    moments = photos.T @ photos / len(photos) + texts.T @ texts / len(texts)
    _, directions = np.linalg.eigh(moments.astype(np.float64))
    return np.ascontiguousarray(directions[:, ::-1][:, :DIM]).astype(np.float16)


def embed(tensors: Halves, data: ClipData) -> tuple[Array, Array]:
    """Return photos [n, 512] and texts [m, 512] as the product embeds them, mirror included."""
    from retrieval.embed.clip import Heads

    heads = Heads.of({name: value.astype(np.float32) for name, value in tensors.items()})
    views = [
        heads.of_photos(
            data.photos[:, view].astype(np.float32), data.logits[:, view].astype(np.float32)
        )
        for view in (0, 1)
    ]
    return unit(views[0] + views[1]), heads.of_texts(data.texts.astype(np.float32))


def evaluate(tensors: Halves, data: ClipData) -> dict[str, float]:
    """Measure weights as the product runs them, in numpy from fp16."""
    photos, texts = embed(tensors, data)
    return retrieval_metrics(photos, texts, data.owner)


def write_weights(folder: Path, tensors: Halves, notes: dict[str, Any]) -> None:
    """Write ``model.safetensors`` and ``card.json`` with its checksum, the card last."""
    from safetensors.numpy import save

    body = save(tensors)
    card = {
        "id": "sightline-clip-1",
        "sha256": hashlib.sha256(body).hexdigest(),
        "bytes": len(body),
        "dim": DIM,
        **notes,
    }
    for name, content in (
        ("model.safetensors", body),
        ("card.json", (json.dumps(card, indent=1) + "\n").encode()),
    ):
        temporary = folder / f".{name}.part"
        temporary.write_bytes(content)
        temporary.replace(folder / name)


def _named(member: dict[str, Halves], number: int) -> Halves:
    return {
        f"{side}.{number}.{name}": value
        for side, tensors in member.items()
        for name, value in tensors.items()
    }


def _train_member(
    sources: Sources,
    validation: ClipData,
    recipe: Recipe,
    number: int,
    folder: Path,
    report: Report | None,
) -> dict[str, Halves]:
    """Train one member to its end or early stop; return the tensors of its best epoch."""
    import torch

    torch.manual_seed(recipe.seed)
    data = sources.captions
    plain = _plain(data).astype(np.float32)
    member = Member(plain, data.texts.astype(np.float32), recipe)
    progress = _Progress(folder / f".member{number}.pt", recipe, member)
    batches = Batches(sources, recipe)
    steps = max(1, len(data.names) // recipe.batch)
    total = recipe.epochs * steps
    for epoch in range(progress.epoch, recipe.epochs):
        # drawn anew for every epoch, so that a resumed run takes the same path
        rng = np.random.default_rng([recipe.seed, epoch])
        for place, rows in enumerate(_epoch(data, recipe, rng)):
            step = epoch * steps + place
            keep = min(recipe.average, (1 + step) / (10 + step))
            photos, texts = batches.draw(rows, rng)
            loss = member.step(photos, texts, _rate(recipe, step, total), keep)
        if (epoch + 1) % recipe.check_every and epoch + 1 < recipe.epochs:
            continue
        metrics = _measure(member, sources, validation)
        if report:
            report({"member": number, "epoch": epoch + 1, "loss": loss, **metrics})
        if progress.stop(epoch + 1, metrics["t2i_r1"] + metrics["i2t_r1"], recipe.patience):
            break
    return progress.best


class _Progress:
    """What is on disk of a member: its state at the last check, and the best so far."""

    def __init__(self, path: Path, recipe: Recipe, member: Member) -> None:
        import torch

        self._path, self._recipe, self._member = path, asdict(recipe), member
        self.epoch, self._score, self._waited = 0, -1.0, 0
        self.best: dict[str, Halves] = member.tensors()
        if path.exists():
            saved = torch.load(path, weights_only=True)
            if saved["recipe"] == self._recipe:
                member.restore(saved["state"])
                self.epoch, self._score = saved["epoch"], saved["score"]
                self._waited = saved["waited"]
                self.best = {
                    side: {name: value.numpy() for name, value in tensors.items()}
                    for side, tensors in saved["best"].items()
                }

    def stop(self, epoch: int, score: float, patience: int) -> bool:
        """Save after a check; tell whether ``patience`` checks brought nothing better."""
        import torch

        self._waited += 1
        if score > self._score:
            self._score, self._waited, self.best = score, 0, self._member.tensors()
        best = {
            side: {name: torch.from_numpy(value) for name, value in tensors.items()}
            for side, tensors in self.best.items()
        }
        temporary = self._path.with_suffix(".part")
        torch.save(
            {
                "recipe": self._recipe,
                "state": self._member.state(),
                "epoch": epoch,
                "score": self._score,
                "waited": self._waited,
                "best": best,
            },
            temporary,
        )
        temporary.replace(self._path)
        return self._waited >= patience


def _measure(member: Member, sources: Sources, data: ClipData) -> dict[str, float]:
    """Return the metrics of one member alone, unmixed."""
    named = _named(member.tensors(), 0) | class_part(sources, 0.0)
    width = len(named["image.0.bias"]) + len(named["text_centre"])
    return evaluate(named | {"mix": np.eye(width, dtype=np.float16)}, data)


def _plain(data: ClipData) -> NDArray[np.float16]:
    """Return all photos and their mirror images, [2n, width]."""
    return data.photos[:, :2].reshape(-1, data.photos.shape[2])


def _rate(recipe: Recipe, step: int, total: int) -> float:
    """Return the learning rate: a twentieth of warm-up, then half a cosine down to nothing."""
    warm = total // 20 + 1
    curve = 0.5 * (1 + math.cos(math.pi * step / total))
    return recipe.learning_rate * min(1.0, (step + 1) / warm) * curve


def _epoch(data: ClipData, recipe: Recipe, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return the photos of every step of one epoch; a small set is one step."""
    shuffled = rng.permutation(len(data.names))
    steps = max(1, len(shuffled) // recipe.batch)
    return [shuffled[n * recipe.batch :][: recipe.batch] for n in range(steps)]
