"""Ingestion under way: cancelled, paused, resumed, shared by workers, given up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from library import Library, parser_process, wait_for, write_texts
from numpy.typing import NDArray

from assistant.config import Settings
from retrieval.catalog.jobrows import MAX_ATTEMPTS
from retrieval.catalog.records import Upload
from retrieval.catalog.workers import worker_name
from retrieval.fakes import HashTextEmbedder
from retrieval.values import Parsed
from retrieval.worker import IngestWorker

pytest_plugins = ["library_fixtures"]


class SlowText(HashTextEmbedder):
    """Takes its time over every passage."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.started = threading.Event()

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.started.set()
        time.sleep(self.seconds * len(texts))
        return super().embed_passages(texts)


@pytest.mark.parametrize("phase", ["parsing", "embedding"])
def test_cancel_within_two_seconds(library: Library, tmp_path: Path, phase: str) -> None:
    class Stuck:
        """A parser that never ends unless told to."""

        def parse(self, path: Path, name: str, cancelled: Callable[[], bool]) -> Iterator[Parsed]:
            slow.started.set()
            while not cancelled():
                time.sleep(0.05)
            yield from ()

    slow = SlowText(0.5)
    library.text = slow
    if phase == "parsing":
        library.parser = Stuck()
    library.reopen()
    body = "\n\n".join(f"paragraph {n} " + "word " * 40 for n in range(60))
    paths = write_texts(tmp_path, [body, body + "more"])
    job_id = library.ingestor.submit("default", [Upload(p.name, p) for p in paths])
    thread = threading.Thread(target=library.ingestor.run_next)
    thread.start()
    assert slow.started.wait(20)
    started = time.monotonic()
    library.jobs.cancel(job_id)
    thread.join(10)
    assert time.monotonic() - started < 2.0
    job = library.ingestor.job(job_id)
    assert job.status == "cancelled"
    assert [f.status for f in job.files] == ["cancelled", "cancelled"]
    assert library.rows("assets") == 0
    assert library.doctor() == []


def test_one_file_cancelled_the_others_go_on(library: Library, tmp_path: Path) -> None:
    slow = SlowText(0.1)
    library.text = slow
    library.reopen()
    body = "\n\n".join(f"paragraph {n} " + "word " * 40 for n in range(40))
    paths = write_texts(tmp_path, [body, "a short one"])
    job_id = library.ingestor.submit("default", [Upload(p.name, p) for p in paths])
    thread = threading.Thread(target=library.ingestor.run_next)
    thread.start()
    assert slow.started.wait(20)
    library.jobs.cancel_file(library.ingestor.job(job_id).files[0].id)
    thread.join(15)
    job = library.ingestor.job(job_id)
    assert job.status == "done"
    assert [f.status for f in job.files] == ["cancelled", "indexed"]
    assert library.doctor() == []


def test_progress_pause_and_resume(library: Library, tmp_path: Path) -> None:
    slow = SlowText(0.08)
    library.text = slow
    library.reopen()
    body = "\n\n".join(f"paragraph {n} " + "word " * 40 for n in range(60))
    paths = write_texts(tmp_path, [body, "short"])
    job_id = library.ingestor.submit("default", [Upload(p.name, p) for p in paths])
    thread = threading.Thread(target=library.ingestor.run_next)
    thread.start()
    wait_for(lambda: 0.1 < library.ingestor.job(job_id).files[0].progress < 1.0)
    assert library.ingestor.job(job_id).eta is not None
    assert library.ingestor.job(job_id).files[0].status in ("parsing", "embedding")
    library.jobs.pause(job_id)
    thread.join(10)
    assert library.ingestor.job(job_id).status == "paused"
    assert not library.ingestor.run_next()
    slow.seconds = 0.0
    library.jobs.resume(job_id)
    assert library.ingestor.run_next()
    job = library.ingestor.job(job_id)
    assert (job.status, job.progress) == ("done", 1.0)
    assert [f.status for f in job.files] == ["indexed", "indexed"]
    assert library.rows("assets") == 2


def test_closing_the_worker_gives_the_job_back(library: Library, tmp_path: Path) -> None:
    slow = SlowText(0.2)
    library.text = slow
    library.reopen()
    body = "\n\n".join(f"paragraph {n} " + "word " * 40 for n in range(40))
    job_id = library.ingestor.submit(
        "default", [Upload(p.name, p) for p in write_texts(tmp_path, [body])]
    )
    worker = IngestWorker(lambda: library.ingestor)
    worker.start()
    assert slow.started.wait(20)
    worker.close()
    job = library.ingestor.job(job_id)
    assert (job.status, job.files[0].status, job.files[0].attempts) == ("queued", "queued", 0)
    slow.seconds = 0
    assert library.ingestor.run_next()
    assert library.ingestor.job(job_id).files[0].status == "indexed"


def test_two_workers_share_a_home_and_nothing_is_doubled(
    library: Library, settings: Settings, models_dir: Path, tmp_path: Path
) -> None:
    paths = write_texts(tmp_path, [f"file number {n}" for n in range(30)])
    jobs = [
        library.ingestor.submit("default", [Upload(p.name, p) for p in paths[n : n + 10]])
        for n in (0, 5, 10, 15, 20)  # they overlap
    ]
    with parser_process(models_dir) as second_parser:
        second = Library(library.engine, settings.home, second_parser)
        threads = [
            threading.Thread(target=lambda one=one: [*iter(one.ingestor.run_next, False)])
            for one in (library, second)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert library.rows("assets") == 30
    ended = [f for job_id in jobs for f in library.ingestor.job(job_id).files]
    assert {f.status for f in ended} <= {"indexed", "duplicate"}
    assert sum(f.status == "indexed" for f in ended) == 30
    assert library.doctor() == []


def test_a_job_of_a_live_worker_is_left_alone(library: Library, tmp_path: Path) -> None:
    upload = Upload("t.txt", write_texts(tmp_path, ["x y z"])[0])
    library.jobs.submit("default", [upload], worker=worker_name())
    assert library.jobs.claim("another") is None


def test_a_file_that_kills_its_worker_is_given_up(library: Library, tmp_path: Path) -> None:
    upload = Upload("t.txt", write_texts(tmp_path, ["x y z"])[0])
    job_id = library.jobs.submit("default", [upload])
    for _ in range(MAX_ATTEMPTS):
        claimed = library.jobs.claim(f"{worker_name().split('/')[0]}/999999/1/dead")
        assert claimed == job_id
        for file in library.jobs.waiting(job_id):
            library.jobs.record({file.id: {"status": "parsing"}})
    assert library.jobs.claim(library.ingestor.worker) == job_id
    file = library.ingestor.job(job_id).files[0]
    assert (file.status, file.error_code) == ("failed", "file_rejected")
