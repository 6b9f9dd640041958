"""Reading with the real 4-bit model, and what is made of its words."""

from __future__ import annotations

import pytest
from assisting import LIBRARY_TXT, MEMO_TXT

from assistant.candidates import can_be, kind_of, pieces, without_counted
from assistant.config import Settings
from assistant.i18n import Language
from assistant.library import EmptyLibrary
from assistant.models.registry import build_chat_model
from assistant.models.scripted import ScriptedChat
from assistant.planner import plan
from assistant.reader import excerpt, promising, read, tidy
from assistant.session import Limits, Request, Session
from retrieval.values import Passage, SearchResult, TextLocator
from retrieval.weights import ModelStore


def _passage(text: str, name: str = "a.txt", chance: float = 0.9) -> Passage:
    place = TextLocator(0, len(text))
    return Passage(1, name, name, "text", "text/plain", "body", text, place, 1.0, chance)


def _session(question: str, model: ScriptedChat, language: Language = "en") -> Session:
    request = Request("c", "m", question, language, EmptyLibrary())
    return Session(request, model, Limits(), lambda: False)


def test_the_real_model_copies_answers(settings: Settings, model_store: ModelStore) -> None:
    model = build_chat_model(settings, model_store)
    asked: list[tuple[str, Language, str]] = [
        ("How many volumes does the Harbour Library hold?", "en", "42,000"),
        ("When was the Harbour Library founded?", "en", "1974"),
        ("港口图书馆的新馆长是谁？", "zh", "林晓"),
    ]
    passages = [_passage(LIBRARY_TXT), _passage(MEMO_TXT, "memo.txt")]
    for question, language, answer in asked:
        request = Request("c", "m", question, language, EmptyLibrary())
        session = Session(request, model, Limits(), lambda: False)
        order = passages if language == "en" else passages[::-1]
        reading = read(session, question, order)
        assert reading is not None and answer in reading.text, question
        assert reading.passage is order[0]
    model.unload()


def test_only_sentences_that_matter_are_shown() -> None:
    long = " ".join(f"Sentence {n} is about nothing." for n in range(40))
    text = f"{long} The ferry to Bergen leaves at noon. {long}"
    session = _session("When does the ferry to Bergen leave?", ScriptedChat())
    (shown,) = excerpt(session, session.request.question, [_passage(text)])
    assert "The ferry to Bergen leaves at noon." in shown.text
    assert len(shown.text) < len(text) / 4


def test_an_impossible_answer_makes_the_model_choose() -> None:
    question = "When was the Harbour Library founded?"
    model = ScriptedChat(script=["the Harbour Library"])
    model.chooser = lambda _messages, found: [0.0 if c == "1974" else -9.0 for c in found]
    reading = read(_session(question, model), question, [_passage(LIBRARY_TXT)])
    assert reading is not None and reading.text == "1974"


def test_fields_are_for_papers_not_for_prose() -> None:
    question = "When was the Harbour Library founded?"
    model = ScriptedChat(script=["1974"])
    reading = read(_session(question, model), question, [_passage(LIBRARY_TXT)], plan(question))
    assert reading is not None and reading.text == "1974" and len(model.calls) == 1


def test_what_is_worth_reading() -> None:
    question = "How many volumes does the Harbour Library hold?"
    near = SearchResult((_passage(LIBRARY_TXT, chance=0.4),), False, 0.0, 1)
    far = SearchResult((_passage("Ferries leave at noon.", chance=0.1),), False, 0.0, 1)
    assert promising(near, question) and not promising(far, question)
    assert not promising(SearchResult((), False, 0.0, 0), question)


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("Answer: 42.", "42"),
        ("“the old bridge”", "the old bridge"),
        ("110 mph (180 km/h)", "110 mph"),
        ("one\ntwo", "one"),
        ("", ""),
    ],
)
def test_wrapping_is_taken_off(written: str, answer: str) -> None:
    assert tidy(written) == answer


def test_the_question_is_not_said_again() -> None:
    question = "新馆长是谁？"
    assert tidy("新馆长是林晓。", question) == "林晓"
    assert without_counted("16,000 species", "How many species of trees are there?") == "16,000"
    assert without_counted("16,000 trees", "How many species are there?") == "16,000 trees"


def test_kinds_of_answers() -> None:
    assert kind_of("How many species?") == "number" and kind_of("谁是馆长？") == "name"
    assert kind_of("In what year did it end?") == "time" and kind_of("Why?") == "any"
    assert not can_be("the library", "When was the library founded?")
    assert not can_be("very many", "How many books are there?")
    assert can_be("a fire", "What destroyed the room?")
    assert "1974" in pieces("When was it founded?", LIBRARY_TXT)
    assert any("Mira Lund" in p for p in pieces("Who founded it?", LIBRARY_TXT))
