"""Near-duplicates and bursts: folded behind one photo, others left alone, on real photos."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from library import Library
from PIL import Image, ImageEnhance
from skimage import data
from sqlalchemy import Engine

from assistant.config import Settings
from retrieval.fold import HASH_BITS, Look, bits_apart, difference_hash, fold
from retrieval.sandbox import ParserProcess
from retrieval.values import Query

pytest_plugins = ["library_fixtures"]

PHOTOS = ("chelsea", "coffee", "astronaut", "rocket")


def photo(name: str) -> Image.Image:
    return Image.fromarray(getattr(data, name)())


@pytest.mark.parametrize("name", PHOTOS)
def test_copies_keep_their_hash_and_others_have_another(name: str) -> None:
    first = photo(name)
    smaller = first.resize((first.width // 2, first.height // 2))
    brighter = ImageEnhance.Brightness(first).enhance(1.2)
    for copy in (smaller, brighter):
        assert bits_apart(difference_hash(first), difference_hash(copy)) <= HASH_BITS
    for other in PHOTOS:
        if other != name:
            assert bits_apart(difference_hash(first), difference_hash(photo(other))) > HASH_BITS


def test_a_burst_is_folded_by_time() -> None:
    vector = np.array([1.0, 0.0], np.float32)
    near = np.array([0.9, np.sqrt(1 - 0.81)], np.float32)
    noon = datetime(2023, 5, 1, 12, tzinfo=UTC)
    looks = {
        1: Look(0, vector, noon),
        2: Look(-1, near, noon + timedelta(seconds=3)),
        3: Look(-1, near, noon + timedelta(hours=3)),
    }
    assert fold([1, 2, 3, 4], looks) == {1: [2], 3: [], 4: []}


def test_near_duplicates_come_as_one_result(
    engine: Engine, settings: Settings, parser: ParserProcess, tmp_path: Path
) -> None:
    library = Library(engine, settings.home, parser)
    first = photo("chelsea")
    first.save(tmp_path / "cat.png")
    first.resize((300, 200)).save(tmp_path / "cat-small.jpg")
    photo("coffee").save(tmp_path / "coffee.png")
    library.ingest(*(tmp_path / n for n in ("cat.png", "cat-small.jpg", "coffee.png")))
    ids = {a.name: a.id for a in library.catalog.assets("default")}
    whole = library.search(image=first)
    assert {p.asset_id for p in whole.passages} == set(ids.values())
    folded = library.searcher.search(Query("default", image=first, k=2, fold=True)).passages
    cats = {ids["cat.png"], ids["cat-small.jpg"]}
    assert [p.asset_id in cats for p in folded] == [True, False]
    assert {folded[0].asset_id, *folded[0].alike} == cats
    assert folded[1].alike == ()
