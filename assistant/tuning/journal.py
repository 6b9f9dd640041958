"""What a run tells of itself while it works: figures by step, a sentence, the time that is left.

A training appends lines to ``metrics.jsonl`` in its run's folder and needs no database for it.
What stands there is carried into SQL from time to time, each line once, by whoever follows the
run; so a kill loses nothing and nothing is counted twice.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from assistant.store.tuning import Figure, TuningRuns

METRICS = "metrics.jsonl"
_NOT_FIGURES = frozenset({"stage", "step", "steps", "at", "seconds", "left"})
_EVERY = 1.0  # seconds between two writes to SQL


class Journal:
    """Writes down what a run tells.

    Args:
        folder: of the run; its name is the run's name.
        runs: the tables, or None to write into the folder alone.
        show: gets every sentence (a terminal).
    """

    def __init__(
        self, folder: Path, runs: TuningRuns | None = None, show: Callable[[str], None] = print
    ) -> None:
        self._folder, self._runs, self._show = folder, runs, show
        self._carried, self._last = 0, 0.0

    def report(self, sentence: str) -> None:
        """Say where the run is."""
        self._show(sentence)
        if time.monotonic() - self._last > _EVERY:
            self.carry(told=sentence)

    def record(
        self,
        stage: str,
        step: int,
        measures: Mapping[str, float],
        *,
        steps: int,
        seconds: float,
        left: float | None = None,
    ) -> None:
        """Write the figures of a step, and say them with the time that is left.

        Args:
            steps: how many the stage has. ``seconds``: spent on it so far.
            left: seconds to go; by default in proportion to the steps.
        """
        if left is None:
            left = (steps - step) * seconds / max(step, 1)
        row = {"stage": stage, "step": step, "steps": steps, "at": time.time()}
        line = json.dumps({**row, **measures, "seconds": seconds, "left": left})
        _append(self._folder / METRICS, line)
        shown = ", ".join(f"{name} {value:.4g}" for name, value in measures.items())
        self.report(f"{stage} {step}/{steps}: {shown}; {say_time(left)} left")

    def carry(self, **changes: Any) -> None:
        """Bring SQL up to date with the folder, and write ``changes`` of the run."""
        self._last = time.monotonic()
        if self._runs is None:
            return
        figures, last = read_figures(self._folder, self._carried)
        if figures:
            self._runs.add_figures(self._folder.name, figures)
            self._carried = figures[-1].line + 1
            changes = {"stage": figures[-1].stage, "eta": last.get("left"), **changes}
        if changes:
            self._runs.change(self._folder.name, **changes)


def _append(path: Path, line: str) -> None:
    """Add a line; what a kill left of the line before is closed off first."""
    with path.open("ab+") as out:
        if out.tell() and out.seek(-1, 2) >= 0 and out.read(1) != b"\n":
            out.write(b"\n")
        out.write(line.encode() + b"\n")


def read_figures(folder: Path, after: int = 0) -> tuple[list[Figure], Mapping[str, Any]]:
    """Return the figures from line ``after`` on, and the last line as it stands.

    Stage, step and seconds have defaults; figures may stand in an object of their own. A line cut
    short by a kill is passed over.
    """
    path = folder / METRICS
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    found, last = [], {}
    for number, line in enumerate(lines[after:], after):
        try:
            row = json.loads(line)
            stage = str(row.get("stage", "training"))
            step = int(row.get("step", row.get("epoch", number)))
            place = (stage, step, float(row.get("seconds", 0.0)))
        except (ValueError, AttributeError, TypeError):
            continue
        nested = [
            pair for value in row.values() if isinstance(value, dict) for pair in value.items()
        ]
        values = {
            str(name): float(value)
            for name, value in [*row.items(), *nested]
            if name not in _NOT_FIGURES and isinstance(value, int | float) and math.isfinite(value)
        }
        found.append(Figure(number, *place, values))
        last = row
    return found, last


def say_time(seconds: float) -> str:
    """Say a time in the unit that fits it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
