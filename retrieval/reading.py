"""The reading half of ingestion: a thread that turns a job's files into pieces to embed.

Files are hashed and stored a few ahead, then parsed in the sandbox's child process and cut into
chunks while the embedding half works on the file before. Pieces wait in a short queue, so memory
does not grow with the job.
"""

from __future__ import annotations

import io
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from PIL import Image

from retrieval.blobs import BlobStore
from retrieval.catalog.records import FileRecord, PictureDraft
from retrieval.chunking import Chunker
from retrieval.errors import (
    Cancelled,
    FileEmpty,
    FileNotFound,
    FileRejected,
    FileTooLarge,
    SightlineError,
)
from retrieval.fold import difference_hash
from retrieval.lease import Lease
from retrieval.metadata import metadata_chunk
from retrieval.values import Chunk, Figure, Header, Parsed, Picture

log = logging.getLogger(__name__)

_AHEAD = 4
_QUEUE = 48
_SPARE = 1.4
"""Pictures are handed to the encoder at least so many times as large as it looks at: JPEG decodes
to an eighth, a quarter or a half at a fraction of the cost. Vectors of 120 photos scaled down so
have a cosine of .998 to those of the whole ones, which is nearer than a JPEG is to its original."""


class Parser(Protocol):
    """What reads files: ``sandbox.ParserProcess``."""

    def parse(self, path: Path, name: str, cancelled: Callable[[], bool]) -> Iterator[Parsed]:
        """Yield a Header, then Blocks and Pictures; raises FileRejected."""
        ...


class KeptPicture(NamedTuple):
    """A picture stored as a blob, and its pixels for the encoder."""

    draft: PictureDraft
    pixels: Image.Image


@dataclass(eq=False)
class Work:
    """A file on its way. Reading fills it; embedding sets vectors by the place of the piece,
    and ``tags``: words for what a photo shows.

    ``read``: the reader is done with it; ``ended``: the embedding half has seen that.
    """

    file: FileRecord
    sha256: str = ""
    size: int = 0
    header: Header | None = None
    chunks: list[Chunk] = field(default_factory=list)
    vectors: dict[int, bytes] = field(default_factory=dict)
    sentences: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    pictures: list[PictureDraft] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    picture_vectors: dict[int, bytes] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    pieces: int = 0
    unit: int = 0
    blobs: set[str] = field(default_factory=set)
    read: bool = False
    ended: bool = False
    error: SightlineError | None = None
    duplicate_of: int | None = None
    twin_of: Work | None = None

    def clear(self) -> None:
        """Let go of what was read; the file is at its end."""
        self.chunks.clear()
        self.vectors.clear()
        self.sentences.clear()
        self.pictures.clear()
        self.figures.clear()
        self.picture_vectors.clear()

    @property
    def embedded(self) -> int:
        """Return how many pieces have their vector."""
        return len(self.vectors) + len(self.picture_vectors)

    @property
    def complete(self) -> bool:
        """Whether all is read and embedded."""
        return self.read and self.embedded == self.pieces

    @property
    def progress(self) -> float:
        """Return the share done, 0..1: reading and embedding count half each."""
        units = max(self.header.units, 1) if self.header else 1
        read = 1.0 if self.read else min(self.unit / units, 1.0)
        share = self.embedded / self.pieces if self.pieces else float(self.read)
        return round(0.5 * read + 0.5 * read * share, 4)


class Piece(NamedTuple):
    """What the queue carries: a chunk or picture to embed, or the end of a file (both None)."""

    work: Work
    chunk: int | None = None
    picture: tuple[int, Future[KeptPicture]] | None = None


class Reader:
    """Runs the reading thread over the files of one job.

    ``open`` holds the files begun and not yet at their end.

    Args:
        find: returns the id of the asset that has a hash already.
        chunker: makes a fresh chunker for a file.
        side: how many pixels a side the encoder looks at.
    """

    def __init__(
        self,
        files: list[FileRecord],
        lease: Lease,
        *,
        blobs: BlobStore,
        parser: Parser,
        chunker: Callable[[], Chunker],
        find: Callable[[str], int | None],
        max_bytes: int,
        side: int,
    ) -> None:
        self._files = files
        self._lease = lease
        self._blobs = blobs
        self._parser = parser
        self._chunker = chunker
        self._find = find
        self._max_bytes = max_bytes
        self._side = side
        self._pool = ThreadPoolExecutor(_AHEAD, thread_name_prefix="blobs")
        self._queue: queue.Queue[Piece | None] = queue.Queue(_QUEUE)
        self._first: dict[str, Work] = {}
        self.open: dict[int, Work] = {}
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)

    def start(self) -> None:
        """Begin reading."""
        self._thread.start()

    def next(self, timeout: float) -> Piece | None:
        """Return the next piece; None when all files were read.

        Raises:
            queue.Empty: nothing came within ``timeout`` seconds.
        """
        return self._queue.get(timeout=timeout) if timeout else self._queue.get_nowait()

    def close(self) -> None:
        """End the thread; the lease must have been stopped or all pieces taken."""
        self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self) -> None:
        ahead: deque[tuple[Work, Future[None]]] = deque()
        waiting = iter(self._files)
        try:
            while not self._lease.stopped:
                while len(ahead) < _AHEAD and (file := next(waiting, None)) is not None:
                    work = self.open[file.id] = Work(file)
                    ahead.append((work, self._pool.submit(self._store, work)))
                if not ahead:
                    break
                self._read(*ahead.popleft())
        finally:
            self._put(None)

    def _read(self, work: Work, stored: Future[None]) -> None:
        """Read one file to its end; whatever goes wrong is that file's own error."""
        try:
            stored.result()
            work.twin_of = self._first.setdefault(work.sha256, work)
            if work.twin_of is work and work.duplicate_of is None:
                self._parse(work)
        except SightlineError as error:
            work.error = error
        except Exception as error:  # one file must never stop the others
            log.exception("reading %s", work.file.name)
            work.error = FileRejected(name=work.file.name, detail=f"unexpected error: {error}")
        work.read = True
        self._put(Piece(work))

    def _store(self, work: Work) -> None:
        """Make the file a blob, and see whether its content is here already."""
        file = work.file
        if self._lease.dropped(file.id):
            raise Cancelled(name=file.name)
        source = Path(file.path) if file.path else None
        if file.sha256 and self._blobs.exists(file.sha256):
            work.sha256 = file.sha256
            work.size = self._blobs.path(file.sha256).stat().st_size
            self._check_size(file.name, work.size)
        elif source is None:
            raise FileNotFound(name=file.name)
        else:
            try:
                if not source.is_file():
                    raise FileNotFound(name=file.name)
                self._check_size(file.name, source.stat().st_size)
                work.sha256, work.size = self._blobs.put(source)
            except OSError as error:
                raise FileNotFound(name=file.name) from error
        self._lease.note(file.id, sha256=work.sha256)
        if file.asset_id is None:  # else it is here, and read again
            work.duplicate_of = self._find(work.sha256)

    def _check_size(self, name: str, size: int) -> None:
        if size == 0:
            raise FileEmpty(name=name)
        if size > self._max_bytes:
            raise FileTooLarge(name=name, size=megabytes(size), limit=megabytes(self._max_bytes))

    def _parse(self, work: Work) -> None:
        file, chunker = work.file, self._chunker()
        self._lease.note(file.id, status="parsing")
        found = self._parser.parse(
            self._blobs.path(work.sha256), file.name, lambda: self._lease.dropped(file.id)
        )
        for parsed in found:
            if isinstance(parsed, Header):
                work.header = parsed
                continue
            work.unit = parsed.unit
            if isinstance(parsed, Figure):
                work.figures.append(parsed)
            elif isinstance(parsed, Picture):
                self._take_picture(work, parsed)
            else:
                self._take_chunks(work, chunker.feed(parsed))
        if work.header is None:
            raise FileRejected(name=file.name, detail="the parser found no header")
        self._take_chunks(work, chunker.finish())
        if not work.chunks and not work.pictures:
            raise FileEmpty(name=file.name)
        if all(chunk.kind != "metadata" for chunk in work.chunks):
            described = metadata_chunk(file.name, work.header, len(work.chunks))
            work.chunks.extend([described] if described else [])
        self._lease.note(file.id, status="embedding")

    def _take_chunks(self, work: Work, chunks: Iterator[Chunk]) -> None:
        for chunk in chunks:
            if self._lease.dropped(work.file.id):
                raise Cancelled(name=work.file.name)
            work.chunks.append(chunk)
            if chunk.kind != "metadata" or _is_text(work):
                work.pieces += 1
                self._put(Piece(work, chunk=len(work.chunks) - 1))

    def _take_picture(self, work: Work, picture: Picture) -> None:
        work.pieces += 1
        place = len(work.pictures)
        work.pictures.append(PictureDraft(picture.page, "", picture.width, picture.height))
        kept = self._pool.submit(keep_picture, self._blobs, picture, work.blobs, self._side)
        self._put(Piece(work, picture=(place, kept)))

    def _put(self, piece: Piece | None) -> None:
        while True:
            try:
                self._queue.put(piece, timeout=0.2)
                return
            except queue.Full:
                if self._lease.stopped:
                    return


def keep_picture(blobs: BlobStore, picture: Picture, kept: set[str], side: int) -> KeptPicture:
    """Store a picture's JPEG as a blob, noted in ``kept``, and decode it for the encoder."""
    sha256, _ = blobs.put(picture.jpeg)
    kept.add(sha256)
    pixels = decode_small(picture.jpeg, side)
    look = difference_hash(pixels) if picture.page is None else None
    draft = PictureDraft(picture.page, sha256, picture.width, picture.height, look=look)
    return KeptPicture(draft, pixels)


def decode_small(jpeg: bytes, side: int) -> Image.Image:
    """Decode a JPEG to RGB for an encoder, scaled down while it is read, not below ``side``."""
    least = round(_SPARE * side)
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as opened:
        opened.draft("RGB", (least, least))
        return opened.convert("RGB")


def _is_text(work: Work) -> bool:
    """The heading of an e-mail means something; the name and date of a photo are only words."""
    return work.header is not None and work.header.modality == "text"


def megabytes(size: int) -> str:
    """Return a size in MB for a person."""
    return f"{size / 1e6:.1f} MB" if size < 1e7 else f"{size / 1e6:.0f} MB"
