"""What a query asks of a table, as far as the question's own words bear it out.

A small model adds up where an average is asked for and takes the column beside the right one. What
is made of the rows (``conditions``) follows the question where it says so, the query elsewhere, and
nothing is made where they contradict each other. Knows no model, no search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.citations import content_words
from assistant.phrases import Operation
from assistant.rows import asking
from assistant.rows.asked import Asked, is_outgoing, money_fits, of_side, without_names
from assistant.rows.asking import NO_QUERY
from assistant.rows.chosen import Chosen, Meaning
from assistant.rows.columns import (
    Sheet,
    figures_of,
    is_money,
    is_named,
    is_wholly_named,
    spaced,
)
from assistant.rows.conditions import Conditions, whole_cells
from assistant.rows.filters import bare_of, is_titled
from assistant.rows.named import Named
from assistant.rows.query import Query, Term
from assistant.rows.schema import schema_names
from assistant.rows.wanted import adds_rates, asks_for, people_columns, way_column, wrong_side


@dataclass(frozen=True)
class Cells:
    """Single cells of rows to be told: ``columns`` of ``rows``, chosen as ``about`` says."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    about: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    sure: bool = False


def grounded(query: Query, question: str, sheet: Sheet, meaning: Meaning) -> Asked | Cells | None:
    """Return what is to be worked out or told; None when the question does not bear it out."""
    return _Grounded(query, question, sheet, meaning).asked()


def values_named(question: str, sheet: Sheet) -> str:
    """Return the whole cells that stand in a question, as conditions for the prompt."""
    names = schema_names(sheet.table.columns)
    chosen = whole_cells(bare_of(question, sheet.table.asset), sheet)
    return ", ".join(f"{names[c]} = '{v}'" for c, cells in chosen.items() for v in cells)


class _Grounded:
    """One query being held against its question."""

    def __init__(self, query: Query, question: str, sheet: Sheet, meaning: Meaning) -> None:
        self._query, self._question, self._sheet = query, question, sheet
        self._meaning = meaning
        self._bare = bare_of(question, sheet.table.asset)
        self._named = Named(self._bare)
        self._conditions = Conditions(query, self._named, sheet, meaning)

    def asked(self) -> Asked | Cells | None:
        """See ``grounded``."""
        if NO_QUERY.search(self._bare):
            return None
        chosen = self._conditions.chosen()
        if chosen is None:
            return None
        sure = chosen.worded or is_titled(self._question, self._sheet.table)
        if chosen.missing:
            return Asked("count", (), missing=chosen.missing, sure=sure)
        made = self._made(chosen)
        if isinstance(made, _Figure):
            return self._figures(made, chosen, sure)
        if isinstance(made, _Told):
            return self._cells(made, chosen, sure)
        return None

    # --- what of them ------------------------------------------------------------------------

    def _made(self, chosen: Chosen) -> _Figure | _Told | None:
        """Return what the query makes of the rows, put right by the question's words."""
        query = self._query
        if (way := way_column(self._bare, self._sheet)) is not None:
            return _Told((way,))
        figure = next((t for t in query.selected if t.made in _FIGURES), None)
        extreme = self._named.extreme()
        day = next((t.column for t in query.selected if t.column in self._sheet.days), None)
        if day is not None and not extreme and self._named.kind() == "day":
            return _Told((day,))
        if self._named.kind() == "day" and (latest := self._named.latest()) is not None:
            dated = day if day is not None else next(iter(self._sheet.days), None)
            return None if dated is None else _Told((dated,), dated, latest)
        if query.group is not None:
            return self._by_group(query.group, figure)
        if figure is not None:
            if figure.made in ("max", "min"):
                if not extreme:
                    return None
                return self._extreme(figure.column, figure.made == "max")
            if extreme and figure.made != "count":
                return None
            return self._added(figure, chosen)
        columns = tuple(t.column for t in query.selected if t.column is not None and not t.made)
        if query.order is not None and query.order.column is not None and self._is_first():
            if extreme:
                return self._extreme(query.order.column, query.descending, columns)
        elif extreme:
            return None
        if not columns:
            return None
        numeric = columns[0] in self._sheet.numbers and columns[0] not in self._sheet.days
        if numeric and self._named.counts_or_sums():
            if self._named.unit_missing(self._sheet):
                return None
            return _Figure("sum", self._column(columns[0], "sum"), single=True)
        return _Told(columns)

    def _added(self, figure: Term, chosen: Chosen) -> _Figure | None:
        """Return a sum, an average or a count, whichever of them the question asks for."""
        averages = Named(without_names(self._bare, self._sheet)).averages()
        if averages and figure.column is not None:
            return _Figure("average", self._column(figure.column, "average"))
        if figure.made == "average":
            return None
        counted = self._named.counted(self._sheet, figure.column, chosen.bounded)
        if counted is not None and counted < 0 and figure.made == "sum" and self._named.things():
            return None  # "how many goals" of a table that has none, added up from another column
        if counted is not None and counted < 0 and self._named.people() and not self._has_people():
            return None  # "how many people came" of a table of walks: rows are no people
        if counted is not None:
            return _Figure("count", None) if counted < 0 else _Figure("sum", counted)
        if self._named.unit_missing(self._sheet):
            return None
        if figure.made == "count" or figure.column is None:
            return _Figure("count", None) if self._named.counts() else None
        return _Figure("sum", self._column(figure.column, "sum"))

    def _has_people(self) -> bool:
        """Whether the rows may be people: a column of labels is of their names."""
        names = self._sheet.table.columns
        return any(asking.PEOPLE.search(spaced(names[c])) for c in self._sheet.labels)

    def _column(self, column: int | None, operation: Operation) -> int | None:
        """Return the column of figures by the question's words; the query's where they say none."""
        if column is None:
            return None
        return self._named.column(column, operation, self._sheet)

    def _extreme(
        self, column: int | None, most: bool, shown: tuple[int, ...] = ()
    ) -> _Figure | _Told | None:
        """Return the highest or lowest of a column: of days the row, of figures these."""
        if column is None:
            return None
        if column in self._sheet.days:
            latest = self._named.latest()
            return None if latest is None else _Told(shown or (column,), column, latest)
        if column not in self._sheet.numbers:
            return None
        column = self._named.column(column, "max", self._sheet)
        side = self._named.most()
        most = most if side is None else side
        return _Figure("max" if most else "min", column)

    def _is_first(self) -> bool:
        """Whether the query wants the first of its order: it says so, or the question which end."""
        return self._query.first or self._named.most() is not None

    def _paid(self) -> int | None:
        """Return the only column of money, where the question speaks of money."""
        money = [c for c in figures_of(self._sheet) if is_money(self._sheet, [c])]
        return money[0] if len(money) == 1 and self._named.money() else None

    def _by_group(self, group: Term, figure: Term | None) -> _Figure | _Told | None:
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
        if worth is not None and worth.made in ("max", "min"):
            return self._extreme(worth.column, worth.made == "max")
        if worth is None or worth.made not in ("sum", "count"):
            return None
        if worth.made == "count" and not self._named.often() and (paid := self._paid()) is not None:
            return self._extreme(paid, query.descending)  # the dearest, of things told once each
        side = self._named.most()
        most = query.descending if side is None else side
        column = None if self._named.often() else self._column(worth.column, "sum")
        return _Figure("max" if most else "min", column, by, added=True)

    # --- the result --------------------------------------------------------------------------

    def _figures(self, made: _Figure, chosen: Chosen, sure: bool) -> Asked | Cells | None:
        sheet, column, rows = self._sheet, made.column, list(chosen.rows)
        every = made.operation == "count" and made.group is None and not chosen.about
        if every and (chosen.dropped or chosen.left):
            return None  # not all are meant
        if made.operation != "count" and sheet.sections > 1 and not chosen.about:
            return None
        if column is not None:
            rows = of_side(rows, column, self._bare, sheet)
            if wrong_side(self._bare, sheet, column):
                return None
            if made.operation == "sum" and adds_rates(self._bare, sheet, column, rows):
                return None
            if made.operation != "count" and not self._is_meant(column, made.operation):
                return None
        names = sheet.table.columns
        named = column is not None and is_named(names[column], self._bare)
        if isinstance(made.group, int):
            named = named or is_wholly_named(names[made.group], self._bare)
        return Asked(
            operation=made.operation, rows=tuple(rows), column=column, group=made.group,
            each=made.each, added=made.added,
            outgoing=column is not None and is_outgoing(self._bare, sheet, column),
            about=chosen.about, sure=sure or named, fits=True,
        )  # fmt: skip

    def _is_meant(self, column: int, operation: Operation) -> bool:
        """Whether a column of figures is the one asked for: named, the only one, or insisted on."""
        sheet, figures = self._sheet, figures_of(self._sheet)
        terms = (*self._query.selected, self._query.order)
        chosen_by_words = all(term is None or term.column != column for term in terms)
        if chosen_by_words or self._named.names(column, operation, sheet):
            return True
        if not money_fits(self._bare, sheet, [column]):
            return False
        if figures in ([], [column]):
            return True
        others = [c for c in figures if c != column][:_OTHERS]
        money = self._named.money() and is_money(sheet, [column])
        return self._meaning.prefers(self._query, column, others, money=money)

    def _cells(self, made: _Told, chosen: Chosen, sure: bool) -> Cells | None:
        sheet, rows = self._sheet, list(chosen.rows)
        if made.order is not None:
            days = sheet.days[made.order]
            dated = {i: d for i in rows if (d := days[i])}
            if not dated:
                return None
            best = (max if made.latest else min)(dated.values())
            rows = [i for i in dated if dated[i] == best]
            columns = tuple(dict.fromkeys((*made.columns, made.order)))
            return Cells(tuple(rows), columns, chosen.about, sure=True)
        columns = made.columns
        if not set(columns) - chosen.columns:  # who bought the pram is not told by the pram
            people = people_columns(self._bare, sheet)
            columns = tuple(c for c in people if c not in chosen.columns)
        dropped = chosen.dropped and not (chosen.worded and len(rows) == 1)
        if not chosen.about or dropped or not columns:
            return None
        alone = chosen.worded and len(rows) == 1
        if not self._fits(columns) and not (alone and self._is_insisted(columns[0], chosen)):
            return None
        return Cells(tuple(self._nearest(rows)), columns, chosen.about, sure=sure)

    def _is_insisted(self, column: int, chosen: Chosen) -> bool:
        """Whether the model wants this cell of a row rather than any other, in whatever words."""
        every = range(len(self._sheet.table.columns))
        others = [c for c in every if c != column and c not in chosen.columns]
        return bool(others) and self._meaning.prefers(self._query, column, others)

    def _nearest(self, rows: Sequence[int]) -> list[int]:
        """Return the rows that have most of the question's words."""
        asked = set(content_words(self._bare))
        shared = {
            i: len(asked & set(content_words(" ".join(self._sheet.table.rows[i].cells))))
            for i in rows
        }
        most = max(shared.values(), default=0)
        return [i for i in rows if shared[i] == most]

    def _fits(self, columns: Sequence[int]) -> bool:
        """Whether the columns told are those asked for: by name, or by the kind of question."""
        names = [self._sheet.table.columns[c] for c in columns]
        if any(is_named(name, self._bare) for name in names):
            return True
        kind = self._named.kind()
        if kind == "day":
            return any(c in self._sheet.days for c in columns)
        if kind == "figure":
            figures = [c for c in columns if c in self._sheet.numbers]
            return bool(figures) and self._is_meant(figures[0], "sum")
        if kind == "one":
            figures = [c for c in columns if c in self._sheet.numbers or c in self._sheet.days]
            return not figures and asks_for(self._bare, columns, self._sheet)
        return any(asking.NOTES.search(spaced(name)) for name in names)


_OTHERS = 5
_FIGURES = ("sum", "average", "max", "min", "count")
_OPERATIONS: tuple[Operation, ...] = ("sum", "average", "max", "min")


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
