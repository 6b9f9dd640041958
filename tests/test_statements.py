"""Ratios worked out from the lines of statements, and answers said in the form asked for."""

from __future__ import annotations

from pathlib import Path

from assisting import open_assistant, outcome, write

from assistant.config import Settings
from assistant.messages import Answered
from assistant.models.scripted import ScriptedChat
from assistant.shaping import shaped
from assistant.statements import asks_ratio, ratio, rounded, stated
from retrieval.values import PageLocator, Passage

INCOME = """HARBOUR BOATS, INC.
CONSOLIDATED STATEMENTS OF INCOME
(In millions, except per share data) 2023 2022 2021
Revenues $ 1,200 $ 1,000 $ 900
Cost of sales 800 700 600
Net income $ 90 $ (12) $ 45"""
BALANCE = """CONSOLIDATED BALANCE SHEETS
(In millions) 2023 2022
Cash and equivalents $ 100 $ 80
Short-term investments 50 —
Accounts receivable, net 110 90
Inventories 210 190
Total current assets 500 420
Accounts payable 160 140
Total current liabilities 250 200
TOTAL ASSETS $ 1,000 $ 900"""
NOTE = "In 2023 inventories of boats rose by 20 percent, and the current ratio improved."


def _page(number: int, text: str) -> Passage:
    place = PageLocator(number)
    return Passage(
        1, "report.pdf", "s", "document", "application/pdf", "body", text, place, 1.0, 1.0
    )


PASSAGES = [_page(3, NOTE), _page(58, INCOME), _page(60, BALANCE)]


def _ratio(question: str) -> str:
    found = ratio(question, PASSAGES)
    return rounded(found.value) if found else "none"


def test_ratios_are_worked_out_from_the_right_lines_and_years() -> None:
    assert _ratio("What is the current ratio in FY2023?") == "2.00"
    assert _ratio("What was the quick ratio of 2022?") == "0.85"  # a dash is nothing
    assert _ratio("inventory turnover in fiscal 2023") == "4.00"
    assert _ratio("2022年的流动比率是多少？") == "2.10"
    assert _ratio("What was the net margin in 2022?") == "-0.01"
    # 365 / 4 + 365 / 12 - 365 / (800 / 150)
    assert _ratio("cash conversion cycle for 2023, two decimals") == "53.23"


def test_the_figures_pages_are_known() -> None:
    found = ratio("receivables turnover in 2023?", PASSAGES)
    assert found is not None and [p.locator for p in found.passages] == [
        PageLocator(58),
        PageLocator(60),
    ]


def test_a_missing_line_or_year_gives_nothing() -> None:
    assert _ratio("What is the current ratio in FY2019?") == "none"
    assert _ratio("What is the debt to equity in 2023?") == "none"
    assert _ratio("What is the current ratio?") == "none"
    assert not asks_ratio("What is the ratio of sails to boats?")


def test_an_answer_takes_the_form_that_is_asked_for() -> None:
    asked = "What date is on the cover? Format the date as YYYY-MM"
    assert shaped("July 2009", asked) == "2009-07"
    assert shaped("3 May 2024", "When? Answer as DD/MM/YYYY") == "03/05/2024"
    assert shaped("spring", asked) == "spring"
    assert shaped("537.6 square miles", "How many? Return a rounded integer.") == "538 square miles"
    assert shaped("1,862", "Answer in int format.") == "1,862"
    assert shaped("537.6", "How many square miles?") == "537.6"


def _stated(question: str, passages: list[Passage] = PASSAGES) -> tuple[str, str, object] | None:
    found = stated(question, passages)
    return (found.figure, found.label, found.passage.locator) if found else None


def test_a_line_of_a_table_is_read_in_the_column_of_its_year() -> None:
    assert _stated("What were total current assets in FY2022 for Harbour? In millions.") == (
        "420",
        "Total current assets",
        PageLocator(60),
    )
    assert _stated("what is inventory in fiscal 2023?") == ("210", "Inventories", PageLocator(60))
    assert _stated("How much was the net income of 2022?") == (
        "(12)",
        "Net income",
        PageLocator(58),
    )


def test_a_line_that_is_not_the_one_asked_for_is_not_read() -> None:
    for question in (
        "What were current assets in 2023?",  # the line gives the total: more than was asked
        "What were total fixed assets in 2023?",
        "What is the net income of 2020?",
        "What is the net income?",
        "Why did inventories rise in 2023?",
    ):
        assert _stated(question) is None


def test_a_chinese_line_is_read() -> None:
    table = _page(5, "资产负债表\n项目 2023 2022\n流动资产合计 | 500 | 420\n应付账款 | 160 | 140")
    assert _stated("2022年的应付账款是多少？", [table]) == ("140", "应付账款", PageLocator(5))


def test_spaces_do_not_hide_a_ratio() -> None:
    assert asks_ratio("What is payables  turnover in FY2023?")


def test_what_the_search_does_not_put_first_is_found_in_the_whole_file(tmp_path: Path) -> None:
    talk = "\n\n".join(f"Harbour Boats built {n} boats; accounts were paid." for n in range(300))
    office = "Harbour Boats, office\nTel: 01983 873655"
    files = {"report.txt": f"{INCOME}\n\n{talk}\n\n{BALANCE}\n\n{talk}\n\n{office}"}
    helper = open_assistant(Settings(home=tmp_path / "home"), ScriptedChat())
    try:
        helper.ingest(write(tmp_path, files))
        figure = outcome(helper.ask("What was accounts payables in FY2023 for Harbour Boats?"))
        call = outcome(helper.ask("What is the telephone number of the Harbour Boats office?"))
    finally:
        helper.close()
    assert isinstance(figure, Answered) and figure.text == "160 [1]"
    assert isinstance(call, Answered) and call.text == "01983 873655 [1]"
