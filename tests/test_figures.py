"""A question for a ratio finds the statements it is worked out from."""

from __future__ import annotations

from pathlib import Path

import pytest
from library import Library
from sqlalchemy import Engine
from test_search import Pages

from assistant.config import Settings
from retrieval.figures import parts_of_figures
from retrieval.values import PageLocator


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("What is the quick ratio in FY2021?", "total current liabilities"),
        ("What is  cash_ratio for Acme?", "cash equivalents"),
        ("What is payables  turnover?", "cost of sales"),
        ("2021年的速动比率是多少？", "total current assets"),
        ("What is the gross profit margin?", "gross profit"),
    ],
)
def test_parts_of_ratios(question: str, line: str) -> None:
    assert line in " ".join(parts_of_figures(question)).lower()


@pytest.mark.parametrize(
    "question",
    [
        "What is the total of the receipt?",
        "the aspect ratio of the photo",
        "cash paid",
        "毛巾多少钱",
    ],
)
def test_other_questions_stay_as_they_are(question: str) -> None:
    assert parts_of_figures(question) == ()


def test_the_balance_sheet_is_found_by_a_ratio(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    library = Library(engine, settings.home, Pages())
    document = tmp_path / "report.txt"
    document.write_text(
        "white:Acme makes shoes and sells them in many countries"
        "|white:Accounts receivable 4,463 Inventories 6,854 Total current assets 26,291 "
        "Accounts payable 2,836 Total current liabilities 9,674"
    )
    library.ingest(document)
    found = library.search("What is the current ratio of Acme?").passages[0]
    assert isinstance(found.locator, PageLocator)
    assert found.locator.page == 2
    assert "parts" in found.signals
