"""Puts figures of rows into words, with citations. The arithmetic is exact; see ``told``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from assistant.i18n import Language, text
from assistant.messages import Citation
from assistant.rows.asked import Asked
from assistant.rows.cells import Number, decimals
from assistant.rows.cited import CITED, RowCitations
from assistant.rows.columns import Sheet, is_money
from assistant.rows.vocabulary import AMOUNT_NAMES
from assistant.session import Session

_GROUPS = 40
"""Groups that are told in one answer."""
_TIED = 4
_NO_NAME = "–"
_UNIT = re.compile(
    r"[(（]([^)）]{1,8})[)）]\s*$|[_ ](eur|usd|gbp|cny|chf|sek|nok|dkk)$", re.IGNORECASE
)
_CURRENCY = re.compile(r"^(?:currency|币种|货币|währung|devise)$", re.IGNORECASE)


def bracketed(words: str, language: Language) -> str:
    """Return words in the brackets of a language; empty when there are none."""
    if not words:
        return ""
    return f"（{words}）" if language == "zh" else f" ({words})"


def _gap(unit: str) -> str:
    """Return the space before a unit: none where it is written without."""
    return "" if not unit or unit in "%元块" else " "


class RowFigures:
    """Answers for one question; citations are numbered through all of its tables."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._language = session.language
        self._end = "。" if session.language == "zh" else "."
        self._colon = "：" if session.language == "zh" else ": "
        self._clean: dict[str, str] = {}
        self._sheet: Sheet
        self._asked: Asked
        self._cited = RowCitations()

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The citations of what was said so far."""
        return tuple(self._cited.made)

    def say(self, sheet: Sheet, asked: Asked) -> str:
        """Return what the chosen rows of a table come to, with marks."""
        self._sheet, self._asked = sheet, asked
        if asked.operation == "count" and asked.group is None:
            return self._count(asked.rows) + self._end
        rows = [i for i in asked.rows if asked.column is None or self._number(i)]
        apart: dict[str, list[int]] = {}
        for row in rows:
            apart.setdefault(self._mark(row), []).append(row)
        said = [self._one_currency(each) for each in apart.values()]
        unread = [i for i in asked.rows if not self._number(i) and self._written(i)]
        if unread:
            column = sheet.table.columns[asked.column or 0]
            said.append(text("say_rows_unread", self._language, count=len(unread), column=column))
        return "\n".join(said)

    def cells(self, sheet: Sheet, rows: Sequence[int], columns: Sequence[int]) -> str:
        """Return single cells with the rest of their rows, with marks."""
        self._sheet = sheet
        self._asked = Asked("sum", tuple(rows), column=columns[0])
        said = []
        for row in rows:
            held = sheet.table.rows[row].cells
            value = ", ".join(self._shown(held[c], row) or _NO_NAME for c in columns)
            said.append(f"{value}{self._colon}{self._row(row)}{self._marks([row])}")
        return "\n".join(said)

    def _one_currency(self, rows: Sequence[int]) -> str:
        asked = self._asked
        if asked.group is not None:
            groups = self._groups(rows)
            if asked.operation == "average" and asked.added and isinstance(asked.group, str):
                return self._mean_of_groups(groups, rows) + self._end
            if asked.each or asked.operation not in ("max", "min"):
                return self._by_group(groups)
            if asked.added:
                return self._best(groups) + self._end
        if asked.operation in ("max", "min"):
            return self._extreme(rows) + self._end
        return self._sum(rows) + self._end

    # --- one figure --------------------------------------------------------------------------

    def _sum(self, rows: Sequence[int]) -> str:
        if len(rows) == 1:
            name = bracketed(self._session.name_of(self._sheet.table.asset), self._language)
            told = f"{self._row(rows[0])}{name}{self._marks(rows)}"
            return self._figure(self._total(rows), rows) + self._colon + told
        average = self._asked.operation == "average"
        value = self._figure(self._worth(rows), rows)
        return self._said("say_rows_average" if average else "say_rows_sum", rows, value=value)

    def _count(self, rows: Sequence[int]) -> str:
        said = self._said("say_rows_count", rows, marked=False)
        if len(rows) > CITED:
            return said + self._marks(rows)
        return said + self._colon + "; ".join(f"{self._row(i)}{self._marks([i])}" for i in rows)

    def _extreme(self, rows: Sequence[int]) -> str:
        most = self._asked.operation == "max"
        values = {i: self._value(i) for i in rows}
        best = (max if most else min)(values.values())
        tied = [i for i in rows if values[i] == best]
        told = "; ".join(f"{self._row(i)}{self._marks([i])}" for i in tied[:_TIED])
        if len(tied) > _TIED:
            told += "; " + text("say_more", self._language, count=len(tied) - _TIED)
        if len(rows) == 1:
            return f"{self._figure(best, tied)}{self._colon}{told}"
        key = "say_rows_max" if most else "say_rows_min"
        value = self._figure(best, tied)
        return self._said(key, rows, marked=False, value=value) + self._colon + told

    # --- groups ------------------------------------------------------------------------------

    def _groups(self, rows: Sequence[int]) -> dict[str, list[int]]:
        """Return rows by the value of a column, or by the month, year or day of their date."""
        by, found = self._asked.group, dict[str, list[int]]()
        days = next(iter(self._sheet.days.values()), [])
        shape = {"month": "%Y-%m", "year": "%Y"}.get(str(by), "%Y-%m-%d")
        for row in rows:
            if isinstance(by, int):
                name = self._sheet.table.rows[row].cells[by]
            else:
                day = days[row]
                name = day.strftime(shape) if day else ""
            found.setdefault(name or _NO_NAME, []).append(row)
        return found

    def _by_group(self, groups: Mapping[str, Sequence[int]]) -> str:
        ordered = sorted(groups.items(), key=lambda g: self._rank(g[1]))
        if isinstance(self._asked.group, str):
            ordered = sorted(groups.items())
        head = self._said("say_rows_groups", self._asked.rows, marked=False)
        lines = [f"- {self._group(name, rows)}" for name, rows in ordered[:_GROUPS]]
        if len(ordered) > _GROUPS:
            lines.append("- " + text("say_more", self._language, count=len(ordered) - _GROUPS))
        return "\n".join([head, *lines])

    def _rank(self, rows: Sequence[int]) -> Decimal:
        return -self._worth(rows)

    def _worth(self, rows: Sequence[int]) -> Decimal:
        """Return the figure of some rows: their sum, count, average, or the highest or lowest."""
        operation = self._asked.operation
        if operation == "count":
            return Decimal(len(rows))
        if operation in ("max", "min") and not self._asked.added:
            return (max if operation == "max" else min)(self._value(i) for i in rows)
        total = self._total(rows)
        return total / len(rows) if operation == "average" else total

    def _group(self, name: str, rows: Sequence[int]) -> str:
        worth = self._worth(rows)
        counted = self._asked.operation == "count" or self._asked.column is None
        value = str(worth) if counted else self._figure(worth, rows)
        shown = (
            self._shown(name, rows[0])
            if isinstance(self._asked.group, int) and name != _NO_NAME
            else name
        )
        said = text("say_rows_group", self._language, group=shown, value=value, count=len(rows))
        return said + self._marks(rows, most=1 if len(rows) > CITED else CITED)

    def _best(self, groups: Mapping[str, Sequence[int]]) -> str:
        most = self._asked.operation == "max"
        worth = {name: self._total(rows) for name, rows in groups.items()}
        best = (max if most else min)(worth.values())
        told = "; ".join(self._group(name, groups[name]) for name in groups if worth[name] == best)
        key = "say_rows_most" if most else "say_rows_fewest"
        rows = [i for held in groups.values() for i in held]
        return f"{told}{self._said(key, rows, marked=False, groups=len(groups))}"

    def _mean_of_groups(self, groups: Mapping[str, Sequence[int]], rows: Sequence[int]) -> str:
        value = self._figure(self._total(rows) / len(groups), rows)
        key = f"say_rows_mean_{self._asked.group}"
        return self._said(key, rows, value=value, groups=len(groups))

    # --- words -------------------------------------------------------------------------------

    def _said(self, key: str, rows: Sequence[int], *, marked: bool = True, **given: object) -> str:
        shown = bracketed("; ".join(self._asked.about), self._language)
        name = self._session.name_of(self._sheet.table.asset)
        said = text(key, self._language, name=name, count=len(rows), about=shown, **given)
        return said + (self._marks(rows) if marked else "")

    def _row(self, row: int) -> str:
        """Return a row's cells beside the figure, as a person would read them out."""
        cells = enumerate(self._sheet.table.rows[row].cells)
        own = None if self._asked.operation == "count" else self._asked.column
        names, figures = self._sheet.table.columns, self._sheet.numbers
        shown = [
            f"{names[n]}: {self._shown(cell, row)}" if n in figures else self._shown(cell, row)
            for n, cell in cells
            if cell and n != own
        ]
        return ", ".join(shown[:6])

    def _shown(self, cell: str, row: int) -> str:
        """Return a cell, unless it gives orders to the assistant."""
        passage = self._sheet.table.rows[row].passage
        if passage.text not in self._clean:
            self._clean[passage.text] = self._session.screened(passage)
        return cell[:60] if cell in self._clean[passage.text] else "…"

    def _number(self, row: int) -> Number | None:
        column = self._asked.column
        return None if column is None else self._sheet.numbers[column][row]

    def _written(self, row: int) -> str:
        """Return what stands in the column of the figures; an empty cell is no figure left out."""
        column = self._asked.column
        return "" if column is None else self._sheet.table.rows[row].cells[column]

    def _value(self, row: int) -> Decimal:
        number = self._number(row)
        value = number.value if number else Decimal()
        return -value if self._asked.outgoing else value

    def _total(self, rows: Sequence[int]) -> Decimal:
        if self._asked.column is None:
            return Decimal(len(rows))
        return sum((self._value(i) for i in rows), Decimal())

    def _mark(self, row: int) -> str:
        """Return the currency or unit of a row: beside its figure, or in a column of its own."""
        number = self._number(row)
        if number and number.mark:
            return number.mark
        columns, column = self._sheet.table.columns, self._asked.column
        if column is not None and not is_money(self._sheet, [column]):
            return ""
        own = next((c for c, name in enumerate(columns) if _CURRENCY.match(name)), None)
        return self._sheet.table.rows[row].cells[own] if own is not None else ""

    def _figure(self, value: Decimal, rows: Sequence[int]) -> str:
        """Return a figure as the table writes its own: decimals, currency or unit, their side."""
        read = [n for i in rows if (n := self._number(i))]
        name = self._sheet.table.columns[self._asked.column or 0]
        if len(read) == 1 and value == abs(read[0].value):  # as it stands in the table
            bare = read[0].written.strip("-−–+() ")
            unit = (
                ""
                if read[0].mark
                else self._unit(rows[0], self._sheet.table.columns[self._asked.column or 0])
            )
            return f"{bare}{_gap(unit)}{unit}"
        places, sign = decimals(read)
        money = AMOUNT_NAMES.search(name) or any(n.before for n in read)
        places = 2 if money and places == 1 else places
        if value != value.quantize(Decimal(1).scaleb(-places)):
            places = max(places, 2)  # an average
        written = str(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))
        usual = Counter((n.before, n.after) for n in read).most_common(1)
        before, after = usual[0][0] if usual else ("", "")
        after = after or ("" if before else self._unit(rows[0], name))
        gap = " " if before.isalpha() else ""
        return f"{before}{gap}{written.replace('.', sign)}{_gap(after)}{after}"

    def _unit(self, row: int, name: str) -> str:
        """Return the unit that the column's head or a column of currencies gives."""
        if mark := self._mark(row):
            return mark
        found = _UNIT.search(name)
        return (found[1] or found[2].upper()) if found else ""

    def _marks(self, rows: Sequence[int], most: int = CITED) -> str:
        """Cite rows: one by one while they are few."""
        return self._cited.marks(self._sheet.table, rows, self._asked.column, most)
