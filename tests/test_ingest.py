"""Ingestion: every file comes to a stated end, once, whatever happens on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from library import MAX_BYTES, Library, wait_for, write_photo, write_texts
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import text

from retrieval.catalog.records import Upload
from retrieval.errors import WeightsMissing
from retrieval.fakes import ColourJointEmbedder, HashTextEmbedder
from retrieval.values import Parsed
from retrieval.worker import IngestWorker

pytest_plugins = ["library_fixtures"]


def test_files_become_searchable(library: Library, tmp_path: Path) -> None:
    files = library.ingest(
        *write_texts(tmp_path, ["The boiler was repaired in May.", "增值税发票 总金额 800 元"]),
        write_photo(tmp_path / "red.png", "red"),
    )
    assert [f.status for f in files] == ["indexed"] * 3
    assert [f.modality for f in files] == ["text", "text", "image"]
    assert all(f.progress == 1.0 and f.asset_id for f in files)
    assert library.search("boiler repaired").passages[0].asset == "t000.txt"
    assert library.search("发票金额").passages[0].asset == "t001.txt"
    assert library.search("red").passages[0].asset == "red.png"
    assert library.doctor() == []


def test_every_bad_file_says_why_and_stops_nobody(library: Library, tmp_path: Path) -> None:
    good = write_texts(tmp_path, ["good one", "good two"])
    empty = tmp_path / "empty.txt"
    empty.touch()
    large = tmp_path / "large.txt"
    large.write_bytes(b"a" * (MAX_BYTES + 1))
    odd = tmp_path / "odd.bin"
    odd.write_bytes(bytes(range(256)) * 40)
    broken = tmp_path / "broken.jpg"
    whole = write_photo(tmp_path / "whole.jpg", "blue", (800, 600)).read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])
    files = library.ingest(good[0], empty, large, odd, broken, tmp_path / "none.txt", good[1])
    assert [f.status for f in files] == ["indexed", *["failed"] * 5, "indexed"]
    codes = [f.error_code for f in files[1:6]]
    assert codes[0] == "file_empty"
    assert codes[1] == "file_too_large"
    assert codes[2] in ("file_type_unknown", "file_type_mismatch")
    assert codes[3] == "file_damaged"
    assert codes[4] == "file_not_found"
    assert all(f.error_params["name"] == f.name for f in files[1:6])
    assert library.doctor() == []  # no blob of a refused file is left


def test_a_name_with_a_path_stays_a_name(library: Library, tmp_path: Path) -> None:
    source = write_texts(tmp_path, ["climbing out"])[0]
    job = library.ingestor.run_now("default", [Upload("../../x", source)])
    assert job.files[0].status == "indexed"
    inside = {p for p in library.home.rglob("*") if p.is_file()}
    assert all(library.home in p.parents for p in inside)


def test_duplicates_are_recognised(library: Library, tmp_path: Path) -> None:
    first, other = write_texts(tmp_path, ["same words", "different words"])
    twin = tmp_path / "twin.txt"
    twin.write_text("same words")
    files = library.ingest(first, twin, other)
    assert [f.status for f in files] == ["indexed", "duplicate", "indexed"]
    assert files[1].asset_id == files[0].asset_id
    again = library.ingest(twin)
    assert (again[0].status, again[0].asset_id) == ("duplicate", files[0].asset_id)
    elsewhere = library.ingest(twin, library="other")
    assert elsewhere[0].status == "indexed"
    assert library.rows("assets") == 3


def test_twins_of_a_refused_file_are_refused(library: Library, tmp_path: Path) -> None:
    for name in ("one.bin", "two.bin"):
        (tmp_path / name).write_bytes(bytes(range(256)) * 10)
    files = library.ingest(tmp_path / "one.bin", tmp_path / "two.bin")
    assert [f.status for f in files] == ["failed", "failed"]
    assert library.doctor() == []


def test_an_upload_is_kept_and_worked_off_by_the_worker(library: Library) -> None:
    worker = IngestWorker(lambda: library.ingestor)
    worker.start()
    try:
        job_id = library.ingestor.upload("default", "note.txt", b"remember the milk")
        worker.wake()
        wait_for(lambda: library.ingestor.job(job_id).status == "done")
    finally:
        worker.close()
    assert library.search("milk").passages[0].asset == "note.txt"
    assert library.doctor() == []


def test_a_failed_upload_can_be_tried_again(library: Library) -> None:
    class Broken(HashTextEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
            raise WeightsMissing(model="e5-small", path="/gone")

    library.text = Broken()
    library.reopen()
    job_id = library.ingestor.upload("default", "note.txt", b"remember the milk")
    library.ingestor.run_next()
    failed = library.ingestor.job(job_id).files[0]
    assert (failed.status, failed.error_code) == ("failed", "weights_missing")
    library.text = HashTextEmbedder()
    library.reopen()
    assert library.jobs.retry(job_id) == 1
    library.ingestor.run_next()
    job = library.ingestor.job(job_id)
    assert (job.status, job.files[0].status) == ("done", "indexed")


def test_forgetting_a_failed_upload_drops_its_bytes(library: Library) -> None:
    job_id = library.ingestor.upload("default", "odd.bin", bytes(range(256)) * 10)
    library.ingestor.run_next()
    assert library.ingestor.job(job_id).files[0].status == "failed"
    assert len(list(library.blobs.names())) == 1
    assert library.jobs.forget(job_id, library.blobs)
    assert list(library.blobs.names()) == []


def test_a_passage_that_cannot_be_embedded_fails_its_file_only(
    library: Library, tmp_path: Path
) -> None:
    class Picky(HashTextEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
            if any("poison" in t for t in texts):
                raise RuntimeError("no such word")
            return super().embed_passages(texts)

    library.text = Picky()
    library.reopen()
    files = library.ingest(*write_texts(tmp_path, ["fine", "poison here", "fine as well"]))
    assert [f.status for f in files] == ["indexed", "failed", "indexed"]
    assert "no such word" in files[1].error_params["detail"]
    assert library.doctor() == []


def test_a_full_disk_fails_files_and_loses_nothing(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write_texts(tmp_path, ["before", "after"])
    assert library.ingest(paths[0])[0].status == "indexed"

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("retrieval.blobs.os.fsync", full)
    failed = library.ingest(paths[1])[0]
    assert (failed.status, failed.error_code) == ("failed", "disk_full")
    monkeypatch.undo()
    assert library.doctor() == []
    assert library.jobs.retry(failed.job_id) == 1
    assert library.ingestor.run_next()
    assert library.ingestor.job(failed.job_id).files[0].status == "indexed"


def test_a_full_database_disk_fails_the_file(library: Library, tmp_path: Path) -> None:
    """SQLite itself says that the disk is full (its own page limit is the same error)."""
    small, large = write_texts(tmp_path, ["small", "word " * 60_000])
    with library.engine.connect() as connection:
        pages = connection.scalar(text("PRAGMA page_count")) or 0
    library.engine.dispose()

    from sqlalchemy import event

    def limit(connection: object, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages + 40}")  # type: ignore[attr-defined]

    event.listen(library.engine, "connect", limit)
    try:
        files = library.ingest(large, small)
    finally:
        event.remove(library.engine, "connect", limit)
        library.engine.dispose()
    assert [f.status for f in files] == ["failed", "indexed"]
    assert files[0].error_code == "disk_full"
    assert library.doctor() == []


def test_photos_are_embedded_in_batches(library: Library, tmp_path: Path) -> None:
    class Counting(ColourJointEmbedder):
        batches: list[int] = []

        def embed_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
            self.batches.append(len(images))
            time.sleep(0.3)
            return super().embed_images(images)

    class Quick:
        """Photos as fast as they come."""

        def parse(self, path: Path, name: str, cancelled: Callable[[], bool]) -> Iterator[Parsed]:
            from retrieval.values import Header, Picture

            yield Header("image", "image/jpeg", 1)
            yield Picture(path.read_bytes(), 32, 32)

    library.joint = Counting()
    library.parser = Quick()
    library.reopen()
    paths = [
        write_photo(tmp_path / f"{n}.jpg", f"rgb({n * 9},{n * 5},200)", (32, 32)) for n in range(24)
    ]
    files = library.ingest(*paths)
    assert {f.status for f in files} == {"indexed"}
    assert len(Counting.batches) < 12
    assert sum(Counting.batches) == 24
