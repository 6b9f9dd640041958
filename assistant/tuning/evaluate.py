"""Measures Sightline-VLM in torch while it trains: captions, choices by likelihood, short answers.

The language model is the one the training uses (dequantized weights, float32); at run time
llama.cpp computes with the 4-bit weights themselves, which may choose another word now and then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from assistant.tuning.lm import FrozenLM
from assistant.tuning.projector import Projector
from assistant.tuning.tasks import Drawn
from assistant.tuning.vlm_train import run_packed


@dataclass(frozen=True)
class Choice:
    """Result of one four-choice question: log-likelihoods and lengths of its answers."""

    scores: tuple[float, ...]
    lengths: tuple[int, ...]
    right: int = 0

    def correct(self, mean: bool) -> bool:
        """Tell whether the right answer is the likeliest, by token mean or by sum."""
        values = np.array(self.scores) / (np.array(self.lengths) if mean else 1)
        return int(values.argmax()) == self.right


@torch.no_grad()
def choices(model: Projector, lm: FrozenLM, photos: Sequence[Drawn]) -> Iterator[list[Choice]]:
    """Yield for each photo the choices of its asks."""
    for photo in photos:
        packed, states = run_packed(model, lm, [photo])
        chances = lm.log_likelihood(states[packed.predictor], packed.target)
        number, found = 0, []
        for ask in packed.asks:
            own = range(number, number + len(ask.answers))
            number += len(ask.answers)
            scores = tuple(float(chances[packed.answer == i].sum()) for i in own)
            found.append(Choice(scores, tuple(map(len, ask.answers)), ask.right))
        yield found


@torch.no_grad()
def generate(
    model: Projector,
    lm: FrozenLM,
    features: NDArray[np.float32],
    words: NDArray[np.int64],
    prompt: Sequence[int],
    end: int,
    longest: int = 24,
) -> list[list[int]]:
    """Write greedily for n photos with one prompt; returns token ids without the end.

    ``features`` float32 [n, 81, channels]; ``words`` int64 [n, text_rows].
    """
    n = len(words)
    rows = torch.cat(
        (
            lm.embed(torch.tensor(lm.prefix).expand(n, -1)),
            lm.embed(torch.from_numpy(words)),
            model.soft_rows(torch.from_numpy(features)),
            lm.embed(torch.tensor(list(prompt)).expand(n, -1)),
        ),
        dim=1,
    )
    return continue_rows(lm, rows, end, longest)


@torch.no_grad()
def continue_rows(lm: FrozenLM, rows: Tensor, end: int, longest: int) -> list[list[int]]:
    """Continue n prompts of equal length, rows [n, t, width], greedily."""
    out = lm.model.model(inputs_embeds=rows, use_cache=True)
    lines: list[list[int]] = [[] for _ in range(len(rows))]
    done = [False] * len(rows)
    for _ in range(longest):
        tokens = lm.model.lm_head(out.last_hidden_state[:, -1]).argmax(-1)
        for i, token in enumerate(tokens.tolist()):
            done[i] = done[i] or token == end
            if not done[i]:
                lines[i].append(token)
        if all(done):
            break
        out = lm.model.model(
            inputs_embeds=lm.embed(tokens)[:, None],
            past_key_values=out.past_key_values,
            use_cache=True,
        )
    return lines


def same_answer(one: str, other: str) -> bool:
    """Tell whether two short answers agree but for case, articles, full stop and underscores."""
    return _plain(one) == _plain(other)


def bootstrap(values: Sequence[float], draws: int = 1000, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a mean."""
    rng = np.random.default_rng(seed)
    sample = np.asarray(values, np.float64)
    means = sample[rng.integers(len(sample), size=(draws, len(sample)))].mean(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def _plain(text: str) -> str:
    text = re.sub(r"\b(a|an|the)\b", " ", text.lower().replace("_", " "))
    return " ".join(text.split()).rstrip(" .")
