"""A question finds the text that answers it in a library whose other texts are in its language."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.calibration import Calibration
from retrieval.embed.e5 import E5Small
from retrieval.embed.registry import TEXT_CALIBRATION
from retrieval.languages import SHARE, Languages
from retrieval.weights import ModelStore

ENGLISH = [
    "Boiler serviced on 4 March by Mr Pratt. He changed the pump and left the old one in the shed.",
    "Minutes: the fence along the lane is to be painted green before the summer fair.",
    "The deposit of £900 is returned within ten days of the keys being handed back.",
    "Recipe for rye bread: leave the dough overnight, bake for fifty minutes at 230 degrees.",
    "Bus 14 leaves the station every twenty minutes; on Sundays every hour.",
    "Please bring the children's vaccination cards to the first day of nursery.",
]
CHINESE = [
    "周三下午三点在二楼会议室开会，请带上上个月的报表。",
    "房东说水费每季度交一次，电费自己去营业厅交。",
    "奶奶的药：早上一片，晚饭后半片，不能和柚子一起吃。",
    "快递放在门卫室，取件码是七四二一，晚上九点前去拿。",
    "女儿的钢琴课改到星期六上午十点，老师姓赵。",
    "红烧肉要用小火炖一个半小时，最后再放盐。",
]
ASKED = [
    ("谁来检修过锅炉？", 0),
    ("押金多久退还？", 2),
    ("黑麦面包要烤多长时间？", 3),
    ("公交车星期天多久一班？", 4),
]


@pytest.fixture(scope="module")
def e5(model_store: ModelStore) -> E5Small:
    return E5Small(model_store.path("e5-small"))


@pytest.fixture(scope="module")
def shipped() -> Languages:
    languages = Calibration.from_file(TEXT_CALIBRATION).languages
    assert languages is not None
    return languages


def test_texts_in_the_questions_language_do_not_hide_the_one_that_answers(
    e5: E5Small, shipped: Languages
) -> None:
    texts = e5.embed_passages([*ENGLISH, *CHINESE])
    plain = e5.embed_queries([question for question, _ in ASKED])
    places = {}
    for name, questions in (("plain", plain), ("neutral", shipped.neutral(plain))):
        order = np.argsort(-(questions @ texts.T), axis=1)
        places[name] = [list(row).index(of) for row, (_, of) in zip(order, ASKED, strict=True)]
    assert all(place >= len(CHINESE) - 1 for place in places["plain"])  # what it is for
    assert places["neutral"].count(0) >= 3 and max(places["neutral"]) <= 4


def test_within_one_language_nothing_changes_much(e5: E5Small, shipped: Languages) -> None:
    texts = e5.embed_passages(ENGLISH)
    asked = e5.embed_queries(["Who repaired the boiler?", "How long is the bread in the oven?"])
    before, after = asked @ texts.T, shipped.neutral(asked) @ texts.T
    assert list(after.argmax(axis=1)) == list(before.argmax(axis=1)) == [0, 3]
    shift = after - before
    assert np.ptp(shift, axis=1).max() < 0.03  # all texts are moved alike


def test_what_is_written_is_what_was_fitted() -> None:
    rng = np.random.default_rng(0)
    made = Languages.of(
        rng.normal(0.1, 1, (40, 16)).astype(np.float32),
        rng.normal(-0.1, 1, (30, 16)).astype(np.float32),
    )
    again = Languages.from_json(made.to_json())
    assert (again.between == made.between).all() and (again.told == made.told).all()


@given(st.integers(0, 1000))
def test_most_of_the_preference_is_taken_away(seed: int) -> None:
    rng = np.random.default_rng(seed)
    english = rng.normal(0.2, 0.5, (60, 8)).astype(np.float32)
    chinese = rng.normal(-0.2, 0.5, (60, 8)).astype(np.float32)
    asked = rng.normal(0, 1, (5, 8)).astype(np.float32)
    languages = Languages.of(english, chinese)

    def preferred(questions: np.ndarray) -> np.ndarray:
        return questions @ (english.mean(axis=0) - chinese.mean(axis=0))

    left = preferred(languages.neutral(asked))
    assert left == pytest.approx((1 - SHARE) * preferred(asked), abs=0.02)
