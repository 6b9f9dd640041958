"""A table's columns: read as numbers or days, found by the names people give them, and chosen as
the figures a question means. Knows no rows that are chosen; see ``asked``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from assistant.phrases import Operation
from assistant.rows import vocabulary
from assistant.rows.cells import Number, days, has_decimal_commas, is_currency, numbers
from assistant.rows.filters import plain
from retrieval.table_values import Table


@dataclass(frozen=True)
class Sheet:
    """A table with its columns read: numbers and days by column, rows of totals left out."""

    table: Table
    kept: tuple[int, ...]
    """Indices of the rows that are no totals of others."""

    @classmethod
    def of(cls, table: Table) -> Sheet:
        """Read a table's columns."""
        totals = vocabulary.TOTAL_ROW
        kept = (
            i
            for i, row in enumerate(table.rows)
            if not any(totals.search(cell) for cell in row.cells[:-1])
        )
        return cls(table, tuple(kept))

    @cached_property
    def sections(self) -> int:
        """How many rows are headings of those below them, as INCOME and EXPENSES in a budget: the
        highest of all its rows is that of neither."""
        kept = (self.table.rows[i].cells for i in self.kept)
        return sum(bool(cells[0]) and not any(cells[1:]) for cells in kept)

    @cached_property
    def numbers(self) -> dict[int, list[Number | None]]:
        """The columns of numbers, each with a place for every row of the table."""
        cells = {
            c: [row.cells[c] for row in self.table.rows] for c in self._all if c not in self.days
        }
        comma = any(map(has_decimal_commas, cells.values()))
        return {c: read for c, column in cells.items() if (read := numbers(column, comma))}

    @cached_property
    def days(self) -> dict[int, list[date | None]]:
        """The columns of dates, as above."""
        cells = {c: [row.cells[c] for row in self.table.rows] for c in self._all}
        return {c: read for c, column in cells.items() if (read := days(column, self.table.year))}

    @property
    def _all(self) -> range:
        return range(len(self.table.columns))

    @property
    def labels(self) -> tuple[int, ...]:
        """The columns by whose values rows are chosen: words, and numbers that only name things."""
        names = [spaced(name) for name in self.table.columns]
        plain_ones = (c for c in self._all if c not in self.numbers and c not in self.days)
        return (*plain_ones, *(c for c in self.numbers if vocabulary.NOT_FIGURES.search(names[c])))


def is_prose(cell: str) -> bool:
    """Whether a cell holds sentences to be read rather than a value to choose rows by."""
    chinese = len(re.findall(r"[\u3400-\u9fff]", cell))
    return len(cell) + 2 * chinese > _PROSE


def names_a_column(word: str) -> bool:
    """Whether a word is one of those that tables have columns for."""
    ways = [word[:n] for n in range(1, 5)] if re.match(r"[\u3400-\u9fff]", word) else [word]
    return any(rule.search(w.casefold()) for rule in vocabulary.ALIKE for w in ways if w)


def column_named(word: str, sheet: Sheet) -> int | None:
    """Return the column that a word names, or names by another word for the same."""
    if not word:
        return None
    chinese = bool(re.match(r"[\u3400-\u9fff]", word))
    for column in sheet.labels:
        name = sheet.table.columns[column]
        parts = [name] if chinese else re.findall(r"[a-z]+", name.casefold())
        if any(word.startswith(p) if chinese else plain(word) == plain(p) for p in parts):
            return column
    for column in sheet.labels:
        name = sheet.table.columns[column]
        parts = [name] if chinese else re.findall(r"[a-z]+|[\u3400-\u9fff]+", name.casefold())
        ways = [word[:n] for n in range(len(word), 0, -1)] if chinese else [word.casefold()]
        for rule in vocabulary.ALIKE:
            if any(rule.search(w) for w in ways) and any(rule.search(p.casefold()) for p in parts):
                return column
    return None


_PROSE = 90
"""Characters of a cell that are prose; a Chinese one counts for three."""
_PIECES = re.compile(
    r"\bhow many\b(?! (?:euros?|pounds?|dollars?|yuan|yen|francs?|kr|kronor|kroner|eur|usd|gbp)\b)"
    r"|(?:多少|几)[个件箱台包套本只瓶盒袋支双张份]",
    re.IGNORECASE,
)
"""Asks for a number of pieces."""


def wants_pieces(question: str, sheet: Sheet, columns: Sequence[int]) -> bool:
    """Whether a question asks how many pieces, and columns tell that."""
    names = (spaced(sheet.table.columns[c]) for c in columns)
    return bool(_PIECES.search(question)) and any(map(vocabulary.QUANTITY.search, names))


def is_identifier(sheet: Sheet, column: int) -> bool:
    """Whether a column of numbers names the rows: the first one, whole, nearly all different."""
    read = [n.value for i in sheet.kept if (n := sheet.numbers[column][i])]
    whole = all(value == value.to_integral_value() for value in read)
    return column == 0 and whole and len(set(read)) > max(2, 0.8 * len(read))


def figures_of(sheet: Sheet) -> list[int]:
    """Return the columns of figures: of numbers that are no more than names."""
    names = sheet.table.columns
    return [c for c in sheet.numbers if not vocabulary.NOT_FIGURES.search(spaced(names[c]))]


def figure_columns(question: str, operation: Operation, sheet: Sheet) -> tuple[list[int], bool]:
    """Return the columns of figures that may be meant (several: one must be named), and whether
    the question names them."""
    names = sheet.table.columns
    for said, of in vocabulary.TAXED:
        if said.search(question):
            meant = [c for c in sheet.numbers if of.search(spaced(names[c]))]
            question = said.sub(" ", question)  # it names no column of taxes
            if meant:
                return meant[:1], True
    named = [c for c in sheet.numbers if is_named(names[c], question)]
    if vocabulary.MONEY.search(question) and any(is_money(sheet, [c]) for c in figures_of(sheet)):
        # "the energy bill": what only means a column may name what the money is for
        named = [c for c in named if is_money(sheet, [c]) or _own_words(names[c], question)]
    if named:
        best = max(_shared(names[c], question) for c in named)
        named = [c for c in named if _shared(names[c], question) == best]
        return _with_counts(named, operation, sheet), True
    figures = figures_of(sheet)
    for said, of in vocabulary.SUPERLATIVES:
        meant = [c for c in figures if of.search(spaced(names[c]))]
        if said.search(question) and meant:
            return meant, False
    held = [c for c in figures if vocabulary.QUANTITY.search(spaced(names[c]))]
    if held and _PIECES.search(question):
        return held[:1], False
    if vocabulary.MONEY.search(question):
        return _with_counts(_money_columns(question, figures, sheet), operation, sheet), False
    if _PIECES.search(question):
        return [], False
    totals = len(sheet.kept) < len(sheet.table.rows)  # the file gives its own
    return (figures, False) if len(figures) == 1 or not totals else ([], False)


def one_row(
    sheet: Sheet, columns: Sequence[int], rows: Sequence[int], operation: Operation
) -> bool:
    """Whether the highest or lowest is the same row by each of some columns, as net and gross."""
    if operation not in ("max", "min") or len(columns) < 2:
        return False
    best = max if operation == "max" else min
    found = set()
    for column in columns:
        worth = {i: abs(n.value) for i in rows if (n := sheet.numbers[column][i])}
        top = best(worth.values(), default=None)
        found.add(tuple(i for i in worth if worth[i] == top))
    return len(found) == 1 and found != {()}


def is_money(sheet: Sheet, columns: Sequence[int]) -> bool:
    """Whether columns are of money, by their names or a currency beside their figures."""
    names = (spaced(sheet.table.columns[c]) for c in columns)
    marks = (n.mark for c in columns for n in sheet.numbers[c] if n)
    named = any(vocabulary.AMOUNT_NAMES.search(n) or vocabulary.COIN.search(n) for n in names)
    return named or any(map(is_currency, marks))


def _with_counts(columns: list[int], operation: Operation, sheet: Sheet) -> list[int]:
    """Add the column of quantities to one of unit prices: a sum of these is no amount."""
    names = {c: spaced(sheet.table.columns[c]) for c in sheet.numbers}
    counts = [c for c in names if c not in columns and vocabulary.QUANTITY.search(names[c])]
    if operation != "sum" or len(columns) != 1 or not counts or "total" in names[columns[0]]:
        return columns
    return [*columns, *counts] if vocabulary.UNIT_PRICE.search(names[columns[0]]) else columns


def _money_columns(question: str, figures: Sequence[int], sheet: Sheet) -> list[int]:
    names = {c: spaced(sheet.table.columns[c]) for c in figures}
    money = [c for c in figures if vocabulary.AMOUNT_NAMES.search(names[c])]
    money = money or [c for c in figures if is_money(sheet, [c])]
    for asked, column in (
        (vocabulary.EARNING, vocabulary.INCOMING),
        (vocabulary.SPENDING, vocabulary.OUTGOING),
    ):
        if asked.search(question) and len(money) > 1:
            money = [c for c in money if column.search(names[c])] or money
            break
    plainly = [c for c in money if vocabulary.PLAIN_AMOUNT.search(names[c])]
    money = plainly if len(plainly) == 1 else money
    if not money:
        money = list(figures) if len(figures) == 1 else []
    return money


def is_named(name: str, question: str) -> bool:
    """Whether a question names a column."""
    return _shared(name, question) > 0


def is_wholly_named(name: str, question: str) -> bool:
    """Whether a question has every word of a column's name that says something."""
    said = {plain(w) for w in re.findall(r"[a-z]+", question.casefold())}
    own = {plain(w) for w in re.findall(r"[a-z]+", name.casefold())} - {"of", "the", "in"}
    return own <= said if own else is_named(name, question)


def _shared(name: str, question: str) -> int:
    """Return how many words of a column's name a question has; for Chinese, of its characters.

    A word for the same thing counts as one.
    """
    own = _own_words(name, question)
    alike = vocabulary.FIGURES_ALIKE
    return own or int(any(rule.search(spaced(name)) and rule.search(question) for rule in alike))


def _own_words(name: str, question: str) -> int:
    said = {plain(w) for w in re.findall(r"[a-z]+", question.casefold())}
    own = [plain(w) for w in re.findall(r"[a-z]+", name.casefold()) if len(w) > 1]
    weak = {"per", "of", "in", "no", "number", "the", "total", "how", "many", "much"}
    bare = re.sub(r"[（(][^)）]*[)）]", "", name)  # without its unit
    chinese = "".join(re.findall(r"[\u3400-\u9fff]+", bare))
    count = sum(w in said and w not in weak for w in own)
    return count + (len(chinese) if chinese and chinese in question else 0)


def spaced(name: str) -> str:
    """Return a column's name with its words apart: ``unit_price``, ``UnitPrice``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[_\-./()]+", " ", name).casefold().strip()
