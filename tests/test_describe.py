"""Descriptions of photos: searched beside the pixels, resumable, replaced, never quoted."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from library import Library, write_photo
from PIL import Image
from sqlalchemy import Engine

from assistant.config import Settings
from assistant.shelf import Shelf
from retrieval.describe import describe_photos, undescribed
from retrieval.fakes import ColourClassifier
from retrieval.sandbox import ParserProcess

pytest_plugins = ["library_fixtures"]


class ColourDescriber:
    """Says what it is told to say of the colour a photo has."""

    def __init__(self, name: str, sentence: str) -> None:
        self.id = name
        self._sentence = sentence
        self.asked = 0

    def describe(self, jpeg: bytes) -> str:
        """Return the sentence with the colour in it; nothing of a black photo."""
        self.asked += 1
        with Image.open(io.BytesIO(jpeg)) as picture:
            colour = ColourClassifier().classify([picture], 1)[0][0][0]
        return "" if colour == "black" else self._sentence.format(colour)


@pytest.fixture
def library(engine: Engine, settings: Settings, parser: ParserProcess, tmp_path: Path) -> Library:
    made = Library(engine, settings.home, parser)
    made.ingest(*(write_photo(tmp_path / f"{n}.png", n) for n in ("red", "blue", "black")))
    return made


def describe(library: Library, describer: ColourDescriber, most: int | None = None) -> int:
    return describe_photos(library.engine, library.blobs, library.text, describer, most=most)


def test_words_of_a_description_find_the_photo(library: Library) -> None:
    assert "lexical" not in library.search("velvet curtain").passages[0].signals
    assert describe(library, ColourDescriber("one", "a {} velvet curtain")) == 3
    found = library.search("blue velvet curtain").passages[0]
    assert found.asset == "blue.png"
    assert {"joint", "dense", "lexical"} <= set(found.signals)
    # what a model only said is no evidence: neither text of the result nor of the file
    assert found.kind == "pixels"
    assert "velvet" not in found.text
    shelf = Shelf("default", library.catalog, library.blobs, library.searcher.search)
    assert all("velvet" not in p.text for p in shelf.passages(found.asset_id))
    assert library.doctor() == []


def test_describing_goes_on_where_it_stopped(library: Library) -> None:
    first = ColourDescriber("one", "a {} wall")
    assert describe(library, first, most=1) == 1
    assert undescribed(library.engine, "one") == 2
    assert describe(library, first) == 2
    assert describe(library, first) == 0
    assert first.asked == 3  # also the photo it had nothing to say of is done


def test_another_model_describes_anew(library: Library) -> None:
    describe(library, ColourDescriber("one", "a {} wall"))
    assert library.search("wall").passages[0].signals.get("lexical")
    assert describe(library, ColourDescriber("two", "a {} door")) == 3
    assert all("lexical" not in p.signals for p in library.search("wall").passages)
    assert library.search("red door").passages[0].asset == "red.png"
    assert library.doctor() == []
    ids = {a.name: a.id for a in library.catalog.assets("default")}
    library.catalog.delete(ids["red.png"], library.blobs)
    assert ids["red.png"] not in {p.asset_id for p in library.search("red door").passages}
    assert library.doctor() == []
