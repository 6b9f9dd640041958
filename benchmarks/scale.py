"""How search and taking in behave in a large library: ``python -m benchmarks.scale [SIZE…]``.

``growth`` holds the table over sizes.

Times of searches are processor time of the searching thread, rates are by the clock.
Ratios are against bare FAISS, and of a full library against an empty one, in the same run. The
library is synthetic (``synthetic``): sizes are real, the photos are not. Encoders cost nothing
here, so the rates are those of everything around them.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sqlalchemy import Engine

from assistant.store.migrate import migrate
from benchmarks.measure import Row
from benchmarks.synthetic import DIM, LIBRARY, ClusteredJoint, blocks, clustered, fill
from retrieval.blobs import BlobStore
from retrieval.catalog.base import open_engine
from retrieval.catalog.columns import Columns
from retrieval.catalog.records import Upload
from retrieval.catalog.transactions import reading
from retrieval.catalog.vectors import VectorBlock, generation
from retrieval.fakes import HashTextEmbedder
from retrieval.index import VectorIndex, set_threads
from retrieval.indexer import Indexer
from retrieval.ingest import Ingestor
from retrieval.pipeline import Parts
from retrieval.sandbox import ParserProcess
from retrieval.search import Searcher
from retrieval.upkeep import Exact
from retrieval.values import Filters

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 120
ADDED = 1000


def milliseconds(call: Callable[[Any], object], given: Any) -> float:
    """Return the processor time of one call in this thread, so that other programs count little."""
    started = time.thread_time()
    call(given)
    return 1000 * (time.thread_time() - started)


def percentile(call: Callable[[Any], object], given: Sequence[Any], share: int) -> float:
    """Return the given percentile of the times of calls, in milliseconds."""
    return float(np.percentile([milliseconds(call, one) for one in given], share))


def beside_faiss(count: int = 100_000) -> Iterator[Row]:
    """Search of our exact index beside ``IndexFlatIP``, without and with a filter of half."""
    import faiss

    set_threads(1)
    vectors = clustered(count, 1)
    bare = faiss.IndexFlatIP(DIM)
    bare.add(vectors)
    ours = VectorIndex(DIM)
    ids = np.arange(1, count + 1)
    ours.add(ids, vectors)
    queries = clustered(ROUNDS, 5)
    half = ids[::2]
    batch = faiss.IDSelectorBatch(half - 1)
    chosen = faiss.SearchParameters(sel=batch)
    for name, mine, theirs in (
        ("", lambda q: ours.search(q, 10), lambda q: bare.search(q[None], 10)),
        (
            ", half allowed",
            lambda q: ours.search(q, 10, half),
            lambda q: bare.search(q[None], 10, params=chosen),
        ),
    ):
        for q in queries[:5]:
            mine(q), theirs(q)
        pairs = [(milliseconds(mine, q), milliseconds(theirs, q)) for q in queries]  # in turn
        own, other = (float(np.percentile(side, 95)) for side in zip(*pairs, strict=True))
        allowed = 1.3 * other + 3
        yield Row(
            f"search of {count:,} vectors, p95{name}",
            own, "ms", f"≤ 1.3 × bare + 3 = {allowed:.1f}", own <= allowed, other, own / other,
        )  # fmt: skip


def by_date(home: Home, count: int) -> Row:
    """The nearest photos of five of ten years, dates looked up too, beside bare FAISS, which is
    given the ids beforehand."""
    import faiss

    vectors = np.concatenate([rows for _, rows in blocks(count)])
    bare = faiss.IndexFlatIP(DIM)
    bare.add(vectors)
    replica = home.indexer.replica(LIBRARY, ClusteredJoint.id, DIM)
    columns = Columns(LIBRARY)
    filters = Filters(taken_from=datetime(2018, 1, 1, tzinfo=UTC),
                      taken_to=datetime(2022, 12, 31, tzinfo=UTC))  # fmt: skip
    with reading(home.engine) as connection:
        now = generation(connection, LIBRARY)
        listed = columns.matching(connection, now, filters)
    assert listed is not None and 0 < len(listed) < count, "half of the photos should pass"
    chosen = faiss.SearchParameters(sel=faiss.IDSelectorBatch(listed - 1))

    def ours(query: Any) -> object:
        with reading(home.engine) as connection:
            allowed = columns.matching(connection, generation(connection, LIBRARY), filters)
        return replica.search(query, 10, allowed)

    queries = clustered(ROUNDS, 6)
    pairs = [
        (milliseconds(ours, q), milliseconds(lambda q: bare.search(q[None], 10, params=chosen), q))
        for q in queries
    ]
    own, other = (float(np.percentile(side, 95)) for side in zip(*pairs, strict=True))
    allowed = 1.3 * other + 3
    return Row(
        f"search of {count:,} vectors, p95, by date", own, "ms",
        f"≤ 1.3 × bare + 3 = {allowed:.1f}", own <= allowed, other, own / other,
    )  # fmt: skip


def kinds(count: int) -> Iterator[Row]:
    """Recall and speed of the kinds for large libraries, without SQL."""
    from retrieval.upkeep import CANDIDATES, TARGET, tune

    queries = clustered(100, 3)
    exact = Exact(queries)
    for start, rows in blocks(count):
        ids = np.arange(start, start + len(rows))
        exact.see(VectorBlock(ids, ids, rows))
    for kind in CANDIDATES:
        started = time.process_time()
        index = VectorIndex(DIM, kind, clustered(min(count, 100_000), 2), count)
        for start, rows in blocks(count):
            index.add(np.arange(start, start + len(rows)), rows)
        built = time.process_time() - started
        found = tune(index, queries, exact.ids)
        p50 = percentile(ten_of(index), queries, 50)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"{kind}: {count:,} × {DIM}, recall@10 {found:.3f} at effort {index.effort}, "
            f"{p50:.1f} ms (median), built in {built:.0f} CPU-s, peak {peak:.2f} GiB",
            file=sys.stderr, flush=True,
        )  # fmt: skip
        yield Row(f"{kind} of {count:,}: recall@10", found, "", "≥ 0.95", found >= TARGET)
        yield Row(f"{kind} of {count:,}: peak memory", peak, "GiB", "≤ 2.5", peak <= 2.5)
        half = np.arange(0, count, 2)
        hits = [index.search(q, 10, half) for q in queries[:20]]
        whole = all(len(h.ids) == 10 and (h.ids % 2 == 0).all() for h in hits)
        yield Row(f"{kind} of {count:,}: filter is exact", float(whole), "", "1", whole)


class Home:
    """A home folder with a synthetic library of some size and everything of retrieval over it."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.engine: Engine = open_engine(f"sqlite:///{folder / 'bench.db'}")
        migrate(self.engine, folder / "backups")
        fill(self.engine, size)
        self.text, self.joint = HashTextEmbedder(), ClusteredJoint()
        self.indexer = Indexer(self.engine, folder / "index")
        self.parser = ParserProcess(folder / "models")
        blobs = BlobStore(folder / "blobs")
        parts = Parts(
            self.engine, blobs, self.parser, self.text, self.joint, self.indexer, 50_000_000
        )
        self.ingestor = Ingestor(parts)
        self.searcher = Searcher(self.engine, self.indexer, self.text, self.joint)

    def take_in(self, photos: list[Path]) -> float:
        """Take photos in; return photos a second."""
        started = time.perf_counter()
        job = self.ingestor.run_now(LIBRARY, [Upload(p.name, p) for p in photos])
        assert all(f.status == "indexed" for f in job.files), "every photo must be taken in"
        return len(photos) / (time.perf_counter() - started)

    def close(self) -> None:
        """Close all."""
        self.parser.close()
        self.indexer.close()
        self.engine.dispose()


def photos(folder: Path, count: int, seed: int) -> list[Path]:
    """Write small photos, each another."""
    folder.mkdir(parents=True, exist_ok=True)
    random, made = np.random.default_rng(seed), []
    for n in range(count):
        path = folder / f"{seed}-{n}.jpg"
        small = random.integers(0, 255, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(small).resize((640, 480)).save(path, quality=85)
        made.append(path)
    return made


def ten_of(index: VectorIndex) -> Callable[[Any], object]:
    """Return a search of an index for ten."""
    return lambda query: index.search(query, 10)


def large_beside_empty(size: int, added: int) -> Iterator[Row]:
    """Search of a large library by date; taking photos into it beside an empty one, in turn."""
    with tempfile.TemporaryDirectory() as name:
        homes = []
        for n in (0, size):
            (Path(name) / str(n)).mkdir()
            homes.append(Home(Path(name) / str(n), n))
        yield by_date(homes[1], size)
        for n, home in enumerate(homes):
            home.indexer.replica(LIBRARY, ClusteredJoint.id, DIM)
            home.take_in(photos(Path(name) / f"warm{n}", 20, n))
        rates: list[list[float]] = [[], []]
        for part in range(4):
            files = photos(Path(name) / f"in{part}", added // 4, 100 + part)
            for rate, home in zip(rates, homes, strict=True):
                rate.append(home.take_in(files))
        for home in homes:
            home.close()
    empty, large = (1 / np.mean([1 / r for r in rate]) for rate in rates)
    cost = float(empty / large)
    yield Row(
        f"adding {added:,} photos to {size:,}", float(large), "photos/s",
        "cost ≤ 1.2 × of an empty library", cost <= 1.2, float(empty), cost,
    )  # fmt: skip


def rows(sizes: tuple[int, ...] = SIZES) -> Iterator[Row]:
    """Measure everything."""
    yield from beside_faiss()
    yield from large_beside_empty(max(s for s in sizes if s <= 100_000), ADDED)
    for size in sizes:
        if size > 200_000:
            yield from kinds(size)


def main() -> None:
    """Print rows as JSON lines."""
    sizes = tuple(int(size) for size in sys.argv[1:]) or SIZES
    for row in rows(sizes):
        print(json.dumps(row.to_json(), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
