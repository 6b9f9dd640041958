"""Files that come with a question: kept as blobs, read once, shown to the agent as passages.

They are read by the same killable process as files of the library, but are not indexed: they
belong to the conversation. What was read is remembered for a while, so that a later question
about the same file does not read it again. Knows no conversation.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from assistant.library import NOT_IN_LIBRARY, Attached
from assistant.messages import AttachmentFile, AttachmentView
from retrieval.blobs import BlobStore
from retrieval.errors import FileNotFound
from retrieval.sniff import sniff
from retrieval.values import Block, Header, Parsed, Passage, Picture, Word

REMEMBERED = 16


class Parser(Protocol):
    """What reads a file in a process of its own."""

    def parse(self, path: Path, name: str, cancelled: Callable[[], bool]) -> Iterator[Parsed]:
        """Yield the header, then blocks and pictures."""
        ...


class AttachmentReader:
    """Keeps and reads attached files.

    Args:
        parser: returns the parser; its process starts when the first file is read.
    """

    def __init__(self, blobs: BlobStore, parser: Callable[[], Parser]) -> None:
        self._blobs = blobs
        self._parser = parser
        self._known: OrderedDict[str, Attached] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, file: AttachmentFile) -> AttachmentView:
        """Store a file's bytes and say what it is.

        Raises:
            FileNotFound: the path cannot be opened.
            FileRejected: it is of no type that can be read.
        """
        if not file.path.is_file():
            raise FileNotFound(name=file.name)
        media_type = sniff(file.path, file.name)
        stored = self._blobs.put(file.path)
        return AttachmentView(file.name, stored.sha256, media_type)

    def read(self, view: AttachmentView, cancelled: Callable[[], bool]) -> Attached:
        """Read a kept file.

        Raises:
            FileRejected: it cannot be read, or the user stopped it.
        """
        with self._lock:
            known = self._known.get(view.sha256)
            if known is not None:
                self._known.move_to_end(view.sha256)
                return known
        path = self._blobs.path(view.sha256)
        attached = _attached(view, self._parser().parse(path, view.name, cancelled))
        with self._lock:
            self._known[view.sha256] = attached
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return attached


def _attached(view: AttachmentView, parsed: Iterator[Parsed]) -> Attached:
    header: Header | None = None
    blocks: list[Block] = []
    jpeg: bytes | None = None
    for value in parsed:
        if isinstance(value, Header):
            header = value
        elif isinstance(value, Block):
            blocks.append(value)
        elif isinstance(value, Picture) and value.page is None and jpeg is None:
            jpeg = value.jpeg
    assert header is not None, "a parser yields its header first"
    passages, words = _passages(view, header, blocks)
    return Attached(
        name=view.name,
        sha256=view.sha256,
        media_type=header.media_type,
        modality=header.modality,
        passages=passages,
        jpeg=jpeg,
        metadata=dict(header.metadata),
        words=words,
    )


def _passages(
    view: AttachmentView, header: Header, blocks: Sequence[Block]
) -> tuple[tuple[Passage, ...], dict[str, tuple[Word, ...]]]:
    """Return the passages, and where the words of recognised ones stand, by their text."""
    from retrieval.chunking import Chunker

    chunker = Chunker(lambda text: len(text) // 3 + 1, 512)
    said = [block for block in blocks if block.kind != "metadata"]
    chunks = [chunk for block in said for chunk in chunker.feed(block)]
    chunks += chunker.finish()
    passages = tuple(
        Passage(
            asset_id=NOT_IN_LIBRARY,
            asset=view.name,
            sha256=view.sha256,
            modality=header.modality,
            media_type=header.media_type,
            kind=chunk.kind,
            text=chunk.text,
            locator=chunk.locator,
            score=1.0,
            probability=1.0,
            heading=chunk.heading,
        )
        for chunk in chunks
    )
    return passages, {chunk.text: chunk.words for chunk in chunks if chunk.words}
