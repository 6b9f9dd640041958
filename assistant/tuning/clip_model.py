"""Sightline-CLIP as a torch module: pairs of heads, and the upper text layers with adapters.

    photo: mean and maximum over the 81 places of the map -> head of each member -> unit
    text:  states [n, L, 384] -> TextTower -> mean and maximum over tokens -> heads -> unit

The members are an ensemble over the same towers, each with a loss of its own.
``retrieval.embed.clip`` runs what is trained here. Knows nothing of data or schedules.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from assistant.tuning.clip_heads import make_head
from assistant.tuning.clip_tokens import FIRST, Tokens
from assistant.tuning.e5_torch import TextTower, encode
from retrieval.embed.e5_file import E5Weights

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Member:
    """Shapes of one pair of heads.

    ``parts`` of the pooled features are read: 1 the mean, 2 the maximum too. When training is
    over, ``keep`` of the ``width`` outputs are left, to save room.
    """

    parts: int = 2
    width: int = 512
    hidden: int = 512
    keep: int = 256
    photo_dropout: float = 0.3
    text_dropout: float = 0.2


class ClipModel(nn.Module):
    """All that learns.

    Args:
        weights: the text network; rank: of its adapters.
        photos [n, 2560], texts [m, 768]: pooled features of the untrained towers, to
            standardise by.
    """

    def __init__(
        self,
        weights: E5Weights,
        photos: Array,
        texts: Array,
        members: Sequence[Member],
        rank: int,
        temperature: float = 0.07,
    ) -> None:
        super().__init__()
        self.heads = nn.ModuleList([_pair(photos, texts, member) for member in members])
        self.tower = TextTower(weights, rank, FIRST)
        self.log_scales = nn.Parameter(torch.full((len(members),), -math.log(temperature)))

    def losses(self, photos: Sequence[Tensor], texts: Tensor) -> Tensor:
        """Return the sum of the members' InfoNCE.

        Args:
            photos: for each member pooled maps [n, 2560]; texts: pooled tokens [n, 768].
        """
        total = torch.zeros(())
        for heads, seen, log_scale in zip(self.heads, photos, self.log_scales, strict=True):
            scale = log_scale.exp().clamp(max=100)
            total = total + contrast(heads["image"](seen), heads["text"](texts), scale)  # type: ignore[index]
        return total

    def photos(self, views: Sequence[Tensor]) -> Tensor:
        """Return [n, widths together] of pooled maps, views summed in every member."""
        made = []
        for pair in self.heads:
            seen = torch.stack([pair["image"](view) for view in views])  # type: ignore[index]
            made.append(functional.normalize(seen.sum(0), dim=-1))
        return torch.cat(made, dim=1)

    def texts(self, tokens: Tokens, which: NDArray[np.int64]) -> Tensor:
        """Return [m, widths together] of some texts."""
        pooled = encode(self.tower, tokens, which)
        return torch.cat([pair["text"](pooled) for pair in self.heads], dim=1)  # type: ignore[index]


def _pair(photos: Array, texts: Array, member: Member) -> nn.ModuleDict:
    photos, texts = (a[:, : member.parts * a.shape[1] // 2] for a in (photos, texts))
    return nn.ModuleDict(
        {
            "image": make_head(photos, member.hidden, member.width, member.photo_dropout),
            "text": make_head(texts, member.hidden, member.width, member.text_dropout),
        }
    )


def contrast(photos: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    """Return InfoNCE in both directions (Radford et al. 2021); row i of either match."""
    truth = torch.arange(len(photos))
    scores = scale * photos @ texts.T
    return (functional.cross_entropy(scores, truth) + functional.cross_entropy(scores.T, truth)) / 2
