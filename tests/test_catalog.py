"""The catalog: listing, filters, passages, deletion that leaves nothing behind."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from library import Library, write_photo, write_texts
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from retrieval.catalog.base import open_engine
from retrieval.catalog.records import AssetDraft, PictureDraft, Upload
from retrieval.catalog.references import delete_unreferenced
from retrieval.catalog.store import BlobVanished, LostJob, commit_assets
from retrieval.catalog.vectors import pack
from retrieval.catalog.workers import orphaned, worker_alive, worker_name
from retrieval.values import Chunk, Filters, PageLocator, TextLocator

pytest_plugins = ["library_fixtures"]


def draft(library: Library, name: str, *, worker: str = "me", pages: int = 2) -> AssetDraft:
    """A document as ingestion hands it over, with its job file in SQL."""
    sha256, size = library.blobs.put(name.encode())
    job_id = library.jobs.submit("default", [Upload(name, sha256=sha256)], worker=worker)
    chunks = tuple(
        Chunk(f"{name} passage {n}", "body", PageLocator(n + 1), n, "Heading") for n in range(pages)
    )
    vectors = pack(library.text.embed_passages([chunk.text for chunk in chunks]))
    return AssetDraft(
        file_id=library.ingestor.job(job_id).files[0].id,
        library="default",
        sha256=sha256,
        name=name,
        source="",
        size=size,
        media_type="application/pdf",
        modality="text",
        units=pages,
        meta={"title": name},
        taken_at=None,
        latitude=None,
        longitude=None,
        chunks=chunks,
        vectors=tuple(vectors),
        sentences=tuple((one,) for one in vectors),
        pictures=(),
    )


def commit(library: Library, one: AssetDraft, *, worker: str = "me") -> None:
    job = library.jobs.list("default")[0]
    commit_assets(
        library.engine,
        [one],
        job.id,
        worker,
        blobs=library.blobs,
        text_embedder=(library.text.id, library.text.dim),
        sentence_embedder=(f"{library.text.id}:sentences", library.text.dim),
        joint_embedder=(library.joint.id, library.joint.dim),
    )


def test_listing_and_pages_of_it(library: Library) -> None:
    for n in range(5):
        commit(library, draft(library, f"File_{n}.pdf"))
    names = [a.name for a in library.catalog.assets("default", limit=2, offset=1)]
    assert names == ["File_3.pdf", "File_2.pdf"]
    assert [a.name for a in library.catalog.assets("default", query="FILE_4")] == ["File_4.pdf"]
    assert library.catalog.assets("default", query="%") == []
    assert library.catalog.count("default") == library.catalog.size("default") == 5
    assert library.catalog.count("default", filters=Filters(modality="image")) == 0
    assert library.catalog.assets("another") == []
    first = library.catalog.assets("default", query="file_0")[0]
    assert (first.chunks, first.units, first.meta) == (2, 2, {"title": "File_0.pdf"})
    assert library.catalog.asset_by_hash("default", first.sha256) == first


def test_passages_by_page(library: Library) -> None:
    commit(library, draft(library, "a.pdf", pages=3))
    asset = library.catalog.assets("default")[0]
    assert [c.ordinal for c in library.catalog.chunks(asset.id)] == [0, 1, 2]
    (chunk,) = library.catalog.chunks(asset.id, page=2)
    assert (chunk.text, chunk.locator, chunk.heading) == (
        "a.pdf passage 1",
        PageLocator(2),
        "Heading",
    )
    assert library.catalog.asset(99_999) is None


def test_filters_are_exact(library: Library) -> None:
    moment = datetime(2024, 5, 1, tzinfo=UTC)
    for n in range(6):
        one = draft(library, f"{n}.pdf")
        commit(library, replace(one, taken_at=moment + timedelta(days=n), modality="image"))
    ids = {a.name: a.id for a in library.catalog.assets("default")}
    library.catalog.tag([ids["2.pdf"]], ["trip", "sea"])
    library.catalog.tag([ids["3.pdf"]], ["sea"])

    def names(**values: object) -> set[str]:
        filters = Filters(**values)  # type: ignore[arg-type]
        return {a.name for a in library.catalog.assets("default", filters=filters)}

    assert names(taken_from=moment + timedelta(days=4)) == {"4.pdf", "5.pdf"}
    assert names(taken_to=moment, modality="image") == {"0.pdf"}
    assert names(tags=frozenset({"sea"})) == {"2.pdf", "3.pdf"}
    assert names(tags=frozenset({"trip"}), asset_ids=frozenset({ids["3.pdf"]})) == set()
    assert names(media_types=frozenset({"image/png"})) == set()
    assert names(modality="audio") == set()
    assert library.catalog.asset(ids["2.pdf"]).tags == ("sea", "trip")  # type: ignore[union-attr]


def test_a_lost_job_writes_nothing(library: Library) -> None:
    one = draft(library, "a.pdf")
    with pytest.raises(LostJob):
        commit(library, one, worker="somebody else")
    library.jobs.cancel_file(one.file_id)
    with pytest.raises(LostJob):
        commit(library, one)
    assert library.rows("assets") == library.rows("chunks") == library.rows("vectors") == 0


def test_an_asset_without_its_blob_is_not_written(library: Library) -> None:
    one = draft(library, "a.pdf")
    picture = PictureDraft(1, "0" * 64, 10, 10)
    with pytest.raises(BlobVanished):
        commit(library, replace(one, pictures=(picture,)))
    assert library.rows("assets") == 0


def test_deleting_leaves_nothing(library: Library, tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "red.png", "red")
    note, other = write_texts(tmp_path, ["the boiler", "the roof"])
    library.ingest(photo, note, other)
    library.ingest(photo, library="second")
    for asset in library.catalog.assets("default"):
        if asset.name != "t001.txt":
            used = library.catalog.delete(asset.id, library.blobs)
            assert used is not None and asset.sha256 in used
    assert [a.name for a in library.catalog.assets("default")] == ["t001.txt"]
    assert all(p.asset == "t001.txt" for p in library.search("red boiler").passages)
    second = library.catalog.assets("second")[0]
    assert library.blobs.exists(second.sha256)  # still another library's
    assert library.doctor() == []
    for asset in [second, *library.catalog.assets("default")]:
        library.catalog.delete(asset.id, library.blobs)
    assert list(library.blobs.names()) == []
    for table in ("assets", "chunks", "pictures", "vectors"):
        assert library.rows(table) == 0
    assert library.search("roof").passages == ()
    assert library.catalog.delete(second.id, library.blobs) is None
    assert library.doctor() == []


def test_a_blob_an_attachment_uses_is_kept(library: Library) -> None:
    sha256, _ = library.blobs.put(b"attached")
    with library.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO conversations VALUES "
                "('c', 'default', '', '2026-01-01 00:00', '2026-01-01 00:00')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO messages (id, conversation_id, position, role, text, status, "
                "error_params, trace, created_at) VALUES "
                "('m', 'c', 0, 'user', '', 'complete', '{}', '{}', '2026-01-01 00:00')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO attachments (message_id, position, name, sha256, media_type, "
                "transcript) VALUES ('m', 0, 'a', :sha256, '', '')"
            ),
            {"sha256": sha256},
        )
    assert delete_unreferenced(library.engine, library.blobs, [sha256]) == set()
    assert library.blobs.exists(sha256)


def test_words_follow_their_chunks(library: Library) -> None:
    """The full-text table is kept by triggers, also when a cascade deletes the chunk."""
    commit(library, draft(library, "boiler.pdf"))
    words = "SELECT count(*) FROM chunks_fts WHERE chunks_fts MATCH 'boiler'"
    with library.engine.connect() as connection:
        assert connection.scalar(text(words)) == 2
    library.catalog.delete(library.catalog.assets("default")[0].id, library.blobs)
    with library.engine.connect() as connection:
        assert connection.scalar(text(words)) == 0
        connection.execute(
            text("INSERT INTO chunks_fts(chunks_fts, rank) VALUES('integrity-check', 1)")
        )


def test_workers_know_who_lives() -> None:
    me = worker_name()
    assert worker_alive(me) is True
    host = me.split("/")[0]
    assert worker_alive(f"{host}/999999/1/x") is False
    assert worker_alive("elsewhere/1/1/x") is None
    now = datetime.now(UTC)
    assert not orphaned(me, now)
    assert orphaned(me, now - timedelta(minutes=5))
    assert not orphaned("elsewhere/1/1/x", now)
    assert orphaned("elsewhere/1/1/x", None)


def test_a_chunk_of_a_file_without_pages(library: Library) -> None:
    one = draft(library, "a.txt", pages=1)
    commit(library, replace(one, chunks=(Chunk("x y", "body", TextLocator(3, 6), 0),)))
    asset = library.catalog.assets("default")[0]
    assert library.catalog.chunks(asset.id)[0].locator == TextLocator(3, 6)
    assert library.catalog.chunks(asset.id, page=1) == []


def test_many_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    """SQLite refuses at once, without waiting, when two switch a new file to its log."""
    failed: list[BaseException] = []

    def open_it(url: str, together: threading.Barrier) -> None:
        together.wait()
        try:
            engine = open_engine(url)
            engine.connect().close()
            engine.dispose()
        except OperationalError as error:
            failed.append(error)

    for number in range(40):
        together = threading.Barrier(6)
        url = f"sqlite:///{tmp_path}/{number}.db"
        each = [threading.Thread(target=open_it, args=(url, together)) for _ in range(6)]
        for thread in each:
            thread.start()
        for thread in each:
            thread.join()
    assert failed == []
