"""Blocks joined and cut into chunks that the text embedder reads whole, each with its place.

Neighbouring blocks of the same page, kind and heading are joined up to a target length; a longer
block is cut at paragraphs, then sentences, then words, into parts of like length. A chunk never
spans two pages, tables repeat their head row in every part, and word boxes, times and character
offsets are narrowed to what the chunk holds. Knows no model: length is measured by a function.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import ceil

from retrieval.tables import cell_spans
from retrieval.values import (
    Block,
    Box,
    CellLocator,
    Chunk,
    Locator,
    PageLocator,
    RegionLocator,
    TextLocator,
    TimeLocator,
    Word,
)

TARGET_TOKENS = 256
"""Chunks aim at this length: long enough for context, short enough that one vector is of one
subject (XQuAD paragraphs are 100 to 250 tokens)."""

_SLAB = 6000
"""Characters that are measured at once: the tokenizer's cost must not grow with the block."""

_RECOGNISED = ("ocr", "transcript", "chart")
"""Kinds whose words' places are kept; those of a text layer can be read from the file again."""

_TABLES = ("table", "chart")
"""Kinds whose head row is repeated in every part, and that share a chunk with nothing."""

_JOIN = "\n"
_ENDS = ("\n", "。", ". ", " ")


@dataclass(frozen=True)
class _Part:
    """A stretch of one block, with its length in tokens and that of its heading."""

    block: Block
    start: int
    end: int
    tokens: int
    heading_tokens: int = 0
    prefix: str = ""

    @property
    def text(self) -> str:
        return self.prefix + self.block.text[self.start : self.end]


class Chunker:
    """Cuts the blocks of one file as they come.

    Args:
        count_tokens: length of a passage as the embedder counts it, its markers included.
        max_tokens: the longest passage the embedder reads; no chunk is longer, heading included.
    """

    def __init__(
        self,
        count_tokens: Callable[[str], int],
        max_tokens: int,
        target_tokens: int = TARGET_TOKENS,
    ) -> None:
        self._count = count_tokens
        self._max = max_tokens
        self._target = min(target_tokens, max_tokens)
        self._waiting: list[_Part] = []
        self._ordinal = 0

    def feed(self, block: Block) -> Iterator[Chunk]:
        """Take the next block and yield the chunks that are complete, as they are cut."""
        for part in self._cut(block):
            if self._waiting and not self._fits(part):
                yield self._emit()
            self._waiting.append(part)

    def finish(self) -> Iterator[Chunk]:
        """Yield what is still waiting; call once, after the last block."""
        if self._waiting:
            yield self._emit()

    def _fits(self, part: _Part) -> bool:
        """Tell whether ``part`` goes into the chunk that is being gathered."""
        first = self._waiting[0].block
        if first.kind in _TABLES or _place(part.block) != _place(first):
            return False
        gathered = sum(waiting.tokens for waiting in self._waiting)
        return gathered + part.tokens + part.heading_tokens <= self._target

    def _emit(self) -> Chunk:
        parts, self._waiting = self._waiting, []
        first = parts[0].block
        chunk = Chunk(
            text=_JOIN.join(part.text for part in parts),
            kind=first.kind,
            locator=_merge([_narrow(part) for part in parts]),
            ordinal=self._ordinal,
            heading=first.heading,
            words=tuple(word for part in parts for word in _words_within(part))
            if first.kind in _RECOGNISED
            else (),
        )
        self._ordinal += 1
        return chunk

    def _cut(self, block: Block) -> Iterator[_Part]:
        """Yield the block whole, or in parts when it is longer than the target."""
        if not block.text.strip():
            return
        head = 0
        if block.heading:
            block = replace(block, heading=self._shorten(block.heading))
            head = self._count(block.heading + _JOIN)
        room = max(8, self._target - head)
        size = len(block.text)
        tokens = self._count(block.text) if size <= _SLAB else _SLAB
        if tokens <= room:
            yield _Part(block, 0, size, tokens, head)
            return
        repeated = _table_head(block.text) if block.kind in _TABLES else ""
        if repeated and (cost := self._count(repeated)) <= room // 2:
            room -= cost
        else:
            repeated = ""
        for slab_start, slab_end in slabs(block.text):
            for start, end in self._spans(block.text[slab_start:slab_end], room):
                start, end = start + slab_start, end + slab_start
                prefix = repeated if start >= len(repeated) else ""
                yield _Part(block, start, end, self._target, head, prefix)

    def _spans(self, text: str, room: int) -> list[tuple[int, int]]:
        """Cut a text into parts of at most ``room`` tokens and of like length."""
        from semantic_text_splitter import TextSplitter

        tokens = self._count(text)
        even = ceil(tokens / ceil(tokens / room) * 1.15)  # room for where sentences happen to end
        splitter = TextSplitter.from_callback(self._count, max(1, min(room, even)), trim=True)
        return [(start, start + len(piece)) for start, piece in splitter.chunk_indices(text)]

    def _shorten(self, heading: str) -> str:
        """Return a heading that takes no more than a quarter of the room."""
        heading = " ".join(heading.split())[:400]
        while heading and self._count(heading) > max(4, self._target // 4):
            heading = heading[: len(heading) * 3 // 4].rstrip()
        return heading


def embedded_text(chunk: Chunk) -> str:
    """Return what the embedder is given for a chunk: its heading, then its text."""
    if not chunk.heading or chunk.text.startswith(chunk.heading):
        return chunk.text
    return f"{chunk.heading}{_JOIN}{chunk.text}"


def slabs(text: str) -> Iterator[tuple[int, int]]:
    """Cut a text into spans of at most _SLAB characters, at a line or sentence end if there is."""
    start = 0
    while len(text) - start > _SLAB:
        ends = (text.rfind(end, start + _SLAB // 2, start + _SLAB) + len(end) for end in _ENDS)
        cut = next((end for end in ends if end > start + _SLAB // 2), start + _SLAB)
        yield start, cut
        start = cut
    yield start, len(text)


def _place(block: Block) -> tuple[object, ...]:
    """Blocks of one place may share a chunk."""
    page = block.locator.page if isinstance(block.locator, PageLocator) else None
    return (block.kind, block.heading, type(block.locator), page)


def _table_head(text: str) -> str:
    """Return the head row of a table (with its rule, in Markdown), line end included."""
    lines = text.split("\n", 2)
    if len(lines) < 3:
        return ""
    ruled = set(lines[1]) <= set("|-: ") and "-" in lines[1]
    return "\n".join(lines[:2] if ruled else lines[:1]) + "\n"


def _narrow(part: _Part) -> Locator:
    """Return where a part of a block stands."""
    where, words = part.block.locator, _words_within(part)
    boxes = [word.box for word in words if word.box is not None]
    if isinstance(where, CellLocator):
        first, last = (part.block.text.count("\n", 0, at) for at in (part.start, part.end))
        repeated = where.rows[: part.prefix.count("\n")]
        return replace(where, rows=repeated + where.rows[first : last + 1])
    if isinstance(where, PageLocator):
        by_cell = _boxes_by_cell(part) if part.block.kind == "table" else []
        return PageLocator(where.page, tuple(by_cell or lines(boxes)) if boxes else where.boxes)
    if isinstance(where, RegionLocator):
        return RegionLocator(_union(boxes)) if boxes else where
    if isinstance(where, TextLocator):
        start = min(where.start + part.start, where.end)
        return TextLocator(start, min(where.start + part.end, where.end))
    starts = [word.start for word in words if word.start is not None]
    ends = [word.end for word in words if word.end is not None]
    return TimeLocator(min(starts), max(ends)) if starts and ends else where


def _boxes_by_cell(part: _Part) -> list[Box]:
    """Return a box for each cell of a table's part; none when a cell has no place.

    A cell may take several lines of the page, so the lines of the page do not tell where it stands.
    """
    kept, placed = len(part.prefix), list(_placed(part.block))
    starts = [at for _, at in placed]
    found: list[Box] = []
    for start, end in cell_spans(part.text):
        moved = 0 if start < kept else part.start - kept
        first, last = (bisect_left(starts, at + moved) for at in (start, end))
        inside = [word.box for word, _ in placed[first:last] if word.box]
        if not inside:
            return []
        found.append(_union(inside))
    return found


def _words_within(part: _Part) -> list[Word]:
    """Return the block's words that stand in the part."""
    return [word for word, at in _placed(part.block) if part.start <= at < part.end]


def _placed(block: Block) -> Iterator[tuple[Word, int]]:
    """Yield a block's words with where they stand, found one after the other in its text."""
    at = 0
    for word in block.words:
        if not word.text:
            continue
        start = block.text.find(word.text, at)
        if start >= 0:
            at = start + len(word.text)
        yield word, start if start >= 0 else at


def _merge(locators: list[Locator]) -> Locator:
    """Join the places of the parts of a chunk; all are of one kind and page."""
    first = locators[0]
    if isinstance(first, CellLocator):
        cells = (one for one in locators if isinstance(one, CellLocator))
        return replace(first, rows=tuple(row for one in cells for row in one.rows))
    if isinstance(first, PageLocator):
        boxes = [box for one in locators if isinstance(one, PageLocator) for box in one.boxes]
        return PageLocator(first.page, tuple(boxes))
    if isinstance(first, RegionLocator):
        return RegionLocator(
            _union([one.region for one in locators if isinstance(one, RegionLocator)])
        )
    if isinstance(first, TextLocator):
        spans = [one for one in locators if isinstance(one, TextLocator)]
        return TextLocator(min(s.start for s in spans), max(s.end for s in spans))
    times = [one for one in locators if isinstance(one, TimeLocator)]
    return TimeLocator(min(t.start for t in times), max(t.end for t in times))


def lines(boxes: list[Box]) -> Iterator[Box]:
    """Join word boxes that follow each other on one line into one box a line."""
    current: Box | None = None
    for box in boxes:
        if current is not None and _same_line(current, box):
            current = _union([current, box])
            continue
        if current is not None:
            yield current
        current = box
    if current is not None:
        yield current


def _same_line(line: Box, word: Box) -> bool:
    height = min(line[3] - line[1], word[3] - word[1])
    overlap = min(line[3], word[3]) - max(line[1], word[1])
    follows = word[0] >= line[0] and word[0] - line[2] < 4 * max(height, 1e-6)
    return overlap > 0.5 * height and follows


def _union(boxes: list[Box]) -> Box:
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )
