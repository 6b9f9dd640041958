"""Who works on a job: the name of a worker, and whether its process still lives."""

from __future__ import annotations

import os
import platform
import uuid
from datetime import datetime, timedelta
from functools import cache

from retrieval.catalog.base import now

STALE_SECONDS = 45.0
"""A worker that has not been heard of for so long has lost its job."""


def worker_name() -> str:
    """Return a name for a worker of this process: host, process, its start time, a random part."""
    return f"{platform.node()}/{os.getpid()}/{_started(os.getpid())}/{uuid.uuid4().hex[:8]}"


def worker_alive(name: str) -> bool | None:
    """Tell whether the process of a worker lives; None when it is on another machine."""
    host, _, rest = name.partition("/")
    pid, _, rest = rest.partition("/")
    if host != platform.node() or not pid.isdecimal():
        return None
    started = _started(int(pid)) if int(pid) != os.getpid() else _own_start()
    return started is not None and rest.startswith(f"{started}/")


def orphaned(worker: str, heartbeat: datetime | None) -> bool:
    """Tell whether a running job has lost its worker: dead, or silent for STALE_SECONDS."""
    if worker_alive(worker) is False:
        return True
    return heartbeat is None or now() - heartbeat > timedelta(seconds=STALE_SECONDS)


@cache
def _own_start() -> int | None:
    return _started(os.getpid())


def _started(pid: int) -> int | None:
    """Return when a process started (whole seconds since 1970), None when it does not run."""
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return int(process.create_time())
    except psutil.Error:
        return None
