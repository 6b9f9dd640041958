"""Spreadsheets: each sheet is a page, each row a line of ``column: value``, comments last.

A text merged over several rows is in each of them; one merged over the names of several columns
stands before each ("2025 Q1"). Values are read, never formulas; a formula that was never
calculated has no value. Knows nothing of chunks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from itertools import chain
from typing import Any

from retrieval.errors import FileDamaged, FileTooLarge
from retrieval.parse.archive import check_archive
from retrieval.parse.base import Limits, ParseTools, Source, clean, one_line
from retrieval.parse.sheet_parts import Merged, SheetParts, parts_of
from retrieval.parse.text import ROWS_A_BLOCK, row_text
from retrieval.values import Block, CellLocator, Header, Parsed

_Row = tuple[int, list[str]]
"""The number of a row in its sheet, and its cells."""

_NUMBER, _YEAR = re.compile(r"[-+]?[\d.,]+"), re.compile(r"(?:19|20)\d\d")
_OF_YEAR = re.compile(r"(?:19|20)\d\d(?:[/-]\d\d)?(?: \D+)?")
_LABELLED = re.compile(r"[:：]")
_MAX_ROWS = 200_000
_MAX_COLUMNS = 200
_ABOUT = 200
"""Characters of its row that are told with a comment."""
_MAX_TITLES = 3
"""Lines of one cell above the names of the columns, which say what the table is."""


def parse_xlsx(source: Source, limits: Limits, tools: ParseTools) -> Iterator[Parsed]:
    """Yield each sheet's rows, twenty to a block, with the names of the columns.

    Raises:
        FileBomb, FileDamaged, FileEncrypted: the archive is refused or holds no workbook.
        FileTooLarge: more sheets than ``limits.max_pages``, or more than 200,000 rows in all.
    """
    check_archive(source)
    import openpyxl

    file = source.path.open("rb")  # given a path, openpyxl would judge it by its extension
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheets = list(book.worksheets)
    except Exception as error:  # openpyxl lets XML, zip and key errors through alike
        file.close()
        raise FileDamaged(name=source.name, detail="it holds no whole workbook") from error
    try:
        if len(sheets) > limits.max_pages:
            size, limit = f"{len(sheets):,} sheets", f"{limits.max_pages:,}"
            raise FileTooLarge(name=source.name, size=size, limit=limit)
        names = [one_line(sheet.title) for sheet in sheets]
        yield Header(
            "text", source.media_type, max(1, len(sheets)), {"sheets": names, "pages": len(names)}
        )
        counted = 0
        for index, sheet in enumerate(sheets):
            parts = parts_of(book._archive, sheet._worksheet_path)
            for block, rows in _sheet(sheet, index, names[index], source, parts):
                counted += rows
                if counted > _MAX_ROWS:
                    limit = f"{_MAX_ROWS:,} rows"
                    raise FileTooLarge(name=source.name, size=f"over {limit}", limit=limit)
                yield block
    finally:
        book.close()
        file.close()


def _sheet(
    sheet: Any, index: int, name: str, source: Source, parts: SheetParts
) -> Iterator[tuple[Block, int]]:
    rows = _rows(sheet, source, parts.merged)
    titles, first = _titles(rows)
    if first is None:
        return
    number, cells = first
    columns = _names(cells)
    begun = [first]
    if not columns and (below := next(rows, None)) is not None:
        begun.append(below)
        columns = _joined_names(first, below, parts.merged)
    if columns:
        named = ": ".join((name, *(title for _, (title,) in titles)))
        line = f"Sheet {named}. Columns: {' | '.join(columns)}"
        yield _block([(number, line)], index, name), 1
        rest: Iterator[_Row] = rows
    else:
        yield _block([(number, f"Sheet {name}")], index, name), 1
        rest = chain(titles, begun, rows)
    about = {_row_of(cell): "" for cell, _ in parts.comments}
    held: list[tuple[int, str]] = []
    for number, cells in rest:
        if columns and _names(cells) == columns:
            continue
        held.append((number, row_text(columns, cells)))
        if number in about:
            about[number] = held[-1][1][:_ABOUT]
        if len(held) == ROWS_A_BLOCK:
            yield _block(held, index, name), len(held)
            held = []
    if held:
        yield _block(held, index, name), len(held)
    for block in _comments(parts, about, index, name):
        yield block, 0


def _comments(
    parts: SheetParts, about: Mapping[int, str], index: int, name: str
) -> Iterator[Block]:
    """Yield the comments of a sheet, each with its cell and the row that it is in."""
    for cell, text in parts.comments:
        row = _row_of(cell)
        where = ": ".join(part for part in (cell, about[row]) if part)
        place = CellLocator(index + 1, rows=(row,), sheet=name)
        yield Block(f"{text} ({where})", "body", place, unit=index, heading=name)


def _row_of(cell: str) -> int:
    return int("".join(c for c in cell if c.isdecimal())[:7] or 1)


def _joined_names(first: _Row, below: _Row, merged: Sequence[Merged]) -> list[str]:
    """Return the names of columns that stand in two rows, the upper ones over several columns."""
    number, upper = first
    over = [m for m in merged if m.top == number == m.bottom and m.right > m.left]
    if not over or below[0] != number + 1:
        return []
    width = max(len(upper), len(below[1]))
    if any(_NUMBER.fullmatch(cell) and not _YEAR.fullmatch(cell) for cell in below[1]):
        return []
    top, low = ([*row, *[""] * (width - len(row))] for row in (upper, below[1]))
    for one in over:
        for column in range(one.left, min(one.right, width)):
            top[column] = top[one.left - 1]
    names = [a if a == b else f"{a} {b}".strip() for a, b in zip(top, low, strict=True)]
    return names if all(names) and len(set(names)) == len(names) else []


def _titles(rows: Iterator[_Row]) -> tuple[list[_Row], _Row | None]:
    """Return the lines of one cell above a table, and the first row of several cells.

    Where no such row follows soon, the last line is handed back as the first row.
    """
    titles: list[_Row] = []
    for number, row in rows:
        told = [cell for cell in row if cell]
        labelled = len(told) == 2 and all(_LABELLED.search(cell) for cell in told)
        if (len(told) > 1 and not labelled) or len(titles) == _MAX_TITLES:
            return titles, (number, row)
        titles.append((number, [" ".join(told)]))
    return titles[:-1], titles[-1] if titles else None


def _block(lines: Sequence[tuple[int, str]], index: int, name: str) -> Block:
    place = CellLocator(index + 1, rows=tuple(number for number, _ in lines), sheet=name)
    text = "\n".join(line for _, line in lines)
    return Block(text, "table", place, unit=index, heading=name)


def _rows(sheet: Any, source: Source, merged: Sequence[Merged]) -> Iterator[_Row]:
    """Yield rows that hold anything, as text."""
    sheet.reset_dimensions()  # files state a size they do not have, up to a billion cells
    down = _Down(merged)
    try:
        every = sheet.iter_rows(values_only=True, max_col=_MAX_COLUMNS)
        for number, row in enumerate(every, 1):
            cells = [_value(cell) for cell in row]
            while cells and not cells[-1]:
                cells.pop()
            if any(cells):
                down.fill(number, row, cells)
                yield number, cells
    except Exception as error:  # a broken sheet surfaces while it is read
        detail = f"the sheet {sheet.title} breaks off"
        raise FileDamaged(name=source.name, detail=detail) from error


class _Down:
    """Puts texts and dates that are merged over several rows of a column into each of them.

    Numbers are left where they are: they would be added up several times.
    """

    def __init__(self, merged: Sequence[Merged]) -> None:
        several = (m for m in merged if m.left == m.right and m.bottom > m.top)
        self._last = {(m.top, m.left): m.bottom for m in several}
        self._open: dict[int, tuple[int, str]] = {}

    def fill(self, number: int, row: Sequence[Any], cells: list[str]) -> None:
        """Fill a row from those above, and note the cells that reach down from it."""
        for column, (last, value) in self._open.items():
            if number <= last and column <= len(cells) and not cells[column - 1]:
                cells[column - 1] = value
        for column, value in enumerate(cells, 1) if self._last else ():
            last = self._last.get((number, column), 0)
            if last and isinstance(row[column - 1], str | date):
                self._open[column] = (last, value)


def _names(row: list[str]) -> list[str]:
    """Return the row when it can name columns: two or more distinct texts, no numbers but years
    after the first."""
    if len(row) < 2 or not all(row) or len(set(row)) != len(row):
        return []
    others = [cell for place, cell in enumerate(row) if not (place and _OF_YEAR.fullmatch(cell))]
    return [] if any(cell[0].isdigit() or cell[0] in "-+." for cell in others) else row


def _value(cell: Any) -> str:
    """Return a cell as a person reads it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return f"{cell:.12g}"
    if isinstance(cell, datetime):
        midnight = cell.time() == time(0)
        return cell.date().isoformat() if midnight else cell.isoformat(" ", "minutes")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return one_line(clean(str(cell)))
