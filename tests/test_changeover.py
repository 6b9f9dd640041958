"""Another embedder comes: the old one serves, a killed fill goes on, then the new one serves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from library import Library, write_photo, write_texts
from sqlalchemy import Engine, text

from assistant.config import Settings
from retrieval.catalog.base import open_engine
from retrieval.changeover import change, drop_unused, serve, serving
from retrieval.embed.passages import JointPassages
from retrieval.fakes import ColourJointEmbedder
from retrieval.refill import Refill, missing_vectors
from retrieval.sandbox import ParserProcess
from retrieval.search import Searcher
from retrieval.values import Query

pytest_plugins = ["library_fixtures"]

OLD, NEW = ColourJointEmbedder.id, "fake-joint-2"
PHOTOS = 60


class Newer(ColourJointEmbedder):
    id = NEW


@pytest.fixture
def library(engine: Engine, settings: Settings, parser: ParserProcess, tmp_path: Path) -> Library:
    made = Library(engine, settings.home, parser)
    names = ("red", "green", "blue", "yellow", "cyan", "magenta")
    photos = [
        write_photo(tmp_path / f"{names[n % 6]}-{n}.png", names[n % 6], (40 + n, 50))
        for n in range(PHOTOS)
    ]
    made.ingest(*photos, *write_texts(tmp_path, ["the red boiler", "the roof"]))
    assert serving(engine, "joint", OLD) == OLD
    return made


def refills(library: Library) -> list[Refill]:
    joint = Newer()
    return [Refill(library.engine, library.blobs, one) for one in (joint, JointPassages(joint))]


def found(library: Library, embedder: ColourJointEmbedder, words: str) -> str:
    searcher = Searcher(library.engine, library.indexer, library.text, embedder)
    return searcher.search(Query("default", words)).passages[0].asset.split("-")[0]


def count(engine: Engine, embedder: str) -> int:
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT count(*) FROM vectors WHERE embedder = :e"), {"e": embedder}
        )
        return int(rows.scalar_one())


def test_the_old_one_serves_until_the_new_one_has_seen_all(
    library: Library, tmp_path: Path
) -> None:
    assert serving(library.engine, "joint", NEW) == OLD
    waiting = refills(library)
    waiting[0].step()
    assert found(library, library.joint, "green") == "green"
    assert not change(library.engine, library.indexer, "joint", waiting)
    assert serving(library.engine, "joint", NEW) == OLD
    library.ingest(write_photo(tmp_path / "black-1.png", "black"))  # by the old one, meanwhile
    for refill in waiting:
        refill.run()
    late = write_photo(tmp_path / "white-1.png", "white")
    library.ingest(late)  # after all was filled: it must not be lost
    assert not change(library.engine, library.indexer, "joint", waiting)
    for refill in waiting:
        refill.run()
    assert change(library.engine, library.indexer, "joint", waiting)
    assert serving(library.engine, "joint", NEW) == NEW
    for colour in ("black", "white", "green"):
        assert found(library, Newer(), colour) == colour


def test_a_picture_that_is_gone_does_not_hold_it_up(library: Library) -> None:
    with library.engine.connect() as connection:
        gone = connection.execute(text("SELECT sha256 FROM pictures LIMIT 1")).scalar_one()
    library.blobs.delete(gone)
    waiting = refills(library)
    for refill in waiting:
        refill.run()
    assert len(waiting[0].lost) == 1
    assert change(library.engine, library.indexer, "joint", waiting)
    assert count(library.engine, NEW) == PHOTOS - 1


def test_an_empty_library_changes_at_once(engine: Engine) -> None:
    serve(engine, "joint", OLD)
    assert serving(engine, "joint", NEW) == NEW


KILLED = """
import os, signal, sys
sys.path[:0] = {paths!r}
from pathlib import Path
from retrieval.blobs import BlobStore
from retrieval.catalog.base import open_engine
from retrieval.fakes import ColourJointEmbedder
from retrieval.refill import Refill

class Newer(ColourJointEmbedder):
    id = {new!r}
    batches = 0

    def embed_images(self, images):
        Newer.batches += 1
        if Newer.batches == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed_images(images)

home = Path({home!r})
engine = open_engine("sqlite:///" + str(home / "sightline.db"))
Refill(engine, BlobStore(home / "blobs"), Newer()).run()
"""


def test_a_killed_fill_goes_on_where_it_was(library: Library, settings: Settings) -> None:
    root = Path(__file__).resolve().parents[1]
    script = KILLED.format(paths=[str(root)], new=NEW, home=str(settings.home))
    died = subprocess.run([sys.executable, "-c", script], timeout=120)
    assert died.returncode == -9
    kept = count(library.engine, NEW)
    assert 0 < kept < PHOTOS
    again = open_engine(f"sqlite:///{settings.home / 'sightline.db'}")
    assert serving(again, "joint", NEW) == OLD
    assert found(library, library.joint, "blue") == "blue"
    waiting = refills(library)
    assert waiting[0].run() == PHOTOS - kept, "what was embedded is not embedded again"
    waiting[1].run()
    assert change(library.engine, library.indexer, "joint", waiting)
    assert missing_vectors(library.engine, Newer()) == 0
    assert found(library, Newer(), "blue") == "blue"
    again.dispose()


KILLED_WHILE_TIDYING = """
import os, signal, sys
sys.path[:0] = {paths!r}
from retrieval.catalog.base import open_engine
from retrieval.changeover import drop_unused

engine = open_engine({url!r})
for _ in range(3):
    assert drop_unused(engine, {used!r}, most=9) == 9
with engine.connect() as connection:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    connection.exec_driver_sql("DELETE FROM vectors WHERE embedder = {old!r}")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_vectors_of_the_old_one_go_also_over_a_kill(
    library: Library, settings: Settings
) -> None:
    waiting = refills(library)
    for refill in waiting:
        refill.run()
    assert change(library.engine, library.indexer, "joint", waiting)
    used = [library.text.id, *(refill.embedder.id for refill in waiting)]
    script = KILLED_WHILE_TIDYING.format(
        paths=[str(Path(__file__).resolve().parents[1])],
        url=settings.database_url,
        used=used,
        old=OLD,
    )
    died = subprocess.run([sys.executable, "-c", script], timeout=120)
    assert died.returncode == -9
    assert count(library.engine, OLD) == PHOTOS - 27
    while drop_unused(library.engine, used, most=9):
        assert found(library, Newer(), "blue") == "blue"
    assert count(library.engine, OLD) == 0
    assert count(library.engine, NEW) == PHOTOS
    assert found(library, Newer(), "green") == "green"
