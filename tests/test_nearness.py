"""A copy is judged by how near the sentence it stands in is to the question."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.build import build_assistant
from assistant.confidence import NAMES, numbers_of, sureness
from assistant.config import Settings
from assistant.models.spans import Span
from assistant.nearness import UNKNOWN, nearest, nearness
from retrieval.sentences import sentences_of
from retrieval.values import Passage, TextLocator

TEXT = """The boat was hauled out on 9 May and scraped.
Paint for the hull came to £214, the zincs to £38.
On 9 May the yard also found a crack in the rudder."""
COSINES = (0.81, 0.88, 0.84)


def _passage(text: str = TEXT, cosines: tuple[float, ...] = ()) -> Passage:
    place = TextLocator(0, len(text))
    return Passage(1, "a.txt", "a", "text", "text/plain", "body", text, place, 1.0, 0.5,
                   sentences=cosines)  # fmt: skip


def _copy(text: str, said: str, nth: int = 0) -> Span:
    start = -1
    for _ in range(nth + 1):
        start = text.index(said, start + 1)
    return Span(start, start + len(said), -0.1)


def test_the_sentence_of_a_copy() -> None:
    found = _passage(cosines=COSINES)
    question = "What did the paint cost?"
    best = nearest(
        question, [found, _passage("Another file.", (0.9,)), _passage("别的文件。", (0.95,))]
    )
    assert best == {True: 0.9, False: 0.95}  # texts of each language are compared among themselves

    def near(said: str, nth: int = 0, text: str = TEXT) -> float:
        return nearness(question, found, text, _copy(text, said, nth), best)

    assert near("£214") == pytest.approx(-0.2)
    # the same words in two sentences are told apart by what stands around them
    assert near("9 May") == pytest.approx(-0.9)
    assert near("9 May", nth=1) == pytest.approx(-0.6)
    # what was read may lack lines that a passage has, and be broken elsewhere
    assert near("£214", text=TEXT.split("\n", 1)[1].replace("hull came", "hull\ncame")) < -0.1
    assert nearness(question, found, TEXT, _copy(TEXT, "£214"), nearest(question, [found])) == 0


def test_where_nothing_is_known_nothing_is_made_up() -> None:
    copy = _copy(TEXT, "£214")
    question = "What did the paint cost?"
    assert nearness(question, _passage(), TEXT, copy, {}) == UNKNOWN
    assert nearness(question, _passage(cosines=(0.8,)), TEXT, copy, {True: 0.8}) == UNKNOWN
    other = "油漆多少钱？"
    told = _passage(cosines=COSINES)
    assert nearness(other, told, TEXT, copy, nearest(other, [told])) == 0


def test_a_rule_from_before_goes_by_what_it_knows(tmp_path: Path) -> None:
    rule = tmp_path / "confidence.json"
    rule.write_text('{"weights": [0.5, 0.4, 0.2, 0.4, -0.3]}')
    span = Span(0, 4, -0.2)
    far, near = (sureness("How much?", "£214", span, -3.0, 0.4, n, rule) for n in (-2.0, 0.0))
    assert far == near
    shipped = numbers_of("How much?", "£214", span, -3.0, 0.4, -2.0)
    assert len(shipped) == len(NAMES) and shipped[-1] == -2.0


def test_a_search_tells_how_near_each_sentence_is(settings: Settings, tmp_path: Path) -> None:
    for name, text in (("boat.txt", TEXT), ("shed.txt", "The shed was tarred. Rain came in.")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assistant = build_assistant(settings)
    try:
        for _ in assistant.ingest([tmp_path / "boat.txt", tmp_path / "shed.txt"]):
            pass
        found = assistant.search("How much did the coating cost?").passages
        boat = next(p for p in found if p.asset == "boat.txt")
        cosines = boat.sentences
        assert len(cosines) == len(sentences_of(boat.text)) == 3
        assert cosines.index(max(cosines)) == 1
        assert boat.signals["sentence"] == pytest.approx(max(cosines), abs=1e-5)
        assert "crossed" not in boat.signals
        found = assistant.search("油漆多少钱？").passages
        boat = next(p for p in found if p.asset == "boat.txt")
        assert boat.sentences.index(max(boat.sentences)) == 1
        assert boat.signals["crossed"] == pytest.approx(max(boat.sentences), abs=1e-5)
        assert "sentence" not in boat.signals
    finally:
        assistant.close()
