"""Fair turns at a model that answers one question at a time.

Whoever comes first is served first; waiting can be cancelled; a full queue refuses at once.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from assistant.errors import ModelBusy
from assistant.models.protocol import Cancel


class Turns:
    """A first-come, first-served lock, not bound to a thread.

    Args:
        limit: how many may wait before the next is refused.
    """

    def __init__(self, model: str, limit: int = 32) -> None:
        self._model = model
        self._limit = limit
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()
        self._used = time.monotonic()

    def idle_seconds(self) -> float | None:
        """Return how long nobody has held or wanted the turn; None while somebody does."""
        with self._changed:
            return None if self._queue else time.monotonic() - self._used

    @contextmanager
    def take(self, cancel: Cancel) -> Iterator[bool]:
        """Hold the turn; yields False when cancelled while waiting.

        Raises:
            ModelBusy: too many are waiting already.
        """
        ticket = object()
        with self._changed:
            if len(self._queue) > self._limit:
                raise ModelBusy(model=self._model, waiting=len(self._queue))
            self._queue.append(ticket)
        try:
            yield self._wait(ticket, cancel)
        finally:
            with self._changed:
                self._queue.remove(ticket)
                self._used = time.monotonic()
                self._changed.notify_all()

    def _wait(self, ticket: object, cancel: Cancel) -> bool:
        with self._changed:
            while self._queue[0] is not ticket:
                if cancel():
                    return False
                self._changed.wait(0.1)
        return not cancel()
