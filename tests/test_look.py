"""What a picture shows: recognisers' notes in both languages, regions, likeness in the library."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from assisting import ColourClassifier, photo
from PIL import Image

from assistant.errors import AssetNotFound
from assistant.library import Attached, EmptyLibrary, crop
from assistant.look import Looker, Sight
from assistant.service import Assistant
from retrieval.values import Passage, RegionLocator

pytest_plugins = ["assisting_fixtures"]


def _jpeg(left: tuple[int, int, int], right: tuple[int, int, int]) -> bytes:
    image = Image.new("RGB", (100, 50), left)
    image.paste(right, (50, 0, 100, 50))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95)
    return out.getvalue()


def _attached(words: str = "") -> Attached:
    place = RegionLocator()
    read = Passage(0, "a.jpg", "s", "image", "image/jpeg", "ocr", words, place, 1.0, 1.0)
    return Attached(
        "a.jpg", "s", "image/jpeg", "image", (read,) if words else (),
        _jpeg((200, 10, 10), (10, 10, 220)),
        {"taken_at": "2024-05-03T10:00:00", "latitude": 69.65, "longitude": 18.95},
    )  # fmt: skip


def test_notes_say_classes_words_date_and_place() -> None:
    sight = Looker(ColourClassifier).look_at_attached(_attached("EXIT"), None, EmptyLibrary())
    notes = sight.notes("en")
    assert "EXIT" in notes and "2024-05-03" in notes and "69.6500, 18.9500" in notes
    chinese = sight.notes("zh")
    assert "EXIT" in chinese and "拍摄" in chinese
    passage = sight.passage("en")
    assert passage.kind == "pixels" and passage.text == notes


def test_a_region_is_looked_at_alone() -> None:
    looker = Looker(ColourClassifier)
    right = looker.look_at_attached(_attached(), (0.5, 0.0, 1.0, 1.0), EmptyLibrary())
    assert right.classes[0][0] == "sea" and right.sure
    assert right.passage("en").locator == RegionLocator((0.5, 0.0, 1.0, 1.0))
    left = looker.look_at_attached(_attached(), (0.0, 0.0, 0.5, 1.0), EmptyLibrary())
    assert left.classes[0][0] == "tomato"


def test_an_unsure_recogniser_is_said_to_be_unsure() -> None:
    sight = Sight("a", "s", 0, b"", classes=(("cat", 0.12), ("dog", 0.1), ("fox", 0.09)))
    assert not sight.sure and "not sure" in sight.notes("en") and "不确定" in sight.notes("zh")


def test_what_has_no_pixels_cannot_be_looked_at() -> None:
    text = Attached("a.txt", "s", "text/plain", "text")
    with pytest.raises(AssetNotFound):
        Looker(ColourClassifier).look_at_attached(text, None, EmptyLibrary())


def test_photos_of_the_library(helper: Assistant, tmp_path: Path) -> None:
    helper.ingest([photo(tmp_path / "lawn.png", (10, 200, 30))])
    shelf = helper._files.shelf("default")
    (view,) = shelf.assets(modality="image")
    sight = Looker(ColourClassifier).look_at_asset(view, None, shelf)
    assert sight.classes[0][0] == "lawn" and sight.asset_id == view.id


def test_a_crop_is_never_nothing() -> None:
    with Image.open(io.BytesIO(crop(_jpeg((1, 2, 3), (4, 5, 6)), (0.99, 0.99, 1.0, 1.0)))) as cut:
        assert min(cut.size) >= 1
