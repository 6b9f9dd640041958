"""The judge of suite ``tables`` tells right figures from wrong ones, and refusals from both."""

from __future__ import annotations

import pytest

from assistant.messages import Citation
from evals.context import Reply
from evals.suites.tables import given, judge
from retrieval.values import TextLocator


def _reply(text: str, *files: str, abstained: bool = False) -> Reply:
    cited = tuple(
        Citation(n, name, name, "text", TextLocator(0, 0), name) for n, name in enumerate(files, 1)
    )
    return Reply(text, abstained, cited)


@pytest.mark.parametrize(
    ("said", "answer", "right"),
    [
        ("£1,262.15 in total [1][2]", "1262.15", True),
        ("-1.045,50 EUR", "1045.5", True),
        ("1.045,50 EUR", "1045.6", False),
        ("一共240元 [1]。", "240", True),
        ("10.356 km", "10.36", True),
        ("2400", "240", False),
        ("16 rows of report-5.csv, last on 2024-03-05 [5]", "5", False),
        ("on 05/03/2024: 3 times", "5", False),
        ("The most: **Waitrose**, 411.20", "Waitrose", True),
        ("Tesco", "Waitrose", False),
        ("due on 21 June 2024", "2024-06-21", True),
        ("due on 2024-06-12", "2024-06-21", False),
        ("2024-03: 331.00", "2024-03", True),
        ("2024-04: 303.20", "2024-03", False),
    ],
)
def test_figures_are_compared_as_numbers(said: str, answer: str, right: bool) -> None:
    assert given(said, answer) is right


def test_right_wrong_and_refused_are_told_apart() -> None:
    def values(answers: list[str], reply: Reply) -> dict[str, float]:
        return {name: score.value for name, score in judge(answers, "a.csv", reply).items()}

    good = _reply("240 [1]", "a.csv")
    assert values(["240"], good) == {"right": 1.0, "wrong": 0.0, "cited": 1.0}
    assert values(["240"], _reply("240 [1]", "b.csv"))["cited"] == 0.0
    assert values(["250"], good) == {"right": 0.0, "wrong": 1.0}
    refusal = _reply("Nothing in your library tells 240.", abstained=True)
    assert values(["240"], refusal) == {"right": 0.0, "wrong": 0.0}
    assert values([], refusal) == {"refused": 1.0}
    assert values([], good) == {"refused": 0.0}
