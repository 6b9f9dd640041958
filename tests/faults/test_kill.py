"""Ingestion killed without warning, again and again: nothing is lost, nothing is doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from assistant.config import Settings
from retrieval.blobs import BlobStore
from retrieval.catalog.jobs import Jobs
from retrieval.catalog.records import Upload

ROOT = Path(__file__).resolve().parents[2]
FILES = 24

WORKER = """
import sys, time
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from library import Library
from retrieval.catalog.base import open_engine
from retrieval.fakes import HashTextEmbedder
from retrieval.sandbox import ParserProcess

class Slow(HashTextEmbedder):
    def embed_passages(self, texts):
        time.sleep(0.02 * len(texts))
        return super().embed_passages(texts)

home = Path(sys.argv[1])
library = Library(open_engine(sys.argv[2]), home, ParserProcess(home / "models"), Slow())
print("ready", flush=True)
while library.ingestor.run_next():
    pass
library.indexer.close()
library.parser.close()
print("done", flush=True)
"""


def start(settings: Settings) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            WORKER,
            str(settings.home),
            settings.database_url,
            str(ROOT / "tests"),
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_kill_at_any_moment(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    from library import Library, parser_process

    folder = tmp_path / "files"
    folder.mkdir()
    paths = []
    for n in range(FILES):
        path = folder / f"{n:02}.txt"
        path.write_text("\n\n".join(f"file{n:02} paragraph {p} " + "word " * 30 for p in range(4)))
        paths.append(path)
    jobs = Jobs(engine)
    job_id = jobs.submit("default", [Upload(p.name, p) for p in paths])
    dice = random.Random(5)
    kills = 0
    for _ in range(3):
        process = start(settings)
        time.sleep(0.6 + dice.random() * 1.2)
        if process.poll() is None:
            kills += 1
            os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    assert kills, "every run ended before it could be killed"
    process = start(settings)
    said, _ = process.communicate(timeout=120)
    assert said == "done\n"

    job = jobs.get(job_id)
    assert job is not None
    assert job.status == "done"
    assert [f.status for f in job.files] == ["indexed"] * FILES
    with engine.connect() as connection:
        count = connection.scalar(text("SELECT count(*) FROM assets"))
        ids = {f.asset_id for f in job.files}
        assert count == len(ids) == FILES
        per_asset = connection.execute(
            text("SELECT asset_id, count(*), count(DISTINCT ordinal) FROM chunks GROUP BY asset_id")
        ).all()
    assert len(per_asset) == FILES
    assert all(rows == ordinals for _, rows, ordinals in per_asset)

    with parser_process(settings.home / "models") as parser:
        library = Library(engine, settings.home, parser)
        for n in (0, 11, 23):
            assert library.search(f"file{n:02}").passages[0].asset == f"{n:02}.txt"
        left = library.doctor(repair=True)
        assert {f.code for f in left} <= {"unfinished", "blob_orphan"}
        assert library.doctor() == []


@pytest.mark.parametrize("moment", ["blob", "snapshot"])
def test_what_a_killed_process_leaves_half_written_is_never_used(
    engine: Engine, settings: Settings, moment: str
) -> None:
    """Half a blob has no name; half a snapshot has no manifest."""
    if moment == "blob":
        incoming = settings.home / "blobs" / "incoming"
        incoming.mkdir(parents=True)
        (incoming / "1-abc").write_bytes(b"half of a fi")
        blobs = BlobStore(settings.home / "blobs")
        assert list(blobs.names()) == []
        assert len(list(blobs.leftovers())) == 1
        return
    from library import Library, parser_process

    with parser_process(settings.home / "models") as parser:
        library = Library(engine, settings.home, parser)
        folder = library.indexer.snapshot_folder("default", library.text.id)
        folder.mkdir(parents=True)
        (folder / "vectors-1234.bin").write_bytes(b"half of an ind")
        library.ingestor.upload("default", "a.txt", b"some words")
        library.ingestor.run_next()
        assert library.search("words").passages[0].asset == "a.txt"
