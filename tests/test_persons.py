"""People in photos are described, not named nor judged."""

from __future__ import annotations

import pytest

from assistant.persons import asks_private, asks_who


@pytest.mark.parametrize(
    "question",
    ["Who is the woman in this photo?", "Who is this?", "What's her name?", "Whose eye is this?",
     "Tell me the name of this person.", "照片里的这个人叫什么名字？", "他是谁？"],
)  # fmt: skip
def test_names_by_looks_are_known(question: str) -> None:
    assert asks_who(question)


@pytest.mark.parametrize(
    "question",
    ["Who is the author of this book?", "What is the name of this plant?", "谁写了这本书？",
     "What is the man doing?", "Who is the cashier on this receipt?"],
)  # fmt: skip
def test_other_names_are_asked_freely(question: str) -> None:
    assert not asks_who(question)


@pytest.mark.parametrize(
    ("question", "private"),
    [
        ("What religion does this woman have?", True),
        ("Is this man a criminal?", True),
        ("这位女士信什么宗教？", True),
        ("Is the road straight?", False),
        ("What race are these people running?", False),
        ("Which illness does the report name?", False),
    ],
)
def test_traits_that_looks_do_not_tell(question: str, private: bool) -> None:
    assert asks_private(question) is private
