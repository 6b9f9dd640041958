"""Taking in and finding with the real encoders, beside the bare encoders and beside txtai.

``python -m benchmarks.ingestion``. All sides use the same encoders, threads and inputs, in turn,
in one process. Reading text off photos is left out of the ratio and given apart.
"""

from __future__ import annotations

import json
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.measure import Row, paired, seconds
from retrieval.embed.registry import Embedders
from retrieval.pipeline import Parts
from retrieval.reading import Parser
from retrieval.sentences import sentences_of
from retrieval.values import Header, Parsed, Query
from retrieval.weights import ModelStore

PHOTOS = 96
READ = 8
TEXTS = 64
LIBRARY = "bench"
_WORDS = [
    "harbour",
    "bridge",
    "council",
    "report",
    "river",
    "winter",
    "budget",
    "engineer",
    "school",
    "garden",
    "market",
    "train",
    "painter",
    "doctor",
    "island",
    "concert",
    "factory",
    "village",
    "museum",
    "letter",
    "storm",
    "captain",
    "valley",
    "wheat",
]


class PixelsOnly:
    """Opens photos as the product does, without reading text off them."""

    def parse(self, path: Path, name: str, cancelled: Callable[[], bool]) -> Iterator[Parsed]:
        """Yield the photo."""
        from retrieval.parse.pixels import opened, picture_of, upright_rgb

        with opened(path, name, 100_000_000) as image:
            yield Header("image", "image/jpeg", 1)
            yield picture_of(upright_rgb(image))


class Home:
    """A home folder with real encoders; each a fresh one."""

    def __init__(self, folder: Path, embedders: Embedders, parser: Parser) -> None:
        from assistant.store.migrate import migrate
        from retrieval.blobs import BlobStore
        from retrieval.catalog.base import open_engine
        from retrieval.indexer import Indexer
        from retrieval.ingest import Ingestor
        from retrieval.search import Searcher

        folder.mkdir(parents=True)
        self.engine = open_engine(f"sqlite:///{folder / 'bench.db'}")
        migrate(self.engine, folder / "backups")
        self.indexer = indexer = Indexer(self.engine, folder / "index")
        text, joint = embedders.text, embedders.joint
        self.blobs = blobs = BlobStore(folder / "blobs")
        self.ingestor = Ingestor(
            Parts(self.engine, blobs, parser, text, joint, indexer, 50_000_000)
        )
        self.searcher = Searcher(self.engine, indexer, text, joint, embedders.calibrations)

    def take_in(self, files: Sequence[Path]) -> float:
        """Take files in; return files a second."""
        from retrieval.catalog.records import Upload

        uploads = [Upload(path.name, path) for path in files]
        taken = seconds(lambda: self.ingestor.run_now(LIBRARY, uploads))
        return len(files) / taken


def photos(embedders: Embedders, parser: Parser, folder: Path) -> Iterator[Row]:
    """Photos a second: the product without and with reading text, and the bare encoder."""
    files = [_photo(folder / f"{n}.jpg", n) for n in range(PHOTOS)]
    homes = iter(range(100))

    def product(reader: Parser, given: Sequence[Path]) -> float:
        return Home(folder / f"home{next(homes)}", embedders, reader).take_in(given)

    def bare() -> float:
        def work() -> None:
            for start in range(0, PHOTOS, 16):
                pixels = [Image.open(file).convert("RGB") for file in files[start : start + 16]]
                embedders.joint.embed_images(pixels)

        return PHOTOS / seconds(work)

    bare(), product(PixelsOnly(), files[:READ])
    ours, theirs, ratio = paired(lambda: product(PixelsOnly(), files), bare, 3)
    yield Row("taking in photos", ours, "photos/s", "≥ 0.9 of bare", ratio >= 0.9, theirs, ratio)
    read = product(parser, files[:READ])
    yield Row("the same, text read off them", read, "photos/s", "none", True, theirs, read / theirs)


def texts(embedders: Embedders, parser: Parser, folder: Path) -> Iterator[Row]:
    """Passages a second: the product from text files, and the bare encoder on the same passages and
    sentences; then beside txtai, which embeds passages only."""
    passages = [_passage(n) for n in range(TEXTS)]
    files = []
    for n, passage in enumerate(passages):
        files.append(folder / f"{n}.txt")
        files[-1].write_text(passage, encoding="utf-8")
    homes = iter(range(100))

    def product() -> tuple[Home, float]:
        home = Home(folder / f"home{next(homes)}", embedders, parser)
        return home, home.take_in(files)

    said = [sentence for passage in passages for sentence in sentences_of(passage)]

    def bare() -> float:
        return TEXTS / seconds(lambda: [embedders.text.embed_passages(t) for t in (passages, said)])

    def txtai() -> tuple[Any, float]:
        index = _txtai(embedders)
        taken = seconds(lambda: index.index((n, text, None) for n, text in enumerate(passages)))
        return index, TEXTS / taken

    bare(), product()
    ours, theirs, ratio = paired(lambda: product()[1], bare, 3)
    yield Row("taking in texts", ours, "passages/s", "≥ 0.9 of bare", ratio >= 0.9, theirs, ratio)
    ours, theirs, ratio = paired(lambda: product()[1], lambda: txtai()[1], 3)
    yield Row(
        "taking in texts beside txtai", ours, "passages/s", "none", True, theirs, ratio
    )  # fmt: skip
    home, index = product()[0], txtai()[0]
    questions = [" ".join(passage.split()[5:13]) for passage in passages]

    def asked(find: Callable[[str], object]) -> float:
        return 1000 * statistics.median([seconds(partial(find, one)) for one in questions])

    ours, theirs, ratio = paired(
        lambda: asked(lambda q: home.searcher.search(Query(LIBRARY, q))),
        lambda: asked(lambda q: index.search(q, 10)),
        3,
    )
    yield Row("a question beside txtai", ours, "ms", "none", True, theirs, ratio)


def _txtai(embedders: Embedders) -> Any:
    from txtai import Embeddings

    def vectors(given: Sequence[str]) -> Any:
        if given and given[0].startswith("query: "):
            return embedders.text.embed_queries([text.removeprefix("query: ") for text in given])
        return embedders.text.embed_passages([text.removeprefix("passage: ") for text in given])

    return Embeddings(
        method="external", hybrid=True, content=False, transform=vectors,
        instructions={"query": "query: ", "data": "passage: "},
    )  # fmt: skip


def _photo(path: Path, seed: int) -> Path:
    import numpy as np

    small = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(small).resize((1024, 768), Image.Resampling.BICUBIC).save(path, quality=88)
    return path


def _passage(seed: int) -> str:
    """Return words of about 180 tokens, in sentences."""
    pick = random.Random(seed)
    said = [" ".join(pick.choices(_WORDS, k=11)).capitalize() + "." for _ in range(13)]
    return " ".join(said)


def rows(store: ModelStore, threads: int) -> Iterator[Row]:
    """Measure all."""
    from retrieval.embed.registry import build_embedders
    from retrieval.sandbox import ParserProcess

    embedders = build_embedders(store, threads)
    parser = ParserProcess(store.folder, threads=threads)
    try:
        for measure in (photos, texts):
            with tempfile.TemporaryDirectory() as folder:
                yield from measure(embedders, parser, Path(folder))
    finally:
        parser.close()


def main() -> None:
    """Print rows as JSON lines."""
    from assistant.config import load_settings

    settings = load_settings()
    for row in rows(ModelStore(settings.models_folder), settings.threads):
        print(json.dumps(row.to_json(), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
