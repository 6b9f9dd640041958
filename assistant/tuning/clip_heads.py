"""The trainable form of Sightline-CLIP's heads.

The formula is that of ``retrieval.embed.clip.Head``; a test holds the two to the same numbers.
Knows nothing of towers, data or epochs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor, nn

Array = NDArray[np.float32]
Halves = dict[str, NDArray[np.float16]]
Tensors = dict[str, Halves]  # of the sides image and text


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


def narrow(member: Tensors, photos: Array, texts: Array, keep: int) -> Tensors:
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
