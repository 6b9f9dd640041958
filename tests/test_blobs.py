"""Blobs: named by content, whole or not there, once."""

from __future__ import annotations

import errno
import hashlib
import os
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from retrieval.blobs import BlobStore
from retrieval.errors import DiskFull, HomeError


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


def test_put_is_named_by_content_and_idempotent(blobs: BlobStore, tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    source = tmp_path / "source"
    source.write_bytes(data)
    stored = blobs.put(source)
    assert stored == (hashlib.sha256(data).hexdigest(), 3_000_000)
    assert blobs.put(data) == stored
    assert blobs.read(stored.sha256) == data
    assert list(blobs.names()) == [stored.sha256]
    assert list(blobs.leftovers()) == []


def test_many_threads_put_the_same_bytes(blobs: BlobStore) -> None:
    data = os.urandom(200_000)
    with ThreadPoolExecutor(8) as pool:
        names = {stored.sha256 for stored in pool.map(lambda _: blobs.put(data), range(32))}
    assert len(names) == 1
    assert blobs.intact(names.pop())


def test_damage_is_seen(blobs: BlobStore) -> None:
    sha256, _ = blobs.put(b"something")
    blobs.path(sha256).write_bytes(b"something else")
    assert not blobs.intact(sha256)
    blobs.delete(sha256)
    assert not blobs.intact(sha256)
    with pytest.raises(HomeError):
        blobs.read(sha256)


def test_a_name_that_is_a_path_is_refused(blobs: BlobStore) -> None:
    for name in ("../../etc/passwd", "", "A" * 64):
        with pytest.raises(ValueError, match="not a SHA-256"):
            blobs.path(name)


def test_a_full_disk_leaves_nothing_behind(
    blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull) as caught:
        blobs.put(b"data")
    assert caught.value.code == "disk_full"
    assert list(blobs.names()) == []
    assert list(blobs.leftovers()) == []


def test_the_system_refusing_a_write_is_a_full_disk(tmp_path: Path) -> None:
    """A real refused write: the process may not write files above 64 KB."""
    script = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from retrieval.blobs import BlobStore\n"
        "from retrieval.errors import DiskFull\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"
        "blobs = BlobStore(Path(sys.argv[1]))\n"
        "try:\n"
        "    blobs.put(bytes(1_000_000))\n"
        "except DiskFull:\n"
        "    print('full', len(list(blobs.leftovers())), len(list(blobs.names())))\n"
    )
    assert resource.RLIMIT_FSIZE >= 0
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "blobs")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "full 0 0\n"
