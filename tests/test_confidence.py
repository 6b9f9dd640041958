"""The chance that a passage holds the answer, and what files must speak of to be believed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from assisting import LIBRARY_TXT

from assistant.citations import content_words
from assistant.confidence import SEEN, chances, holds, promising, seen, shared, told_of
from retrieval.values import Passage, SearchResult, TextLocator


def _passage(text: str, name: str = "a.txt", chance: float = 0.9) -> Passage:
    place = TextLocator(0, len(text))
    return Passage(1, name, name, "text", "text/plain", "body", text, place, 1.0, chance)


def test_what_is_worth_reading() -> None:
    question = "How many volumes does the Harbour Library hold?"
    near = SearchResult((_passage(LIBRARY_TXT, chance=0.4),), False, 0.0, 1)
    far = SearchResult((_passage("Ferries leave at noon.", chance=0.1),), False, 0.0, 1)
    assert promising(near, question) and not promising(far, question)
    assert not promising(SearchResult((), False, 0.0, 0), question)


def test_the_chance_that_a_passage_holds_the_answer() -> None:
    question = "Who founded the Harbour Library?"
    assert shared(question, [_passage(LIBRARY_TXT)]) == 1.0
    near, far = _passage(LIBRARY_TXT, chance=0.8), _passage("Ferries leave at noon.", chance=0.8)
    assert holds(question, near) > 0.5 > 0.25 > holds(question, far)
    assert holds(question, replace(near, probability=0.05)) < 0.2
    # No word is shared across languages; the search alone must tell.
    crossed = "港口图书馆是谁创立的？"
    assert holds(crossed, near) > 0.2 > 0.02 > holds(crossed, replace(near, probability=0.02))


def test_passages_of_one_search_are_judged_beside_each_other() -> None:
    question = "When is the spare key handed back?"

    def found(text: str, cosine: float, sentence: float, words: float) -> Passage:
        signals = {"dense": cosine, "sentence": sentence, "lexical": words}
        kept = {name: value for name, value in signals.items() if value}
        return replace(_passage(text, chance=0.01), signals=kept)

    answer = "The second key was returned on 3 May. " * 8
    near = found(answer, 0.86, 0.89, 2.0)
    unlike = found("The hall is let for weddings, concerts and dances. " * 8, 0.79, 0.8, 0.0)
    head = found("Key Cottage Lettings", 0.86, 0.86, 2.0)  # a page head is near to everything
    first, second, third = chances(question, [near, unlike, head])
    assert first > 2 * third and third > second
    # beside a nearer one that holds more of the words the same passage is less likely
    better = found(f"{answer} The spare key.", 0.9, 0.9, 6.0)
    assert chances(question, [near, better])[0] < 0.5 * chances(question, [near, unlike])[0]
    # so it is beside one with a nearer sentence, however far that is as a whole
    told = found("The hall is let. The key comes back with the caretaker.", 0.82, 0.93, 1.0)
    assert chances(question, [near, told])[0] < 0.8 * chances(question, [near, unlike])[0]
    assert chances(question, [near, told])[1] > chances(question, [near, unlike])[1] * 3


def test_what_has_no_sentences_is_judged_by_its_own_vector() -> None:
    question = "When is the spare key handed back?"
    words = "The second key was returned on 3 May. " * 8

    def found(**signals: float) -> Passage:
        return replace(_passage(words, chance=0.05), signals=signals)

    photo, page = found(dense=0.86), found(dense=0.86, sentence=0.88, crossed=0.8)
    alone, beside = chances(question, [photo, page])
    assert alone == pytest.approx(beside)
    # a text in the other language is compared with those of its language
    text = "第二把钥匙五月三日已归还。" * 8
    other = replace(page, text=text, signals={**page.signals, "sentence": 0.7})
    own = {**page.signals, "sentence": 0.95}
    assert seen(question, [other, replace(page, signals=own)])[0][SEEN.index("sentence")] == 0


def test_years_and_names_asked_about_must_be_spoken_of() -> None:
    found = [_passage("Turnout rose in 2018.", "report.pdf")]
    assert told_of("Who won in 2018?", found) and told_of("Who won?", found)
    assert not told_of("Who won in 2024?", found)
    assert told_of("Who won? (for example [2024])", found)
    israel = [_passage("Turnout rose in Israel.", "report.pdf")]
    assert told_of("How did Israeli turnout change?", israel)
    assert not told_of("How did Chilean turnout change?", israel)
    assert told_of("What does Table 3 say of FY2018 in December?", found)
    assert told_of("How did it change in Israel? Enumerate each year.", israel), "no name"
    assert told_of("Where does Chile hold the vote?", [_passage("投票在这里举行。")])


def test_possessives_are_the_words_themselves() -> None:
    assert content_words("What is Tomasz's phone?") == [*content_words("Tomasz"), "phone"]
    assert content_words("it's Anna’s") == content_words("Anna")
