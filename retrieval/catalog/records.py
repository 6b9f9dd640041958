"""What the catalog hands out and takes in: frozen values, never rows of the ORM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from retrieval.values import Chunk, ChunkKind, Figure, Locator, Modality

JobStatus = Literal["queued", "running", "paused", "done", "cancelled"]
FileStatus = Literal[
    "queued", "parsing", "embedding", "indexed", "duplicate", "failed", "cancelled"
]
ACTIVE: tuple[FileStatus, ...] = ("parsing", "embedding")
FINAL: tuple[FileStatus, ...] = ("indexed", "duplicate", "failed", "cancelled")


@dataclass(frozen=True)
class Upload:
    """A file to take in: its name as the user knows it, and a path or a blob to read.

    ``asset_id``: it is in the library already and is to be read again.
    """

    name: str
    path: Path | None = None
    sha256: str | None = None
    asset_id: int | None = None


@dataclass(frozen=True)
class AssetRecord:
    """A file of the library; ``size`` is in bytes, ``chunks`` counts its
    passages, ``units`` its pages or seconds."""

    id: int
    library: str
    sha256: str
    name: str
    source: str
    media_type: str
    modality: Modality
    size: int
    status: str
    units: int
    chunks: int
    added_at: datetime
    taken_at: datetime | None = None
    latitude: float | None = None
    longitude: float | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class PictureRecord:
    """Pixels of an asset: the upright photo (page None) or a page image, as a JPEG blob."""

    id: int
    asset_id: int
    page: int | None
    sha256: str
    width: int
    height: int


@dataclass(frozen=True)
class ChunkRecord:
    """A stored chunk with its id and owner."""

    id: int
    asset_id: int
    ordinal: int
    kind: ChunkKind
    text: str
    heading: str
    locator: Locator


@dataclass(frozen=True)
class FileRecord:
    """One file of a job and how far it is; modality and chunks are known once it is indexed."""

    id: int
    job_id: int
    name: str
    path: str
    sha256: str | None
    status: FileStatus
    progress: float
    attempts: int
    asset_id: int | None
    error_code: str | None
    error_params: Mapping[str, Any]
    modality: Modality | None = None
    chunks: int = 0


@dataclass(frozen=True)
class JobRecord:
    """A batch of files; ``eta`` is the estimated time left in seconds while it runs."""

    id: int
    library: str
    status: JobStatus
    progress: float
    eta: float | None
    created_at: datetime
    files: tuple[FileRecord, ...]


@dataclass(frozen=True)
class PictureDraft:
    """A picture that is a blob already and waits for its row; ``vector`` is float16 bytes.

    ``look`` is the difference hash of a photo.
    """

    page: int | None
    sha256: str
    width: int
    height: int
    vector: bytes | None = None
    look: int | None = None


@dataclass(frozen=True)
class AssetDraft:
    """A file wholly read and embedded, ready to be committed.

    ``vectors`` runs beside ``chunks``: float16 bytes, or None for a chunk that is found by its
    words only; so does ``sentences``: the vectors of a chunk's sentences, as a rule several.
    """

    file_id: int
    library: str
    sha256: str
    name: str
    source: str
    size: int
    media_type: str
    modality: Modality
    units: int
    meta: Mapping[str, Any]
    taken_at: datetime | None
    latitude: float | None
    longitude: float | None
    chunks: tuple[Chunk, ...]
    vectors: tuple[bytes | None, ...]
    sentences: tuple[tuple[bytes, ...], ...]
    pictures: tuple[PictureDraft, ...]
    figures: tuple[Figure, ...] = ()
    replaces: int | None = None
    """The asset that was read again."""
