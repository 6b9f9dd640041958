"""Speed and size on this machine: taking files in, first word, words a second, memory, disk.

The library is made anew each time, in a home of its own, and nothing is taken from earlier runs.
Figures are of this machine at this moment: compare runs of one machine only.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from evals.context import Context, Query
from evals.suites.library import LibrarySuite
from evals.values import Case, Dataset, Metric, Part, Score, Scored


class Performance(LibrarySuite):
    """See the module."""

    name = "performance"
    about = "files a second, first word, words a second, memory and disk on this machine"
    kinds = {"question": str}
    volatile = True
    metrics = (
        Metric("first_token", lower_is_better=True, unit="s"),
        Metric("first_token_again", lower_is_better=True, unit="s"),
        Metric("answer", lower_is_better=True, unit="s"),
        Metric("tokens_per_second", unit="tokens/s"),
        Metric("search", lower_is_better=True, unit="s"),
        Metric("ingest_rate", unit="files/s"),
        Metric("memory", lower_is_better=True, unit="MiB"),
        Metric("growth", lower_is_better=True, unit="bytes a byte"),
    )

    def prepare(self, dataset: Dataset, cases: Sequence[Case], context: Context) -> None:
        home = context.home_of(dataset)
        context.close()
        shutil.rmtree(home, ignore_errors=True)
        names = dataset.tables["pool"]
        paths = [dataset.media.file(name, context.scratch(dataset)) for name in names]
        context.system(dataset).search(Query("eval", "warm up"))
        empty = size_of(home)
        started = time.monotonic()
        super().prepare(dataset, cases, context)
        took = time.monotonic() - started
        given = sum(path.stat().st_size for path in paths)
        self._ingest = {
            "ingest_rate": Score(len(paths) / took, f"{len(paths)} files in {took:.1f} s"),
            "growth": Score((size_of(home) - empty) / max(1, given), f"{given} bytes given"),
        }

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        return [
            Part("search", lambda: self._search(case, dataset, context), {}),
            Part("ask", lambda: self._ask(case, dataset, context, ""), {}),
            Part("ask again", lambda: self._ask(case, dataset, context, "_again"), {}),
        ]

    def _search(self, case: Case, dataset: Dataset, context: Context) -> Scored:
        started = time.monotonic()
        context.search(dataset, Query(self._shelf.library, case.data["question"]))
        scores = {"search": Score(time.monotonic() - started), **self._ingest}
        self._ingest = {}  # told once, with the first search
        return Scored(scores)

    def _ask(self, case: Case, dataset: Dataset, context: Context, again: str) -> Scored:
        started = time.monotonic()
        reply = context.ask(dataset, case.data["question"], self._shelf.library)
        scores = {"memory": Score(memory())}
        if not again:
            scores["answer"] = Score(time.monotonic() - started)
        timings = reply.timings
        if timings is not None and timings.first_token is not None:
            scores[f"first_token{again}"] = Score(timings.first_token)
            if timings.tokens_per_second:
                scores["tokens_per_second"] = Score(timings.tokens_per_second)
        return Scored(scores, {"question": case.data["question"], "got": reply.text})


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def memory() -> float:
    """Return what this process and its children hold of their own memory, in MiB."""
    import psutil

    me = psutil.Process()
    total = 0
    for process in (me, *me.children(recursive=True)):
        try:
            total += process.memory_full_info().uss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total / 2**20


SUITE = Performance()
