"""A library over a real home: real database, files and parser process, fake encoders."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from sqlalchemy import Engine, text

from retrieval.blobs import BlobStore
from retrieval.catalog.jobs import Jobs
from retrieval.catalog.library import Catalog
from retrieval.catalog.records import FileRecord, Upload
from retrieval.doctor import Finding, Patient, check
from retrieval.embed.protocol import JointEmbedder, TextEmbedder
from retrieval.fakes import ColourJointEmbedder, HashTextEmbedder
from retrieval.indexer import Indexer
from retrieval.ingest import Ingestor
from retrieval.pipeline import Parts
from retrieval.reading import Parser
from retrieval.sandbox import ParserProcess
from retrieval.search import Searcher
from retrieval.thumbnails import Thumbnails
from retrieval.values import Filters, Query, SearchResult

MAX_BYTES = 5_000_000


class Library:
    """Everything of retrieval over one home folder."""

    def __init__(
        self,
        engine: Engine,
        home: Path,
        parser: Parser,
        text_embedder: TextEmbedder | None = None,
        joint_embedder: JointEmbedder | None = None,
    ) -> None:
        self.engine = engine
        self.home = home
        self.parser = parser
        self.text = text_embedder or HashTextEmbedder()
        self.joint = joint_embedder or ColourJointEmbedder()
        self.blobs = BlobStore(home / "blobs")
        self.thumbnails = Thumbnails(home / "thumbnails", self.blobs)
        self.catalog = Catalog(engine)
        self.jobs = Jobs(engine)
        self.reopen()

    def reopen(self) -> None:
        """Forget what is in memory, as a new process would."""
        self.indexer = Indexer(self.engine, self.home / "index")
        self.ingestor = Ingestor(
            Parts(
                self.engine,
                self.blobs,
                self.parser,
                self.text,
                self.joint,
                self.indexer,
                MAX_BYTES,
            )
        )
        self.searcher = Searcher(self.engine, self.indexer, self.text, self.joint)

    def ingest(self, *paths: Path, library: str = "default") -> tuple[FileRecord, ...]:
        """Take files in and return what became of each."""
        return self.ingestor.run_now(library, [Upload(p.name, p) for p in paths]).files

    def search(
        self,
        words: str = "",
        *,
        image: Image.Image | None = None,
        k: int = 10,
        library: str = "default",
        filters: Filters | None = None,
    ) -> SearchResult:
        """Search."""
        return self.searcher.search(Query(library, words, image, k, filters or Filters()))

    def doctor(self, *, repair: bool = False, grace: float = 0.0) -> list[Finding]:
        """Examine everything."""
        patient = Patient(
            self.engine,
            self.blobs,
            self.thumbnails,
            self.indexer,
            self.text,
            self.joint,
            grace,
        )
        return check(patient, repair=repair)

    def rows(self, table: str) -> int:
        """Count the rows of a table."""
        with self.engine.connect() as connection:
            return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


@contextmanager
def parser_process(models_dir: Path) -> Iterator[ParserProcess]:
    """The real parser, in its child process."""
    process = ParserProcess(models_dir)
    try:
        yield process
    finally:
        process.close()


def write_texts(folder: Path, texts: Sequence[str]) -> list[Path]:
    """Write text files t000.txt … and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, body in enumerate(texts):
        path = folder / f"t{number:03}.txt"
        path.write_text(body, encoding="utf-8")
        paths.append(path)
    return paths


def write_photo(path: Path, colour: str, size: tuple[int, int] = (320, 240)) -> Path:
    """Write a photo of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


def wait_for(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait until something is so; fail after some seconds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)
