"""Rows and tables as values, and how a line of a table is told apart.

Knows no passages' order and no files' kinds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from retrieval.values import CellLocator, Passage

BETWEEN = " | "
"""Between the cells of a row, as the parsers write it."""
RULE = re.compile(r"^\s*\|?(?:\s*:?-{2,}:?\s*\|)+(?:\s*:?-{2,}:?\s*)?$")
"""Parts the names of the columns from the rows in Markdown."""
TOTAL = re.compile(r"(?:grand |sub)?-?\s?totals?\b|sum\b|合计|总计|小计|总和", re.IGNORECASE)
"""Begins a line that adds up those above it."""
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_LONGEST = 40
"""Letters of the second of two columns' names."""
_UNIT = re.compile(r"(?<=\w)\s*[（(][^)）]*[)）]")


@dataclass(frozen=True)
class Row:
    """A row: its cells in the order of the columns, its line, and the passage it stands in.

    ``number`` is that of the row in its sheet, 0 where the parser kept none.
    """

    cells: tuple[str, ...]
    line: str
    passage: Passage
    number: int = 0

    @property
    def alone(self) -> Passage:
        """The row as a passage of its own where its place in the sheet is known, else all of it."""
        place = self.passage.locator
        if not self.number or not isinstance(place, CellLocator):
            return self.passage
        return replace(self.passage, text=self.line, locator=replace(place, rows=(self.number,)))


@dataclass(frozen=True)
class Table:
    """The rows of a CSV file, of one sheet, or of a table ``within`` a document, under the names of
    their columns; ``sheet`` is the name of the sheet, or the heading it stands under. ``year`` is
    the only one that the file speaks of beside the table, 0 where there are none or several: rows
    of a statement often name only the day and the month."""

    asset: str
    sheet: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    within: bool = False
    year: int = 0


def cells_of(line: str) -> tuple[str, ...]:
    """Return the cells of a line, those of Markdown without its marks."""
    bare = line.strip()
    if bare.startswith("|") and bare.endswith("|"):
        bare = bare.strip("|")
    return tuple(" ".join(cell.strip(" *_`").split()) for cell in bare.split("|"))


def are_names(cells: Sequence[str]) -> bool:
    """Whether cells can name columns: all there, each another one, figures only in units."""
    cells = [_UNIT.sub("", cell) for cell in cells]
    if len(cells) == 2 and len(cells[1]) > _LONGEST:
        return False  # a name and what it is: "Tenants | Ann Lee and Bo Moss, both of …"
    alone = len(cells) > 1 and all(cells) and len(set(cells)) == len(cells)
    return alone and not re.search(r"\d", "".join(cells))
