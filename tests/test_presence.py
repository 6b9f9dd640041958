"""Is there a dog in the photo? Parsed, decided from pixels, said with its chance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from assisting import open_assistant, outcome, photo
from PIL import Image
from skimage import data

from assistant.config import Settings
from assistant.messages import Answered, AttachmentFile
from assistant.models.scripted import ScriptedChat
from assistant.presence import thing_asked, told
from assistant.service import Assistant
from retrieval.embed.protocol import JointEmbedder
from retrieval.embed.registry import build_embedders
from retrieval.presence import Presence
from retrieval.weights import ModelStore


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("Is there a dog in the picture? Answer yes or no.", "dog"),
        ("Are there any people in cat.jpg?", "people"),
        ("Can you see a red car in the image?", "red car"),
        ("Does this picture have any trees?", "trees"),
        ("照片里有没有狗？", "狗"),
        ("图中有一只猫吗？", "猫"),
        ("Is there anything in the photo?", ""),
        ("Is there any text in the picture?", ""),
        ("What is in the photo?", ""),
        ("照片里有什么？", ""),
        ("照片中有几只狗？", ""),
        ("Is there a receipt in my files?", ""),
        ("Does the report contain a table?", ""),
    ],
)
def test_the_thing_asked_for(question: str, thing: str) -> None:
    assert thing_asked(question) == thing


@pytest.fixture(scope="module")
def joint(model_store: ModelStore) -> JointEmbedder:
    return build_embedders(model_store).joint


@pytest.fixture
def helper(tmp_path: Path) -> Iterator[Assistant]:
    opened = open_assistant(Settings(home=tmp_path / "home"), ScriptedChat(script=["-"]))
    yield opened
    opened.close()


def test_an_attached_picture_is_asked_for_a_thing(helper: Assistant, tmp_path: Path) -> None:
    red = photo(tmp_path / "red.png", (200, 10, 10))
    asked = [AttachmentFile("red.png", red)]
    end = outcome(helper.ask("Is there a dog in the picture?", images=asked))
    assert isinstance(end, Answered) and "dog" in end.text and "% likely" in end.text
    assert [c.asset for c in end.citations] == ["red.png"]
    end = outcome(helper.ask("图中有狗吗？", images=asked))
    assert isinstance(end, Answered) and "可能性" in end.text


def test_what_is_in_a_photo_is_told_from_what_is_not(joint: JointEmbedder) -> None:
    cat, presence = Image.fromarray(data.chelsea()), Presence(joint)
    for there, absent in (("cat", "bicycle"), ("猫", "自行车")):
        yes, no = (presence.chance(cat, thing) for thing in (there, absent))
        assert yes > 0.6 > 0.5 > no


def test_a_middling_chance_is_said_with_a_doubt() -> None:
    assert told("dog", 0.9, "en").startswith("Yes") and told("dog", 0.1, "en").startswith("No")
    assert told("dog", 0.55, "en").startswith("Perhaps yes, but I am not sure")
    assert told("dog", 0.45, "en").startswith("Perhaps no, but I am not sure")
    assert told("狗", 0.9, "zh").startswith("有") and told("狗", 0.1, "zh").startswith("没有")
