"""Sightline-VLM's trained part, in torch: photo features in, rows for the language model out.

A photo becomes ``Shape.rows`` rows of the language model's input space, in three groups:

* *concepts*: token embeddings of the likeliest words of a multi-label classifier;
* *draft*: token embeddings of a sentence that a two-layer decoder writes over the 81 cells;
* *soft*: learned queries that attend to the cells, mapped to the norm of token embeddings.

The first two are words the frozen language model can read before it was ever trained with
pictures (compare "Socratic models", Zeng et al. 2022, and ClipCap, Mokady et al. 2021); the soft
rows carry what words do not and steer the style. Inference is ``assistant.models.sight`` in
numpy; this module exists to learn the weights.

Knows nothing of data, nor of the language model beyond its width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from assistant.models.sight import Shape

STAGE_TWO = ("norm_view.", "view.", "queries", "look.", "norm_soft.", "soft.", "soft_bias")


@dataclass(frozen=True)
class Seen:
    """What the first stage predicts of photos.

    cells: float [n, 81, width]; concepts: logits float [n, concepts].
    """

    cells: Tensor
    concepts: Tensor


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


class Projector(nn.Module):
    """All that is trained of Sightline-VLM.

    Args:
        shape: sizes.
        dropout: of the draft decoder and the cells, while training.
    """

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        width = shape.width
        self.norm_in = nn.LayerNorm(shape.channels)
        self.reduce = nn.Linear(shape.channels, width)
        self.place = nn.Parameter(torch.randn(shape.cells, width) * 0.02)
        self.norm_cells = nn.LayerNorm(width)
        self.concept = nn.Linear(2 * width, shape.concepts)
        self.embed = nn.Embedding(shape.vocabulary, width)
        self.position = nn.Parameter(torch.randn(shape.draft_length + 1, width) * 0.02)
        self.layers = nn.ModuleList(
            DecoderLayer(width, shape.heads, dropout) for _ in range(shape.layers)
        )
        self.norm_draft = nn.LayerNorm(width)
        self.norm_view = nn.LayerNorm(shape.channels)
        self.view = nn.Linear(shape.channels, width)
        self.queries = nn.Parameter(torch.randn(shape.soft_rows, width) * 0.5)
        self.look = Attention(width, shape.heads)
        self.norm_soft = nn.LayerNorm(width)
        self.soft = nn.Linear(width, shape.lm_width)
        self.soft_bias = nn.Parameter(torch.zeros(shape.soft_rows, shape.lm_width))
        self.drop = nn.Dropout(dropout)
        self.noise = nn.Dropout1d(dropout / 2)
        nn.init.normal_(self.embed.weight, std=0.02)
        nn.init.constant_(self.concept.bias, -4.5)
        nn.init.normal_(self.soft.weight, std=0.02 * shape.lm_norm / math.sqrt(shape.lm_width))

    @torch.no_grad()
    def borrow_words(self, table: Tensor) -> None:
        """Start the draft's word vectors as the principal parts of the language model's.

        ``table`` is float [vocabulary, lm_width]; words it finds alike begin alike here.
        """
        centred = table.float() - table.float().mean(0)
        parts = min(self.shape.width, *centred.shape)  # few words span few parts
        _, _, axes = torch.pca_lowrank(centred, q=parts, center=False)
        words = centred @ axes
        self.embed.weight[:, :parts].copy_(words * (0.02 / words.std()))

    def see(self, cells: Tensor) -> Seen:
        """Return reduced cells and concept logits of features [n, 81, channels]."""
        x = functional.gelu(self.reduce(self.norm_in(cells)), approximate="tanh")
        x = self.norm_cells(x + self.place)
        pooled = torch.cat((x.mean(1), x.amax(1)), dim=-1)
        return Seen(self.noise(x), self.concept(self.drop(pooled)))

    def draft_states(self, words: Tensor, cells: Tensor) -> Tensor:
        """Return states [m, t, width] after each of ``words`` int [m, t].

        ``cells`` [n, 81, width] may have fewer rows: m / n captions share each.
        """
        x = self.embed(words) * math.sqrt(self.shape.width) + self.position[: words.shape[1]]
        x = self.drop(x)
        for layer in self.layers:
            x = layer(x, cells)
        states: Tensor = self.drop(self.norm_draft(x))
        return states

    def word_logits(self, states: Tensor) -> Tensor:
        """Return logits [..., vocabulary] of the word that follows each state [..., width]."""
        return functional.linear(states, self.embed.weight)

    def soft_rows(self, features: Tensor) -> Tensor:
        """Return float [n, soft_rows, lm_width] of features [n, 81, channels].

        The soft rows read the features by themselves, so that the second stage can learn
        without touching what the first one has learned.
        """
        cells = self.view(self.norm_view(features)) + self.place.detach()
        queries = self.queries.expand(len(cells), -1, -1)
        looked = self.norm_soft(queries + self.look(queries, cells))
        rows: Tensor = self.soft(looked) + self.soft_bias
        return rows
