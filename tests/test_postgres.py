"""The same contracts over PostgreSQL: catalog, conversations, queue, full text, doctor.

A real server of its own, from the wheel ``pgserver``. The tests of the catalog and of
conversations are imported, so what is asked of SQLite is asked here too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from library import Library, write_texts
from sqlalchemy import Engine, text
from test_catalog import *  # noqa: F403
from test_conversations import *  # noqa: F403
from test_people import *  # noqa: F403

from assistant.config import Settings
from assistant.store.migrate import migrate
from retrieval.catalog.base import Base, open_engine

pgserver = pytest.importorskip("pgserver", reason="the PostgreSQL server of pgserver is missing")


globals().pop("test_words_follow_their_chunks")  # of FTS5, which PostgreSQL has not


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The URL of a migrated database on a server of its own."""
    with tempfile.TemporaryDirectory(prefix="sightline-pg") as name:
        Path(name).chmod(0o755)  # the server runs as another user when the tests run as root
        try:
            server = pgserver.get_server(Path(name) / "data", cleanup_mode="stop")
        except Exception as error:
            pytest.skip(f"PostgreSQL does not start here: {error}")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        opened = open_engine(url)
        migrate(opened, Path(name) / "backups")
        opened.dispose()
        yield url
        server.cleanup()


@pytest.fixture
def settings(tmp_path: Path, models_dir: Path, database: str) -> Settings:
    return Settings(home=tmp_path / "home", models_dir=models_dir, threads=1, database_url=database)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """The database with nothing in it."""
    settings.home.mkdir(parents=True, exist_ok=True)
    opened = open_engine(settings.database_url)
    with opened.begin() as connection:
        names = ", ".join(table.name for table in Base.metadata.sorted_tables)
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    yield opened
    opened.dispose()


def test_files_are_taken_in_found_and_deleted(library: Library, tmp_path: Path) -> None:
    english, chinese = write_texts(
        tmp_path, ["The boiler was serviced in March.", "锅炉在三月份做了保养。"]
    )
    assert [f.status for f in library.ingest(english, chinese)] == ["indexed"] * 2
    assert library.search("boiler").passages[0].asset == english.name
    found = library.search("锅炉保养").passages[0]
    assert found.asset == chinese.name and "lexical" in found.signals
    assert library.doctor() == []
    library.catalog.delete(found.asset_id, library.blobs)
    assert chinese.name not in {p.asset for p in library.search("锅炉保养").passages}
    assert library.doctor() == []


def test_a_job_is_taken_by_one_worker_only(library: Library, tmp_path: Path) -> None:
    from retrieval.catalog.records import Upload

    (path,) = write_texts(tmp_path, ["words"])
    job = library.ingestor.submit("default", [Upload(path.name, path)])
    assert library.jobs.claim(library.ingestor.worker) == job
    assert library.jobs.claim(library.ingestor.worker) is None
