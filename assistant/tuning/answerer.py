"""A small decoder that answers questions on a photo and describes it, by itself, in torch.

It is learned without the language model, from the same photos: fourteen thousand questions and
thirty thousand captions cost it minutes where the language model takes hours. Its lines are handed
to the language model as candidates and both weigh them (``assistant.models.second_opinion``).

A line is ``question START answer END``; a caption answers no question. Knows nothing of data.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from assistant.models.second_opinion import AnswerShape
from assistant.tuning.decoder import DecoderLayer


class Answerer(nn.Module):
    """Reads a photo's cells and a line of words; predicts the next word.

    Args:
        shape: sizes.
        dropout: while training.
    """

    def __init__(self, shape: AnswerShape, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        width = shape.width
        self.norm_in = nn.LayerNorm(shape.channels)
        self.reduce = nn.Linear(shape.channels, width)
        self.place = nn.Parameter(torch.randn(shape.cells, width) * 0.02)
        self.norm_cells = nn.LayerNorm(width)
        self.embed = nn.Embedding(shape.vocabulary, width)
        self.position = nn.Parameter(torch.randn(shape.length, width) * 0.02)
        self.layers = nn.ModuleList(
            DecoderLayer(width, shape.heads, dropout) for _ in range(shape.layers)
        )
        self.norm_out = nn.LayerNorm(width)
        self.drop = nn.Dropout(dropout)
        self.noise = nn.Dropout1d(dropout)
        nn.init.normal_(self.embed.weight, std=0.02)

    @torch.no_grad()
    def borrow_words(self, table: Tensor) -> None:
        """Start the word vectors as the principal parts of the language model's.

        ``table`` is float [vocabulary, lm_width]; words it finds alike begin alike here.
        """
        centred = table.float() - table.float().mean(0)
        parts = min(self.shape.width, *centred.shape)  # few words span few parts
        _, _, axes = torch.pca_lowrank(centred, q=parts, center=False)
        words = centred @ axes
        self.embed.weight[:, :parts].copy_(words * (0.02 / words.std()))

    def forward(self, features: Tensor, words: Tensor) -> Tensor:
        """Return log p [m, t, vocabulary] after words int [m, t]; m / n lines share a photo.

        ``features`` float [n, 81, channels].
        """
        return self._chances(self._states(features, words))

    def line_scores(self, features: Tensor, words: Tensor, targets: Tensor) -> tuple[
        Tensor, Tensor
    ]:  # fmt: skip
        """Return (summed log-likelihood, number of words) of each line, float [m].

        Args:
            targets: int [m, t], the word that follows each of ``words``; -1 is not scored. Only
                the scored places pass through the vocabulary, which is most of the work.
        """
        scored = targets >= 0
        chances = self._chances(self._states(features, words)[scored])
        picked = chances.gather(-1, targets[scored][:, None])[:, 0]
        line = torch.arange(len(targets))[:, None].expand_as(targets)[scored]
        total = picked.new_zeros(len(targets)).index_add(0, line, picked)
        return total, scored.sum(-1).clamp(min=1).float()

    def _states(self, features: Tensor, words: Tensor) -> Tensor:
        cells = functional.gelu(self.reduce(self.norm_in(features)), approximate="tanh")
        cells = self.noise(self.norm_cells(cells + self.place))
        x = self.embed(words) * math.sqrt(self.shape.width) + self.position[: words.shape[1]]
        x = self.drop(x)
        for layer in self.layers:
            x = layer(x, cells)
        states: Tensor = self.drop(self.norm_out(x))
        return states

    def _chances(self, states: Tensor) -> Tensor:
        return functional.linear(states, self.embed.weight).float().log_softmax(-1)
