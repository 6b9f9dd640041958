"""Faces in a library: only where the owner wants them, grouped, named, and gone when erased."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from faces import changed, real_encoder, side_by_side
from library import Library
from PIL import Image
from sqlalchemy import Engine, select

from assistant.config import Settings
from retrieval.catalog import people as sql
from retrieval.catalog.tables import FaceRow
from retrieval.catalog.transactions import reading
from retrieval.face_vectors import DlibFaces
from retrieval.people import People
from retrieval.sandbox import ParserProcess
from retrieval.weights import ModelStore

pytest_plugins = ["library_fixtures"]

OWNER = "default"


@pytest.fixture(scope="module")
def encoder(model_store: ModelStore) -> DlibFaces:
    return real_encoder(model_store)


@pytest.fixture
def album(engine: Engine, settings: Settings, parser: ParserProcess, tmp_path: Path) -> Library:
    """Two photos of one woman, one of another, one of both, one of nobody."""
    made = Library(engine, settings.home, parser)
    photos = {
        "eileen.png": changed("eileen"),
        "eileen-dark.png": changed("eileen", "dark"),
        "grace.png": changed("grace"),
        "both.png": side_by_side(changed("grace", "turned"), changed("eileen", "mirrored")),
        "nobody.png": Image.new("RGB", (300, 200), "teal"),
    }
    add(made, tmp_path, photos)
    return made


@pytest.fixture
def people(album: Library, encoder: DlibFaces) -> People:
    return People(album.engine, album.blobs, lambda: encoder)


def add(album: Library, folder: Path, photos: dict[str, Image.Image], owner: str = OWNER) -> None:
    """Take photos in."""
    for name, photo in photos.items():
        photo.save(folder / name)
    done = album.ingest(*(folder / name for name in photos), library=owner)
    assert {file.status for file in done} == {"indexed"}


def work(people: People, only: str | None = None) -> int:
    """Work until there is nothing to do; return the number of steps."""
    steps = 0
    while people.step(only):
        steps += 1
    return steps


def groups(album: Library, owner: str = OWNER) -> list[tuple[str, int]]:
    """Return name and number of faces of each group."""
    with reading(album.engine) as connection:
        return [(g.name, g.faces) for g in sql.groups(connection, owner)]


def group_with(album: Library, asset: str) -> int:
    """Return the group of the one face in a photo."""
    with reading(album.engine) as connection:
        (face,) = [f for f in sql.faces(connection, OWNER) if f.asset == asset]
    assert face.group is not None
    return face.group


def asset_id(album: Library, name: str) -> int:
    return next(a.id for a in album.catalog.assets(OWNER) if a.name == name)


def stored_faces(album: Library) -> list[bytes]:
    with reading(album.engine) as connection:
        return list(connection.scalars(select(FaceRow.data)))


def test_nothing_is_looked_at_or_stored_until_the_owner_wants_it(
    album: Library, people: People, tmp_path: Path
) -> None:
    assert work(people) == 0 and people.waiting(OWNER) == 0
    add(album, tmp_path, {"hers.png": changed("grace", "small")}, "another")
    sql.switch_on(album.engine, "another")
    assert work(people) > 0
    assert groups(album) == [] and groups(album, "another") == [("", 1)]


def test_photos_are_grouped_by_who_is_in_them(album: Library, people: People) -> None:
    sql.switch_on(album.engine, OWNER)
    assert people.waiting(OWNER) == 5
    assert work(people) == 6  # five photos, then one round of grouping
    assert groups(album) == [("", 3), ("", 2)]
    with reading(album.engine) as connection:
        pair = sql.faces(connection, OWNER, asset_id=asset_id(album, "both.png"))
    assert [face.group for face in pair] == [
        group_with(album, "grace.png"),
        group_with(album, "eileen.png"),
    ]
    assert pair[0].box[2] <= pair[1].box[0]
    assert album.doctor() == []


def test_a_new_photo_joins_the_name_and_the_name_stays(
    album: Library, people: People, tmp_path: Path
) -> None:
    sql.switch_on(album.engine, OWNER)
    work(people)
    assert sql.name_group(album.engine, OWNER, group_with(album, "eileen.png"), " Eileen ")
    add(album, tmp_path, {"later.png": changed("eileen", "small")})
    work(people)
    assert groups(album) == [("Eileen", 4), ("", 2)]
    assert sql.name_group(album.engine, OWNER, group_with(album, "later.png"), "Commander")
    assert groups(album)[0] == ("Commander", 4)


def test_the_same_name_is_the_same_person(album: Library, people: People) -> None:
    sql.switch_on(album.engine, OWNER)
    work(people)
    one, other = group_with(album, "eileen.png"), group_with(album, "grace.png")
    assert sql.name_group(album.engine, OWNER, one, "Anna")
    assert sql.name_group(album.engine, OWNER, other, "anna")
    assert groups(album) == [("Anna", 5)]
    assert not sql.name_group(album.engine, OWNER, 999, "Nobody")
    assert not sql.name_group(album.engine, "another", one, "Stolen")


def test_groups_are_merged_and_faces_taken_out_for_good(album: Library, people: People) -> None:
    sql.switch_on(album.engine, OWNER)
    work(people)
    one, other = group_with(album, "eileen.png"), group_with(album, "grace.png")
    sql.name_group(album.engine, OWNER, other, "Grace")
    assert sql.merge(album.engine, OWNER, one, [other])
    assert groups(album) == [("Grace", 5)]
    with reading(album.engine) as connection:
        face = sql.faces(connection, OWNER, asset_id=asset_id(album, "eileen.png"))[0]
        dark = sql.faces(connection, OWNER, asset_id=asset_id(album, "eileen-dark.png"))[0]
    assert sql.move_face(album.engine, OWNER, face.id)
    assert sql.move_face(album.engine, OWNER, dark.id, "Eileen")
    work(people)  # no round of grouping puts it back
    assert groups(album) == [("Eileen", 1), ("Grace", 3)]
    assert not sql.move_face(album.engine, "another", face.id, "Eileen")


def test_a_deleted_photo_takes_its_faces_along(album: Library, people: People) -> None:
    sql.switch_on(album.engine, OWNER)
    work(people)
    sql.name_group(album.engine, OWNER, group_with(album, "grace.png"), "Grace")
    album.catalog.delete(asset_id(album, "both.png"), album.blobs)
    assert groups(album) == [("Grace", 1), ("", 2)]
    album.catalog.delete(asset_id(album, "grace.png"), album.blobs)
    assert groups(album) == [("", 2)]
    assert album.doctor() == []


def test_a_forgotten_person_does_not_come_back(album: Library, people: People) -> None:
    sql.switch_on(album.engine, OWNER)
    work(people)
    sql.name_group(album.engine, OWNER, group_with(album, "grace.png"), "Grace")
    assert sql.forget(album.engine, OWNER, group_with(album, "grace.png"))
    assert work(people) == 0
    assert groups(album) == [("", 3)]
    assert not sql.forget(album.engine, OWNER, 999)


def test_erasing_leaves_nothing_in_the_database_file(
    album: Library, people: People, tmp_path: Path
) -> None:
    sql.switch_on(album.engine, OWNER)
    work(people)
    sql.name_group(album.engine, OWNER, group_with(album, "grace.png"), "Zzyzx Quaddle")
    vectors = stored_faces(album)
    assert len(vectors) == 5
    kept = written(album.home)
    if album.engine.dialect.name == "sqlite":
        assert b"Zzyzx Quaddle" in kept and all(vector in kept for vector in vectors)
    sql.erase(album.engine, OWNER)
    kept = written(album.home)
    assert b"Zzyzx" not in kept and not any(vector in kept for vector in vectors)
    assert stored_faces(album) == [] and groups(album) == []
    assert work(people) == 0, "it is switched off"
    sql.switch_on(album.engine, OWNER)
    work(people)
    assert groups(album) == [("", 3), ("", 2)], "begun again, without names"
    assert album.doctor() == []


def written(home: Path) -> bytes:
    """Return every byte of the database and its journals."""
    return b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file() and ".db" in p.name)


def test_what_is_found_while_the_owner_erases_is_not_kept(
    album: Library, encoder: DlibFaces
) -> None:
    sql.switch_on(album.engine, OWNER)

    class Slow:
        """Erases while the first photo is being looked at."""

        id = encoder.id

        def embed(self, image: Image.Image, boxes: list[tuple[float, ...]]) -> object:
            sql.erase(album.engine, OWNER)
            return encoder.embed(image, boxes)  # type: ignore[arg-type]

    assert People(album.engine, album.blobs, Slow).step()  # type: ignore[arg-type]
    assert stored_faces(album) == []


def test_doctor_finds_faces_that_nobody_wants(album: Library, people: People) -> None:
    sql.switch_on(album.engine, OWNER)
    work(people)
    if album.engine.dialect.name != "sqlite":
        pytest.skip("edits the file behind the program's back")
    with sqlite3.connect(album.home / "sightline.db") as other:
        other.execute("UPDATE libraries SET groups_faces = 0")
    (finding,) = album.doctor()
    assert finding.code == "faces_unwanted" and finding.params["count"] == 5
    assert "5" in json.dumps(finding.to_json())
    assert album.doctor(repair=True)[0].repaired
    assert stored_faces(album) == [] and album.doctor() == []
