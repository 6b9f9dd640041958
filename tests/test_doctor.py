"""The doctor finds every disagreement there is a way to make, and mends what can be mended."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import pytest
from library import Library, write_photo, write_texts
from sqlalchemy import Engine, text

from assistant.config import Settings
from retrieval.fakes import HashTextEmbedder
from retrieval.refill import missing_vectors
from retrieval.sandbox import ParserProcess

pytest_plugins = ["library_fixtures"]


@pytest.fixture
def library(engine: Engine, settings: Settings, parser: ParserProcess, tmp_path: Path) -> Library:
    made = Library(engine, settings.home, parser)
    made.ingest(
        *write_texts(tmp_path / "in", ["the boiler", "the roof"]),
        write_photo(tmp_path / "in" / "red.png", "red"),
    )
    assert made.doctor() == []
    return made


def execute(library: Library, statement: str) -> None:
    with library.engine.begin() as connection:
        connection.execute(text(statement))


def mended(library: Library, code: str) -> None:
    """The finding is reported, then mended, then gone."""
    assert [f.code for f in library.doctor()] == [code]
    assert [(f.code, f.repaired) for f in library.doctor(repair=True)] == [(code, True)]
    assert library.doctor() == []


def test_a_missing_original_comes_back_from_its_source(library: Library) -> None:
    asset = library.catalog.assets("default", query="t000")[0]
    library.blobs.path(asset.sha256).write_bytes(b"damaged")
    mended(library, "blob_missing")
    assert library.blobs.read(asset.sha256) == b"the boiler"


def test_a_missing_original_without_source_stays_a_finding(library: Library) -> None:
    asset = library.catalog.assets("default", query="t000")[0]
    Path(asset.source).unlink()
    library.blobs.delete(asset.sha256)
    (finding,) = library.doctor(repair=True)
    assert (finding.code, finding.repaired) == ("blob_missing", False)
    assert "t000.txt" in finding.sentence
    assert finding.to_json()["params"] == {"name": "t000.txt"}


def test_a_missing_picture_is_made_anew(library: Library) -> None:
    asset = library.catalog.assets("default", query="red")[0]
    picture = library.catalog.picture(asset.id)
    assert picture is not None
    library.blobs.delete(picture.sha256)
    mended(library, "picture_missing")
    assert library.ingestor.run_next()
    assert library.search("red").passages[0].asset == "red.png"
    assert library.doctor() == []


def test_orphans(library: Library) -> None:
    library.blobs.put(b"nobody's")
    assert library.doctor(grace=60) == []  # it may be about to be used
    mended(library, "blob_orphan")
    incoming = library.home / "blobs" / "incoming"
    (incoming / "1-x").write_bytes(b"half")
    os.utime(incoming / "1-x", (0, 0))
    mended(library, "unfinished")
    stray = next(library.blobs.folder.glob("[0-9a-f]" * 2)) / ("0123456789abcdef" * 4)
    stray.write_bytes(b"copied into a folder of other names")
    os.utime(stray, (0, 0))
    mended(library, "unfinished")
    sha256 = library.blobs.put(write_photo(library.home / "p.jpg", "blue")).sha256
    library.thumbnails.get(sha256)
    library.blobs.delete(sha256)
    mended(library, "thumbnail_orphan")


def test_rows_whose_file_is_gone(library: Library) -> None:
    asset = library.catalog.assets("default", query="t000")[0]
    assert library.search("boiler").passages[0].asset == "t000.txt"
    with sqlite3.connect(library.engine.url.database or "") as other:  # keeps no foreign keys
        other.execute("DELETE FROM assets WHERE id = ?", (asset.id,))
    library.blobs.delete(asset.sha256)
    found = {f.params["table"] for f in library.doctor() if f.code == "rows_orphan"}
    assert found == {"chunks", "vectors", "job_files"}
    assert all(f.repaired for f in library.doctor(repair=True))
    assert library.doctor() == []
    assert "t000.txt" not in {p.asset for p in library.search("boiler").passages}
    assert library.search("roof").passages[0].asset == "t001.txt"


def test_missing_vectors_are_made(library: Library) -> None:
    execute(library, "DELETE FROM vectors WHERE id = (SELECT min(id) FROM vectors)")
    codes = [f.code for f in library.doctor(repair=True)]
    assert codes[0] == "vectors_missing"
    assert library.doctor() == []
    assert library.search("boiler").passages[0].asset == "t000.txt"


def test_a_new_embedder_fills_its_own_index(library: Library) -> None:
    class Newer(HashTextEmbedder):
        id = "fake-text-2"

    library.text = Newer()
    library.reopen()
    assert missing_vectors(library.engine, library.text) == 2
    codes = {f.code for f in library.doctor(repair=True)}
    assert codes >= {"vectors_missing", "vectors_stale"}
    assert library.doctor() == []
    assert library.search("roof").passages[0].asset == "t001.txt"


def test_an_index_that_disagrees_is_rebuilt(library: Library) -> None:
    replica = library.indexer.replica("default", library.text.id, library.text.dim)
    replica.index.remove(replica.index.ids()[:1])
    mended(library, "index_disagrees")
    assert library.search("boiler").passages[0].asset == "t000.txt"


def test_a_saved_index_of_nothing(library: Library) -> None:
    (library.home / "index" / "gone" / "e").mkdir(parents=True)
    mended(library, "snapshot_orphan")


def test_a_job_whose_program_is_gone(library: Library) -> None:
    library.jobs.submit("default", [], worker="x")
    execute(library, "UPDATE jobs SET heartbeat_at = '2020-01-01 00:00:00' WHERE worker = 'x'")
    assert [f.code for f in library.doctor(repair=True)] == ["job_stuck"]
    assert library.doctor() == []


def test_words_that_disagree_with_the_passages(library: Library) -> None:
    execute(library, "INSERT INTO chunks_fts(rowid, lexemes) VALUES (999, 'phantom')")
    mended(library, "words_damaged")


def test_thumbnails_are_kept(library: Library) -> None:
    asset = library.catalog.assets("default", query="red")[0]
    picture = library.catalog.picture(asset.id)
    assert picture is not None
    made = library.thumbnails.get(picture.sha256)
    assert made[:2] == b"\xff\xd8"
    assert library.thumbnails.get(picture.sha256) == made
    assert list(library.thumbnails.names()) == [picture.sha256]
    started = time.perf_counter()
    library.thumbnails.delete([picture.sha256])
    assert list(library.thumbnails.names()) == []
    assert time.perf_counter() - started < 1
