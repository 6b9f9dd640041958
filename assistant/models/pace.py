"""Keeps llama.cpp responsive and fast on a machine that others use too.

Its threads spin while they wait for each other, so that a second thread on a busy core makes
everything several times slower. Pace watches how much of a core each thread got: below a limit it
takes threads away, and tries again later. It also sizes the steps in which a prompt is read, so
that it can do so while a long prompt is being read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_STEP_SECONDS = 1.0
_LEAST_STEP = 64  # shorter steps cost speed: 0.97 of full at 64, 0.8 at 32
_STARVED = 0.7
_RETRY_SECONDS = 30.0
_WINDOW_SECONDS = 0.5


class Pace:
    """Measures steps; calls ``set_threads`` when the number should change."""

    def __init__(self, most: int, set_threads: Callable[[int], None]) -> None:
        self._most = most
        self._set_threads = set_threads
        self.threads = most
        self._wall = self._cpu = 0.0
        self._lowered = 0.0
        self._speed = 0.0

    def chunk(self, most: int) -> int:
        """Return how many tokens of a prompt to read in the next step."""
        if self.threads == 1:
            return most
        return max(_LEAST_STEP, min(most, int(self._speed * _STEP_SECONDS)))

    @contextmanager
    def measured(self, tokens: int) -> Iterator[None]:
        """Time one step of ``tokens`` tokens and adapt."""
        self._retry()
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if tokens >= 16:
            self._speed = tokens / wall
        self._wall += wall
        self._cpu += cpu
        if self._wall >= _WINDOW_SECONDS:
            starved = self._cpu < _STARVED * self._wall * self.threads
            self._wall = self._cpu = 0.0
            if starved and self.threads > 1:
                self._lowered = time.monotonic()
                self._use(max(1, self.threads // 2))

    def _retry(self) -> None:
        if self.threads < self._most and time.monotonic() - self._lowered > _RETRY_SECONDS:
            self._use(self._most)

    def _use(self, threads: int) -> None:
        self.threads = threads
        self._set_threads(threads)
