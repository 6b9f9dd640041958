"""What the conditions of a query come to: the rows they hold, and what is said of them.

Values only; who makes them is ``conditions``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.rows.query import Query


class Meaning(Protocol):
    """What the model that wrote a query means by it, where the question has no word of it."""

    def insisted(self, query: Query, doubtful: Sequence[int]) -> set[int]:
        """Return the places of doubtful conditions that are meant all the same."""
        ...

    def prefers(
        self, query: Query, column: int, others: Sequence[int], *, money: bool = False
    ) -> bool:
        """Whether a column of figures is meant rather than others; ``money`` is asked for."""
        ...


@dataclass(frozen=True)
class Chosen:
    """Rows, what they were chosen by, and values that no row has."""

    rows: tuple[int, ...]
    about: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    bounded: frozenset[int] = frozenset()
    """The columns of figures that are within bounds."""
    columns: frozenset[int] = frozenset()
    """The columns of words that rows were chosen by."""
    dropped: bool = False
    """Whether a condition by words was left out, as none of the question's."""
    worded: bool = False
    """Whether the question has a word of a condition, or a time."""
    left: tuple[str, ...] = ()
    """Words of the question that are in no cell, name of a column or word of asking."""


@dataclass(frozen=True)
class Held:
    """Rows that fulfil a condition. ``denies``: it says what must not be."""

    rows: list[int]
    label: str
    missing: Sequence[str] = ()
    denies: bool = False
    column: int = -1
    cells: Sequence[str] = ()


@dataclass(frozen=True)
class Taken:
    """What all conditions of a query leave, and what they say."""

    rows: list[int]
    about: list[str]
    columns: set[int]
    cells: set[str]
    missing: tuple[str, ...]
    denies: bool
    dropped: bool
    worded: bool
