"""The same library at growing sizes: ``python -m benchmarks.growth [SIZE…]``.

Each size is measured in a process of its own (so that memory is its own) and replaces its row in
``growth.json``; then the table is printed and ``docs/images/growth.svg`` drawn anew from all rows.
``--draw`` draws only. Searches are timed by processor time, taking in by the clock; encoders cost
nothing here, so these are the figures of everything around them.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from assistant.tuning.plot import Points, charts_svg
from benchmarks.scale import SIZES, Home, percentile, photos, ten_of
from benchmarks.synthetic import DIM, LIBRARY, ClusteredJoint, blocks, clustered
from retrieval.catalog.vectors import VectorBlock
from retrieval.index import VectorIndex, set_threads
from retrieval.upkeep import Exact, recall
from retrieval.values import Query

ROWS = Path(__file__).with_name("growth.json")
PLOT = Path(__file__).parent.parent / "docs" / "images" / "growth.svg"
ADDED = 200
COLUMNS = {
    "ingest_photos_per_second": "taken in, photos a second",
    "search_p50_ms": "whole search, median, ms",
    "search_p95_ms": "whole search, p95, ms",
    "vectors_p50_ms": "vectors alone, median, ms",
    "recall_at_10": "recall@10",
    "memory_mib": "memory while serving, MiB",
    "peak_mib": "memory at its peak, MiB",
    "index_mib": "index on disk, MiB",
    "database_mib": "database on disk, MiB",
}
"""Figures of a row and what the table and the plot call them."""

GrowthRow = dict[str, Any]


def measure(size: int, added: int = ADDED) -> GrowthRow:
    """Fill a library with ``size`` photos, add ``added`` through the pipeline, search 40 times.

    The recall is of the index as the library keeps it, against exact search of the same vectors,
    100 queries.
    """
    set_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = Home(folder, size)
        home.indexer.replica(LIBRARY, ClusteredJoint.id, DIM)
        home.indexer.tend(LIBRARY, ClusteredJoint.id, DIM)
        index = home.indexer.replica(LIBRARY, ClusteredJoint.id, DIM).index
        found = recall_at_10(index, size)
        home.take_in(photos(folder / "warm", 20, size + 1))
        rate = home.take_in(photos(folder / "in", added, size + 2))
        asked = [Query(LIBRARY, f"what was there on day {n}") for n in range(40)]
        home.searcher.search(asked[0])
        replica = home.indexer.replica(LIBRARY, ClusteredJoint.id, DIM)
        row: GrowthRow = {
            "photos": size,
            "kind": replica.index.kind,
            "ingest_photos_per_second": round(rate, 1),
            "search_p50_ms": round(percentile(home.searcher.search, asked, 50), 1),
            "search_p95_ms": round(percentile(home.searcher.search, asked, 95), 1),
            "vectors_p50_ms": round(percentile(ten_of(replica.index), clustered(40, 9), 50), 2),
            "recall_at_10": round(found, 3),
            "memory_mib": round(psutil.Process().memory_info().rss / 2**20),
            "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10),
        }
        home.close()
        row["index_mib"] = round(_bytes(folder / "index") / 2**20, 1)
        row["database_mib"] = round(sum(_bytes(p) for p in folder.glob("bench.db*")) / 2**20, 1)
        return row


def recall_at_10(index: VectorIndex, size: int, queries: int = 100) -> float:
    """Return the share of the ten nearest of ``fill(size)`` that an index finds."""
    asked = clustered(queries, 3)
    exact = Exact(asked)
    for start, vectors in blocks(size):
        ids = np.arange(start + 1, start + 1 + len(vectors))
        exact.see(VectorBlock(ids, ids, vectors))
    return recall(index, asked, exact.ids)


def _bytes(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file())


def draw(rows: list[GrowthRow]) -> str:
    """Return a chart for each figure as SVG, over the size, both in equal ratios."""
    charts: dict[str, Points] = {
        name: [(row["photos"], row[key]) for row in rows if row.get(key)]
        for key, name in COLUMNS.items()
    }
    return charts_svg({n: p for n, p in charts.items() if p}, "photos", logarithmic=True)


def table(rows: list[GrowthRow]) -> str:
    """Return the rows as a Markdown table; a figure that was not measured is a dash."""
    names = ["photos", "kind", *COLUMNS.values()]
    lines = [names, ["---"] * len(names)]
    for row in rows:
        size = f"{row['photos']:,}" + (f" ({row['note']})" if "note" in row else "")
        figures = [f"{row[key]:,}" if key in row else "–" for key in COLUMNS]
        lines.append([size, f"`{row['kind']}`", *figures])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def replace_row(rows: list[GrowthRow], new: GrowthRow) -> list[GrowthRow]:
    """Return rows by size, with ``new`` in the place of an older one of its size."""
    kept = [row for row in rows if row["photos"] != new["photos"]]
    return sorted([*kept, new], key=lambda row: int(row["photos"]))


def main() -> None:
    """Measure each size, keep the rows, print the table and draw the plot."""
    given = sys.argv[1:]
    if given[:1] == ["--one"]:
        print(json.dumps(measure(int(given[1]))))
        return
    rows: list[GrowthRow] = json.loads(ROWS.read_text("utf-8")) if ROWS.exists() else []
    for size in [] if given == ["--draw"] else [int(size) for size in given] or SIZES:
        command = [sys.executable, "-m", "benchmarks.growth", "--one", str(size)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        rows = replace_row(rows, json.loads(done.stdout.splitlines()[-1]))
        ROWS.write_text(
            "[\n" + ",\n".join(json.dumps(r, ensure_ascii=False) for r in rows) + "\n]\n", "utf-8"
        )
    PLOT.write_text(draw(rows), encoding="utf-8")
    print(table(rows))


if __name__ == "__main__":
    main()
