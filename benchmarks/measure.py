"""Rows of the benchmark table, paired timing, and the memory of a process with its children."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One line: what was measured, ours, the bare library's (if any), and the bar to clear."""

    name: str
    ours: float
    unit: str
    bar: str
    met: bool
    bare: float | None = None
    ratio: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return all fields."""
        return asdict(self)


def seconds(work: Callable[[], object]) -> float:
    """Return the wall time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def median_seconds(work: Callable[[], object], times: int) -> float:
    """Return the median wall time of ``times`` calls."""
    return statistics.median(seconds(work) for _ in range(times))


def paired(
    ours: Callable[[], float], bare: Callable[[], float], rounds: int
) -> tuple[float, float, float]:
    """Measure both in turn and return medians of ours, bare and of ours / bare, pair by pair.

    The ratio of pairs holds when the machine's speed drifts, which single figures do not.
    """
    pairs = [(ours(), bare()) for _ in range(rounds)]
    return (
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(a / b for a, b in pairs),
    )


class PeakMemory:
    """Samples the resident memory of this process and its children; use as a context manager.

    Proportional set size is read where the system gives it, so that pages shared between
    processes (a model file mapped twice) are counted once.
    """

    def __init__(self, every: float = 0.2) -> None:
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.peak_bytes = 0

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        import psutil

        own = psutil.Process()
        while not self._stop.wait(self._every):
            total = 0
            for process in (own, *own.children(recursive=True)):
                try:
                    info = process.memory_full_info()
                    total += getattr(info, "pss", 0) or info.rss
                except psutil.Error:
                    continue
            self.peak_bytes = max(self.peak_bytes, total)
