"""What the cells of a table's column stand for: exact numbers with their marks, or days.

A column is read as a whole, since a single cell may be ambiguous: whether a comma parts thousands
or decimals, and whether the day or the month comes first, is told by the other cells. Knows no
question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from assistant.fields import parse_date

_READ = 0.8
"""Share of a column's cells that must be numbers (or days) for it to be read as such."""
_SAMPLE = 200
"""Cells by which a column of words is told from others at once."""
_NOTHING = re.compile(r"n\.?/?a\.?|none|nil|tbd|[-–—?./]+|无|待定", re.IGNORECASE)
"""Stands in a cell for a figure that is not there."""
_CURRENCY = r"US\$|HK\$|S\$|RM|Fr\.?|kr\.?|zł|[A-Z]{3}|[$€£¥￥₹]"
_CELL = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[-−–+])?\s*(?P<before>{_CURRENCY})?\s*(?P<sign2>[-−–+])?\s*"
    r"(?P<number>\d[\d.,'’\u00a0\u202f ]*?)\s*(?P<tail>[-−–])?"
    rf"\s*(?P<after>{_CURRENCY}|°\s?[CF]|%|[a-zµ]{{1,7}}\d?|[元块个件小时分钟天度公斤克米升]{{1,3}})?"
    r"\s*(?P<close>\))?"
)
_MONTH_NAMES = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DAY_FIRST = re.compile(r"^(\d{1,2})[./-](\d{1,2})[./-]\d{2,4}\b")
_MOMENT = re.compile(
    r"[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[AaPp][Mm])?(?:Z|[+-]\d\d:?\d\d)?$"
)
_DATE = re.compile(
    r"\d{4}[-/]\d{1,2}(?:[-/]\d{1,2})?|\d{4}\.\d{1,2}\.\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}"
    r"|\d{4}年\d{1,2}月(?:\d{1,2}[日号]?)?"
    r"|(?:\w{2,9},? )?\d{1,2}(?:st|nd|rd|th)?[ .-]+[A-Za-z]{3,9}\.?[ ,.-]+\d{2,4}"
    r"|(?:\w{2,9},? )?[A-Za-z]{3,9}\.? (?:\d{1,2}(?:st|nd|rd|th)?,? )?\d{4}"
)

_NO_YEAR = re.compile(
    rf"\d{{1,2}}(?:st|nd|rd|th)?[ .-]?(?:{_MONTH_NAMES})[a-z]*\.?"
    rf"|(?:{_MONTH_NAMES})[a-z]*\.? \d{{1,2}}(?:st|nd|rd|th)?|\d{{1,2}}月\d{{1,2}}[日号]?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Number:
    """A cell's number, and what stands before and behind it there (a currency, a unit)."""

    value: Decimal
    before: str = ""
    after: str = ""
    written: str = ""

    @property
    def mark(self) -> str:
        """The currency or unit, whichever side it stands on."""
        return self.before or self.after


def is_currency(mark: str) -> bool:
    """Whether a mark beside a number is a currency's."""
    return bool(mark) and bool(re.fullmatch(rf"{_CURRENCY}|[元块]", mark))


def numbers(cells: Sequence[str], comma_elsewhere: bool = False) -> list[Number | None]:
    """Return the numbers of a column; none at all when it is no column of numbers.

    Args:
        comma_elsewhere: whether a comma parts the decimals in the table's other columns, so that a
            dot before three digits parts thousands here.
    """
    real = [cell for cell in cells if cell and not _NOTHING.fullmatch(cell)]
    sample = real[:_SAMPLE]
    if sum(bool(_CELL.fullmatch(cell)) for cell in sample) * 2 < len(sample):
        return []  # words, and perhaps many
    found = [_CELL.fullmatch(cell) if cell else None for cell in cells]
    read = [m["number"].strip() for m in found if m]
    if not read or len(read) < _READ * len(real):
        return []
    votes = _commas(read)
    if len(votes) > 1:
        return []
    comma = next(iter(votes), comma_elsewhere)
    return [_number(m, cell, comma) if m else None for m, cell in zip(found, cells, strict=True)]


def _number(match: re.Match[str], cell: str, comma: bool) -> Number | None:
    bare = re.sub(r"[\s'’\u00a0\u202f]", "", match["number"]).rstrip(".,")
    bare = bare.replace(".", "").replace(",", ".") if comma else bare.replace(",", "")
    if bare.count(".") > 1:
        return None
    signs = (match["sign"], match["sign2"], match["tail"])
    below = any(s and s != "+" for s in signs) or bool(match["open"] and match["close"])
    value = -Decimal(bare) if below else Decimal(bare)
    return Number(value, match["before"] or "", (match["after"] or "").strip(), cell)


def has_decimal_commas(cells: Sequence[str]) -> bool:
    """Whether cells have numbers of which a comma surely parts the decimals, and none denies it."""
    found = (_CELL.fullmatch(cell) for cell in cells[:_SAMPLE] if cell)
    return _commas([m["number"].strip() for m in found if m]) == {True}


def _commas(read: Sequence[str]) -> set[bool]:
    """Return what the numbers of a column say of a comma: that it parts decimals, or does not."""
    votes: set[bool] = set()
    for number in read:
        comma, dot = number.rfind(","), number.rfind(".")
        if comma >= 0 and dot >= 0:
            votes.add(comma > dot)
        elif number.count(".") > 1:
            votes.add(True)
        elif comma >= 0:
            if not re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+", number):
                votes.add(True)
        elif dot >= 0 and not re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", number):
            votes.add(False)
    return votes


def decimals(cells: Sequence[Number]) -> tuple[int, str]:
    """Return how many decimals numbers are written with at most, and the sign before them."""
    most, sign = 0, "."
    for cell in cells:
        most = max(most, -int(cell.value.as_tuple().exponent))
        if re.search(r",\d{1,2}(?!\d)", cell.written):
            sign = ","
    return most, sign


def days(cells: Sequence[str], year: int = 0) -> list[date | None]:
    """Return the days of a column (the first of a month where no day is given); none when it has
    none. Which of day and month comes first is told by a cell where only one of them fits.

    Args:
        year: of cells that name none; 0: such cells are no days.
    """
    if year:
        cells = [_with_year(cell.strip(), year) for cell in cells]
    sample = [_MOMENT.sub("", cell.strip()) for cell in cells[:_SAMPLE] if cell]
    if sum(bool(_DATE.fullmatch(cell)) for cell in sample) * 2 < len(sample):
        return []
    bare = [_MOMENT.sub("", cell.strip()) for cell in cells]
    fitting = [cell for cell in bare if _DATE.fullmatch(cell)]
    if not fitting or len(fitting) < _READ * sum(1 for cell in bare if cell):
        return []
    month_first = _month_is_first(fitting)
    read = {cell: _day(cell, month_first) for cell in set(fitting)}
    return [read.get(cell) for cell in bare]


def _with_year(cell: str, year: int) -> str:
    if not _NO_YEAR.fullmatch(cell):
        return cell
    return f"{year}年{cell}" if "月" in cell else f"{cell} {year}"


def _month_is_first(cells: Sequence[str]) -> bool:
    """Whether the month comes before the day: told by a cell where only one of them fits, else by
    which reading puts the rows in order; the day comes first where nothing tells."""
    pairs = [(int(m[1]), int(m[2])) for cell in cells if (m := _DAY_FIRST.match(cell))]
    if not pairs:
        return False
    if any(second > 12 for _, second in pairs) or any(first > 12 for first, _ in pairs):
        return all(first <= 12 for first, _ in pairs)
    turned = [_day(cell, month_first=True) for cell in cells]
    return _in_order(turned) and not _in_order([_day(cell, month_first=False) for cell in cells])


def _in_order(days: Sequence[date | None]) -> bool:
    read = [day for day in days if day]
    return read in (sorted(read), sorted(read, reverse=True))


def _day(cell: str, month_first: bool) -> date | None:
    if month_first and (m := _DAY_FIRST.match(cell)):
        cell = f"{m[2]}/{m[1]}{cell[m.end(2) :]}"
    named = re.search(_MONTH_NAMES, cell, re.IGNORECASE)
    if re.match(r"[A-Za-z]", cell) and named:  # the parser wants the day before the month
        figures = re.findall(r"\d+", cell)
        cell = " ".join([*figures[:-1], named[0], figures[-1]])
    day = parse_date(cell)
    return day if day and 1900 <= day.year <= 2100 else None
