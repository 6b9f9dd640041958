"""Tables that stand in a document among other text, put together from their passages.

The first row names the columns, after a title set across the table if there is one; a table may go
on over pages. Knows no table files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.table_values import RULE, TOTAL, YEAR, Row, Table, are_names, cells_of
from retrieval.values import PageLocator, Passage

_PERIOD = re.compile(r"(?<!\d)(?:19|20)\d\d(?:[/-]\d\d)?(?!\d)|\b[QH][1-4]\b")


@dataclass
class _Block:
    """A table being put together: ``first`` is the line that begins each of its passages."""

    columns: tuple[str, ...]
    rows: list[Row]
    first: str
    page: int
    whole: bool = True

    def goes_on(self, cells: tuple[str, ...], page: int, beside: bool) -> bool:
        """Whether a passage's first row is one of this table's: right after it, or a page on."""
        near = beside or page == self.page + 1
        return near and len(cells) == len(self.columns) and not are_names(cells)

    def take(self, lines: Sequence[str], passage: Passage) -> None:
        """Add rows; a line that does not fit the columns spoils the table, unless it is a total."""
        for line in lines:
            cells = cells_of(line)
            if len(cells) == len(self.columns):
                self.rows.append(Row(cells, line, passage))
            elif not TOTAL.match(line.lstrip("| ")):
                self.whole = False


def tables_within(passages: Sequence[Passage]) -> list[Table]:
    """Return the tables that stand in a document among other text."""
    blocks: list[_Block] = []
    beside = False
    for passage in passages:
        lines = [x for x in passage.text.split("\n") if x.strip() and not RULE.match(x)]
        if passage.kind != "table" or not lines:
            beside = False
            continue
        place = passage.locator
        page = place.page if isinstance(place, PageLocator) else 0
        first = lines[0]
        if _is_title(lines):
            lines = lines[1:]
        cells = cells_of(lines[0])
        last = blocks[-1] if blocks else None
        if last and first == last.first and (beside or page == last.page + 1):
            last.take([x for x in lines[1:] if cells_of(x) != last.columns], passage)
        elif last and last.goes_on(cells, page, beside) and not _names_years(lines):
            last.first = first
            last.take(lines, passage)
        elif are_names(cells) or _names_years(lines):
            last = _Block(cells, [], first, page)
            last.take(lines[1:], passage)
            blocks.append(last)
        else:  # without names of its own
            last = None
        if last:
            last.page = page
        beside = last is not None
    return [
        Table(b.rows[0].passage.asset, b.rows[0].passage.heading, b.columns, tuple(b.rows), True)
        for b in blocks
        if b.whole and b.rows
    ]


def _is_title(lines: Sequence[str]) -> bool:
    """Whether the first line is a title set across a table, the names of its columns below it."""
    if len(lines) < 3 or len(cells_of(lines[0])) < 2:
        return False
    return sum(map(bool, cells_of(lines[0]))) == 1 and are_names(cells_of(lines[1]))


def _names_years(lines: Sequence[str]) -> bool:
    """Whether the first line names columns of years or quarters: "Line | 2023 | 2024 budget", with
    other figures below."""
    if len(lines) < 2:
        return False
    names, below = cells_of(lines[0]), cells_of(lines[1])
    bare = [_PERIOD.sub("", name) for name in names]
    dated = [i for i, name in enumerate(names) if bare[i] != name]
    if len(names) != len(below) or not dated or 0 in dated or len(set(names)) < len(names):
        return False
    figures = all(re.search(r"\d", below[i]) and not YEAR.fullmatch(below[i]) for i in dated)
    return figures and all(names) and not re.search(r"\d", "".join(bare))
