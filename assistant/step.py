"""A folder kept in step, told as news for a person: what became of each file, and why."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from assistant.views import SyncNews
from retrieval.folders import Change, Folder, FolderGone
from retrieval.watching import settled_changes

_PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.5


def follow_folder(folder: Folder, stopped: Callable[[], bool], *, once: bool) -> Iterator[SyncNews]:
    """Yield news of a folder: once, or of every change until ``stopped``.

    ``once`` waits up to a minute for files that are just being written.
    """
    if once:
        yield from _look(folder)
        patience = _PATIENCE_SECONDS
        while folder.unsettled and patience > 0 and not stopped():
            time.sleep(_PAUSE_SECONDS)
            patience -= _PAUSE_SECONDS
            yield from _look(folder)
        return
    gone = False
    for _ in settled_changes(folder.path, stopped, lambda: folder.unsettled):
        news = list(_look(folder))
        if not (gone and news and news[0].what == "gone"):  # said once, not every five minutes
            yield from news
        gone = bool(news) and news[0].what == "gone"


def _look(folder: Folder) -> Iterator[SyncNews]:
    try:
        changes = folder.reconcile()
    except FolderGone:
        yield SyncNews("gone", folder.path)
        return
    yield from map(_news, changes)


def _news(change: Change) -> SyncNews:
    record = change.record
    return SyncNews(
        change.what,
        change.path,
        change.before,
        record.error_code if record else None,
        record.error_params if record else {},
    )
