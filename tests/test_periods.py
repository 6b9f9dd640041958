"""Stretches of time as people name them, and the questions that ask for photos of one."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from assistant.periods import parse_period, period_of, without_period
from assistant.planner import plan

TODAY = date(2026, 3, 18)  # a Wednesday


@pytest.mark.parametrize(
    ("question", "first", "last"),
    [
        ("photos from May 2023", "2023-05-01", "2023-05-31"),
        ("pictures of dogs taken in 2023", "2023-01-01", "2023-12-31"),
        ("photos of 14 June 2022", "2022-06-14", "2022-06-14"),
        ("pictures taken on June 3rd, 2022", "2022-06-03", "2022-06-03"),
        ("photos from 2024-02", "2024-02-01", "2024-02-29"),
        ("photos from June", "2025-06-01", "2025-06-30"),
        ("photos from last week", "2026-03-09", "2026-03-15"),
        ("photos from last month", "2026-02-01", "2026-02-28"),
        ("photos from yesterday", "2026-03-17", "2026-03-17"),
        ("2023年5月的照片", "2023-05-01", "2023-05-31"),
        ("2023年十二月3号的照片", "2023-12-03", "2023-12-03"),
        ("去年的照片", "2025-01-01", "2025-12-31"),
        ("上个月拍的照片", "2026-02-01", "2026-02-28"),
        ("上周的照片", "2026-03-09", "2026-03-15"),
    ],
)
def test_named_stretches(question: str, first: str, last: str) -> None:
    found = period_of(question, TODAY)
    assert found is not None
    assert (f"{found.first:%Y-%m-%d}", f"{found.last:%Y-%m-%d}") == (first, last)
    assert found.first.hour == 0
    assert (found.last.hour, found.last.minute) == (23, 59)


@pytest.mark.parametrize(
    "question", ["photos with 2000 people", "I may go there", "a march of soldiers", "照片里有几月"]
)
def test_what_names_no_time(question: str) -> None:
    assert period_of(question, TODAY) is None
    assert without_period(question) == question


def test_typed_dates() -> None:
    assert parse_period("2024-02").last.day == 29
    assert parse_period("2023").first == datetime(2023, 1, 1, tzinfo=UTC)
    for wrong in ("May", "2023-13", "2023-02-30", ""):
        with pytest.raises(ValueError):
            parse_period(wrong)


def test_photos_of_a_time_are_listed() -> None:
    asked = plan("photos of dogs from May 2023")
    assert (asked.intent, asked.topic, asked.modality) == ("list", "dogs", "image")
    assert asked.period is not None
    assert asked.period.first == datetime(2023, 5, 1, tzinfo=UTC)
    assert plan("2023年5月的照片有哪些").period is not None
    # the date on a paper is no date of a photo
    assert plan("What is the total of the receipt dated May 2023?").period is None
