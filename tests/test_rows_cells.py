"""What the cells of a column mean: numbers, days, and the time a question speaks of."""

from __future__ import annotations

from datetime import date

import pytest

from assistant.rows.cells import days, numbers
from assistant.rows.when import when_of


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["54,20", "1.200,50"], ["54.20", "1200.50"]),
        (["$1,200", "(30.00)"], ["1200", "-30.00"]),
        (["12 kg", "3.5 kg"], ["12", "3.5"]),
        (["1 234,50 kr", "20,00 kr"], ["1234.50", "20.00"]),
        (["12 Main Street", "3 Park"], []),
        (["7:30", "8:00"], []),
        (["1.234,50", "1,234.50"], []),
    ],
)
def test_numbers_are_read_by_the_whole_column(cells: list[str], values: list[str]) -> None:
    assert [str(n.value) if n else "" for n in numbers(cells)] == values


def test_days_are_read_by_the_whole_column() -> None:
    assert days(["1/17/2025", "2/3/2025"]) == [date(2025, 1, 17), date(2025, 2, 3)]
    assert days(["17/1/2025", "2/3/2025"]) == [date(2025, 1, 17), date(2025, 3, 2)]
    assert days(["03/01/2025", "03/04/2025", "04/02/2025"])[0] == date(2025, 3, 1)
    assert days(["2909.58", "2825.46"]) == []
    assert days(["03 Sep", "Oct 4"]) == []
    assert days(["03 Sep", "Oct 4", "9月5日"], 2024) == [
        date(2024, 9, 3), date(2024, 10, 4), date(2024, 9, 5),
    ]  # fmt: skip
    assert days(["January 4, 2025"]) == [date(2025, 1, 4)] and days(["12.50"]) == []


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ("in May", "2024-05"),
        ("from January to March 2025", "2025-01-01 – 2025-03-31"),
        ("in January and February", "2025-01, 2025-02"),
        ("since February 2025", "2025-02-01 –"),
        ("一月到二月", "2025-01-01 – 2025-02-28"),
        ("2月14日", "2025-02-14"),
        ("from January up to the end of February", "2025-01-01 – 2025-02-28"),
        ("the year to February 2025", "2024-03-01 – 2025-02-28"),
        ("up to the end of January", "– 2025-01-31"),
        ("on or after 4 January 2025", "2025-01-04 –"),
        ("winter 2025 (January and February)", "2025-01, 2025-02"),
        ("how may I march on", ""),
    ],
)
def test_a_time_is_read_by_the_years_of_the_table(question: str, label: str) -> None:
    found = when_of(question, [date(2024, 5, 1), date(2025, 1, 4), date(2025, 2, 20)])
    assert found and found.label() == label
