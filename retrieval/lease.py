"""A worker's hold on a job while it works: heartbeats, the user's wishes, progress written down.

One small thread per running job. Progress of files is gathered here and written together about
twice a second, so that a fast job does not spend its time on commits.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from retrieval.catalog.jobs import Jobs
from retrieval.errors import SightlineError

log = logging.getLogger(__name__)

TICK_SECONDS = 0.4
_BEAT_SECONDS = 5.0


class Lease:
    """Holds job ``job_id`` for ``worker``; ``stopped`` says that it is over.

    Args:
        cancelled: asked at every tick by this thread; True ends the work.
    """

    def __init__(
        self, jobs: Jobs, job_id: int, worker: str, cancelled: Callable[[], bool] | None = None
    ) -> None:
        self._jobs = jobs
        self.job_id = job_id
        self.worker = worker
        self._asked = cancelled
        self._over = threading.Event()
        self._ended = threading.Event()
        self._cancelled_files: frozenset[int] = frozenset()
        self._changes: dict[int, dict[str, Any]] = {}
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._watch, name=f"lease-{job_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._ended.set()
        self._thread.join()

    @property
    def stopped(self) -> bool:
        """Whether the work must end: cancelled, paused, taken over, or the program closes."""
        return self._over.is_set()

    def stop(self) -> None:
        """End the work."""
        self._over.set()

    def dropped(self, file_id: int) -> bool:
        """Tell whether work on this file must end."""
        return self._over.is_set() or file_id in self._cancelled_files

    def note(self, file_id: int, **values: Any) -> None:
        """Remember a file's status, progress or hash; written at the next tick."""
        with self._lock:
            self._changes.setdefault(file_id, {}).update(values)

    def forget(self, file_id: int) -> None:
        """Drop what waits to be written of a file that has come to its end."""
        with self._lock:
            self._changes.pop(file_id, None)

    def _watch(self) -> None:
        beaten = time.monotonic()
        while not self._ended.wait(TICK_SECONDS):
            try:
                if self._asked is not None and self._asked():
                    self._over.set()
                if not self._jobs.owns(self.job_id, self.worker):
                    self._over.set()
                self._cancelled_files = self._jobs.cancelled_files(self.job_id)
                if not self._over.is_set():
                    self._write()
                if time.monotonic() - beaten > _BEAT_SECONDS:
                    self._jobs.beat(self.job_id, self.worker)
                    beaten = time.monotonic()
            except SightlineError as error:  # a full disk must not end the watch
                log.warning("job %s: %s", self.job_id, error)

    def _write(self) -> None:
        with self._lock:
            changes, self._changes = self._changes, {}
        self._jobs.record(changes)
