"""Rules that compare written answers with what is expected."""

from __future__ import annotations

from datetime import date

import pytest

from evals import answers


def test_plain_drops_marks() -> None:
    assert answers.plain("The total is **15.90** [1][2].\n") == "The total is 15.90."


@pytest.mark.parametrize(
    ("answer", "gold", "right"),
    [
        ("RM 15.90 [1]", "15.90", True),
        ("The total is 15.9.", "15.90", True),
        ("$8.20", "8.20", True),
        ("1,250.00", "1250.00", True),
        ("15.90 plus 2.00", "15.90", False),
        ("nothing", "15.90", False),
        ("RM22.90", "RM 22.90", True),
    ],
)
def test_amounts(answer: str, gold: str, right: bool) -> None:
    assert answers.same_amount(answer, gold) is right


@pytest.mark.parametrize(
    ("answer", "gold", "right"),
    [
        ("22/12/2017", "22/12/2017", True),
        ("22 December 2017 [1]", "22/12/2017", True),
        ("December 22, 2017", "22-12-17", True),
        ("2017年12月22日", "22/12/2017", True),
        ("05MAR2018", "05 MAR 2018", True),
        ("2018-03-09", "9/3/2018", True),
        ("21/12/2017", "22/12/2017", False),
        ("22/12/2017 or 23/12/2017", "22/12/2017", False),
        ("no date", "22/12/2017", False),
    ],
)
def test_dates(answer: str, gold: str, right: bool) -> None:
    assert answers.same_date(answer, gold) is right


def test_impossible_dates_are_no_dates() -> None:
    assert answers.dates("99/99/2017") == set()
    assert answers.dates("12/25/2017") == {date(2017, 12, 25)}


@pytest.mark.parametrize(
    ("answer", "gold", "right"),
    [
        ("MR. D.I.Y. (M) SDN BHD", "MR.D.I.Y(M)SDN BHD", True),
        ("The company is ASIA MART. [1]", "ASIA MART", True),
        ("ASIA", "ASIA MART", False),
        ("Asia Mart, no. 23 Batu 10, Taman Sentosa, Jalan Kapar, Klang", "ASIA MART", False),
        ("", "ASIA MART", False),
    ],
)
def test_names(answer: str, gold: str, right: bool) -> None:
    assert answers.same_name(answer, gold) is right


def test_short_answers() -> None:
    assert answers.short_answer("plastic_cup_of_coffee") == "plastic cup of coffee"
    assert answers.short_answer("A lamp and the table.") == "lamp, table"
    assert answers.short_answer("Two") == answers.short_answer("2")
    assert answers.short_answer("sofa\nIt is brown.") == "sofa"


@pytest.mark.parametrize(
    ("answer", "gold", "kind", "right"),
    [
        ("There are 7 objects on page 2. [1]", "7", "Int", True),
        ("seven", "7", "Int", True),
        ("8", "7", "Int", False),
        ("7 or 8", "7", "Int", False),
        ("37 %", "37%", "Float", True),
        ("97.0", " 97.40", "Float", True),
        ("90", "97.40", "Float", False),
        ("Special Agent Marc Silski signed it.", "Special Agent Marc Silski", "Str", True),
        ("post hoc corection", "post-hoc correction", "Str", True),
        ("Running, Football and Jordan", "['Running', 'Football']", "List", True),
        ("Running", "['Running', 'Football']", "List", False),
        ("combshj@unk.edu", "['combshj@unk.edu']", "Str", True),
    ],
)
def test_document_answers(answer: str, gold: str, kind: str, right: bool) -> None:
    asked = "How many objects does page 2 contain?"
    assert answers.document_answer(answer, gold, kind, asked) is right
