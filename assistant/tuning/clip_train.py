"""Train Sightline-CLIP's heads on pooled features: contrastive, with EMA and early stop.

A step takes ``batch`` different photos, one caption and one view of each; the loss is InfoNCE in
both directions (Radford et al. 2021) with a learned temperature. The weights kept are an
exponential moving average; the epoch kept is the best on the validation split. Several members
are trained from different seeds and fill a part of the 512 numbers each. Training resumes from
the last finished epoch of a member after a kill.

Writes ``model.safetensors`` (fp16), ``card.json``. Knows nothing of pixels: see ``clip_data``.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assistant.tuning.clip_data import ClipData

if TYPE_CHECKING:
    from torch import Tensor, nn

Array = NDArray[np.float32]
Report = Callable[[dict[str, float]], None]
_DIM = 512


@dataclass(frozen=True)
class Recipe:
    """The settings of a run; they are written to the card."""

    members: int = 2
    epochs: int = 120
    batch: int = 1000
    learning_rate: float = 1e-3
    weight_decay: float = 0.1
    hidden: int = 1024
    photo_dropout: float = 0.3
    text_dropout: float = 0.2
    temperature: float = 0.07
    average: float = 0.99
    check_every: int = 10
    patience: int = 4
    seed: int = 0


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
    data: ClipData, validation: ClipData, recipe: Recipe, folder: Path, report: Report | None = None
) -> dict[str, float]:
    """Train all members, write weights and card into ``folder``, return validation metrics."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, NDArray[np.float16]] = {}
    for number in range(recipe.members):
        kept = _train_member(data, validation, recipe, number, folder, report)
        tensors |= {
            f"{side}.{number}.{name}": value
            for side in ("image", "text")
            for name, value in kept[side].items()
        }
    metrics = evaluate(tensors, recipe.members, validation)
    write_weights(folder, tensors, {"recipe": asdict(recipe), "metrics": metrics})
    return metrics


def evaluate(
    tensors: dict[str, NDArray[np.float16]], members: int, data: ClipData
) -> dict[str, float]:
    """Measure weights as the product runs them (in numpy, from fp16), on view 0 of the photos."""
    from retrieval.embed.clip import heads_of, together

    wide = {name: value.astype(np.float32) for name, value in tensors.items()}
    photos = together(heads_of(wide, "image", members), data.photos[:, 0].astype(np.float32))
    texts = together(heads_of(wide, "text", members), data.texts.astype(np.float32))
    return retrieval_metrics(photos, texts, data.owner)


def write_weights(
    folder: Path, tensors: dict[str, NDArray[np.float16]], notes: dict[str, Any]
) -> None:
    """Write ``model.safetensors`` and ``card.json`` with its checksum, the card last."""
    from safetensors.numpy import save

    body = save(tensors)
    members = len({name.split(".")[1] for name in tensors})
    card = {
        "id": "sightline-clip-1",
        "sha256": hashlib.sha256(body).hexdigest(),
        "bytes": len(body),
        "members": members,
        "dim": _DIM,
        **notes,
    }
    for name, content in (
        ("model.safetensors", body),
        ("card.json", (json.dumps(card, indent=1) + "\n").encode()),
    ):
        temporary = folder / f".{name}.part"
        temporary.write_bytes(content)
        temporary.replace(folder / name)


def make_head(inputs: Array, hidden: int, dim: int, dropout: float) -> nn.Module:
    """Return a trainable head; ``retrieval.embed.clip.Head`` is the same formula in numpy.

    ``inputs`` [n, width] is only read for the mean and deviation of every column.
    """
    import torch
    from torch import nn
    from torch.nn import functional

    class Head(nn.Module):
        """z = standardise(x); y = z L + gelu(z U + u) D + b; y / |y|."""

        def __init__(self) -> None:
            super().__init__()
            self.mean: Tensor
            self.scale: Tensor
            self.register_buffer("mean", torch.from_numpy(inputs.mean(0)))
            self.register_buffer("scale", torch.from_numpy(1 / (inputs.std(0) + 1e-3)))
            self.linear = nn.Linear(inputs.shape[1], dim)
            self.up = nn.Linear(inputs.shape[1], hidden)
            self.down = nn.Linear(hidden, dim, bias=False)
            self.drop = nn.Dropout(dropout)
            nn.init.zeros_(self.down.weight)  # starts as the linear map alone

        def forward(self, x: Tensor) -> Tensor:
            z = self.drop((x - self.mean) * self.scale)
            inside = self.drop(functional.gelu(self.up(z), approximate="tanh"))
            return functional.normalize(self.linear(z) + self.down(inside), dim=-1)

    return Head()


def head_tensors(head: Any) -> dict[str, NDArray[np.float16]]:
    """Return a head's tensors under the names that ``retrieval.embed.clip`` reads, in fp16."""
    named = {
        "mean": head.mean,
        "scale": head.scale,
        "linear": head.linear.weight.T,
        "bias": head.linear.bias,
        "up": head.up.weight.T,
        "up_bias": head.up.bias,
        "down": head.down.weight.T,
    }
    return {
        name: np.ascontiguousarray(value.detach().numpy().astype(np.float16))
        for name, value in named.items()
    }


class _Member:
    """The trainable state of one member: two heads, the temperature, their averages."""

    def __init__(self, data: ClipData, recipe: Recipe) -> None:
        import copy

        import torch

        dim = _DIM // recipe.members
        sample = data.photos[:, :2].reshape(-1, data.photos.shape[2]).astype(np.float32)
        image = make_head(sample, recipe.hidden, dim, recipe.photo_dropout)
        text = make_head(data.texts.astype(np.float32), recipe.hidden, dim, recipe.text_dropout)
        self.heads = torch.nn.ModuleDict({"image": image, "text": text})
        self.average = copy.deepcopy(self.heads).eval()
        self.log_scale = torch.nn.Parameter(torch.tensor(-math.log(recipe.temperature)))
        matrices = [p for p in self.heads.parameters() if p.ndim > 1]
        rest = [p for p in self.heads.parameters() if p.ndim < 2]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": matrices, "weight_decay": recipe.weight_decay},
                {"params": [*rest, self.log_scale], "weight_decay": 0.0},
            ],
            lr=recipe.learning_rate,
            betas=(0.9, 0.98),
        )

    def step(self, photos: Tensor, texts: Tensor, rate: float, keep: float) -> float:
        """Take one optimizer step on matching rows; return the loss."""
        import torch
        from torch.nn import functional

        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.heads.train()
        scale = self.log_scale.exp().clamp(max=100)
        scores = scale * self.heads["image"](photos) @ self.heads["text"](texts).T
        truth = torch.arange(len(scores))
        loss = (
            functional.cross_entropy(scores, truth) + functional.cross_entropy(scores.T, truth)
        ) / 2
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.heads.parameters(), 1.0)
        self.optimizer.step()
        with torch.no_grad():
            pairs = zip(self.average.parameters(), self.heads.parameters(), strict=True)
            for mean, now in pairs:
                mean.lerp_(now, 1 - keep)
        return float(loss)

    def tensors(self) -> dict[str, dict[str, NDArray[np.float16]]]:
        """Return the averaged heads as they are written."""
        return {side: head_tensors(self.average[side]) for side in ("image", "text")}

    def state(self) -> dict[str, Any]:
        """Return all that a resumed run needs."""
        return {
            "heads": self.heads.state_dict(),
            "average": self.average.state_dict(),
            "log_scale": self.log_scale.detach(),
            "optimizer": self.optimizer.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up what ``state`` gave."""
        import torch

        self.heads.load_state_dict(state["heads"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        with torch.no_grad():
            self.log_scale.copy_(state["log_scale"])


def _train_member(
    data: ClipData,
    validation: ClipData,
    recipe: Recipe,
    number: int,
    folder: Path,
    report: Report | None,
) -> dict[str, dict[str, NDArray[np.float16]]]:
    """Train one member to its end or early stop; return the tensors of its best epoch."""
    import torch

    torch.manual_seed(recipe.seed + number)
    member = _Member(data, recipe)
    progress = _Progress(folder / f".member{number}.pt", recipe, member)
    captions = _captions_of(data)
    steps = max(1, len(data.names) // recipe.batch)
    total = recipe.epochs * steps
    for epoch in range(progress.epoch, recipe.epochs):
        # drawn anew for every epoch, so that a resumed run takes the same path
        rng = np.random.default_rng([recipe.seed, number, epoch])
        for place, rows in enumerate(_epoch(data, recipe, rng)):
            step = epoch * steps + place
            keep = min(recipe.average, (1 + step) / (10 + step))
            photos, texts = _batch(data, captions, rows, rng)
            loss = member.step(photos, texts, _rate(recipe, step, total), keep)
        if (epoch + 1) % recipe.check_every and epoch + 1 < recipe.epochs:
            continue
        metrics = _measure(member, number, validation)
        if report:
            report({"member": number, "epoch": epoch + 1, "loss": loss, **metrics})
        if progress.stop(epoch + 1, metrics["t2i_r1"] + metrics["i2t_r1"], recipe.patience):
            break
    return progress.best


class _Progress:
    """What is on disk of a member: its state at the last check, and the best so far."""

    def __init__(self, path: Path, recipe: Recipe, member: _Member) -> None:
        import torch

        self._path, self._recipe, self._member = path, asdict(recipe), member
        self.epoch, self._score, self._waited = 0, -1.0, 0
        self.best: dict[str, dict[str, NDArray[np.float16]]] = member.tensors()
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


def _measure(member: _Member, number: int, data: ClipData) -> dict[str, float]:
    named = {
        f"{side}.0.{name}": value
        for side, tensors in member.tensors().items()
        for name, value in tensors.items()
    }
    return evaluate(named, 1, data)


def _rate(recipe: Recipe, step: int, total: int) -> float:
    """Return the learning rate: a twentieth of warm-up, then half a cosine down to nothing."""
    warm = total // 20 + 1
    curve = 0.5 * (1 + math.cos(math.pi * step / total))
    return recipe.learning_rate * min(1.0, (step + 1) / warm) * curve


def _captions_of(data: ClipData) -> list[NDArray[np.int64]]:
    order = np.argsort(data.owner, kind="stable")
    return np.split(order, np.searchsorted(data.owner[order], np.arange(1, len(data.names))))


def _epoch(data: ClipData, recipe: Recipe, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return the photos of every step of one epoch; a small set is one step."""
    shuffled = rng.permutation(len(data.names))
    steps = max(1, len(shuffled) // recipe.batch)
    return [shuffled[n * recipe.batch :][: recipe.batch] for n in range(steps)]


def _batch(
    data: ClipData,
    captions: list[NDArray[np.int64]],
    rows: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[Tensor, Tensor]:
    """Return one random view and one random caption of each photo, float32."""
    import torch

    views = rng.integers(0, data.photos.shape[1], len(rows))
    texts = [captions[row][rng.integers(len(captions[row]))] for row in rows]
    return (
        torch.from_numpy(data.photos[rows, views].astype(np.float32)),
        torch.from_numpy(data.texts[texts].astype(np.float32)),
    )
