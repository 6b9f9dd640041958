"""Cites the rows that a figure was worked out from. Knows the table, not what was asked of it.

Of a sheet a citation names the rows by their numbers and the column of the figure; of a table
within a document it is the place of the row on its page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.citations import cite
from assistant.messages import Citation
from retrieval.table_values import Row, Table
from retrieval.values import CellLocator

CITED = 6
"""Rows of a figure that are cited one by one; of more, all together or where they begin."""
PLACES = 3
"""Passages that are cited for a figure of many rows within a document."""


class RowCitations:
    """The citations of one answer, numbered through all of its tables."""

    def __init__(self) -> None:
        self.made: list[Citation] = []

    def marks(self, table: Table, rows: Sequence[int], column: int | None, most: int) -> str:
        """Return the marks of rows, each with a space before it.

        Args:
            table: the table.
            rows: indexes of its rows.
            column: the column that holds the figure; None when whole rows are the evidence.
            most: citations to make at most.
        """
        held = [table.rows[i] for i in rows]
        if len(held) <= CITED and most >= CITED:
            new = [_one(table, row, column) for row in held]
        elif all(row.number for row in held):
            new = [_together(table, held, column)]
        else:
            first = {row.passage.text: row for row in reversed(held)}
            places = list(reversed(first.values()))[: min(PLACES, most)]
            new = [_one(table, row, column) for row in places]
        numbers = dict.fromkeys(self._numbered(citation) for citation in new)
        return "".join(f" [{number}]" for number in numbers)

    def _numbered(self, citation: Citation) -> int:
        """Return the number of a citation, the same for the same place."""
        for known in self.made:
            if replace(known, number=citation.number) == citation:
                return known.number
        self.made.append(replace(citation, number=len(self.made) + 1))
        return len(self.made)


def _one(table: Table, row: Row, column: int | None) -> Citation:
    """Cite the cell that holds the figure, or the row where all of it is the evidence."""
    pair = "" if column is None else f"{table.columns[column]}: {row.cells[column]}"
    return cite(0, row.alone, pair if pair and pair in row.line and row.number else row.line)


def _together(table: Table, rows: Sequence[Row], column: int | None) -> Citation:
    """Cite all rows of a sheet as one place."""
    first = _one(table, rows[0], column)
    if not isinstance(first.locator, CellLocator):
        return first
    numbers = tuple(row.number for row in rows)
    return replace(first, locator=replace(first.locator, rows=numbers))
