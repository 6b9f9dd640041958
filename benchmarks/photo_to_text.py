"""Which documents speak of what a photo shows: ``python -m benchmarks.photo_to_text FOLDER [N]``.

FOLDER is a set of photos with captions as ``evals`` reads it (``flickr8k``). One caption of every
photo of the split becomes a text file of a library without photos; N photos (300) then ask for
texts, and right is the file with their own caption. Measured before passages lie among the photos
(right after taking in) and after (``sightline serve`` does that in idle time).
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from assistant.config import load_settings
from benchmarks.ingestion import LIBRARY, Home
from evals.suites.flickr8k import SUITE
from evals.values import Case, Dataset
from retrieval.embed.passages import JointPassages
from retrieval.embed.registry import build_embedders
from retrieval.refill import fill_missing
from retrieval.sandbox import ParserProcess
from retrieval.search import Searcher
from retrieval.values import Filters, Query
from retrieval.weights import ModelStore

DEPTH = 10


def texts_of(cases: Sequence[Case], folder: Path) -> list[Path]:
    """Write one caption of each photo into a file of its own; the file's number is the photo's."""
    files = []
    for number, case in enumerate(cases):
        files.append(folder / f"{number}.txt")
        files[-1].write_text(str(case.data["captions"][number % len(case.data["captions"])]))
    return files


def rank_of(searcher: Searcher, photo: Image.Image, name: str) -> int:
    """Return the place of a file among the texts found for a photo, from 1; 0 when not found."""
    query = Query(LIBRARY, "", photo, DEPTH, Filters(modality="text"))
    found = list(dict.fromkeys(p.asset for p in searcher.search(query).passages))
    return found.index(name) + 1 if name in found else 0


def recalls(searcher: Searcher, dataset: Dataset, count: int) -> dict[str, float]:
    """Return R@1 and R@10 of the first ``count`` photos."""
    ranks = []
    for number, case in enumerate(dataset.cases[:count]):
        with Image.open(io.BytesIO(dataset.media.read(str(case.data["image"])))) as photo:
            ranks.append(rank_of(searcher, photo.convert("RGB"), f"{number}.txt"))
    return {
        "r1": sum(rank == 1 for rank in ranks) / len(ranks),
        "r10": sum(0 < rank <= DEPTH for rank in ranks) / len(ranks),
    }


def main() -> None:
    """Print the figures as JSON lines."""
    settings = load_settings()
    store = ModelStore(settings.models_folder)
    embedders = build_embedders(store, settings.threads)
    dataset = SUITE.load(Path(sys.argv[1]), None)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    parser = ParserProcess(store.folder, threads=settings.threads)
    with tempfile.TemporaryDirectory() as name:
        home = Home(Path(name) / "home", embedders, parser)
        home.take_in(texts_of(dataset.cases, Path(name)))
        parser.close()
        searcher = Searcher(
            home.engine, home.indexer, embedders.text, embedders.joint,
            embedders.calibrations, embedders.classifier,
        )  # fmt: skip
        about = {"photos": count, "texts": len(dataset.cases)}
        for passages in (False, True):
            if passages:
                fill_missing(home.engine, home.blobs, JointPassages(embedders.joint))
            measured = recalls(searcher, dataset, count)
            print(json.dumps({**about, "passages_among_photos": passages, **measured}), flush=True)


if __name__ == "__main__":
    main()
