"""Waits for changes below a folder. Knows the events of the file system, nothing of libraries."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

QUIET_SECONDS = 1.0
_LONGEST = 10.0
_RESCAN = 300.0


def settled_changes(
    folder: Path,
    stopped: Callable[[], bool],
    again: Callable[[], bool],
    quiet: float = QUIET_SECONDS,
) -> Iterator[None]:
    """Yield at once, and then whenever changes below a folder have come to rest.

    Also every five minutes, since some network drives tell nothing, soon again when ``again()``
    says that something was still being written, and when the folder went or came back: events
    are of the folder that was there, so one that is there anew is watched anew.

    Args:
        quiet: seconds without an event that count as rest; a long burst is cut after ten.
    """
    changed, observer, watched = threading.Event(), None, None

    def over() -> bool:
        return stopped() or _identity(folder) != watched

    try:
        while not stopped():
            changed.clear()
            if (now := _identity(folder)) != watched:
                _end(observer)
                observer, watched = _observe(folder, changed) if now else None, now
            yield
            _wait(changed, over, quiet if again() else _RESCAN, quiet)
    finally:
        _end(observer)


def _identity(folder: Path) -> tuple[int, int] | None:
    """Return what tells a folder from another at its path (or a drive from its mount point)."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _observe(folder: Path, changed: threading.Event) -> Any:
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers import Observer

    class Handler(FileSystemEventHandler):
        """Notes that something changed; reading a file is no change."""

        def on_any_event(self, event: FileSystemEvent) -> None:
            if event.event_type not in ("opened", "closed_no_write"):
                changed.set()

    observer: Any = Observer()
    observer.schedule(Handler(), str(folder), recursive=True)
    try:
        observer.start()
    except FileNotFoundError:  # gone again this very moment
        return None
    return observer


def _end(observer: Any) -> None:
    if observer is not None:
        observer.stop()
        observer.join()


def _wait(
    changed: threading.Event, stopped: Callable[[], bool], longest: float, quiet: float
) -> None:
    """Return when there was a change and then rest, after ``longest``, or when stopped."""
    waited = 0.0
    while not changed.wait(0.2):
        waited += 0.2
        if stopped() or waited >= longest:
            break
    burst = 0.0
    while changed.is_set() and not stopped() and burst < _LONGEST:
        changed.clear()
        burst += quiet
        changed.wait(quiet)
