"""Citations point to the very words of what was heard or recognised; moments can be asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from assisting import open_assistant, outcome
from PIL import Image, ImageDraw, ImageFont

from assistant.config import Settings
from assistant.messages import Answered, AttachmentFile
from assistant.models.scripted import ScriptedChat
from assistant.moments import moment_asked
from assistant.service import Assistant
from evals.smoke import papers
from retrieval.values import RegionLocator, TimeLocator

SMOKE = Path(papers.__file__).parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("moments")
    photos = json.loads((SMOKE / "photos.json").read_text(encoding="utf-8"))
    papers.tour(folder / "tour.wav", SMOKE / "voices", photos[10:15])
    slip = Image.new("RGB", (900, 1200), "white")
    draw, font = ImageDraw.Draw(slip), ImageFont.load_default(44)
    for row, line in enumerate(("ORCHARD STORE", "Apples 12.40", "Pears 7.15", "TOTAL 19.55")):
        draw.text((60, 100 + 260 * row), line, "black", font)
    slip.save(folder / "slip.png")
    return folder


@pytest.fixture(scope="module")
def helper(folder: Path) -> Iterator[Assistant]:
    opened = open_assistant(Settings(home=folder / "home"), ScriptedChat())
    opened.ingest([folder / "tour.wav", folder / "slip.png"])
    yield opened
    opened.close()


def test_the_moment_of_words_in_a_recording(helper: Assistant) -> None:
    """The sentence stands from 4.4 to 6.7 seconds of 19."""
    for question in (
        "When does the recording tour.wav say: Small grey stones cover the ground.",
        "tour.wav 第几秒说到“small gray stones”？",
    ):
        end = outcome(helper.ask(question))
        assert isinstance(end, Answered) and "stones cover the ground" in end.text
        place = end.citations[0].locator
        assert isinstance(place, TimeLocator)
        assert 3.4 < place.start < 5.4 and 5.7 < place.end < 7.7
        assert "0:04" in end.text or "0:05" in end.text


def test_words_that_were_not_said_have_no_moment(helper: Assistant) -> None:
    end = outcome(helper.ask("When does the recording tour.wav mention submarines?"))
    assert "0:" not in end.text


@pytest.mark.parametrize("attached", [False, True])
def test_a_figure_read_in_a_picture_is_cited_by_its_own_place(
    helper: Assistant, folder: Path, attached: bool
) -> None:
    given = {"images": [AttachmentFile("slip.png", folder / "slip.png")]} if attached else {}
    end = outcome(helper.ask("What is the total on slip.png?", **given))
    assert isinstance(end, Answered) and "19.55" in end.text
    place = end.citations[0].locator
    assert isinstance(place, RegionLocator)
    x0, y0, x1, y1 = place.region
    assert y0 > 880 / 1200 - 0.02 and y1 < 950 / 1200 + 0.02, "the last line"
    assert x0 > 180 / 900 and x1 < 400 / 900, "the figure, not its label"


@pytest.mark.parametrize(
    ("question", "sought"),
    [
        ("When is the bridge mentioned in tour.wav?", "the bridge"),
        ("At what second does the memo mention the dentist?", "the dentist"),
        ("录音里什么时候提到了牙医？", "牙医"),
        ("When does the recording say the meeting starts?", ""),
        ("When was the bridge opened?", ""),
    ],
)
def test_a_date_that_is_told_is_no_moment(question: str, sought: str) -> None:
    assert moment_asked(question) == sought
