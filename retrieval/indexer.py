"""All vector indexes of one process: one for each library and embedder, made when asked for."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine

from retrieval.replica import Replica
from retrieval.upkeep import FLAT_LIMIT, Upkeep


class Indexer:
    """All replicas of one process.

    Args:
        folder: the home's ``index`` folder.
        background: change the kind of an index that outgrew it beside the searches; without,
            only when ``tend`` is called (short commands should not begin a long work).
        flat_limit: the number of vectors up to which an index is exact.
    """

    def __init__(
        self,
        engine: Engine,
        folder: Path,
        *,
        background: bool = False,
        flat_limit: int = FLAT_LIMIT,
    ) -> None:
        self._engine = engine
        self._folder = folder
        self._replicas: dict[tuple[str, str], Replica] = {}
        self._lock = threading.Lock()
        self._upkeep = Upkeep(engine, flat_limit)
        self.background = background

    def replica(self, library: str, embedder: str, dim: int) -> Replica:
        """Return the index of a library and embedder, brought in step with SQL."""
        replica = self._open(library, embedder, dim)
        replica.sync(self._engine)
        if self.background:
            self._upkeep.begin(replica)
        return replica

    def rebuild(self, library: str, embedder: str, dim: int) -> None:
        """Throw the index away, in memory and on disk, and build it from SQL."""
        self._open(library, embedder, dim).rebuild(self._engine)

    def outgrown(self, library: str, embedder: str, dim: int) -> bool:
        """Tell whether an index should be of another kind, or its recall be measured again."""
        return self._upkeep.due(self.replica(library, embedder, dim)) is not None

    def tend(self, library: str, embedder: str, dim: int) -> None:
        """Do now what the background would do for an index; may take minutes."""
        self._upkeep.tend(self.replica(library, embedder, dim))

    def save(self, library: str) -> None:
        """Write snapshots of a library's indexes that grew; to be called after a job."""
        for (owner, _), replica in list(self._replicas.items()):
            if owner == library:
                replica.sync(self._engine)
                replica.save_if_grown()

    def close(self) -> None:
        """End the upkeep and write snapshots of what changed."""
        self._upkeep.close()
        for replica in list(self._replicas.values()):
            replica.save()

    def snapshot_folder(self, library: str, embedder: str) -> Path:
        """Return where the snapshot of an index lies."""
        return self._folder / _file_name(library) / _file_name(embedder)

    def snapshots(self) -> list[Path]:
        """Return the folders of all snapshots on disk."""
        return sorted(path for path in self._folder.glob("*/*") if path.is_dir())

    def _open(self, library: str, embedder: str, dim: int) -> Replica:
        with self._lock:
            key = (library, embedder)
            if key not in self._replicas:
                folder = self.snapshot_folder(library, embedder)
                self._replicas[key] = Replica(library, embedder, dim, folder)
            return self._replicas[key]


def _file_name(name: Any) -> str:
    """Return a name that is one folder, whatever characters it has."""
    return quote(str(name), safe="").replace(".", "%2E")
