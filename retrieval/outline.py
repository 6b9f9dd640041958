"""The sections of a document, out of the headings its passages stand under. Knows no SQL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from retrieval.values import ABOUT, Locator, PageLocator


class Placed(Protocol):
    """A passage with its heading and place; a stored chunk or a search result."""

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def heading(self) -> str: ...  # noqa: D102
    @property
    def locator(self) -> Locator: ...  # noqa: D102


@dataclass(frozen=True)
class Section:
    """A stretch of passages under one heading; pages are None in files without."""

    title: str
    first_page: int | None
    last_page: int | None
    passages: int


def outline(passages: Iterable[Placed]) -> list[Section]:
    """Return the sections of a file's passages (in reading order), those without heading left out.

    A heading that comes again at once, as a running head does on every page, goes on.
    """
    sections: list[Section] = []
    for passage in passages:
        if not passage.heading or passage.kind in ABOUT:
            continue
        page = passage.locator.page if isinstance(passage.locator, PageLocator) else None
        last = sections[-1] if sections else None
        if last is not None and last.title == passage.heading:
            sections[-1] = Section(last.title, last.first_page, page, last.passages + 1)
        else:
            sections.append(Section(passage.heading, page, page, 1))
    return sections


def in_section(passage: Placed, wanted: str) -> bool:
    """Whether a passage stands under a heading that holds the words wanted, in any case."""
    return wanted.casefold().strip() in passage.heading.casefold()
