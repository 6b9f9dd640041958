"""What is known of a file beside its content, as columns to filter by and as words to find.

The words (name, title, author, date, place) become one chunk that lexical search finds; it gets
no vector, because names such as IMG_2031 mean nothing to a text embedder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, NamedTuple

from retrieval.values import (
    Chunk,
    Header,
    Locator,
    PageLocator,
    RegionLocator,
    TextLocator,
    TimeLocator,
)

_WORDED = ("title", "subject", "author", "from", "to", "camera", "place", "keywords")


class Where(NamedTuple):
    """When and where a photo was taken."""

    taken_at: datetime | None
    latitude: float | None
    longitude: float | None


def where_taken(metadata: Mapping[str, Any]) -> Where:
    """Read ``taken_at`` (ISO 8601; without a zone it is taken as UTC) and the coordinates."""
    taken: datetime | None = None
    try:
        if metadata.get("taken_at"):
            taken = datetime.fromisoformat(str(metadata["taken_at"]))
            taken = taken if taken.tzinfo else taken.replace(tzinfo=UTC)
    except ValueError:
        taken = None
    return Where(taken, _degrees(metadata, "latitude", 90), _degrees(metadata, "longitude", 180))


def metadata_chunk(name: str, header: Header, ordinal: int) -> Chunk | None:
    """Return the chunk of words about the file."""
    taken = where_taken(header.metadata).taken_at
    facts = [_spaced(name)]
    facts += [str(header.metadata[key]) for key in _WORDED if header.metadata.get(key)]
    if taken is not None:
        facts.append(taken.strftime("%Y-%m-%d %d %B %Y"))
    text = " · ".join(dict.fromkeys(fact.strip()[:500] for fact in facts if fact.strip()))
    if not text:
        return None
    return Chunk(text, "metadata", _whole(header), ordinal)


def _spaced(name: str) -> str:
    """Return a file's name as words: ``Invoice_ACME-2024.pdf`` → ``Invoice ACME 2024``."""
    stem = PurePath(name.replace("\\", "/")).stem
    return re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", stem)).strip()


def _whole(header: Header) -> Locator:
    if header.modality == "image":
        return RegionLocator()
    if header.modality == "audio":
        return TimeLocator(0.0, float(header.metadata.get("duration") or header.units))
    paged = header.media_type in ("application/pdf",) or header.metadata.get("pages")
    return PageLocator(1) if paged else TextLocator(0, 0)


def _degrees(metadata: Mapping[str, Any], key: str, limit: float) -> float | None:
    value = metadata.get(key)
    if not isinstance(value, (int, float)) or not -limit <= value <= limit:
        return None
    return float(value)
