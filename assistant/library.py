"""What the agent may see: one user's library and the files attached to the conversation.

The protocol is all that tools know of retrieval. An implementation is bound to one library when
it is made, so a tool cannot name another one: isolation holds by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from PIL.Image import Image

from assistant.messages import AssetView
from assistant.views import FaceView
from retrieval.marks import PageMarks
from retrieval.values import Box, Filters, Modality, Passage, SearchResult, Word

NOT_IN_LIBRARY = 0
"""``asset_id`` of passages from attached files."""


class LibraryView(Protocol):
    """One library, read only."""

    def size(self) -> int:
        """Return how many files it holds."""
        ...

    def search(
        self,
        text: str = "",
        *,
        image: Image | None = None,
        k: int = 8,
        modality: Modality | None = None,
        asset_ids: Iterable[int] | None = None,
        filters: Filters | None = None,
    ) -> SearchResult:
        """Find passages by words, by a picture, or both; ``filters`` hold beside the others."""
        ...

    def passages(self, asset_id: int, page: int | None = None) -> list[Passage]:
        """Return all text of a file (or of one page) in reading order.

        Raises:
            AssetNotFound: it is not in this library.
        """
        ...

    def assets(
        self,
        query: str = "",
        *,
        modality: Modality | None = None,
        limit: int = 1000,
        filters: Filters | None = None,
    ) -> list[AssetView]:
        """Return files, the latest first, whose name contains ``query``."""
        ...

    def asset(self, asset_id: int) -> AssetView:
        """Return one file.

        Raises:
            AssetNotFound: it is not in this library.
        """
        ...

    def picture(self, asset_id: int, page: int | None = None) -> bytes | None:
        """Return the JPEG of a photo or a page, if there is one."""
        ...

    def seen(self, asset_id: int) -> str:
        """Return what a model said before that a photo shows; empty when it said nothing.

        Raises:
            AssetNotFound: it is not in this library.
        """
        ...

    def words(self, passage: Passage) -> Sequence[Word]:
        """Return the words of a passage with their boxes or times, in the order of its text."""
        ...

    def marks(
        self, asset_id: int, pages: Sequence[int], cancelled: Callable[[], bool]
    ) -> Sequence[PageMarks]:
        """Return what pages of a document look like; those without a picture are left out.

        Raises:
            AssetNotFound: it is not in this library.
            FileRejected: its pages cannot be drawn; ``Cancelled`` when ``cancelled`` said so.
        """
        ...

    def people(self) -> tuple[str, ...]:
        """Return the names that the owner gave people; none while faces are not grouped."""
        ...

    def faces(self, file: AssetView | Attached) -> list[FaceView]:
        """Return the faces of a photo, named or not; of one that is only attached nothing is kept.

        None while faces are not grouped.
        """
        ...

    def faces_of(self, name: str) -> list[FaceView]:
        """Return the faces of a person by the exact name."""
        ...


@dataclass(frozen=True)
class Attached:
    """A file that came with a question, read: its text and, for a picture, its pixels.

    ``words`` tells where the words of a heard or recognised passage stand, by the passage's text.
    """

    name: str
    sha256: str
    media_type: str
    modality: Modality
    passages: tuple[Passage, ...] = ()
    jpeg: bytes | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    words: dict[str, tuple[Word, ...]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All its text, in reading order."""
        return "\n".join(p.text for p in self.passages)


class EmptyLibrary:
    """A library with nothing in it: what the agent sees when it may not look."""

    def size(self) -> int:
        """Return 0."""
        return 0

    def search(self, text: str = "", **_given: Any) -> SearchResult:
        """Find nothing."""
        return SearchResult((), False, 0.0, 0)

    def passages(self, asset_id: int, page: int | None = None) -> list[Passage]:
        """Raise: there is no file."""
        from assistant.errors import AssetNotFound

        raise AssetNotFound(asset=asset_id)

    def assets(self, query: str = "", **_given: Any) -> list[AssetView]:
        """Return none."""
        return []

    def asset(self, asset_id: int) -> AssetView:
        """Raise: there is no file."""
        from assistant.errors import AssetNotFound

        raise AssetNotFound(asset=asset_id)

    def picture(self, asset_id: int, page: int | None = None) -> bytes | None:
        """Return none."""
        return None

    def seen(self, asset_id: int) -> str:
        """Raise: there is no file."""
        from assistant.errors import AssetNotFound

        raise AssetNotFound(asset=asset_id)

    def words(self, passage: Passage) -> Sequence[Word]:
        """Return none."""
        return ()

    def marks(
        self, asset_id: int, pages: Sequence[int], cancelled: Callable[[], bool]
    ) -> Sequence[PageMarks]:
        """Raise: there is no file."""
        from assistant.errors import AssetNotFound

        raise AssetNotFound(asset=asset_id)

    def people(self) -> tuple[str, ...]:
        """Return none."""
        return ()

    def faces(self, file: AssetView | Attached) -> list[FaceView]:
        """Return none."""
        return []

    def faces_of(self, name: str) -> list[FaceView]:
        """Return none."""
        return []


def crop(jpeg: bytes, region: Box) -> bytes:
    """Cut a region (fractions, origin top-left) out of a picture, at least 32 px a side."""
    import io

    from PIL import Image as Pictures

    with Pictures.open(io.BytesIO(jpeg)) as picture:
        width, height = picture.size
        x0, y0, x1, y1 = region
        left, top = int(x0 * width), int(y0 * height)
        right = min(width, max(int(x1 * width), left + 32))
        bottom = min(height, max(int(y1 * height), top + 32))
        out = io.BytesIO()
        picture.convert("RGB").crop((left, top, right, bottom)).save(out, "JPEG", quality=90)
    return out.getvalue()


Cancelled = Callable[[], bool]
