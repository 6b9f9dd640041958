"""A part that is made late: nothing heavy is built before it is first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lazy(Generic[T]):
    """A part that is made when it is first called for, once, whichever thread comes first."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.RLock()
        self._made: list[T] = []

    def __call__(self) -> T:
        """Return the part."""
        if not self._made:
            with self._lock:
                if not self._made:
                    self._made.append(self._make())
        return self._made[0]

    @property
    def made(self) -> T | None:
        """The part if it was made already."""
        return self._made[0] if self._made else None

    def forget(self) -> T | None:
        """Let the next call make the part anew; return the one that was made, to be closed."""
        with self._lock:
            return self._made.pop() if self._made else None
