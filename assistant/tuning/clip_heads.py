"""The trainable form of Sightline-CLIP's heads: modules, one optimizer step, averages, state.

The formula is that of ``retrieval.embed.clip.Head``; a test holds the two to the same numbers.
Knows nothing of data or epochs.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor, nn

Array = NDArray[np.float32]
Halves = dict[str, NDArray[np.float16]]


@dataclass(frozen=True)
class Recipe:
    """The settings of one member; they are written to the card.

    Of ``width`` outputs ``keep`` are left when training is over, to save room. ``inputs`` is what
    the heads read: the means only, or the maxima too. ``windows`` is how often a photo is seen
    through a window. The rest is off by default, as it cost recall on the captions themselves:
    ``anchors`` and ``further`` are how many ImageNet classes and pairs of the further set join a
    step, ``languages`` how often a text is moved as if it were in another language.
    """

    seed: int = 0
    inputs: Literal["mean", "mean and maximum"] = "mean and maximum"
    width: int = 512
    epochs: int = 60
    batch: int = 1000
    learning_rate: float = 1e-3
    weight_decay: float = 0.1
    hidden: int = 1024
    keep: int = 256
    photo_dropout: float = 0.3
    text_dropout: float = 0.2
    windows: float = 0.0
    languages: float = 0.0
    anchors: int = 0
    further: int = 0
    temperature: float = 0.07
    average: float = 0.99
    check_every: int = 10
    patience: int = 4


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
            z = self.drop((x[:, : len(self.mean)] - self.mean) * self.scale)
            inside = self.drop(functional.gelu(self.up(z), approximate="tanh"))
            return functional.normalize(self.linear(z) + self.down(inside), dim=-1)

    return Head()


def head_tensors(head: Any) -> Halves:
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


class Member:
    """The trainable state of one member: two heads, the temperature, their averages."""

    def __init__(self, photos: Array, texts: Array, recipe: Recipe) -> None:
        import torch

        share = 2 if recipe.inputs == "mean" else 1
        photos, texts = (a[:, : a.shape[1] // share] for a in (photos, texts))
        image = make_head(photos, recipe.hidden, recipe.width, recipe.photo_dropout)
        text = make_head(texts, recipe.hidden, recipe.width, recipe.text_dropout)
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
        return float(loss.detach())

    def tensors(self) -> dict[str, Halves]:
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


def narrow(member: dict[str, Halves], photos: Array, texts: Array, keep: int) -> dict[str, Halves]:
    """Return a member's heads with ``keep`` outputs: those directions in which most happens.

    Both sides are turned the same way, so inner products stay what they were but for what the
    dropped directions held. It halves the tensors behind the hidden layer, for no loss seen.

    Args:
        photos, texts: pooled features to judge by, [n, inputs] and [m, inputs].
    """
    from retrieval.embed.clip import Head

    if len(member["image"]["bias"]) <= keep:
        return member
    wide = {
        side: {name: value.astype(np.float32) for name, value in tensors.items()}
        for side, tensors in member.items()
    }
    given = [Head(**wide["image"])(photos), Head(**wide["text"])(texts)]
    moments = sum(y.T @ y / len(y) for y in given)
    _, directions = np.linalg.eigh(np.asarray(moments, np.float64))
    turn = directions[:, ::-1][:, :keep].astype(np.float32)
    for tensors in wide.values():
        tensors |= {name: tensors[name] @ turn for name in ("linear", "down", "bias")}
    return {
        side: {name: np.ascontiguousarray(v).astype(np.float16) for name, v in tensors.items()}
        for side, tensors in wide.items()
    }
