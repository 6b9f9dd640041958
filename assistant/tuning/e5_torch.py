"""multilingual-e5-small in torch with low-rank adapters, to train it beside the photo tower.

LoRA (Hu et al. 2021): a frozen matrix W [out, in] gets W x + B A x, A [r, in] random, B [out, r]
zero at first, so that training starts at the network as it is, and forgets little of its other
languages. ``retrieval.embed.e5_graph`` merges what was learned (W + B A) into a graph of its own;
the plain network stays as it was. Frozen matrices are bfloat16, adapters float32.

Knows nothing of losses or data.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from assistant.tuning.clip_tokens import Tokens
from retrieval.embed.e5_file import E5Weights
from retrieval.embed.e5_graph import MATRICES

_CHUNKS = 4  # texts of like length pass together, so that little is padding


class Adapted(nn.Module):
    """A frozen matrix and bias with a low-rank addition."""

    def __init__(self, weight: NDArray[np.float32], bias: NDArray[np.float32], rank: int) -> None:
        super().__init__()
        self.weight: Tensor
        self.bias: Tensor
        self.register_buffer("weight", torch.from_numpy(weight.copy()).bfloat16(), persistent=False)
        self.register_buffer("bias", torch.from_numpy(bias.copy()).bfloat16(), persistent=False)
        outputs, inputs = weight.shape
        self.a = nn.Parameter(torch.randn(rank, inputs) / math.sqrt(inputs))
        self.b = nn.Parameter(torch.zeros(outputs, rank))

    def forward(self, x: Tensor) -> Tensor:
        """Map [..., inputs] to [..., outputs], bfloat16."""
        low = functional.linear(x, self.a.to(x.dtype))
        return functional.linear(x, self.weight, self.bias) + functional.linear(
            low, self.b.to(x.dtype)
        )


class _Layer(nn.Module):
    """One post-norm encoder layer."""

    def __init__(self, weights: E5Weights, number: int, rank: int) -> None:
        super().__init__()
        at = f"l{number}"
        self.heads, self.epsilon = weights.heads, weights.epsilon
        self.parts = nn.ModuleDict(
            {
                name: Adapted(
                    weights.matrices[f"{at}.{name}.w"].dense(),
                    weights.vectors[f"{at}.{name}.b"],
                    rank,
                )
                for name in MATRICES
            }
        )
        self.aln_w: Tensor
        self.aln_b: Tensor
        self.oln_w: Tensor
        self.oln_b: Tensor
        for name in ("aln.w", "aln.b", "oln.w", "oln.b"):
            value = torch.from_numpy(weights.vectors[f"{at}.{name}"].copy()).bfloat16()
            self.register_buffer(name.replace(".", "_"), value, persistent=False)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        n, length, width = x.shape
        q, k, v = (
            self.parts[name](x).view(n, length, self.heads, -1).transpose(1, 2)
            for name in ("q", "k", "v")
        )
        # written out, because the fused form takes five times as long backwards on a CPU
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1]) + mask
        seen = scores.softmax(-1) @ v
        seen = self.parts["ao"](seen.transpose(1, 2).reshape(n, length, width))
        x = functional.layer_norm(x + seen, (width,), self.aln_w, self.aln_b, self.epsilon)
        inside = self.parts["fo"](functional.gelu(self.parts["fi"](x)))
        return functional.layer_norm(x + inside, (width,), self.oln_w, self.oln_b, self.epsilon)


class TextTower(nn.Module):
    """The upper layers of the encoder with adapters in all matrices.

    Args:
        weights: the network; rank: of the adapters; first: the lowest layer of those trained.
    """

    def __init__(self, weights: E5Weights, rank: int, first: int = 0) -> None:
        super().__init__()
        self.first = first
        self.layers = nn.ModuleList(
            [_Layer(weights, number, rank) for number in range(first, weights.layers)]
        )

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return pooled tokens float32 [n, 768]: mean, and maximum without the marks.

        Args:
            x: what enters the first of these layers, bfloat16 [n, L, 384]; lengths: int64 [n].
        """
        n, longest, _ = x.shape
        place = torch.arange(longest)
        real = place < lengths[:, None]
        mask = torch.zeros(n, 1, 1, longest, dtype=torch.bfloat16)
        mask.masked_fill_(~real[:, None, None], float("-inf"))
        for layer in self.layers:
            x = layer(x, mask)
        states = x.float()
        mean = (states * real[..., None]).sum(1) / lengths[:, None]
        inside = real & (place > 0) & (place < lengths[:, None] - 1)
        top = states.masked_fill(~inside[..., None], -1e4).amax(1)
        return torch.cat([mean, top], dim=1)


def encode(tower: TextTower, tokens: Tokens, which: NDArray[np.int64]) -> Tensor:
    """Return pooled tokens [n, 768] of some texts, in their order."""
    lengths = tokens.lengths(which)
    order = np.argsort(lengths, kind="stable")
    pooled = []
    for part in np.array_split(order, min(_CHUNKS, len(order))):
        states = torch.from_numpy(tokens.padded(which[part])).bfloat16()
        pooled.append(tower(states, torch.from_numpy(lengths[part])))
    return torch.cat(pooled)[torch.from_numpy(np.argsort(order))]


def adapters(tower: TextTower) -> dict[str, NDArray[np.float16]]:
    """Return the adapters under the names that ``retrieval.embed.e5_graph`` reads."""
    return {
        f"l{number}.{name}.{side}": getattr(part, side).detach().numpy().astype(np.float16)
        for number, layer in enumerate(tower.layers, tower.first)
        for name, part in layer.parts.items()  # type: ignore[union-attr, operator]
        for side in ("a", "b")
    }
