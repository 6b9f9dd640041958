"""What a search ranks: a photo, a part of a text or recording, or the image of a page."""

from __future__ import annotations

from typing import NamedTuple


class Photo(NamedTuple):
    """A photo as a whole."""

    asset_id: int


class Part(NamedTuple):
    """A chunk of a document or recording."""

    asset_id: int
    chunk_id: int


class Page(NamedTuple):
    """The image of a page."""

    asset_id: int
    page: int


Place = Photo | Part | Page
