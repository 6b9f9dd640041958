"""Plain text, Markdown and tables of values (CSV) in whatever encoding they come.

Knows nothing of chunks.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from retrieval.parse.base import Limits, ParseTools, Source, TextFlow, clean, one_line
from retrieval.values import Block, CellLocator, Header, Parsed

_UNIT_CHARS = 50_000
_MAX_PARAGRAPH = 4000
ROWS_A_BLOCK = 20
"""Rows of a table that make a block; ``tables`` puts them together again by it."""
_TELLING = 8
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$")
_FENCE = re.compile(r"^\s*(```|~~~)")


def decode(data: bytes) -> str:
    """Return the text of bytes whose encoding nobody tells.

    A byte order mark decides; then valid UTF-8; then UTF-16 by its zeros; then line by line,
    since files joined from several sources mix encodings: UTF-8 where valid, else GB 18030, Big5
    or Windows-1252, whichever the bytes above 127 look like.
    """
    for mark, name in (
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
    ):
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    try:
        if b"\x00" not in data:
            return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_lines(data)
    wide = "utf-16-le" if data[1::2].count(0) >= data[0::2].count(0) else "utf-16-be"
    return data.decode(wide, "replace")


def _decode_lines(data: bytes) -> str:
    lines = data.split(b"\n")
    odd: list[bytes] = []
    for line in lines:
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            odd.append(line)
    whole = _legacy(b"\n".join(odd))
    return "\n".join(
        _decode_line(line, _legacy(line) if whole == "cp1252" and _is_long(line) else whole)
        for line in lines
    )


def _is_long(line: bytes) -> bool:
    """Tell whether a line has enough of the high bytes to be judged by itself."""
    return sum(1 for byte in line if byte > 127) >= _TELLING


def _legacy(data: bytes) -> str:
    """Return the encoding of text that is not UTF-8.

    GB 2312 and Big5 use the same bytes. In GB 2312 both bytes of a character are above 160; in
    Big5 two fifths of second bytes are not, and the common characters begin with A4 to C6.
    """
    if not _looks_chinese(data):
        return "cp1252"
    for encoding in ("gb2312", "big5"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        leads = [c.encode("big5")[0] for c in text if c > "\x7f"] if encoding == "big5" else []
        if sum(lead <= 0xC6 for lead in leads) >= 0.9 * len(leads):
            return "gb18030" if encoding == "gb2312" else "cp950"
    return "gb18030"


def _decode_line(line: bytes, legacy: str) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return line.decode(legacy)
        except UnicodeDecodeError:
            return line.decode("latin-1" if legacy == "cp1252" else legacy, "replace")


def _looks_chinese(data: bytes) -> bool:
    """Chinese stands in pairs of high bytes in runs; Western accents stand alone among letters."""
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as error:
        if error.start < len(data) - 4:
            return False
        text = data[: error.start].decode("gb18030")
    high = sum(1 for byte in data if byte > 127)
    paired = sum(len(run) for run in re.findall(rb"(?:[\x81-\xfe][\x40-\xfe]){2,}", data))
    common = sum(1 for c in text if "\u4e00" <= c <= "\u9fa5" or "\u3000" <= c <= "\u303f")
    return high > 0 and paired >= 0.6 * high and common >= 0.3 * high / 2


def parse_text(source: Source, limits: Limits, tools: ParseTools) -> Iterator[Parsed]:
    """Yield the paragraphs of a plain text."""
    text = clean(decode(source.path.read_bytes()))
    yield Header("text", source.media_type, 1 + len(text) // _UNIT_CHARS, {})
    yield from _paragraphs(text, TextFlow(), 0)


def parse_markdown(source: Source, limits: Limits, tools: ParseTools) -> Iterator[Parsed]:
    """Yield the paragraphs of a Markdown file, each under its heading; tables as tables."""
    text = clean(decode(source.path.read_bytes()))
    flow = TextFlow()
    lines = text.split("\n")
    title = next((m.group(2) for m in map(_HEADING.match, lines) if m), "")
    units = 1 + len(text) // _UNIT_CHARS
    yield Header("text", source.media_type, units, {"title": title} if title else {})
    held: list[str] = []
    seen, fenced = 0, False
    for line in lines:
        seen += len(line) + 1
        fenced ^= bool(_FENCE.match(line))
        heading = None if fenced else _HEADING.match(line)
        if heading:
            yield from _paragraphs("\n".join(held), flow, seen - 1)
            held = []
            block = flow.title(heading.group(2), seen // _UNIT_CHARS)
            if block:
                yield block
        else:
            held.append(line)
    yield from _paragraphs("\n".join(held), flow, seen - 1)


def _paragraphs(text: str, flow: TextFlow, end: int) -> Iterator[Parsed]:
    """Yield blocks at blank lines; ``end`` is where the text ends in its file, for progress."""
    position = max(0, end - len(text))
    for paragraph in re.split(r"\n[ \t]*\n", text):
        unit = position // _UNIT_CHARS
        position += len(paragraph) + 2
        rows = [line for line in paragraph.split("\n") if line.strip()]
        is_table = len(rows) > 1 and all(row.count("|") >= 2 for row in rows)
        for start in range(0, max(1, len(paragraph)), _MAX_PARAGRAPH):
            part = paragraph[start : start + _MAX_PARAGRAPH]
            block = flow.block(part, "table" if is_table else "body", unit)
            if block:
                yield block


def parse_csv(source: Source, limits: Limits, tools: ParseTools) -> Iterator[Parsed]:
    """Yield the rows of a CSV as ``column: value`` lines, twenty to a block."""
    text = clean(decode(source.path.read_bytes()))
    numbered = [(n, row) for n, row in enumerate(_rows(text), 1) if any(c.strip() for c in row)]
    rows = [row for _, row in numbered]
    titles = _title_lines(rows)
    names = _column_names(rows[len(titles) :])
    above = numbered[: len(titles) + 1]
    if names:
        rows, numbered = rows[len(above) :], numbered[len(above) :]
    columns = max((len(row) for row in rows), default=len(names))
    metadata = {"rows": len(rows), "columns": columns}
    yield Header("text", source.media_type, 1 + len(rows) // 1000, metadata)
    heading = one_line(" – ".join(titles))[:200] if names else ""
    if heading:
        yield Block(heading, "body", CellLocator(1, rows=(above[0][0],)), heading=heading)
    if names:
        place = CellLocator(1, rows=(above[-1][0],))
        yield Block("Columns: " + " | ".join(names), "table", place, heading=heading)
    for start in range(0, len(rows), ROWS_A_BLOCK):
        held = numbered[start : start + ROWS_A_BLOCK]
        lines = "\n".join(row_text(names, row) for _, row in held)
        place = CellLocator(1, rows=tuple(number for number, _ in held))
        yield Block(lines, "table", place, unit=start // 1000, heading=heading)


def _rows(text: str) -> Iterator[list[str]]:
    sample = text[:20_000]
    counts = {d: _regularity(sample, d) for d in (",", ";", "\t", "|")}
    delimiter = max(counts, key=lambda d: counts[d])
    csv.field_size_limit(10_000_000)
    return csv.reader(io.StringIO(text), delimiter=delimiter)


def _regularity(sample: str, delimiter: str) -> float:
    """How alike the rows are when cut at this delimiter: share of the usual count, times it."""
    lengths = [len(row) for row in csv.reader(io.StringIO(sample), delimiter=delimiter) if row]
    if not lengths:
        return 0.0
    usual = max(set(lengths), key=lengths.count)
    return 0.0 if usual == 1 else lengths.count(usual) / len(lengths) + 0.001 * usual


def _title_lines(rows: list[list[str]]) -> list[str]:
    """Return the lines of one cell above the names of the columns, three at most."""
    alone = [" ".join(cell.strip() for cell in row if cell.strip()) for row in rows[:4]
             if sum(bool(cell.strip()) for cell in row) == 1]  # fmt: skip
    leading = 0
    while leading < len(alone) and sum(bool(c.strip()) for c in rows[leading]) == 1:
        leading += 1
    return alone[:leading] if leading < 4 else []


def _column_names(rows: list[list[str]]) -> list[str]:
    """Return the first row when it names columns: all text, while the next rows hold numbers."""
    if len(rows) < 2:
        return []
    first = [cell.strip() for cell in rows[0]]
    if any(not cell or re.fullmatch(r"[-+\d.,\s%$€£¥/:]+", cell) for cell in first):
        return []
    return first if len(set(first)) == len(first) else []


def row_text(names: list[str], row: list[str]) -> str:
    """Return a row as ``name: value | name: value``, empty cells left out."""
    cells = [" ".join(cell.split()) for cell in row]
    if not names:
        return " | ".join(cell for cell in cells if cell)
    padded = [*names, *("" for _ in range(len(cells) - len(names)))]
    pairs = zip(padded, cells, strict=False)
    return " | ".join(f"{name}: {cell}" if name else cell for name, cell in pairs if cell)
