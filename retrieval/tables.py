"""The rows of tables, read back from the passages they were kept as.

Of a table file (CSV, TSV, XLSX) the parsers write a row as ``column: value | column: value``,
twenty rows to a block, under a line that names the columns; of a table within a document (PDF,
DOCX, HTML, Markdown) as ``value | value``, its first row as any other. The chunker cuts long blocks
and then repeats their first row. Here that is undone exactly. A table that cannot be put together
again gives no rows. Knows no question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from retrieval.parse.text import ROWS_A_BLOCK
from retrieval.table_values import BETWEEN, RULE, TOTAL, YEAR, Row, Table, are_names, cells_of
from retrieval.tables_within import tables_within
from retrieval.values import CellLocator, PageLocator, Passage

_HEAD = re.compile(r"^(?:Sheet (?P<sheet>.*?)\. )?Columns: (?P<columns>.+)$", re.DOTALL)
_SHEET = re.compile(r"^Sheet (?P<sheet>.*)$")
_TITLES = 6
"""Lines among which the names of the columns must be."""


def is_table_file(name: str, media_type: str = "") -> bool:
    """Whether a file is a table by its kind or, failing that, by its name."""
    if media_type:
        return media_type == "text/csv" or "spreadsheet" in media_type
    return bool(re.search(r"\.(?:csv|tsv|xlsx)$", name, re.IGNORECASE))


def cell_spans(text: str) -> list[tuple[int, int]]:
    """Return where the cells of a table's text begin and end, empty ones left out."""
    found: list[tuple[int, int]] = []
    at = 0
    for line in text.split("\n"):
        for cell in line.split(BETWEEN):
            if cell.strip(" |"):
                found.append((at, at + len(cell)))
            at += len(cell) + len(BETWEEN)
        at += 1 - len(BETWEEN)
    return found


def grid_of(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the lines of a passage of a document's table, each with its cells."""
    lines = (line for line in text.split("\n") if line.strip() and not RULE.match(line))
    return [(line, cells_of(line)) for line in lines]


def tables_of(passages: Sequence[Passage]) -> list[Table]:
    """Return the tables of one file, from all of its passages in reading order.

    A table whose columns have no names, or whose rows do not fit them, is left out.
    """
    year = _year_of(passages)
    if passages and not is_table_file(passages[0].asset):
        return [replace(table, year=year) for table in tables_within(passages)]
    pages: dict[int, list[Passage]] = {}
    for passage in passages:
        if passage.kind == "table":
            place = passage.locator
            pages.setdefault(place.page if isinstance(place, PageLocator) else 0, []).append(
                passage
            )
    found = (_table(held) for held in pages.values())
    return [replace(table, year=year) for table in found if table]


def _year_of(passages: Sequence[Passage]) -> int:
    """Return the only year in a file's name or, failing that, in its text beside its tables."""
    name = passages[0].asset if passages else ""
    beside = " ".join(p.text for p in passages if p.kind != "table")
    for words in (name, beside):
        years = {int(year) for year in YEAR.findall(words)}
        if years:
            return years.pop() if len(years) == 1 else 0
    return 0


def _table(passages: Sequence[Passage]) -> Table | None:
    head = _HEAD.match(passages[0].text)
    if head is None:
        return _under_a_title(passages)
    columns = tuple(" ".join(name.split()) for name in head["columns"].split(BETWEEN))
    rows = []
    for line in _lines(columns, passages[1:]):
        cells = _cells(columns, line.text)
        if cells is None:
            return None
        rows.append(line.row(cells))
    asset = passages[0].asset
    return Table(asset, head["sheet"] or "", columns, tuple(rows)) if rows else None


def _under_a_title(passages: Sequence[Passage]) -> Table | None:
    """Return a table whose columns are named below a title: then its rows are kept without names,
    their empty cells left out, so that only rows with all of their cells can be told apart."""
    sheet = _SHEET.match(passages[0].text)
    every = list(_lines((), passages[1:] if sheet else passages))
    parts = [line.text.split(BETWEEN) for line in every]
    at = next((i for i, cells in enumerate(parts[:_TITLES]) if _names_columns(cells)), None)
    if at is None:
        return None
    columns, rows = tuple(parts[at]), []
    for cells, line in zip(parts[at + 1 :], every[at + 1 :], strict=True):
        if len(cells) == len(columns):
            rows.append(line.row(cells))
        elif not TOTAL.match(line.text):
            return None
    name = sheet["sheet"] if sheet else ""
    return Table(passages[0].asset, name, columns, tuple(rows)) if rows else None


def _names_columns(cells: Sequence[str]) -> bool:
    return len(cells) > 2 and are_names(cells)


@dataclass(frozen=True)
class _Line:
    """A line of a passage, with the number of its row (0 where none is kept)."""

    text: str
    passage: Passage
    number: int

    def row(self, cells: Sequence[str]) -> Row:
        return Row(tuple(cells), self.text, self.passage, self.number)


def _lines_of(passage: Passage) -> list[_Line]:
    texts, place = passage.text.split("\n"), passage.locator
    numbers: Sequence[int] = place.rows if isinstance(place, CellLocator) else ()
    if len(numbers) != len(texts):
        numbers = [0] * len(texts)
    pairs = zip(texts, numbers, strict=True)
    return [_Line(line, passage, number) for line, number in pairs if line.strip()]


def _lines(columns: Sequence[str], passages: Sequence[Passage]) -> Iterator[_Line]:
    """Yield the line of each row once, whole, with the passage in which it begins."""
    first, counted = "", 0
    held: _Line | None = None
    for passage in passages:
        lines = _lines_of(passage)
        if 0 < counted < ROWS_A_BLOCK and len(lines) > 1 and lines[0].text == first:
            lines = lines[1:]  # the chunker's: the block goes on, so this is its first row again
        for at, line in enumerate(lines):
            if held and columns and at == 0 and _goes_on(columns, held.text, line.text):
                held = replace(held, text=f"{held.text} {line.text}")
                continue
            if held:
                yield held
            if counted == ROWS_A_BLOCK or not first:
                first, counted = line.text, 0
            held, counted = line, counted + 1
    if held:
        yield held


def _goes_on(columns: Sequence[str], before: str, line: str) -> bool:
    """Whether a line is the rest of a row that was too long for one passage."""
    begins = _column_at(columns, line.removeprefix("| "), 0)
    if begins is None or line.startswith("| "):
        return True
    last = max((i for i, n in enumerate(columns) if f"{n}: " in before), default=-1)
    return begins > last and columns[0] != columns[begins] and len(before) + len(line) > 600


def _column_at(columns: Sequence[str], part: str, start: int) -> int | None:
    """Return the column that a part of a line names, of those from ``start`` on."""
    fitting = (i for i in range(start, len(columns)) if part.startswith(f"{columns[i]}: "))
    return next(fitting, None)


def _cells(columns: Sequence[str], line: str) -> tuple[str, ...] | None:
    """Return a line's cells, empty where it has none; None when it is no row of these columns."""
    cells = [""] * len(columns)
    at = -1
    for part in line.split(BETWEEN):
        column = _column_at(columns, part, at + 1)
        if column is not None:
            at = column
            cells[at] = part[len(columns[at]) + 2 :].strip()
        elif at < 0:
            return None
        else:  # a bar within a cell
            cells[at] += BETWEEN + part
    return tuple(cells)
