"""What a search ranks: a photo, a part of a text or recording, or the image of a page.

Dataclasses and not tuples: chunk 3 of file 1 must never equal page 3 of file 1.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Photo:
    """A photo as a whole."""

    asset_id: int


@dataclass(frozen=True)
class Part:
    """A chunk of a document or recording."""

    asset_id: int
    chunk_id: int


@dataclass(frozen=True)
class Page:
    """The image of a page."""

    asset_id: int
    page: int


Place = Photo | Part | Page
