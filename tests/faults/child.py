"""A process that takes files in and can be made to die at a given step: run by the fault tests.

Usage: child.py HOME STEP COUNT FILE… — works off the queue (submitting the files first, if any)
and kills itself without warning right after the COUNT-th call of STEP. Everything is real but
the encoders and the parser of plain text, which are quick.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from library import Library  # noqa: E402

from retrieval.catalog.base import open_engine  # noqa: E402
from retrieval.catalog.records import Upload  # noqa: E402
from retrieval.values import Block, Header, Parsed, TextLocator  # noqa: E402

STEPS = {
    "blob copied": "retrieval.blobs.BlobStore.put",
    "job queued": "retrieval.catalog.jobs.Jobs.submit",
    "text embedded": "retrieval.fakes.HashTextEmbedder.embed_passages",
    "rows written, not committed": "retrieval.catalog.store.settle_all",
    "committed": "retrieval.pipeline.commit_assets",
    "job finished": "retrieval.catalog.jobs.Jobs.finish",
    "half of a snapshot": "retrieval.index.snapshot._seal",
    "snapshot named": "retrieval.index.snapshot._replace",
}


class PlainText:
    """Reads a text file in this process, a block a line."""

    def parse(self, path: Path, name: str, cancelled: Callable[[], bool]) -> Iterator[Parsed]:
        """Yield its lines."""
        yield Header("text", "text/plain", 1)
        for line in path.read_text().splitlines():
            yield Block(line, "body", TextLocator(0, len(line)))

    def close(self) -> None:
        """Nothing to close."""


def open_library(home: Path) -> Library:
    """Return everything of retrieval over a home."""
    return Library(open_engine(f"sqlite:///{home / 'sightline.db'}"), home, PlainText())


def die_after(step: str, count: int) -> None:
    """Make the ``count``-th call of a step the last thing that this process does."""
    place, _, name = STEPS[step].rpartition(".")
    owner: Any
    try:
        owner = importlib.import_module(place)
    except ModuleNotFoundError:
        module, _, kind = place.rpartition(".")
        owner = getattr(importlib.import_module(module), kind)
    whole, calls = getattr(owner, name), []

    def then_die(*given: Any, **named: Any) -> Any:
        result = whole(*given, **named)
        calls.append(1)
        if len(calls) == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, then_die)


def main() -> None:
    """Work off the queue and say how each file ended."""
    home, step, count, *files = sys.argv[1:]
    library = open_library(Path(home))
    if step in STEPS:
        die_after(step, int(count))
    if files:
        library.ingestor.submit("default", [Upload(Path(f).name, Path(f)) for f in files])
    while library.ingestor.run_next():
        pass
    library.search("line7")
    library.indexer.close()
    ended = [
        (f.name, f.status, f.error_code) for j in library.jobs.list("default") for f in j.files
    ]
    print(json.dumps(ended))


if __name__ == "__main__":
    main()
