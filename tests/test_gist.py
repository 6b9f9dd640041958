"""What a question is about, apart from the file it names."""

from __future__ import annotations

import pytest

from assistant.gist import without_file


@pytest.mark.parametrize(
    "asked, name, bare",
    [
        ("Who is the agent in moor-2024.txt?", "moor-2024.txt", "Who is the agent?"),
        ("According to moor.txt, when does it end?", "moor.txt", "when does it end?"),
        ("How much is it in the file moor.txt, and why?", "moor.txt", "How much is it and why?"),
        ("When does moor dues.pdf end?", "moor dues.pdf", "When does it end?"),
        ("What is moor.pdf's deadline?", "moor.pdf", "What is its deadline?"),
        ("What does “moor.pdf” say about dues?", "moor.pdf", "What does it say about dues?"),
        ("“租约-甲.txt”的承租人是谁？", "租约-甲.txt", "承租人是谁？"),
        ("moor.pdf 里的押金是多少？", "moor.pdf", "押金是多少？"),
        ("根据租约.txt，押金是多少？", "租约.txt", "押金是多少？"),
        ("谁签了租约.txt？", "租约.txt", "谁签了它？"),
        ("租约.txt什么时候到期？", "租约.txt", "它什么时候到期？"),
    ],
)
def test_the_name_of_a_file_is_no_part_of_a_question(asked: str, name: str, bare: str) -> None:
    assert without_file(asked, (name,)) == bare


def test_a_run_of_blanks_takes_no_time() -> None:
    blanks = " " * 40_000
    assert without_file(f"Who{blanks}signed a.pdf?", ("a.pdf",)) == "Who signed it?"


def test_questions_without_or_with_several_names_stay() -> None:
    asked = "Which is dearer, a.pdf or b.pdf?"
    assert without_file(asked, ("a.pdf", "b.pdf")) == asked
    assert without_file("When does it end?", ()) == "When does it end?"
