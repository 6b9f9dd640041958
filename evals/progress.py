"""Says how far work is, how long it will take, and times as a person says them."""

from __future__ import annotations

import time
from collections.abc import Callable

Note = Callable[[str], None]


class Progress:
    """Says how far a run is and how long it will take, at most every few seconds."""

    def __init__(self, total: int, note: Note, every: float = 5.0) -> None:
        self._total, self._note, self._every = total, note, every
        self._done = 0
        self._started = self._said = time.monotonic()

    def step(self) -> None:
        """Count one step as done."""
        self.reach(self._done + 1)

    def reach(self, done: int) -> None:
        """Count ``done`` steps as done in all."""
        self._done = max(1, done)
        now = time.monotonic()
        if now - self._said < self._every and self._done < self._total:
            return
        self._said = now
        left = (now - self._started) / self._done * (self._total - self._done)
        self._note(f"{self._done}/{self._total} done, about {duration(left)} left")


def duration(seconds: float) -> str:
    """Return a time as a person says it: 12 s, 3 min, 2.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
