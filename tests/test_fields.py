"""Typed fields in lines of text: totals, dates, names; arithmetic decides between totals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from assistant.amounts import parse_amount
from assistant.fields import find_field, parse_date

RECEIPT = [
    "HARBOUR BOOK",
    "CO. (M) SDN BHD",
    "(CO REG NO 123456-X)",
    "NO.23 BATU 10, TAMAN SENTOSA,",
    "JALAN KAPAR, 42200 KLANG",
    "TEL: 03-1234 5678  info@harbour.example",
    "DATE: 22/12/201710:15",
    "Invoice No: INV-0042",
    "A  2 x 5.00 10.00",
    "SUB TOTAL 30.85",
    "GST 6% 1.85",
    "TOTAL (INCL GST) RM 32.70",
    "CASH 50.00",
    "CHANGE 17.30",
]


def test_fields_of_a_receipt() -> None:
    def best(field: str) -> str:
        return find_field(field, RECEIPT)[0].value  # type: ignore[arg-type]

    assert best("total") == "32.70"
    assert best("tax") == "1.85"
    assert best("date") == "22/12/2017"
    assert best("company") == "HARBOUR BOOK CO. (M) SDN BHD"
    assert best("address").startswith("NO.23 BATU 10") and "42200 KLANG" in best("address")
    assert best("phone") == "03-1234 5678"
    assert best("email") == "info@harbour.example"
    assert best("number") == "INV-0042"


def test_what_was_paid_less_the_change_is_the_total() -> None:
    lines = ["Total Sales 20.11", "Rounding -0.01", "26.10", "Total After Adj", "50.00", "CASH"]
    assert find_field("total", [*lines, "Change Amt 23.90"])[0].value == "26.10"


def test_labels_alone_take_the_amount_of_the_next_line() -> None:
    assert find_field("total", ["Grand Total", "RM 12.40"])[0].value == "12.40"
    assert find_field("total", ["合计：", "￥88.00"])[0].value == "88.00"
    assert find_field("total", ["nothing here"]) == []


def test_nothing_is_never_the_total() -> None:
    assert find_field("total", ["TOTAL 0.00", "NETT TOTAL 38.60"])[0].value == "38.60"


def test_amounts() -> None:
    assert parse_amount("1,234.50") == Decimal("1234.50")
    assert parse_amount("12,50") == Decimal("12.50")
    assert parse_amount("x") is None


def test_dates() -> None:
    assert parse_date("22/12/2017") == date(2017, 12, 22)
    assert parse_date("2018-3-5") == date(2018, 3, 5)
    assert parse_date("2018年3月5日") == date(2018, 3, 5)
    assert parse_date("5 March 2018") == date(2018, 3, 5)
    assert parse_date("March 5, 2018") == date(2018, 3, 5)
    assert parse_date("99/99/2018") is None


def test_other_numbers_are_no_telephone_numbers() -> None:
    def phones(line: str) -> list[str]:
        return [found.value for found in find_field("phone", [line])]

    assert phones("Reg. No 12345678 Tel 020 7946 0958") == ["020 7946 0958"]
    assert phones("+44 20 7946 0958, open daily") == ["+44 20 7946 0958"]
    for line in ("VAT no. GB 482 1937 05", "Account number: 1234 5678 90", "2023 2022 2021"):
        assert phones(line) == []
