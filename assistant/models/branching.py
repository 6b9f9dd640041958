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
    greedy = greedy_line(engine, ready, ends, longest, cancel)
    lines = [greedy]
    for place in sorted(closest(greedy)[:branches], reverse=True):  # the longest beginning first
        if cancel():
            break
        lines.append(branch(engine, ready, greedy, place, ends, longest, cancel))
    return sorted(lines, key=lambda line: line.mean, reverse=True)


def greedy_line(
    engine: LlamaEngine,
    ready: Prefilled,
    ends: Callable[[int], bool],
    longest: int,
    cancel: Callable[[], bool],
) -> Line:
    """Return the line of the likeliest tokens; arguments as of ``best_lines``."""
    first = log_probabilities(engine.logits())
    return _finish(engine, Line((), (), ()), first, ends, longest, ready, cancel)


def closest(line: Line) -> list[int]:
    """Return the places of a line where the choice was closest, the closest first."""
    gaps = [c - runner[1] for c, runner in zip(line.chances, line.runners, strict=True)]
    places: list[int] = np.argsort(gaps, kind="stable").tolist()
    return places


def branch_start(line: Line, place: int) -> Line:
    """Return a line up to a place, and there the second choice."""
    token, chance = line.runners[place]
    return Line(
        (*line.tokens[:place], token),
        (*line.chances[:place], chance),
        line.runners[: place + 1],
    )


def branch(
    engine: LlamaEngine,
    ready: Prefilled,
    line: Line,
    place: int,
    ends: Callable[[int], bool],
    longest: int,
    cancel: Callable[[], bool],
) -> Line:
    """Return the line that takes the second choice at a place and goes on greedily."""
    start = branch_start(line, place)
    kept = engine.rewind(ready.lane, ready.read, start.tokens)
    after: NDArray[np.float64] | None = None
    if not ends(start.tokens[-1]) and len(start.tokens) < longest:
        engine.extend(ready.lane, start.tokens[kept:])
        after = log_probabilities(engine.logits())
    return _finish(engine, start, after, ends, longest, ready, cancel)


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
