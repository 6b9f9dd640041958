"""Sightline-VLM's projector, in torch: photo features in, rows for the language model out.

The 9x9 cells of a photo are averaged to ``side`` x ``side`` overlapping windows, and each goes
through LayerNorm -> Linear -> GELU -> Linear -> LayerNorm (LLaVA-1.5's two-layer projector, Liu et
al. 2023), which ends at the norm of a token's embedding; a learned vector tells the place.

Inference is ``assistant.models.sight`` in numpy; this module exists to learn the weights. Knows
nothing of data, nor of the language model beyond its width and its token embeddings.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from assistant.models.sight import Shape, window_weights

_SHARPNESS = 20.0  # of the soft maximum over a photo's rows


class Projector(nn.Module):
    """Rows of a photo.

    Args:
        shape: sizes.
        dropout: of whole feature channels' inputs, while training.
    """

    windows: Tensor

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        weights = torch.from_numpy(window_weights(shape))
        self.register_buffer("windows", weights, persistent=False)
        self.norm_in = nn.LayerNorm(shape.channels)
        self.up = nn.Linear(shape.channels, shape.width)
        self.down = nn.Linear(shape.width, shape.lm_width)
        self.norm_out = nn.LayerNorm(shape.lm_width)
        self.place = nn.Parameter(torch.zeros(shape.rows, shape.lm_width))
        self.drop = nn.Dropout(dropout)

    @torch.no_grad()
    def begin_as_words(self, table: Tensor) -> None:
        """Let rows begin where token embeddings are: ``table`` float [n, lm_width] of them."""
        centre = table.float().mean(0)
        spread = (table.float() - centre).square().mean().sqrt()
        self.norm_out.bias.copy_(centre)
        self.norm_out.weight.fill_(float(spread))

    def forward(self, cells: Tensor) -> Tensor:
        """Return float [n, rows, lm_width] of features float [n, cells, channels]."""
        x = self.drop(self.norm_in(self.windows @ cells))
        x = self.down(functional.gelu(self.up(x), approximate="tanh"))
        rows: Tensor = self.norm_out(x.float()) + self.place
        return rows


class Namer(nn.Module):
    """Tells from a photo's rows which words belong to it: the first stage's objective.

    A word's score is the soft maximum, over the rows, of the cosine between row and the word's
    token embedding (both less their centre), scaled and shifted. So a row that shows a dog learns
    to lie where the language model keeps " dog", before the language model is ever run.

    Args:
        projector: what learns.
        table: float [words, lm_width], token embeddings.
        share: how often each word is there, float [words]; the shift begins at its log-odds.
    """

    directions: Tensor
    centre: Tensor

    def __init__(self, projector: Projector, table: Tensor, share: Tensor) -> None:
        super().__init__()
        self.projector = projector
        centre = table.float().mean(0)
        unit = functional.normalize(table.float() - centre, dim=-1)
        self.register_buffer("centre", centre, persistent=False)
        self.register_buffer("directions", unit, persistent=False)
        self.scale = nn.Parameter(torch.tensor(12.0))
        self.shift = nn.Parameter(torch.logit(share.clamp(1e-3, 0.9)) - 2.0)

    def forward(self, cells: Tensor) -> Tensor:
        """Return logits float [n, words] of features float [n, cells, channels]."""
        rows = functional.normalize(self.projector(cells) - self.centre, dim=-1)
        near = (rows @ self.directions.T).float() * _SHARPNESS
        best = near.logsumexp(1) / _SHARPNESS
        logits: Tensor = self.scale * best + self.shift
        return logits
