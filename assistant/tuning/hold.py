"""One process at a time on a run's folder, and what its errors mean to a person."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.errors import RunBusy, TrainingTooLarge
from retrieval.errors import DiskFull, SightlineError

LOCK = "lock"


_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")  # torch's own words


def said(error: BaseException, folder: Path) -> BaseException:
    """Return the error of our own tree that says what happened, or the error itself."""
    if isinstance(error, SightlineError):
        return error
    if isinstance(error, MemoryError) or any(words in str(error) for words in _NO_MEMORY):
        return TrainingTooLarge(detail=(str(error) or "the machine has no more").splitlines()[0])
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(path=error.filename or folder)
    return error


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the lock of a run's folder; the system lets go of it when this process ends.

    Raises:
        RunBusy: another process holds it.
    """
    with (folder / LOCK).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunBusy(run=folder.name) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def holder_of(folder: Path) -> int | None:
    """Return the process that holds a run's lock (0 when it has not said yet), or None."""
    try:
        with (folder / LOCK).open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read() or 0)
            return None
    except FileNotFoundError:
        return None
