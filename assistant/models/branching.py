"""Better sentences than the greedy one, from an engine that holds one line at a time.

The greedy sentence is written first. Where the choice of a word was closest, the runner-up is taken
instead and the sentence is finished greedily from there; the engine keeps the work before the
branch. The sentences are told apart by their mean log-probability a token. With a few branches this
finds most of what a beam of the same size does, without copies of the cache.

Knows nothing of text or pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.models.likelihood import log_probabilities
from assistant.models.llama_engine import LlamaEngine, Prefilled


@dataclass(frozen=True)
class Line:
    """A finished line: its tokens with the end, their log-probabilities, and the runners-up.

    ``runners[i]`` is (token, log-probability) of the second choice at place i.
    """

    tokens: tuple[int, ...]
    chances: tuple[float, ...]
    runners: tuple[tuple[int, float], ...]

    @property
    def total(self) -> float:
        """Log-probability of the line."""
        return sum(self.chances)

    @property
    def mean(self) -> float:
        """Mean log-probability a token."""
        return self.total / max(len(self.chances), 1)


def best_lines(
    engine: LlamaEngine,
    ready: Prefilled,
    ends: Callable[[int], bool],
    longest: int,
    branches: int = 3,
    cancel: Callable[[], bool] = lambda: False,
) -> list[Line]:
    """Return the lines found after a prompt, best first.

    Args:
        engine: its logits are those after the prompt.
        ready: the prompt in the engine.
        ends: tells tokens that end a line.
        longest: tokens of a line at most, the end not counted.
        branches: how many other lines are tried; 0 is greedy.
        cancel: asked before every token; when it says so, what is there is returned.
    """
    first = log_probabilities(engine.logits())
    greedy = _finish(engine, Line((), (), ()), first, ends, longest, ready, cancel)
    lines = [greedy]
    gaps = [c - runner[1] for c, runner in zip(greedy.chances, greedy.runners, strict=True)]
    for place in np.argsort(gaps, kind="stable")[:branches].tolist():
        if cancel():
            break
        token, chance = greedy.runners[place]
        start = Line(
            (*greedy.tokens[:place], token),
            (*greedy.chances[:place], chance),
            greedy.runners[: place + 1],
        )
        engine.cut(ready.lane, ready.read + place)
        after: NDArray[np.float64] | None = None
        if not ends(token) and len(start.tokens) < longest:
            engine.extend(ready.lane, [token])
            after = log_probabilities(engine.logits())
        lines.append(_finish(engine, start, after, ends, longest, ready, cancel))
    return sorted(lines, key=lambda line: line.mean, reverse=True)


def _finish(
    engine: LlamaEngine,
    line: Line,
    after: NDArray[np.float64] | None,
    ends: Callable[[int], bool],
    longest: int,
    ready: Prefilled,
    cancel: Callable[[], bool],
) -> Line:
    """Continue a line greedily; ``after`` are log-probabilities of what follows it."""
    tokens, chances, runners = list(line.tokens), list(line.chances), list(line.runners)
    while after is not None and not cancel():
        top = np.argpartition(after, -2)[-2:]
        second, best = top[np.argsort(after[top])].tolist()
        tokens.append(best)
        chances.append(float(after[best]))
        runners.append((second, float(after[second])))
        if ends(best) or len(tokens) >= longest:
            break
        engine.extend(ready.lane, [best])
        after = log_probabilities(engine.logits())
    return Line(tuple(tokens), tuple(chances), tuple(runners))
