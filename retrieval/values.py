"""The values that travel through retrieval: locators, parsed blocks, chunks, passages.

All are frozen and know nothing of SQL, files or models. Coordinates are fractions of the
page or image, origin top-left, so that they survive any change of resolution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from PIL.Image import Image

Box = tuple[float, float, float, float]
"""(x0, y0, x1, y1) in 0..1 of the page or image, origin top-left."""

Modality = Literal["image", "text", "audio"]
ChunkKind = Literal["body", "table", "ocr", "caption", "tags", "transcript", "metadata", "chart"]
ABOUT: frozenset[str] = frozenset({"metadata", "caption", "tags"})
"""Kinds of passages that tell of a file and are not what it says: searched, never quoted."""
HEARSAY: frozenset[str] = frozenset({"caption", "tags"})
"""Of these, what a model says that a photo shows: a sentence, words."""

AssetStatus = Literal["queued", "parsing", "embedding", "indexed", "failed", "cancelled"]


@dataclass(frozen=True)
class PageLocator:
    """A page of a document (1-based) and the boxes on it that hold the evidence."""

    page: int
    boxes: tuple[Box, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return ``{"page", "boxes"}``."""
        return {"page": self.page, "boxes": [list(box) for box in self.boxes]}


@dataclass(frozen=True)
class CellLocator(PageLocator):
    """Rows of a spreadsheet, whose sheets are its pages, numbered as spreadsheet programs do.

    Of a passage, ``rows`` has one number for each line of its text; of a citation, the rows that
    hold the evidence, and the name of the column when it is a single cell. ``sheet`` is empty in
    files that have no sheets (CSV).
    """

    rows: tuple[int, ...] = ()
    column: str = ""
    sheet: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return ``{"page", "boxes", "rows", "column", "sheet"}``."""
        told = {"rows": list(self.rows), "column": self.column, "sheet": self.sheet}
        return {**super().to_json(), **told}


@dataclass(frozen=True)
class RegionLocator:
    """A rectangle of a photo; the whole photo is (0, 0, 1, 1)."""

    region: Box = (0.0, 0.0, 1.0, 1.0)

    def to_json(self) -> dict[str, Any]:
        """Return ``{"region": [x0, y0, x1, y1]}``."""
        return {"region": list(self.region)}


@dataclass(frozen=True)
class TimeLocator:
    """A span of a recording, in seconds."""

    start: float
    end: float

    def to_json(self) -> dict[str, Any]:
        """Return ``{"start", "end"}`` in seconds."""
        return {"start": self.start, "end": self.end}


@dataclass(frozen=True)
class TextLocator:
    """A half-open span of characters in the text extracted from a file without pages."""

    start: int
    end: int

    def to_json(self) -> dict[str, Any]:
        """Return ``{"chars": [start, end]}``."""
        return {"chars": [self.start, self.end]}


Locator = PageLocator | RegionLocator | TimeLocator | TextLocator


def locator_from_json(value: Mapping[str, Any]) -> Locator:
    """Read back what ``to_json`` wrote.

    Raises:
        ValueError: the mapping is none of the five shapes.
    """
    if "rows" in value:
        rows = tuple(int(row) for row in value["rows"])
        column, sheet = str(value.get("column", "")), str(value.get("sheet", ""))
        return CellLocator(int(value["page"]), (), rows, column, sheet)
    if "page" in value:
        return PageLocator(int(value["page"]), tuple(_box(b) for b in value.get("boxes", ())))
    if "region" in value:
        return RegionLocator(_box(value["region"]))
    if "start" in value:
        return TimeLocator(float(value["start"]), float(value["end"]))
    if "chars" in value:
        return TextLocator(int(value["chars"][0]), int(value["chars"][1]))
    raise ValueError(f"not a locator: {value!r}")


def _box(value: Any) -> Box:
    x0, y0, x1, y1 = (float(v) for v in value)
    return (x0, y0, x1, y1)


@dataclass(frozen=True)
class Word:
    """One recognised word: its text, where it stands, how sure the recogniser was (0..1)."""

    text: str
    box: Box | None = None
    start: float | None = None
    end: float | None = None
    confidence: float = 1.0

    def to_json(self) -> list[Any]:
        """Return the text and where it stands: four fractions of a page, or two seconds."""
        where = self.box if self.box is not None else (self.start, self.end)
        return [self.text, *(None if n is None else round(n, 4) for n in where)]

    @staticmethod
    def from_json(value: Sequence[Any]) -> Word:
        """Return what ``to_json`` wrote; how sure the recogniser was is not kept."""
        text, *where = value
        if len(where) == 4:
            return Word(str(text), (where[0], where[1], where[2], where[3]))
        return Word(str(text), start=where[0], end=where[1])


@dataclass(frozen=True)
class Header:
    """The first value a parser yields: what the file is and how much is to come.

    ``units`` counts what progress is measured in (pages, sheets, seconds of audio; 1 for a photo).
    ``metadata`` holds plain JSON values only (title, author, EXIF date and place, duration).
    """

    modality: Modality
    media_type: str
    units: int
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Block:
    """A run of text as the parser found it (paragraph, table, OCR line group, speech segment).

    ``words`` is empty for formats without geometry; ``unit`` is the 0-based progress unit it
    came from; ``heading`` is the nearest heading above it.
    """

    text: str
    kind: ChunkKind
    locator: Locator
    words: tuple[Word, ...] = ()
    unit: int = 0
    heading: str = ""


@dataclass(frozen=True)
class Picture:
    """Pixels to embed and to show: the photo itself (page None) or the image of a page.

    ``jpeg`` is RGB, upright, stripped of metadata, longest side at most 2048 px.
    """

    jpeg: bytes
    width: int
    height: int
    page: int | None = None
    unit: int = 0


@dataclass(frozen=True)
class Figure:
    """An image inside a document, by which its uses are found: ``sha256`` of its data, ``look``
    its difference hash; on a ``page``, or at a character ``position`` of the extracted text."""

    sha256: str
    look: int
    page: int | None = None
    position: int | None = None
    unit: int = 0


Parsed = Header | Block | Picture | Figure


@dataclass(frozen=True)
class Chunk:
    """A piece of text no longer than the embedder reads, with the place it came from.

    ``words`` are kept of what was heard or recognised: nothing else tells where they stand.
    """

    text: str
    kind: ChunkKind
    locator: Locator
    ordinal: int
    heading: str = ""
    words: tuple[Word, ...] = ()


@dataclass(frozen=True)
class Filters:
    """Restrictions on a search; None or empty means no restriction.

    ``folder`` is where files were taken in from: a whole path, or the name of a folder anywhere
    above them. A file passes ``tags`` when it has one of them. Bounds of time are included.
    """

    modality: Modality | None = None
    asset_ids: frozenset[int] | None = None
    hashes: frozenset[str] | None = None
    media_types: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    folder: str = ""
    taken_from: datetime | None = None
    taken_to: datetime | None = None
    added_from: datetime | None = None
    added_to: datetime | None = None


@dataclass(frozen=True)
class Query:
    """What to look for in one library: text, an image, or both together.

    With ``fold`` near-duplicate photos come as one result, the others behind it.
    """

    library: str
    text: str = ""
    image: Image | None = None
    k: int = 10
    filters: Filters = field(default_factory=Filters)
    fold: bool = False


@dataclass(frozen=True)
class Passage:
    """A search result: a piece of an asset, where it is, and how well it fits the query.

    ``score`` is the fused rank score, ``probability`` the calibrated chance (0..1) that the
    asset is relevant, ``signals`` the raw score of each signal that found it
    (``joint``, ``dense``, ``lexical``). ``likely`` is False for a near miss: below the chance
    from which a search counts as having found something. ``alike`` are the files of photos that
    show nearly the same and were folded behind this one. ``sentences``: the cosine of each of
    its sentences, as ``sentences_of`` cuts its text; empty where they are not known.
    """

    asset_id: int
    asset: str
    sha256: str
    modality: Modality
    media_type: str
    kind: ChunkKind | Literal["pixels"]
    text: str
    locator: Locator
    score: float
    probability: float
    chunk_id: int | None = None
    heading: str = ""
    signals: Mapping[str, float] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    likely: bool = True
    alike: tuple[int, ...] = ()
    sentences: tuple[float, ...] = ()


@dataclass(frozen=True)
class SearchResult:
    """Passages, best first; ``confident`` is False when none is likely to be relevant."""

    passages: tuple[Passage, ...]
    confident: bool
    seconds: float
    library_size: int
