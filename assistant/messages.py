"""Values of a conversation and the one event stream that UI, CLI, evals and SQL read.

Values are frozen and know neither ids of rows nor sessions beyond the keys they carry. A run of
the assistant is a sequence of events that ends with exactly one of Answered, Abstained or Failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from retrieval.values import Box, Locator, Modality, Passage

Role = Literal["user", "assistant"]
MessageStatus = Literal["streaming", "complete", "abstained", "stopped", "failed"]
StatusKey = Literal[
    "status_answering",
    "status_calculating",
    "status_checking",
    "status_counting",
    "status_loading",
    "status_looking",
    "status_orders",
    "status_planning",
    "status_querying",
    "status_reading",
    "status_searching",
    "status_transcribing",
    "status_waiting",
]
"""The interface texts that say what is being done; a page that met another could not draw it."""


@dataclass(frozen=True)
class AttachmentFile:
    """A file given with a question: its name as uploaded and where its bytes are."""

    name: str
    path: Path


@dataclass(frozen=True)
class Citation:
    """Evidence number ``number`` of an answer, by value."""

    number: int
    asset: str
    sha256: str
    modality: Modality
    locator: Locator
    snippet: str
    asset_id: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the shape of the command line contract, with the number."""
        return {
            "number": self.number,
            "asset": self.asset,
            "locator": self.locator.to_json(),
            "snippet": self.snippet,
        }


@dataclass(frozen=True)
class Timings:
    """Seconds from the question; ``first_token`` is None when nothing was generated."""

    first_token: float | None
    total: float
    tokens: int
    tokens_per_second: float | None

    def to_json(self) -> dict[str, Any]:
        """Return the four figures."""
        return {
            "first_token": self.first_token,
            "total": self.total,
            "tokens": self.tokens,
            "tokens_per_second": self.tokens_per_second,
        }


@dataclass(frozen=True)
class Status:
    """What is being done now; ``key`` names an interface text, ``params`` fill it."""

    key: StatusKey
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Heard:
    """The transcript of a spoken question."""

    text: str
    language: str


@dataclass(frozen=True)
class Understood:
    """What the question was taken to want; ``judged`` when told by its meaning, not by a rule."""

    intent: str
    judged: bool


@dataclass(frozen=True)
class ToolStarted:
    """A tool begins; arguments are plain JSON values."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class ToolFinished:
    """A tool ended; ``summary`` is one line for a person, ``passages`` what it found."""

    tool: str
    summary: str
    seconds: float
    passages: tuple[Passage, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Token:
    """A piece of the answer as it is written."""

    text: str


@dataclass(frozen=True)
class Revised:
    """The checked text that replaces what was streamed so far."""

    text: str


@dataclass(frozen=True)
class Cited:
    """A citation that the answer's text refers to by number."""

    citation: Citation


@dataclass(frozen=True)
class Answered:
    """The end of a run that answered."""

    conversation: str
    message: str
    text: str
    citations: tuple[Citation, ...]
    timings: Timings


@dataclass(frozen=True)
class Abstained:
    """The end of a run that found no answer: what was said, and the nearest misses.

    ``unable``: it may well be there, but cannot be told from words (how something looks) or from
    the few passages that are read (a list over a whole document).
    """

    conversation: str
    message: str
    text: str
    nearest: tuple[Citation, ...]
    timings: Timings
    unable: bool = False


@dataclass(frozen=True)
class Failed:
    """The end of a run that could not go on (or was stopped); partial text is kept."""

    conversation: str
    message: str
    code: str
    params: Mapping[str, Any]
    text: str = ""


Outcome = Answered | Abstained | Failed
Event = Status | Heard | Understood | ToolStarted | ToolFinished | Token | Revised | Cited | Outcome


@dataclass(frozen=True)
class MessageView:
    """A stored message as shown."""

    id: str
    role: Role
    text: str
    status: MessageStatus
    created_at: datetime
    citations: tuple[Citation, ...] = ()
    attachments: tuple[AttachmentView, ...] = ()
    error_code: str | None = None
    error_params: Mapping[str, Any] = field(default_factory=dict)
    trace: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AttachmentView:
    """A stored attachment as shown."""

    name: str
    sha256: str
    media_type: str
    transcript: str = ""


@dataclass(frozen=True)
class ConversationView:
    """A conversation in the list; ``messages`` only when one conversation is opened."""

    id: str
    title: str
    updated_at: datetime
    messages: tuple[MessageView, ...] = ()


@dataclass(frozen=True)
class AssetView:
    """A file of the library as shown."""

    id: int
    name: str
    sha256: str
    media_type: str
    modality: Modality
    bytes: int
    status: str
    chunks: int
    units: int
    added_at: datetime
    taken_at: datetime | None = None
    reason: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class EvidenceView:
    """A picture to show for a citation: JPEG bytes and the boxes to draw on it (0..1)."""

    jpeg: bytes
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True)
class RowsView:
    """Cited rows of a sheet among their neighbours, under the names of the columns.

    ``rows`` holds the number of a row in its sheet and its cells; ``cited`` the numbers of those
    that are the evidence, ``column`` the name of the column when it is a single cell.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    cited: frozenset[int]
    column: str = ""
