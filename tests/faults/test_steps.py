"""Killed right after each step of taking files in; two processes at once; a disk really full."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from child import STEPS, open_library
from library import Library
from sqlalchemy import Engine

from assistant.config import Settings

CHILD = Path(__file__).with_name("child.py")
FILES = 6


@pytest.fixture
def home(engine: Engine, settings: Settings) -> Path:
    engine.dispose()
    return settings.home


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = []
    for n in range(FILES):
        made.append(tmp_path / f"f{n}.txt")
        made[-1].write_text("\n".join(f"file{n} line{line}" for line in range(30)))
    return made


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    opened = open_library(home)
    yield opened
    opened.engine.dispose()


def child(home: Path, step: str, count: int, *files: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(CHILD), str(home), step, str(count), *map(str, files)],
        capture_output=True,
        text=True,
        timeout=120,
    )


def assert_whole(library: Library, count: int = FILES) -> None:
    """Every file once, all of it, found by search; index, rows and blobs agree."""
    assert library.rows("assets") == count
    told = library.rows("chunks") - count  # one is about the file
    assert library.rows("vectors") == 2 * told  # of the passage, and of its one sentence
    for n in range(count):
        assert library.search(f"file{n} line7").passages[0].asset == f"f{n}.txt"
    left = {finding.code for finding in library.doctor(repair=True)}
    assert left <= {"unfinished", "blob_orphan"}, "only space was lost, and that is given back"
    assert library.doctor() == []


@pytest.mark.parametrize("step", STEPS)
def test_killed_after(step: str, home: Path, files: list[Path], library: Library) -> None:
    died = child(home, step, 1, *files)
    assert died.returncode == -9, died.stderr
    acknowledged = {a.name for a in library.catalog.assets("default")}
    while library.ingestor.run_next():
        pass
    assert acknowledged <= {a.name for a in library.catalog.assets("default")}
    assert all(f.status == "indexed" for j in library.jobs.list("default") for f in j.files)
    assert_whole(library)


def test_two_processes_share_a_home(home: Path, files: list[Path], library: Library) -> None:
    command = [sys.executable, str(CHILD), str(home), "none", "0"]
    pair = [
        subprocess.Popen([*command, *map(str, some)], stdout=subprocess.DEVNULL)
        for some in (files, files[::-1])
    ]
    for process in pair:
        process.communicate(timeout=120)
    assert [process.returncode for process in pair] == [0, 0]
    ended = [file.status for job in library.jobs.list("default") for file in job.files]
    assert sorted(ended) == ["duplicate"] * FILES + ["indexed"] * FILES
    assert_whole(library)


SMALL_DISK = """
mount -t tmpfs -o size=$1 none "$2" || exit 77
cp -r "$3/." "$2"
shift 3
"$@" > "$OUT/full.json"
echo $? > "$OUT/full.code"
mkdir "$OUT/home"
cp -r "$KEEP/." "$OUT/home"
"""


@pytest.mark.parametrize("room", [60, 250, 500])
def test_a_disk_that_is_full(room: int, home: Path, files: list[Path], tmp_path: Path) -> None:
    """A file system that really ends: every file is in the library or says why it is not."""
    for n, path in enumerate(files):
        path.write_text(path.read_text() + f"\n{n}" + " filler" * 6_000)
    used = sum(p.stat().st_size for p in home.rglob("*") if p.is_file()) // 1024
    disk, out = tmp_path / "disk", tmp_path / "out"
    disk.mkdir()
    out.mkdir()
    small = subprocess.run(
        ["unshare", "-rm", "sh", "-c", SMALL_DISK, "sh", f"{used + room}k", str(disk), str(home),
         sys.executable, str(CHILD), str(disk), "none", "0", *map(str, files)],
        env={"OUT": str(out), "KEEP": str(disk), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    if small.returncode == 77 or "unshare" in small.stderr:
        pytest.skip("this system lets no program mount a small disk of its own")
    shutil.copytree(out / "home", home, dirs_exist_ok=True)
    roomy = open_library(home)
    ended = {f.name: f for job in roomy.jobs.list("default") for f in job.files}
    failed = [f for f in ended.values() if f.status != "indexed"]
    assert failed or not ended, "the disk was not full at all"
    assert {f.error_code for f in failed if f.status == "failed"} <= {"disk_full", "home"}
    stored = {asset.name for asset in roomy.catalog.assets("default")}
    assert stored == {f.name for f in ended.values() if f.status == "indexed"}
    if not ended:  # not even the job could be queued: nothing was acknowledged
        assert (out / "full.code").read_text().strip() != "0"
        roomy.ingest(*files)
    for job in roomy.jobs.list("default"):
        roomy.jobs.retry(job.id)
    while roomy.ingestor.run_next():
        pass
    assert_whole(roomy)
    roomy.engine.dispose()
