"""A thread that works off the queue of jobs for as long as the server runs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from retrieval.ingest import Ingestor

log = logging.getLogger(__name__)

_POLL_SECONDS = 1.0
_AFTER_ERROR_SECONDS = 5.0
_IDLE_AGAIN_SECONDS = 60.0


class IngestWorker:
    """Claims and runs jobs, including those that a killed process left.

    Args:
        ingestor: returns what takes files in; asked for each job, because embedders may change.
        idle: a small piece of work for when there is no job; returns whether there was any. It
            is asked again after the next job, else once a minute.
    """

    def __init__(
        self,
        ingestor: Callable[[], Ingestor],
        idle: Callable[[], bool] = lambda: False,
    ) -> None:
        self._ingestor = ingestor
        self._idle = idle
        self._idle_from = 0.0
        self._closing = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the queue now instead of at the next second, then for idle work."""
        self._idle_from = 0.0
        self._wake.set()

    def close(self, timeout: float = 5.0) -> None:
        """End; a job under work goes back to the queue and is resumed at the next start."""
        self._closing.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.clear()
            try:
                if self._ingestor().run_next(stop=self._closing.is_set):
                    self._idle_from = 0.0
                    continue
                pause = _POLL_SECONDS
                if time.monotonic() >= self._idle_from:
                    self._idle_from = time.monotonic() + _IDLE_AGAIN_SECONDS
                    if self._idle():
                        self._idle_from = 0.0
                        continue
            except Exception:  # the queue must be worked off for as long as the server runs
                log.exception("a job could not be run")
                pause = _AFTER_ERROR_SECONDS
            self._wake.wait(pause)
