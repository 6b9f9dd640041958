"""Tables of the library: libraries, assets, chunks, pictures, figures, faces, vectors, jobs, tags.

Rows only; what is done with them is in the other files of this package. Vectors are kept here
as float16 so that any index can be rebuilt without running a model. ``chunks_fts`` (SQLite) or
an expression index (PostgreSQL) over ``chunks.lexemes`` is made by the migration.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from retrieval.catalog.base import Base, now


class Library(Base):
    """A user's library. ``generation`` grows with every change that an index must see.

    ``groups_faces`` is set while its owner lets faces be grouped; else none are stored.
    """

    __tablename__ = "libraries"

    id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    generation: Mapped[int] = mapped_column(default=0)
    groups_faces: Mapped[bool] = mapped_column(default=False, server_default=false())


class Asset(Base):
    """A file of the user's, once per content and library.

    The row appears in the transaction that makes the file searchable, so there is no half-taken
    asset; a file on its way, or refused, is a ``JobFile``. ``described_by`` names the model that
    wrote a sentence about a photo, empty until one did; ``faces_seen`` is set once its faces are
    stored, which happens only where the library's owner wants it.
    """

    __tablename__ = "assets"
    __table_args__ = (UniqueConstraint("library_id", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[str] = mapped_column(ForeignKey("libraries.id", ondelete="CASCADE"))
    sha256: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    source: Mapped[str] = mapped_column(default="")
    media_type: Mapped[str] = mapped_column(default="")
    modality: Mapped[str] = mapped_column(default="text", index=True)
    bytes: Mapped[int]
    status: Mapped[str] = mapped_column(default="indexed", index=True)
    units: Mapped[int] = mapped_column(default=0)
    meta: Mapped[dict[str, Any]] = mapped_column(default=dict)
    taken_at: Mapped[datetime | None] = mapped_column(index=True)
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    added_at: Mapped[datetime] = mapped_column(default=now)
    described_by: Mapped[str] = mapped_column(default="", server_default="")
    faces_seen: Mapped[bool] = mapped_column(default=False, server_default=false())

    chunks: Mapped[list[ChunkRow]] = relationship(
        order_by="ChunkRow.ordinal", passive_deletes=True, cascade="all, delete-orphan"
    )
    pictures: Mapped[list[PictureRow]] = relationship(
        order_by="PictureRow.page", passive_deletes=True, cascade="all, delete-orphan"
    )


class ChunkRow(Base):
    """A piece of text of an asset; ``lexemes`` is its text cut into words for lexical search.

    ``words`` is where the words of a heard or recognised text stand (``Word.to_json``).
    """

    __tablename__ = "chunks"
    __table_args__ = (Index("ix_chunks_asset_ordinal", "asset_id", "ordinal"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"))
    ordinal: Mapped[int]
    kind: Mapped[str]
    text: Mapped[str]
    lexemes: Mapped[str]
    heading: Mapped[str] = mapped_column(default="")
    locator: Mapped[dict[str, Any]]
    words: Mapped[list[Any] | None]


class PictureRow(Base):
    """Pixels of an asset: the upright photo (page None) or a page image, as a blob.

    ``look`` is the difference hash by which near-duplicates are known; none on pictures from
    before it was kept.
    """

    __tablename__ = "pictures"

    id: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), index=True)
    page: Mapped[int | None]
    sha256: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    look: Mapped[int | None] = mapped_column(BigInteger)


class FigureRow(Base):
    """An image inside a document, by which "where is this image used" is answered.

    Its pixels are not kept: ``sha256`` is that of the file it is in the document, ``look`` its
    difference hash. It lies on a ``page``, or at a character ``position`` of a file without pages.
    """

    __tablename__ = "figures"

    id: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), index=True)
    page: Mapped[int | None]
    position: Mapped[int | None]
    sha256: Mapped[str]
    look: Mapped[int] = mapped_column(BigInteger)


class FaceGroup(Base):
    """Faces that look like one person's; ``name`` is what the owner of the library calls them."""

    __tablename__ = "face_groups"
    __table_args__ = (
        UniqueConstraint("library_id", "name"),
        {"sqlite_autoincrement": True},  # a page that is open must not name somebody else
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[str] = mapped_column(ForeignKey("libraries.id", ondelete="CASCADE"))
    name: Mapped[str | None]


class FaceRow(Base):
    """A face in a photo: its box in fractions of the picture and its vector (float16).

    Without a group it waits for one, unless it is ``apart``: the owner took it out of its group,
    and no program puts it into another.
    """

    __tablename__ = "faces"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), index=True)
    group_id: Mapped[int | None] = mapped_column(
        ForeignKey("face_groups.id", ondelete="SET NULL"), index=True
    )
    apart: Mapped[bool] = mapped_column(default=False)
    box: Mapped[list[Any]]
    embedder: Mapped[str]
    dim: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class VectorRow(Base):
    """One embedding (float16, ``dim`` values) of a chunk or a picture. Its id is the index id."""

    __tablename__ = "vectors"
    __table_args__ = (
        # covers the listing of ids and owners, which must not read the vectors themselves
        Index("ix_vectors_library_embedder", "library_id", "embedder", "id", "asset_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[str] = mapped_column(ForeignKey("libraries.id", ondelete="CASCADE"))
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), index=True)
    chunk_id: Mapped[int | None] = mapped_column(
        ForeignKey("chunks.id", ondelete="CASCADE"), index=True
    )
    picture_id: Mapped[int | None] = mapped_column(
        ForeignKey("pictures.id", ondelete="CASCADE"), index=True
    )
    embedder: Mapped[str]
    dim: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Serving(Base):
    """The embedder that searches use in a ``role`` (text or joint) until another has seen all."""

    __tablename__ = "serving"

    role: Mapped[str] = mapped_column(primary_key=True)
    embedder: Mapped[str]


class VectorDeletion(Base):
    """A vector that is gone: open indexes replay this log to follow."""

    __tablename__ = "vector_deletions"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[str] = mapped_column(
        ForeignKey("libraries.id", ondelete="CASCADE"), index=True
    )
    vector_id: Mapped[int]


class Tag(Base):
    """A word or folder that the user put an asset under."""

    __tablename__ = "tags"

    asset_id: Mapped[int] = mapped_column(
        ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True
    )
    tag: Mapped[str] = mapped_column(primary_key=True, index=True)


class Job(Base):
    """A batch of files to take in. ``status``: queued, running, paused, done, cancelled."""

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[str] = mapped_column(ForeignKey("libraries.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(default="queued", index=True)
    worker: Mapped[str] = mapped_column(default="")
    heartbeat_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]

    files: Mapped[list[JobFile]] = relationship(
        order_by="JobFile.id", passive_deletes=True, cascade="all, delete-orphan"
    )


class JobFile(Base):
    """One file of a job.

    ``status``: queued, parsing, embedding, indexed, duplicate, failed, cancelled. ``path`` is
    where the bytes are read from until they are a blob, ``sha256`` is that blob (kept while the
    row is there, so that a failed upload can be tried again); ``progress`` runs from 0 to 1.
    """

    __tablename__ = "job_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    path: Mapped[str] = mapped_column(default="")
    sha256: Mapped[str | None] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(default="queued", index=True)
    progress: Mapped[float] = mapped_column(default=0.0)
    attempts: Mapped[int] = mapped_column(default=0)
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("assets.id", ondelete="SET NULL"))
    error_code: Mapped[str | None]
    error_params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    finished_at: Mapped[datetime | None]
