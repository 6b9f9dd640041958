"""The rows that a query and its question choose together.

A condition of words holds where the question has its value, where it speaks of it in other words
(a country by its people, a yes by the column's name), or where the model insists. Others are left
out. The time is read by rule, and whole cells that stand in the question count although the query
forgot them. Knows no figures that are made of the rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from assistant.rows.asking import REMARKS
from assistant.rows.chosen import Chosen, Held, Meaning, Taken
from assistant.rows.columns import Sheet, is_named, spaced
from assistant.rows.filters import Filters, filters_of, plain
from assistant.rows.named import Named, matching
from assistant.rows.query import Condition, Query
from assistant.rows.when import When, when_of
from retrieval.languages import is_chinese

_SHORTEST, _SHORTEST_ZH = 4, 2
"""Characters of a word that alone tells which cells are meant."""
_SHOWN = {">=": "≥", "<=": "≤", "<>": "≠"}


def whole_cells(question: str, sheet: Sheet) -> dict[int, list[str]]:
    """Return the cells that stand in a question as they are, by column."""
    return _whole(filters_of(question, sheet.table, sheet.labels, sheet.kept))


def _whole(filters: Filters) -> dict[int, list[str]]:
    return {
        column: [words[1] for words in alternatives]
        for column, alternatives in filters.chosen.items()
        if all(words[0] == "=" for words in alternatives)
    }


class Conditions:
    """The conditions of one query, held against its question."""

    def __init__(self, query: Query, named: Named, sheet: Sheet, meaning: Meaning) -> None:
        self._query, self._named, self._sheet = query, named, sheet
        self._meaning = meaning

    def chosen(self) -> Chosen | None:
        """Return the rows that are meant; None when that is not clear."""
        when = self._when()
        if when is None:
            return None
        filters = filters_of(when.rest, self._sheet.table, self._sheet.labels, self._sheet.kept)
        taken = self._taken()
        rows, about = list(taken.rows), list(taken.about)
        columns = set(taken.columns)
        for column, cells in self._named_cells(filters):
            if column not in columns and not taken.cells & set(cells):
                rows = [i for i in rows if self._sheet.table.rows[i].cells[column] in cells]
                columns.add(column)
                about.append(f"{self._sheet.table.columns[column]}: {', '.join(cells[:3])}")
        if when.stretches:
            rows = [i for i in rows if when.holds(self._days[i])]
            about.append(when.label())
        if self._named.negates() != taken.denies or self._number_left(when.rest, filters):
            return None
        bounded = frozenset(c for c in taken.columns if c in self._sheet.numbers)
        worded = taken.worded or len(about) > len(taken.about)
        return Chosen(
            tuple(rows), tuple(about), taken.missing, bounded, frozenset(columns),
            taken.dropped, worded, self._left(filters),
        )  # fmt: skip

    def _taken(self) -> Taken:
        """Return the rows by the query's conditions, those left out that nobody means."""
        conditions = self._conditions()
        doubtful = {c.place for c in conditions if self._is_doubtful(c)}
        # What is noted beside a row is never what a question means in other words.
        asked = [c.place for c in conditions if c.place in doubtful and not self._is_noted(c)]
        meant = self._meaning.insisted(self._query, sorted(asked)) if asked else set[int]()
        out = [c for c in conditions if c.place in doubtful - meant]
        rows, held = list(self._sheet.kept), list[Held]()
        for condition in conditions:
            found = None if condition in out else self._holding(condition, rows)
            if found is not None:
                rows = found.rows
                held.append(found)
        return Taken(
            rows,
            [h.label for h in held],
            {h.column for h in held},
            {cell for h in held for cell in h.cells},
            tuple(value for h in held for value in h.missing),
            denies=any(h.denies for h in held),
            dropped=any(self._matters(c, rows) for c in out),
            worded=len(held) > len(meant),
        )

    def _matters(self, condition: Condition, rows: Sequence[int]) -> bool:
        """Whether a condition by words that was left out would have left fewer rows."""
        if condition.sign not in ("=", "like") or condition.column not in self._sheet.labels:
            return False
        found = self._words(condition, rows)
        return found is None or len(found.rows) < len(rows)

    def _left(self, filters: Filters) -> tuple[str, ...]:
        heads = self._named.heads()
        return tuple(word for word in filters.missing if plain(word) not in heads)

    # --- time --------------------------------------------------------------------------------

    def _when(self) -> When | None:
        """Return the time that is named; figures of other conditions and of cells are none."""
        rest = self._named.question
        for condition in self._query.conditions:
            if condition.column in self._sheet.numbers and condition.column not in self._dated:
                for value in condition.values:
                    rest = self._named.without(value, rest)
        for cells in whole_cells(rest, self._sheet).values():
            for cell in cells:
                if re.search(r"\d", cell):
                    rest = re.sub(re.escape(cell), " ", rest, flags=re.IGNORECASE)
        if not self._dated:
            return When((), rest)
        return when_of(rest, [d for d in self._days if d])

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

    def _number_left(self, rest: str, filters: Filters) -> bool:
        """Whether a figure of the question is in no condition and no cell, nor how many rows
        there are ("which of the 3 firms")."""
        table = self._sheet.table
        used = [v for c in self._query.conditions for v in c.values] + [table.asset, table.sheet]
        used.append(str(len(self._sheet.kept)))
        used += [cell for cells in _whole(filters).values() for cell in cells]
        known = set(re.findall(r"\d+", " ".join(used)))
        return any(number not in known for number in re.findall(r"\d+", rest))

    # --- conditions --------------------------------------------------------------------------

    def _conditions(self) -> list[Condition]:
        """Return the conditions but those of time; several values of one column as alternatives."""
        found: list[Condition] = []
        for condition in self._query.conditions:
            if condition.column in self._dated and condition.sign not in ("empty", "filled"):
                continue
            same = next(
                (n for n, c in enumerate(found)
                 if c.column == condition.column and c.sign == condition.sign == "="
                 and c.column not in self._sheet.numbers), None,
            )  # fmt: skip
            if same is None:
                found.append(condition)
            else:
                both = (*found[same].values, *condition.values)
                found[same] = replace(found[same], values=both)
        return found

    def _holding(self, condition: Condition, rows: Sequence[int]) -> Held | None:
        """Return the rows that fulfil a condition; None when it is not the question's."""
        if condition.sign in ("empty", "filled"):
            return self._filled(condition, rows)
        if condition.column in self._sheet.numbers and condition.sign != "like":
            return self._bound(condition, rows)
        return self._words(condition, rows)

    def _filled(self, condition: Condition, rows: Sequence[int]) -> Held | None:
        sheet, column = self._sheet, condition.column
        name = sheet.table.columns[column]
        empty = condition.sign == "empty"
        if empty and not self._named.negates():
            return None
        fit = [i for i in rows if (not sheet.table.rows[i].cells[column].strip()) == empty]
        return Held(fit, f"{name}: {'–' if empty else '✓'}", denies=empty, column=column)

    def _words(self, condition: Condition, rows: Sequence[int]) -> Held | None:
        sheet, column = self._sheet, self._place(condition)
        name = sheet.table.columns[column]
        wanted: list[str] = []
        missing: list[str] = []
        for value in (v.strip("%") for v in condition.values):
            cells = self._meant_by(value, column)
            wanted += cells
            missing += [] if cells else [value]
        told = list(dict.fromkeys(wanted))
        label = ", ".join(told if len(told) <= 3 else condition.values).replace("%", "")
        if condition.sign == "<>":
            fit = [i for i in rows if sheet.table.rows[i].cells[column] not in wanted]
            return Held(fit, f"{name} ≠ {label}", missing, denies=True, column=column)
        fit = [i for i in rows if sheet.table.rows[i].cells[column] in wanted]
        denies = self._named.negates() and bool(wanted) and self._named.denied(wanted)
        return Held(fit, f"{name}: {label}", missing, denies, column, wanted)

    def _meant_by(self, value: str, column: int) -> list[str]:
        """Return the cells that a value means, all those that have the question's words of it.

        "The hall" is every hire of it, although the query names that of autumn.
        """
        cells = matching(value, self._cells(column))
        said = self._named.words_of(value)
        if not said or self._named.has_all(value):
            return cells
        wider = [c for c in matching(said, self._cells(column)) if self._named.words_of(c) == said]
        return cells + [cell for cell in wider if cell not in cells]

    def _cells(self, column: int) -> list[str]:
        return [self._sheet.table.rows[i].cells[column] for i in self._sheet.kept]

    def _is_doubtful(self, condition: Condition) -> bool:
        """Whether the question has no word of a condition."""
        name = self._sheet.table.columns[condition.column]
        if condition.sign in ("empty", "filled"):
            return not is_named(name, self._named.question)
        if condition.column in self._sheet.numbers and condition.sign != "like":
            return False  # held against the numbers of the question
        column = self._place(condition)
        name, cells = self._sheet.table.columns[column], self._cells(column)
        if self._are_notes(column):  # a word of a remark is not the remark
            return not any(self._named.has_all(v.strip("%")) for v in condition.values)
        return not any(
            self._named.has(value) or self._named.speaks(matching(value, cells), name, cells)
            for value in (v.strip("%") for v in condition.values)
        )

    def _place(self, condition: Condition) -> int:
        """Return the column that a condition means: one that has its value."""
        column = self._after_preposition(condition)
        if any(matching(v.strip("%"), self._cells(column)) for v in condition.values):
            return column
        return self._elsewhere(condition, column)

    def _elsewhere(self, condition: Condition, column: int) -> int:
        """Return another column that has a condition's value, where its own has not."""
        for other in self._sheet.labels:
            if all(matching(v.strip("%"), self._cells(other)) for v in condition.values):
                return other
        return column

    def _after_preposition(self, condition: Condition) -> int:
        """Return the column that is named before a value: From and To hold the same places."""
        for column, name in enumerate(self._sheet.table.columns):
            value = condition.values[0].strip("%")
            other = column != condition.column and self._named.before(name, value)
            if other and matching(value, self._cells(column)):
                return column
        return condition.column

    def _bound(self, condition: Condition, rows: Sequence[int]) -> Held | None:
        """Return the rows within a bound; the question's own words tell which side is meant."""
        value = condition.values[0]
        if not self._named.number(value):
            return None
        sign, limit = self._named.side(condition.sign, value), Decimal(value)
        column = self._named.column(condition.column, "max", self._sheet)
        figures = self._sheet.numbers[column]

        def holds(row: int) -> bool:
            number = figures[row]
            if number is None:
                return False
            size = abs(number.value)
            return {
                "=": size == limit, "<>": size != limit, "<": size < limit, "<=": size <= limit,
                ">": size > limit, ">=": size >= limit,
            }[sign]  # fmt: skip

        label = f"{self._sheet.table.columns[column]} {_SHOWN.get(sign, sign)} {value}"
        fit = [i for i in rows if holds(i)]
        return Held(fit, label, denies=sign == "<>", column=column)

    def _named_cells(self, filters: Filters) -> list[tuple[int, list[str]]]:
        """Return cells that the question names: whole, by two or more words of them, or by one
        that is in the cells of no other column."""
        found = list(_whole(filters).items())
        for column, alternatives in filters.chosen.items():
            words = [w for w in alternatives if w[0] != "="]
            if len(words) == len(alternatives) and all(self._tells(w, column) for w in words):
                fit = [c for w in words for c in matching(" ".join(w), self._cells(column))]
                found += [(column, fit)] if fit else []
        return found

    def _are_notes(self, column: int) -> bool:
        return bool(REMARKS.search(spaced(self._sheet.table.columns[column])))

    def _is_noted(self, condition: Condition) -> bool:
        return condition.sign in ("=", "like") and self._are_notes(self._place(condition))

    def _tells(self, words: Sequence[str], column: int) -> bool:
        """Whether words of the question are enough to tell that cells of a column are meant."""
        if len(words) > 1:
            return True
        word = words[0]
        if self._are_notes(column) or plain(word) in self._named.heads():
            return False
        if len(word) < (_SHORTEST_ZH if is_chinese(word) else _SHORTEST):
            return False
        others = (other for other in self._sheet.labels if other != column)
        return not any(matching(word, self._cells(other)) for other in others)
