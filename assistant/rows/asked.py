"""What a question asks of a table: which rows, which column of figures, what to do with them.

Every word of the question must be understood: as a value that stands in a column, a time, a bound,
a column's name, or a word of asking. A word that is none of these means that the question is about
other rows than the table has, which is told or left to others, never passed over. Knows no search.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from assistant import phrases
from assistant.amounts import parse_amount
from assistant.phrases import Operation
from assistant.rows import vocabulary
from assistant.rows.columns import (
    Sheet,
    column_named,
    figure_columns,
    is_money,
    is_named,
    names_a_column,
    one_row,
    spaced,
    wants_pieces,
)
from assistant.rows.filters import Filters, bare_of, filters_of, is_titled
from assistant.rows.when import When, when_of


@dataclass(frozen=True)
class Asked:
    """What is to be worked out, once it is understood.

    ``column`` is that of the figures (None: rows are only counted), ``group`` a column, or month,
    year or day (``each``: all are told). ``added``: sums of groups are compared, not rows.
    ``outgoing``: the figures below zero are meant, as amounts spent. ``choices``: columns that
    would do equally; one must be named. ``missing``: words that no row has. ``about`` names the
    values, the time and the bound the rows were chosen by.
    """

    operation: Operation
    rows: tuple[int, ...]
    column: int | None = None
    group: int | str | None = None
    each: bool = False
    added: bool = False
    outgoing: bool = False
    choices: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    sure: bool = False
    """Whether the table is clearly meant: a value of it, a column or its title is named."""
    fits: bool = False
    """Whether the figures are of money where money is asked for."""

    @property
    def plain_sum(self) -> bool:
        """Whether all rows are added up, none chosen: the total, in other words."""
        return self.operation == "sum" and not self.about and self.group is None


def asks_figures(question: str) -> bool:
    """Whether a question asks for a figure at all, whatever the table."""
    return bool(_operations(phrases.NAME.sub(" ", question)))


def of_many(question: str) -> bool:
    """Whether a question wants a figure made of many rows: a sum, an average, the most, a count."""
    wanted = _operations(phrases.NAME.sub(" ", question))
    summed = "sum" in wanted and vocabulary.ALTOGETHER.search(question)
    return bool(summed or set(wanted) - {"sum"})


def beyond(question: str) -> bool:
    """Whether a question asks for more than is worked out here, as for a share."""
    return bool(vocabulary.BEYOND.search(phrases.NAME.sub(" ", question)))


def _operations(question: str) -> list[Operation]:
    return [name for name, rule in vocabulary.OPERATIONS if rule.search(question)]


def _operation(question: str, sheet: Sheet) -> Operation | None:
    """Return what to do with the figures; a column's name ("mean temp") tells nothing of it."""
    bare = without_names(question, sheet)
    wanted = _operations(bare) or _operations(question)
    if "average" in wanted and set(wanted) & {"max", "min"}:
        return None  # the highest of averages
    return wanted[0] if wanted else None


def without_names(question: str, sheet: Sheet) -> str:
    """Return a question without the names of columns that have several words, or are Chinese."""
    for name in sheet.table.columns:
        if re.search(r"[\u3400-\u9fff]", name):
            question = question.replace(re.sub(r"[（(].*", "", name), " ")
        elif " " in name:
            question = re.sub(rf"\b{re.escape(name)}\b", " ", question, flags=re.IGNORECASE)
    return question


def asked_of(question: str, sheet: Sheet) -> Asked | None:
    """Return what a question asks of a table; None when that is not clear, or beyond this."""
    bare = bare_of(question, sheet.table.asset)
    operation = _operation(bare, sheet)
    if operation is None or beyond(bare):
        return None
    bound = phrases.BOUND.search(bare)
    rest = phrases.BOUND.sub(" ", bare)
    when = _when(rest, sheet)
    if when is None:
        return None
    groups = _groups(when.rest, sheet)
    if groups is None:
        return None
    operation = _counts_figures(operation, rest, sheet)
    columns, named = figure_columns(bare, operation, sheet)
    if operation == "count" and not bound:
        columns = []
    filters = filters_of(groups.rest, sheet.table, sheet.labels, sheet.kept)
    if not columns and operation != "count":
        return None
    if operation != "count" and sheet.sections > 1 and not filters.labels:
        return None
    rows = [i for i in sheet.kept if filters.hold(sheet.table.rows[i]) and _in_time(i, when, sheet)]
    columns = [c for c in columns if _has_figures(sheet, c, rows)] or columns
    if groups.by is None and one_row(sheet, columns, rows, operation):
        columns = columns[:1]
    column = columns[0] if len(columns) == 1 else None
    if bound and column is None:
        return None
    if column is not None:
        rows = _of_figures(rows, column, operation, bare, sheet)
    spoken_of = bool(vocabulary.OWN.search(bare)) and is_money(sheet, columns)
    return Asked(
        operation=operation,
        rows=tuple(rows),
        column=column,
        group=groups.by,
        each=groups.each,
        added=_added(bare, column),
        outgoing=column is not None and is_outgoing(bare, sheet, column),
        choices=tuple(sheet.table.columns[c] for c in columns) if len(columns) > 1 else (),
        missing=filters.missing,
        about=_about(filters, when, bound),
        sure=bool(filters.labels)
        or named
        or isinstance(groups.by, int)
        or spoken_of
        or is_titled(question, sheet.table),
        fits=named or operation == "count" or money_fits(bare, sheet, columns),
    )


# --- time and groups -------------------------------------------------------------------------


def _when(question: str, sheet: Sheet) -> When | None:
    """Return the time that is meant; of a table without dates none, its words are left in place."""
    if not sheet.days:
        return When((), question)
    return when_of(question, [d for d in _dates(sheet) if d])


def _dates(sheet: Sheet) -> list[date | None]:
    """Return the day of each row, by the first column of dates."""
    return next(iter(sheet.days.values()), [])


def _in_time(row: int, when: When, sheet: Sheet) -> bool:
    return not when.stretches or when.holds(_dates(sheet)[row])


@dataclass(frozen=True)
class _Groups:
    """What rows are grouped by; ``each``: every group is told; ``rest``: the question beside."""

    by: int | str | None
    each: bool
    rest: str


def _groups(question: str, sheet: Sheet) -> _Groups | None:
    """Return what rows are grouped by; None when that is not clear, or two things at once."""
    found: dict[int | str, bool] = {}
    cuts: list[tuple[int, int]] = []
    for match in vocabulary.GROUPED.finditer(question):
        word = match["en"] or match["who"] or match["zh"] or match["zhwho"] or ""
        way = (match["way"] or match["how"] or "").casefold()
        column = column_named(word, sheet)
        if column is None and "家" in way:
            column = column_named("商店", sheet)
        each = way in ("per", "by", "each", "every") or way[:1] in tuple("每按各")
        if column is not None:
            found[column] = each
        elif unit := next((n for n, rule in vocabulary.TIMES if rule.search(word)), ""):
            if not sheet.days:
                return None
            found[unit] = each
            cuts += [match.span()] if match["en"] else []
        elif "家" in way or names_a_column(word):
            return None  # by something that this table has not
    for start, end in reversed(cuts):
        question = f"{question[:start]} {question[end:]}"
    if len(found) > 1:
        return None
    by, each = next(iter(found.items()), (None, False))
    return _Groups(by, each, question)


# --- figures ---------------------------------------------------------------------------------


def _counts_figures(operation: Operation, question: str, sheet: Sheet) -> Operation:
    """Counting what a column of numbers counts is adding it up."""
    if operation == "count":
        asked = re.search(r"\b(?:how many|number of) (\w+)", question, re.IGNORECASE)
        if asked and any(is_named(sheet.table.columns[c], asked[1]) for c in sheet.numbers):
            return "sum"
    if operation == "sum" and re.search(r"\bhow many\b", question, re.IGNORECASE):
        noun = re.search(r"\bhow many (?!of\b)([\w'-]+)", question, re.IGNORECASE)
        said = noun[1] if noun else question
        figures = [c for c in sheet.numbers if is_named(sheet.table.columns[c], said)]
        stock = [
            c for c in sheet.numbers if vocabulary.QUANTITY.search(spaced(sheet.table.columns[c]))
        ]
        return "sum" if figures or stock else "count"
    return operation


def money_fits(question: str, sheet: Sheet, columns: Sequence[int]) -> bool:
    """Whether the figures are of money, if it is money that is asked for."""
    other = not vocabulary.MONEY.search(question) or wants_pieces(question, sheet, columns)
    return other or is_money(sheet, columns)


def _mixed(sheet: Sheet, column: int) -> bool:
    return any(n and n.value < 0 for n in sheet.numbers[column])


def is_outgoing(question: str, sheet: Sheet, column: int) -> bool:
    """Whether amounts spent stand in a column as figures below zero, as in a bank's statement."""
    read = [n for n in sheet.numbers[column] if n and n.value]
    below = sum(n.value < 0 for n in read)
    return bool(vocabulary.SPENDING.search(question)) and below * 2 > len(read)


def _has_figures(sheet: Sheet, column: int, rows: Sequence[int]) -> bool:
    return any(sheet.numbers[column][i] for i in rows)


def of_side(rows: Sequence[int], column: int, question: str, sheet: Sheet) -> list[int]:
    """Return the rows whose figures are of the side asked for: spent or earned."""
    below = is_outgoing(question, sheet, column)
    if below or (vocabulary.EARNING.search(question) and _mixed(sheet, column)):
        figures = sheet.numbers[column]
        return [i for i in rows if (n := figures[i]) and (n.value < 0) == below]
    return list(rows)


def _of_figures(
    rows: Sequence[int], column: int, operation: Operation, question: str, sheet: Sheet
) -> list[int]:
    """Return the rows whose figures are of the side asked for and within a bound; none when there
    are only rows without figures."""
    rows = of_side(rows, column, question, sheet)
    if bound := phrases.BOUND.search(question):
        rows = [i for i in rows if _bounded(sheet, column, i, bound)]
    return list(rows) if operation == "count" or _has_figures(sheet, column, rows) else []


def _bounded(sheet: Sheet, column: int, row: int, bound: re.Match[str]) -> bool:
    number = sheet.numbers[column][row]
    limit = parse_amount(bound["en"] or bound["zh"]) or Decimal()
    above = bool(bound["over"] or bound["zh_over"])
    if number is None:
        return False
    return abs(number.value) > limit if above else abs(number.value) < limit


def _added(question: str, column: int | None) -> bool:
    """Whether the sums of groups are compared: of money and of what is said to be most."""
    money = column is not None and bool(vocabulary.MONEY.search(question))
    return money or bool(vocabulary.ADDED.search(question))


def _about(filters: Filters, when: When, bound: re.Match[str] | None) -> tuple[str, ...]:
    said = list(filters.labels)
    if when.stretches:
        said.append(when.label())
    if bound:
        above = bool(bound["over"] or bound["zh_over"])
        said.append(f"{'>' if above else '<'} {(bound['en'] or bound['zh']).strip()}")
    return tuple(said)
