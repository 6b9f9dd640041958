"""What a query asks of a table, as far as the question's own words bear it out.

A small model writes conditions that nobody named and takes a year out of the air. So a condition
holds only where the question has its value, the time is read by rule, values that stand in the
question as whole cells count although the query forgot them, and a query that adds up where an
average is asked for is none. Knows no model, no search.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from assistant import phrases
from assistant.citations import fold
from assistant.phrases import Operation
from assistant.rows.asked import Asked, is_outgoing, money_fits, of_side
from assistant.rows.asking import NO_QUERY
from assistant.rows.columns import Sheet, is_named
from assistant.rows.filters import Filters, filters_of, is_titled
from assistant.rows.named import Named, is_said, matching, negates
from assistant.rows.query import Condition, Query, Term
from assistant.rows.when import When, when_of


@dataclass(frozen=True)
class Cells:
    """Single cells of rows to be told: ``columns`` of ``rows``, chosen as ``about`` says."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    about: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    sure: bool = False


def grounded(query: Query, question: str, sheet: Sheet) -> Asked | Cells | None:
    """Return what is to be worked out or told; None when the question does not bear it out."""
    return _Grounded(query, question, sheet).asked()


def values_named(question: str, sheet: Sheet) -> str:
    """Return the whole cells that stand in a question, as conditions for the prompt."""
    from assistant.rows.schema import schema_names

    names = schema_names(sheet.table.columns)
    chosen = _whole(filters_of(_bare(question, sheet), sheet.table, sheet.labels, sheet.kept))
    return ", ".join(f"{names[c]} = '{v}'" for c, cells in chosen.items() for v in cells)


def _bare(question: str, sheet: Sheet) -> str:
    bare = phrases.NAME_QUOTED.sub(" ", question.replace(sheet.table.asset, " "))
    return phrases.NAME.sub(" ", bare)


def _whole(filters: Filters) -> dict[int, list[str]]:
    """Return the cells that stand in a question as they are, by column."""
    return {
        column: [words[1] for words in alternatives]
        for column, alternatives in filters.chosen.items()
        if all(words[0] == "=" for words in alternatives)
    }


class _Grounded:
    """One query being held against its question."""

    def __init__(self, query: Query, question: str, sheet: Sheet) -> None:
        self._query, self._question, self._sheet = query, question, sheet
        self._bare = _bare(question, sheet)
        self._named = Named(self._bare)

    def asked(self) -> Asked | Cells | None:
        """See ``grounded``."""
        if NO_QUERY.search(self._bare):
            return None
        rest, when = self._time()
        if when is None:
            return None
        filters = filters_of(rest, self._sheet.table, self._sheet.labels, self._sheet.kept)
        chosen = self._chosen(filters, when)
        if chosen is None:
            return None
        sure = bool(chosen.about) or is_titled(self._question, self._sheet.table)
        if chosen.missing:
            return Asked("count", (), missing=chosen.missing, sure=sure)
        made = self._made()
        if isinstance(made, _Figure):
            return self._figures(made, chosen, sure)
        if isinstance(made, _Told):
            return self._cells(made, chosen, sure)
        return None

    # --- which rows --------------------------------------------------------------------------

    def _time(self) -> tuple[str, When | None]:
        """Return the question without its time, and that time; figures of conditions are none."""
        rest = self._bare
        for condition in self._query.conditions:
            for value in condition.values:
                if condition.column in self._sheet.numbers and condition.column not in self._dated:
                    rest = self._named.without(value, rest)
        if not self._dated:
            return rest, When((), rest)
        when = when_of(rest, [d for d in self._days if d])
        return (when.rest if when else rest), when

    @property
    def _dated(self) -> dict[int, list[date | None]]:
        return self._sheet.days

    @property
    def _days(self) -> list[date | None]:
        """The day of each row: of the column of dates that the query speaks of, else the first."""
        query = self._query
        spoken = [c.column for c in query.conditions] + [
            t.column for t in (query.group, query.order) if t and t.column is not None
        ]
        column = next((c for c in spoken if c in self._dated), next(iter(self._dated), None))
        return self._dated[column] if column is not None else []

    def _chosen(self, filters: Filters, when: When) -> _Chosen | None:
        """Return the rows that the conditions, the time and the cells named choose."""
        sheet, rows = self._sheet, list(self._sheet.kept)
        about: list[str] = []
        missing: list[str] = []
        held: set[int] = set()
        denied = False
        for condition in self._query.conditions:
            if condition.column in self._dated and condition.sign not in ("empty", "filled"):
                continue  # by rule, below
            told = self._holding(condition, rows)
            if told is None:
                return None
            if not told.said:
                continue
            held.add(condition.column)
            denied = denied or told.denies
            missing += told.missing
            rows, about = told.rows, [*about, told.label]
        for column, cells in _whole(filters).items():
            if column not in held:
                rows = [i for i in rows if sheet.table.rows[i].cells[column] in cells]
                about.append(f"{sheet.table.columns[column]}: {', '.join(cells)}")
        if when.stretches:
            rows = [i for i in rows if when.holds(self._days[i])]
            about.append(when.label())
        if negates(self._bare) != denied or self._left(filters, when):
            return None
        return _Chosen(rows, tuple(about), tuple(missing))

    def _left(self, filters: Filters, when: When) -> bool:
        """Whether a figure of the question is in no condition, or a name in no cell."""
        used = " ".join(v for c in self._query.conditions for v in c.values)
        if any(not is_said(number, used) for number in re.findall(r"\d+", when.rest)):
            cells = {cell for cells in _whole(filters).values() for cell in cells}
            known = fold(f"{used} {' '.join(cells)}")
            return any(number not in known for number in re.findall(r"\d+", when.rest))
        return False

    def _holding(self, condition: Condition, rows: Sequence[int]) -> _Holding | None:
        """Return the rows that fulfil a condition; None when the question has nothing of it."""
        sheet, column = self._sheet, condition.column
        name = sheet.table.columns[column]
        if condition.sign in ("empty", "filled"):
            if not is_named(name, self._bare) and not negates(self._bare):
                return None
            empty = condition.sign == "empty"
            fit = [i for i in rows if (not sheet.table.rows[i].cells[column].strip()) == empty]
            return _Holding(fit, f"{name}: {'–' if empty else '✓'}", denies=empty)
        if column in sheet.numbers and condition.sign != "like":
            return self._bound(condition, rows)
        cells = [sheet.table.rows[i].cells[column] for i in sheet.kept]
        wanted: list[str] = []
        missing: list[str] = []
        for value in condition.values:
            fit_cells = matching(value.strip("%"), cells)
            if not fit_cells and self._named.has(value):
                missing.append(value.strip("%"))
            elif not self._named.has(value) and not self._named.speaks(fit_cells, name, cells):
                return None
            wanted += fit_cells
        if condition.sign == "<>":
            fit = [i for i in rows if sheet.table.rows[i].cells[column] not in wanted]
            return _Holding(fit, f"{name} ≠ {', '.join(condition.values)}", missing, denies=True)
        fit = [i for i in rows if sheet.table.rows[i].cells[column] in wanted]
        said = list(dict.fromkeys(wanted))
        label = ", ".join(said if len(said) <= len(condition.values) else condition.values)
        denies = negates(self._bare) and self._named.denied(wanted)
        return _Holding(fit, f"{name}: {label.strip('%')}", missing, denies=denies)

    def _bound(self, condition: Condition, rows: Sequence[int]) -> _Holding | None:
        """Return the rows within a bound; the question's own words tell which side is meant."""
        value = condition.values[0]
        if not self._named.number(value):
            return _Holding(list(rows), "", said=False)
        sign = self._named.side(condition.sign)
        limit = Decimal(value)
        figures = self._sheet.numbers[condition.column]

        def holds(row: int) -> bool:
            number = figures[row]
            if number is None:
                return False
            size = abs(number.value) if limit >= 0 else number.value
            return {
                "=": size == limit, "<>": size != limit, "<": size < limit, "<=": size <= limit,
                ">": size > limit, ">=": size >= limit,
            }[sign]  # fmt: skip

        name = self._sheet.table.columns[condition.column]
        shown = f"{name} {_SHOWN.get(sign, sign)} {value}"
        return _Holding([i for i in rows if holds(i)], shown, denies=sign == "<>")

    # --- what of them ------------------------------------------------------------------------

    def _made(self) -> _Figure | _Told | None:
        """Return what the query makes of the rows, put right by the question's words."""
        query = self._query
        figure = next((t for t in query.selected if t.made in _FIGURES), None)
        if query.group is not None:
            return self._by_group(query.group, figure)
        extreme = self._named.extreme()
        if figure is not None:
            if figure.made in ("max", "min"):
                if not extreme:
                    return None
                return self._extreme(figure.column, figure.made == "max")
            if extreme and figure.made != "count":
                return None
            return self._added(figure)
        columns = tuple(t.column for t in query.selected if t.column is not None and not t.made)
        if query.order is not None and query.first and query.order.column is not None:
            if extreme:
                return self._extreme(query.order.column, query.descending, columns)
        elif extreme:
            return None
        if not columns:
            return None
        numeric = columns[0] in self._sheet.numbers and columns[0] not in self._dated
        if numeric and self._named.counts_or_sums():
            return _Figure("sum", columns[0], single=True)
        return _Told(columns)

    def _added(self, figure: Term) -> _Figure | None:
        """Return a sum, an average or a count, whichever of them the question asks for."""
        averaged = self._named.averages()
        if averaged != (figure.made == "average"):
            return None
        if figure.made == "average":
            return _Figure("average", figure.column)
        counted = self._named.counted(self._sheet, figure.column)
        if counted is not None:
            return _Figure("count", None) if counted < 0 else _Figure("sum", counted)
        if figure.made == "count" or figure.column is None:
            return _Figure("count", None) if self._named.counts() else None
        return _Figure("sum", figure.column)

    def _extreme(
        self, column: int | None, most: bool, shown: tuple[int, ...] = ()
    ) -> _Figure | _Told | None:
        """Return the highest or lowest of a column: of days the row, of figures these."""
        if column is None:
            return None
        if column in self._dated:
            latest = self._named.latest()
            return _Told(shown or (column,), column, most if latest is None else latest)
        if column not in self._sheet.numbers:
            return None
        side = self._named.most()
        most = most if side is None else side
        return _Figure("max" if most else "min", column)

    def _by_group(self, group: Term, figure: Term | None) -> _Figure | None:
        """Return a figure by group: all groups told, or the one with the most or the least."""
        query, by = self._query, group.made or group.column
        ordered = query.order if query.first else None
        worth = ordered or figure
        if not self._named.extreme() or ordered is None:
            if self._named.counts() and not self._named.each():
                return _Figure("count", None)  # "how often", by month for no reason
            if figure is None or not self._named.each():
                return None
            made: Operation = next((o for o in _OPERATIONS if o == figure.made), "count")
            return _Figure(made, figure.column, by, each=True)
        if worth is None or worth.made not in ("sum", "count", "max", "min"):
            return None
        side = self._named.most()
        most = query.descending if side is None else side
        return _Figure("max" if most else "min", worth.column, by, added=True)

    # --- the result --------------------------------------------------------------------------

    def _figures(self, made: _Figure, chosen: _Chosen, sure: bool) -> Asked | Cells | None:
        sheet, column, rows = self._sheet, made.column, chosen.rows
        if column is not None:
            rows = of_side(rows, column, self._bare, sheet)
            if not money_fits(self._bare, sheet, [column]) and made.operation != "count":
                return None
        if made.operation == "sum" and not made.single and column is None:
            return None
        named = column is not None and is_named(sheet.table.columns[column], self._bare)
        return Asked(
            operation=made.operation, rows=tuple(rows), column=column, group=made.group,
            each=made.each, added=made.added,
            outgoing=column is not None and is_outgoing(self._bare, sheet, column),
            about=chosen.about, sure=sure or named, fits=True,
        )  # fmt: skip

    def _cells(self, made: _Told, chosen: _Chosen, sure: bool) -> Cells | None:
        sheet, rows = self._sheet, chosen.rows
        if made.order is not None:
            days = sheet.days[made.order]
            dated = {i: d for i in rows if (d := days[i])}
            if not dated:
                return None
            best = (max if made.latest else min)(dated.values())
            rows = [i for i in dated if dated[i] == best]
            columns = tuple(dict.fromkeys((*made.columns, made.order)))
            return Cells(tuple(rows), columns, chosen.about, sure=True)
        if not chosen.about or not self._fits(made.columns):
            return None
        return Cells(tuple(rows), made.columns, chosen.about, sure=sure)

    def _fits(self, columns: Sequence[int]) -> bool:
        """Whether the columns told are those asked for: by name, or by the kind of question."""
        names = [self._sheet.table.columns[c] for c in columns]
        if any(is_named(name, self._bare) for name in names):
            return True
        kind = self._named.kind()
        if kind == "day":
            return any(c in self._dated for c in columns)
        if kind == "figure":
            return any(c in self._sheet.numbers for c in columns) and money_fits(
                self._bare, self._sheet, columns
            )
        if kind == "one":
            return not any(c in self._sheet.numbers or c in self._dated for c in columns)
        return False


_FIGURES = ("sum", "average", "max", "min", "count")
_OPERATIONS: tuple[Operation, ...] = ("sum", "average", "max", "min")
_SHOWN = {">=": "≥", "<=": "≤", "<>": "≠"}


@dataclass(frozen=True)
class _Chosen:
    rows: list[int]
    about: tuple[str, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Holding:
    """Rows that fulfil a condition. ``denies``: it says what must not be."""

    rows: list[int]
    label: str
    missing: Sequence[str] = ()
    denies: bool = False
    said: bool = True


@dataclass(frozen=True)
class _Figure:
    """A figure of rows; see ``Asked``."""

    operation: Operation
    column: int | None
    group: int | str | None = None
    each: bool = False
    added: bool = False
    single: bool = False


@dataclass(frozen=True)
class _Told:
    """Cells of rows: of all, or of the latest or earliest by ``order``."""

    columns: tuple[int, ...]
    order: int | None = None
    latest: bool = True
