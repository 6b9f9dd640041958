"""The people of a library over the whole assistant: by call, by command, through a backup."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from assisting import open_assistant
from faces import changed, real_encoder, side_by_side
from typer.testing import CliRunner

from assistant.cli.main import app
from assistant.config import Settings
from assistant.errors import FaceUnknown, PeopleOff, PersonUnknown
from assistant.models.scripted import ScriptedChat
from assistant.service import Assistant
from assistant.store.backup import read_backup, write_backup
from retrieval.weights import ModelStore


@pytest.fixture
def helper(settings: Settings, model_store: ModelStore, tmp_path: Path) -> Iterator[Assistant]:
    """An assistant with a photo of each of two women and one of both."""
    real_encoder(model_store)
    opened = open_assistant(settings, ScriptedChat())
    photos = {
        "eileen.png": changed("eileen"),
        "grace.png": changed("grace"),
        "both.png": side_by_side(changed("grace", "dark"), changed("eileen", "mirrored")),
    }
    for name, photo in photos.items():
        photo.save(tmp_path / name)
    opened.ingest([tmp_path / name for name in photos])
    yield opened
    opened.close()


def run(*words: str) -> Any:
    """Run a command in the home of the environment and return its JSON."""
    result = CliRunner().invoke(app, ["people", *words, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_people_by_call(helper: Assistant) -> None:
    book = helper.people
    assert book.view().to_json() == {"on": False, "waiting": 0, "people": []}
    with pytest.raises(PeopleOff):
        book.look()
    book.switch_on()
    assert book.view().waiting == 3
    book.look(1)
    assert book.view().waiting == 2 and not book.view().people
    book.look()
    one, other = book.view().people
    assert (one.faces, other.faces) == (2, 2)
    book.name(one.id, "Anna")
    assert book.find("anna").id == one.id
    face = book.faces(one.id)[0]
    crop = book.crop(face.id)
    assert crop is not None and crop[:2] == b"\xff\xd8"
    assert book.crop(face.id, library="another") is None
    book.forget(one.id)
    assert [p.id for p in book.view().people] == [other.id]
    for call in (lambda: book.name(99, "x"), lambda: book.merge(other.id, [99])):
        with pytest.raises(PersonUnknown):
            call()
    with pytest.raises(FaceUnknown):
        book.move(99)
    book.erase()
    assert not book.view().on


def test_people_by_command(helper: Assistant) -> None:
    said = CliRunner().invoke(app, ["people", "on"]).stdout
    assert str(helper.settings.home / "sightline.db") in said and "never leave" in said
    assert {p["faces"] for p in run("look")["people"]} == {2}
    first, second = run("list")["people"]
    assert run("name", str(first["id"]), "Anna")["people"][0]["name"] == "Anna"
    faces = run("faces", "Anna")["faces"]
    assert {f["asset"] for f in faces} & {"both.png"} and len(faces[0]["locator"]["region"]) == 4
    moved = run("move", str(faces[0]["id"]), "--to", "Berta")["people"]
    assert [(p["name"], p["faces"]) for p in moved] == [("Anna", 1), ("Berta", 1), ("", 2)]
    assert len(run("merge", "Anna", "Berta", str(second["id"]))["people"]) == 1
    assert run("forget", "anna")["people"] == []
    refused = CliRunner().invoke(app, ["people", "erase"], input="n\n")
    assert refused.exit_code == 1 and run("list")["on"]
    assert run("erase", "--yes") == {"on": False, "waiting": 0, "people": []}


def test_the_server_looks_for_faces_in_its_idle_time(helper: Assistant, tmp_path: Path) -> None:
    helper.upload("later.txt", b"This starts the worker.")
    helper.people.switch_on()
    deadline = time.monotonic() + 60
    while (view := helper.people.view()).busy:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert [p.faces for p in view.people] == [2, 2]


def test_a_backup_brings_the_names_back(helper: Assistant, tmp_path: Path) -> None:
    helper.people.switch_on()
    helper.people.look()
    helper.people.name(helper.people.view().people[0].id, "Anna")
    write_backup(helper.settings, tmp_path / "all.tar")
    other = Settings(home=tmp_path / "other", models_dir=helper.settings.models_dir, threads=1)
    read_backup(other, tmp_path / "all.tar")
    restored = open_assistant(other, ScriptedChat())
    try:
        assert restored.people.view() == helper.people.view()
        assert restored.people.crop(restored.people.faces(1)[0].id)
        assert [f for f in restored.doctor() if "face" in f.sentence] == []
    finally:
        restored.close()
