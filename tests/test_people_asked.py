"""Asking about people: by the owner's names only, cited at the face, else as if there were none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from assisting import open_assistant, outcome
from faces import changed, real_encoder, side_by_side
from PIL import Image

from assistant.config import Settings
from assistant.library import Attached, EmptyLibrary
from assistant.messages import Abstained, Answered, AttachmentFile
from assistant.models.scripted import ScriptedChat
from assistant.people_asked import names_in, with_people
from assistant.people_told import called
from assistant.planner import plan
from assistant.service import Assistant
from assistant.session import Request
from assistant.views import FaceView
from retrieval.values import RegionLocator
from retrieval.weights import ModelStore


@pytest.fixture(scope="module")
def helper(
    model_store: ModelStore, models_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Assistant]:
    """A library in which Anna and 林晓 are named, and a third face in one photo is not."""
    real_encoder(model_store)
    folder = tmp_path_factory.mktemp("people")
    opened = open_assistant(Settings(home=folder / "home", models_dir=models_dir), ScriptedChat())
    photos = {
        "trip.png": changed("eileen"),
        "desk.png": changed("grace"),
        "team.png": side_by_side(changed("grace", "mirrored"), changed("eileen", "turned")),
        "wall.png": Image.new("RGB", (300, 200), "teal"),
    }
    for name, photo in photos.items():
        photo.save(folder / name)
    opened.ingest([folder / name for name in photos])
    opened.people.switch_on()
    opened.people.look()
    for person in opened.people.view().people:
        shown = {face.asset for face in opened.people.faces(person.id)}
        opened.people.name(person.id, "Anna" if "trip.png" in shown else "林晓")
    yield opened
    opened.close()


def ask(helper: Assistant, question: str, *files: Path) -> Answered | Abstained:
    end = outcome(helper.ask(question, images=[AttachmentFile(f.name, f) for f in files]))
    assert isinstance(end, Answered | Abstained)
    return end


def places(end: Answered | Abstained) -> list[tuple[str, float]]:
    """Return the photo of each citation and the middle of the face from left to right."""
    assert isinstance(end, Answered)
    found = []
    for citation in end.citations:
        assert isinstance(citation.locator, RegionLocator)
        x0, y0, x1, y1 = citation.locator.region
        assert (x1 - x0) * (y1 - y0) < 0.3, "the face, not the whole photo"
        found.append((citation.asset, (x0 + x1) / 2))
    return found


@pytest.mark.parametrize(
    "question",
    ["photos of Anna", "Show me anna's photos", "Do I have a photo of Anna?", "Find Anna"],
)
def test_photos_of_somebody_are_found_by_name(helper: Assistant, question: str) -> None:
    end = ask(helper, question)
    assert {asset for asset, _ in places(end)} == {"trip.png", "team.png"}
    assert "Anna (2)" in end.text and "can err" in end.text
    assert dict(places(end))["team.png"] > 0.5, "on the right"


def test_photos_of_somebody_are_found_in_chinese(helper: Assistant) -> None:
    for question in ("林晓的照片", "有几张林晓的照片？", "给我看林晓的照片"):
        end = ask(helper, question)
        assert {asset for asset, _ in places(end)} == {"desk.png", "team.png"}
        assert "林晓的照片有 2 张" in end.text
    end = ask(helper, "Anna和林晓的合影照片")
    assert [asset for asset, _ in places(end)] == ["team.png", "team.png"]


def test_who_is_in_a_photo_is_told_by_the_owners_names(helper: Assistant) -> None:
    for question in ("Who is in team.png?", "team.png里有谁？", "Who is the woman in team.png?"):
        end = ask(helper, question)
        assert "林晓 [1]" in end.text and "Anna [2]" in end.text
        assert [x < 0.5 for _, x in places(end)] == [True, False]
    end = ask(helper, "Is 林晓 in trip.png?")
    assert "Anna [1]" in end.text and "没有认出：林晓" in end.text


def test_an_attached_photo_of_the_library_is_known_too(helper: Assistant, tmp_path: Path) -> None:
    changed("eileen").save(tmp_path / "same.png")
    stored = helper.original(next(a.id for a in helper.assets() if a.name == "trip.png"))[2]
    (tmp_path / "same.png").write_bytes(stored)
    assert "Anna [1]" in ask(helper, "Who is this?", tmp_path / "same.png").text


def test_a_photo_that_is_only_attached_is_compared_and_not_kept(
    helper: Assistant, tmp_path: Path
) -> None:
    changed("grace", "dark").save(tmp_path / "new.png")
    changed("eileen", "small").save(tmp_path / "old.png")
    before = helper.people.view()
    assert "林晓 [1]" in ask(helper, "Who is this?", tmp_path / "new.png").text
    assert "Anna [1]" in ask(helper, "这张照片里的人是谁？", tmp_path / "old.png").text
    person = helper.people.find("林晓")
    helper.people.name(person.id, "")
    try:
        end = ask(helper, "Who is this?", tmp_path / "new.png")
        assert "林晓" not in end.text and "Anna" not in end.text
    finally:
        helper.people.name(person.id, "林晓")
    assert helper.people.view() == before


def test_faces_that_nobody_named_are_counted_as_such(helper: Assistant) -> None:
    face = next(f for f in _faces(helper, "Anna") if f.asset == "team.png")
    helper.people.move(face.id)
    try:
        end = ask(helper, "Who is in team.png?")
        assert "林晓 [1], one more face that nobody named [2]" in end.text
        assert [asset for asset, _ in places(ask(helper, "photos of Anna"))] == ["trip.png"]
    finally:
        helper.people.move(face.id, "Anna")


def test_other_questions_stay_what_they_were(helper: Assistant) -> None:
    end = ask(helper, "How many faces are in team.png?")
    assert "team.png: 2 [1] [2]" in end.text and "Anna" not in end.text
    assert "Anna (" not in ask(helper, "What is Anna's phone number?").text
    assert "Anna" not in ask(helper, "Describe team.png").text
    assert "Anna" not in ask(helper, "photos of Berta").text
    assert "Anna (" not in ask(helper, "Find the photo of Anna's receipt").text


def test_what_else_the_photo_shows_is_looked_for_among_theirs(helper: Assistant) -> None:
    end = ask(helper, "photos of Anna with a rocket")
    assert isinstance(end, Abstained) and "Of 2 photos of Anna" in end.text
    assert "林晓" not in end.text


def test_the_tool_is_an_api_call(helper: Assistant) -> None:
    found = helper.use_tool("find_people", names=["ANNA", "林晓"])
    assert [a.name for a in found.assets] == ["team.png"] and len(found.passages) == 2
    assert helper.use_tool("find_people", names=["Berta"]).assets == ()
    names = [f.get("name") for f in helper.use_tool("find_faces", file="team.png").data["faces"]]
    assert names == ["林晓", "Anna"]
    assert helper.use_tool("find_people", names=["Anna"], library="another").assets == ()


def test_after_erasing_nobody_is_known(helper: Assistant) -> None:
    named = {p.name: [f.id for f in helper.people.faces(p.id)] for p in helper.people.view().people}
    assert set(named) == {"Anna", "林晓"}
    helper.people.erase()
    end = ask(helper, "Who is in team.png?")
    assert "Anna" not in end.text and "林晓" not in end.text
    assert not helper.use_tool("find_people", names=["Anna"]).assets
    assert "name" not in helper.use_tool("find_faces", file="team.png").data["faces"][0]


def _faces(helper: Assistant, name: str) -> list[FaceView]:
    return helper.people.faces(helper.people.find(name).id)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("photos of anna and Ann", ("Anna", "Ann")),
        ("Annabel", ()),
        ("李雷和安娜的照片", ("安娜",)),
        ("photos of Anna Berg", ("Anna Berg",)),
        ("what is in anna.jpg", ()),
    ],
)
def test_names_are_told_from_words(question: str, names: tuple[str, ...]) -> None:
    known = ("Ann", "Anna", "Anna Berg", "安娜")
    assert names_in(question, known, ("anna.jpg",)) == names


class Named(EmptyLibrary):
    """A library in which two people are named, one of them seen in every picture."""

    def people(self) -> tuple[str, ...]:
        return ("Anna", "安娜")

    def faces(self, file: object) -> list[FaceView]:
        return [FaceView(1, 1, "team.jpg", (0.0, 0.0, 1.0, 1.0), "Anna")]


@pytest.mark.parametrize(
    ("question", "intent", "topic"),
    [
        ("Which photos is Anna in?", "people", ""),
        ("Show me pictures with Anna in them", "people", ""),
        ("Is there a photo of Anna?", "people", ""),
        ("photos of Anna at the beach", "people", "beach"),
        ("安娜在海边的照片", "people", "海边"),
        ("哪些照片里有安娜？", "people", ""),
        ("Anna", "people", ""),
        ("Who is Anna?", "find", ""),
        ("Where is Anna?", "find", ""),
        ("安娜是谁？", "find", ""),
        ("photos of Anna's dog", "find", ""),
        ("安娜的狗的照片", "find", ""),
        ("photos of Annabel", "find", ""),
        ("Translate Anna's note", "translate", ""),
        ("What did Anna buy in May?", "find", ""),
        ("Who can you see in team.jpg?", "who", ""),
        ("Is Anna in team.jpg?", "who", ""),
        ("team.jpg里有安娜吗？", "who", ""),
        ("Is Anna wearing a hat in team.jpg?", "find", ""),
        ("Describe team.jpg", "look", ""),
    ],
)
def test_which_questions_are_about_people(question: str, intent: str, topic: str) -> None:
    request = Request("c", "m", question, "en", Named())
    picture = Attached("team.jpg", "0" * 64, "image/jpeg", "image")
    made = with_people(plan(question), request, lambda name: picture)
    assert made.intent == intent
    assert made.topic == topic or intent not in ("people", "who")


def test_a_face_is_called_by_the_one_stored_at_its_place() -> None:
    known = [
        FaceView(1, 1, "a", (0.1, 0.1, 0.3, 0.3), "Anna"),
        FaceView(2, 1, "a", (0.5, 0.1, 0.7, 0.3)),
    ]
    assert called((0.11, 0.1, 0.31, 0.3), known) == "Anna"
    assert called((0.5, 0.1, 0.7, 0.3), known) == ""
    assert called((0.2, 0.2, 0.5, 0.5), known) == called((0.0, 0.0, 0.1, 0.1), []) == ""
