"""A small transformer decoder that looks at a photo's cells, in torch.

Inference is ``assistant.models.sight_net`` in numpy.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class Attention(nn.Module):
    """Multi-head attention: softmax(q k^T / sqrt(d)) v (Vaswani et al. 2017)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, memory: Tensor, causal: bool = False) -> Tensor:
        """Attend from x [n, t, width] to memory [n, s, width]; n of memory may divide n of x.

        When x has m times the rows of memory, consecutive m rows of x share one row of memory:
        the five captions of one photo read the same cells, whose keys are computed once.
        """
        n, t, width = x.shape
        groups = len(memory)
        q = self.query(x).view(groups, (n // groups) * t, self.heads, -1).transpose(1, 2)
        k, v = self.key_value(memory).view(groups, memory.shape[1], 2, self.heads, -1).unbind(2)
        mixed = functional.scaled_dot_product_attention(
            q, k.transpose(1, 2), v.transpose(1, 2), is_causal=causal
        )
        out: Tensor = self.out(mixed.transpose(1, 2).reshape(n, t, width))
        return out


class DecoderLayer(nn.Module):
    """Look back over the words, look at the photo, think: three residual steps, norm first."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm_words, self.norm_cells = nn.LayerNorm(width), nn.LayerNorm(width)
        self.norm_think = nn.LayerNorm(width)
        self.words, self.cells = Attention(width, heads), Attention(width, heads)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, cells: Tensor) -> Tensor:
        """Return [n, t, width] of words x [n, t, width] and cells [m, 81, width]."""
        y = self.norm_words(x)
        x = x + self.drop(self.words(y, y, causal=True))
        x = x + self.drop(self.cells(self.norm_cells(x), cells))
        thought = self.down(functional.gelu(self.up(self.norm_think(x)), approximate="tanh"))
        thinking: Tensor = x + self.drop(thought)
        return thinking
