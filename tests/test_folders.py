"""A folder kept in step: new, changed, moved and deleted files, and those it must leave alone."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from library import Library, parser_process
from sqlalchemy import Engine

from assistant.config import Settings
from retrieval.fakes import HashTextEmbedder
from retrieval.folders import Change, Folder, FolderGone
from retrieval.watching import settled_changes


class Counting(HashTextEmbedder):
    """Counts what is embedded."""

    passages = 0

    def embed_passages(self, texts: list[str]) -> object:  # type: ignore[override]
        type(self).passages += len(texts)
        return super().embed_passages(texts)


@pytest.fixture
def library(engine: Engine, settings: Settings) -> Iterator[Library]:
    with parser_process(settings.home / "models") as parser:
        yield Library(engine, settings.home, parser, Counting())


@pytest.fixture
def folder(library: Library, tmp_path: Path) -> Folder:
    place = tmp_path / "documents"
    for name, words in (("a.txt", "apples"), ("b.txt", "bananas"), ("sub/c.txt", "cherries")):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(f"These are {words}.")
    return opened(library, place)


def opened(library: Library, place: Path, settled: float = 0.0) -> Folder:
    return Folder(
        library.engine,
        "default",
        place,
        lambda uploads: library.ingestor.run_now("default", uploads).files,
        lambda asset: library.catalog.delete(asset, library.blobs) and None,
        settled=settled,
    )


def names(library: Library) -> set[str]:
    return {asset.name for asset in library.catalog.assets("default")}


def told(changes: list[Change]) -> set[tuple[str, str]]:
    return {(change.what, change.path.name) for change in changes}


def test_add_change_move_and_delete(library: Library, folder: Folder) -> None:
    assert told(folder.reconcile()) == {(("indexed"), n) for n in ("a.txt", "b.txt", "c.txt")}
    assert folder.reconcile() == []
    embedded, place = Counting.passages, folder.path

    (place / "a.txt").rename(place / "sub" / "renamed.txt")
    moved = folder.reconcile()
    assert told(moved) == {("moved", "renamed.txt")}
    assert moved[0].before == place / "a.txt"
    assert Counting.passages == embedded, "a moved file is not embedded again"
    assert library.search("apples").passages[0].asset == "renamed.txt"

    (place / "b.txt").write_text("These are blackberries now.")
    assert told(folder.reconcile()) == {("changed", "b.txt")}
    assert names(library) == {"renamed.txt", "b.txt", "c.txt"}
    assert library.search("blackberries").passages[0].asset == "b.txt"

    shutil.rmtree(place / "sub")
    assert told(folder.reconcile()) == {("removed", "renamed.txt"), ("removed", "c.txt")}
    assert names(library) == {"b.txt"}
    assert library.doctor() == []


def test_a_restart_reads_nothing_again(library: Library, folder: Folder) -> None:
    folder.reconcile()
    embedded = Counting.passages
    (folder.path / "a.txt").rename(folder.path / "z.txt")  # while nobody watched
    (folder.path / "b.txt").unlink()
    later = opened(library, folder.path)
    assert told(later.reconcile()) == {("moved", "z.txt"), ("removed", "b.txt")}
    assert Counting.passages == embedded


def test_what_came_from_elsewhere_stays(library: Library, folder: Folder, tmp_path: Path) -> None:
    elsewhere = tmp_path / "documents of mine.txt"
    elsewhere.write_text("These are apples.")
    library.ingest(elsewhere)
    library.ingestor.upload("default", "uploaded.txt", b"These are bananas.")
    library.ingestor.run_next()
    assert told(folder.reconcile()) == {
        ("duplicate", "a.txt"), ("duplicate", "b.txt"), ("indexed", "c.txt")
    }  # fmt: skip
    assert folder.reconcile() == []
    (folder.path / "a.txt").unlink()
    (folder.path / "b.txt").unlink()
    folder.reconcile()
    assert names(library) == {"documents of mine.txt", "uploaded.txt", "c.txt"}


def test_of_two_copies_one_may_go(library: Library, folder: Folder) -> None:
    shutil.copy(folder.path / "a.txt", folder.path / "copy.txt")
    folder.reconcile()
    (folder.path / "a.txt").unlink()
    assert told(folder.reconcile()) == {("moved", "copy.txt")}
    assert library.search("apples").passages[0].asset == "copy.txt"


def test_contents_that_change_places(library: Library, folder: Folder) -> None:
    folder.reconcile()
    a, b, spare = (folder.path / name for name in ("a.txt", "b.txt", "spare.txt"))
    a.rename(spare)
    b.rename(a)
    spare.rename(b)
    assert {change.what for change in folder.reconcile()} == {"moved"}
    assert library.search("apples").passages[0].asset == "b.txt"
    assert names(library) == {"a.txt", "b.txt", "c.txt"}


def test_a_file_that_cannot_be_read_is_told_once_and_keeps_its_earlier_version(
    library: Library, folder: Folder
) -> None:
    folder.reconcile()
    (folder.path / "a.txt").write_bytes(b"")
    changes = folder.reconcile()
    assert told(changes) == {("failed", "a.txt")}
    assert changes[0].record is not None and changes[0].record.error_code == "file_empty"
    assert folder.reconcile() == []
    assert library.search("apples").passages[0].asset == "a.txt"


def test_rules(library: Library, folder: Folder) -> None:
    for name in (".hidden.txt", "~$a.txt", "x.part", "sub/.git/d.txt", "drafts/e.txt", "f.log"):
        (folder.path / name).parent.mkdir(exist_ok=True, parents=True)
        (folder.path / name).write_text(f"left out {name}")
    (folder.path / ".sightlineignore").write_text("# mine\ndrafts/\n*.log\nsub/c.*\n")
    assert told(folder.reconcile()) == {("indexed", "a.txt"), ("indexed", "b.txt")}
    (folder.path / ".sightlineignore").write_text("b.txt\n")
    folder.reconcile()
    assert "b.txt" not in names(library), "what a new rule leaves out, leaves the library"


def test_a_file_being_written_waits(library: Library, folder: Folder) -> None:
    waiting = Folder(
        library.engine, "default", folder.path, lambda _: pytest.fail("too early"), print, 60.0
    )
    assert waiting.reconcile() == []
    assert waiting.unsettled


def test_a_move_is_known_while_the_file_is_still_too_fresh_to_be_read(
    library: Library, folder: Folder
) -> None:
    folder.reconcile()
    (kept,) = [a.id for a in library.catalog.assets("default", query="a.txt")]
    (folder.path / "a.txt").rename(folder.path / "sub" / "renamed.txt")
    (folder.path / "b.txt").unlink()
    fresh = opened(library, folder.path, settled=60.0)
    assert told(fresh.reconcile()) == {("removed", "b.txt")}, "a.txt may be what is arriving"
    assert fresh.unsettled
    assert told(opened(library, folder.path).reconcile()) == {("moved", "renamed.txt")}
    assert [a.id for a in library.catalog.assets("default", query="renamed")] == [kept]


@pytest.mark.parametrize("how", ["folder", "contents"])
def test_a_drive_that_is_not_connected_removes_nothing(
    library: Library, folder: Folder, how: str
) -> None:
    for n in range(6):
        (folder.path / f"{n}.txt").write_text(f"number {n}")
    folder.reconcile()
    shutil.rmtree(folder.path)
    if how == "contents":
        folder.path.mkdir()  # an empty mount point
    with pytest.raises(FolderGone):
        folder.reconcile()
    assert len(names(library)) == 9


@pytest.mark.parametrize("deleted", [(), ("2.txt", "4.txt")])
def test_a_drive_that_comes_back(library: Library, folder: Folder, deleted: tuple[str]) -> None:
    """As it was, nothing is read again; what was deleted on it meanwhile leaves, and no more."""
    for n in range(6):
        (folder.path / f"{n}.txt").write_text(f"number {n}")
    folder.reconcile()
    embedded, away = Counting.passages, folder.path.with_name("away")
    folder.path.rename(away)
    with pytest.raises(FolderGone):
        folder.reconcile()
    for name in deleted:
        (away / name).unlink()
    away.rename(folder.path)
    assert told(folder.reconcile()) == {("removed", name) for name in deleted}
    assert len(names(library)) == 9 - len(deleted)
    assert not names(library) & set(deleted)
    assert Counting.passages == embedded
    assert library.doctor() == []


def test_a_folder_that_goes_and_comes_back_is_watched_on(tmp_path: Path) -> None:
    place, away, over = tmp_path / "drive", tmp_path / "away", threading.Event()
    place.mkdir()
    rounds = settled_changes(place, over.is_set, lambda: False, quiet=0.2)
    next(rounds)
    threading.Timer(0.3, lambda: place.rename(away)).start()
    next(rounds)
    assert not place.exists()
    threading.Timer(0.3, lambda: away.rename(place)).start()
    while not place.exists():
        next(rounds)
    threading.Timer(1.0, lambda: (place / "new.txt").write_text("x")).start()
    while not (place / "new.txt").exists():
        next(rounds)
    over.set()
    assert next(rounds, None) is None


def test_changes_are_noticed_once_they_rest(tmp_path: Path) -> None:
    over = threading.Event()
    rounds = settled_changes(tmp_path, over.is_set, lambda: False, quiet=0.2)
    next(rounds)
    threading.Timer(0.3, lambda: (tmp_path / "new.txt").write_text("x")).start()
    threading.Timer(0.4, lambda: (tmp_path / "new.txt").rename(tmp_path / "old.txt")).start()
    next(rounds)
    assert (tmp_path / "old.txt").exists()
    over.set()
    assert next(rounds, None) is None
