"""Of several like things in a sentence the one asked for; differences and shares worked out."""

from __future__ import annotations

import pytest

from assistant.reader import Reading
from assistant.which_figure import end_asked, figure_asked, is_measure
from assistant.worked import worked
from retrieval.values import Passage, TextLocator

TERM = "The mooring is let from 1 April 2026 to and including 31 March 2027, renewable."
HOURS = "The pool is open daily from 7:30 to 21:00 in summer."
FEES = "You are charged £12 for each lost towel\nand £30 for the locker key. Lockers are free."


def _place(text: str, copied: str) -> tuple[int, int]:
    start = text.index(copied)
    return start, start + len(copied)


@pytest.mark.parametrize(
    ("text", "copied", "question", "told"),
    [
        (TERM, "31 March 2027", "Since when has the mooring been ours?", "1 April 2026"),
        (TERM, "1 April 2026", "When does the mooring run out?", "31 March 2027"),
        (TERM, "1 April 2026", "What is the mooring's term?", "1 April 2026"),
        (HOURS, "7:30", "What time does the pool close?", "21:00"),
        (
            "住 11月28日至30日，11月28日至11月30日。",
            "11月28日至11月30日",
            "几点前要退房？",
            "11月28日至11月30日",
        ),
        (HOURS, "7:30 to 21:00", "When is the pool open?", "7:30 to 21:00"),
        ("泳池开放时间：6月 15日至 9月 10日。", "6月 15日", "泳池什么时候结束开放？", "9月 10日"),
    ],
)
def test_the_end_of_a_stretch_that_is_asked_for(
    text: str, copied: str, question: str, told: str
) -> None:
    start, end = end_asked(text, _place(text, copied), question)
    assert text[start:end] == told


@pytest.mark.parametrize(
    ("copied", "question", "told"),
    [
        ("£12", "What do they take if I lose the key of my locker?", "£30"),
        ("£30", "What is the charge for a towel?", "£12"),
        ("£12", "What do lost things cost?", "£12"),
    ],
)
def test_a_figure_goes_with_its_own_words(copied: str, question: str, told: str) -> None:
    start, end = figure_asked(FEES, _place(FEES, copied), question)
    assert FEES[start:end] == told


def test_a_price_is_no_weight() -> None:
    text = "Kiln 5,100 | weighs 385 kg | 1.2 m high"
    asked = "How heavy is the kiln?"
    assert not is_measure(text, _place(text, "5,100"), asked)
    assert is_measure(text, _place(text, "385"), asked)
    assert not is_measure(text, _place(text, "385"), "How tall is the kiln?")
    assert is_measure(text, _place(text, "1.2"), "How tall is the kiln?")
    assert not is_measure("in 5 minutes", (3, 4), "How wide is it?")
    assert is_measure("39.2 °C", (0, 4), "How high was the fever?")
    assert is_measure(text, _place(text, "5,100"), "What does the kiln cost?")


def _read(text: str, copied: str) -> Reading:
    passage = Passage(
        1, "notice.pdf", "0", "document", "", "body", text, TextLocator(0, 1), 1.0, 1.0
    )
    return Reading(copied, passage, 0.9, text)


@pytest.mark.parametrize(
    ("text", "copied", "question", "told"),
    [
        (
            "应参加表决 748户，实际参加 612户。", "612户", "参加的占百分之几？",
            "81.8% (612户 / 748户)",
        ),
        (
            "The rent was £1,045 and is £1,080 from May on.", "£1,080",
            "How much more rent do we pay now?", "£35 (£1,080 − £1,045)",
        ),
        (
            "The rent goes up by £35 from May on.", "£35",
            "By how much does the rent go up?", "£35",
        ),
        ("The rent is £1,080.", "£1,080", "How much more rent do we pay now?", None),
        ("12 of 40 came, 9 by train and 3 by bus.", "9", "What percentage came by train?", None),
        ("The rent is £1,080.", "£1,080", "What is the rent?", "£1,080"),
    ],
)  # fmt: skip
def test_a_difference_is_no_single_figure(
    text: str, copied: str, question: str, told: str | None
) -> None:
    found = worked(question, _read(text, copied))
    assert (found and found.text) == told
