"""The small set of ``tables``: tables of two languages within seven kinds of file, and questions.

The rows and the right figures stand in ``tables.json``; the figures were worked out from the rows
by a script, never by the product. Files have the same bytes each time.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from html import escape
from pathlib import Path

from evals.smoke.shapes import HERE, write

Table = Sequence[Sequence[str]]
_EPOCH = datetime(2024, 1, 1)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def tables(folder: Path, count: int) -> None:
    """Write the files, two notes that hold no figures, and the questions, files by turns."""
    told = json.loads((HERE / "tables.json").read_text(encoding="utf-8"))
    for name, given in told["files"].items():
        path = folder / name
        _WRITERS[path.suffix](path, given["title"], given["rows"])
    for name, text in told["notes"].items():
        (folder / name).write_text(text + "\n", encoding="utf-8")
    write(folder / "questions.jsonl", told["questions"][:count])


def _csv(path: Path, title: str, rows: Table) -> None:
    """Semicolons where a figure has a decimal comma; quotes where a cell holds the separator."""
    mark = "\t" if path.suffix == ".tsv" else ";" if "umsaetze" in path.name else ","
    quoted = [[f'"{cell}"' if mark in cell else cell for cell in row] for row in rows]
    path.write_text("\n".join(map(mark.join, quoted)) + "\n", encoding="utf-8")


def _xlsx(path: Path, title: str, rows: Table) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None  # a new book has one
    for row in rows:
        sheet.append([_value(cell) for cell in row])
    book.properties.created = book.properties.modified = _EPOCH
    book.save(path)
    _stamped(path)


def _value(cell: str) -> str | float | datetime:
    """Return what a person would have in the cell: a number, a day, or words."""
    if _NUMBER.fullmatch(cell):
        return float(cell)
    return datetime.fromisoformat(cell) if _DAY.fullmatch(cell) else cell


def _docx(path: Path, title: str, rows: Table) -> None:
    from docx import Document

    page = Document()
    page.core_properties.created = page.core_properties.modified = _EPOCH
    page.add_heading(title, 1)
    grid = page.add_table(rows=len(rows), cols=len(rows[0]))
    grid.style = "Table Grid"
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            grid.cell(number, place).text = cell
    page.save(str(path))
    _stamped(path)


def _stamped(path: Path) -> None:
    """Write a packed file anew without the time at which it was made."""
    with zipfile.ZipFile(path) as packed:
        held = {name: packed.read(name) for name in packed.namelist()}
    now = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in held.items():
            if name == "docProps/core.xml":
                data = now.sub(rb"\g<1>2024-01-01T00:00:00Z", data)
            packed.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)


def _pdf(path: Path, title: str, rows: Table) -> None:
    """Rows so high that a long table goes on on a second page, its header repeated."""
    from reportlab.lib.colors import grey
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

    font = "Helvetica" if title.isascii() or "ö" in title else "STSong-Light"
    if font == "STSong-Light":
        pdfmetrics.registerFont(UnicodeCIDFont(font))
    grid = Table([list(row) for row in rows], rowHeights=24, repeatRows=1)
    grid.setStyle([("GRID", (0, 0), (-1, -1), 0.5, grey), ("FONT", (0, 0), (-1, -1), font, 11)])
    heading = Paragraph(title, ParagraphStyle("head", fontName=font, fontSize=16, spaceAfter=16))
    page = SimpleDocTemplate(str(path), pagesize=A4, title=title, invariant=1)
    page.build([heading, grid])


def _markdown(path: Path, title: str, rows: Table) -> None:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, "|" + " --- |" * len(rows[0]))
    path.write_text(f"# {title}\n\n" + "\n".join(lines) + "\n", encoding="utf-8")


def _html(path: Path, title: str, rows: Table) -> None:
    drawn = [
        "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row)
        for row, tag in zip(rows, ["th", *["td"] * len(rows)], strict=False)
    ]
    body = "\n".join(f"<tr>{row}</tr>" for row in drawn)
    path.write_text(
        f"<!doctype html><html><head><meta charset='utf-8'><title>{title}</title></head>\n"
        f"<body><h1>{title}</h1>\n<table>\n{body}\n</table></body></html>\n",
        encoding="utf-8",
    )


_WRITERS: dict[str, Callable[[Path, str, Table], None]] = {
    ".csv": _csv, ".tsv": _csv, ".xlsx": _xlsx, ".docx": _docx, ".pdf": _pdf,
    ".md": _markdown, ".html": _html,
}  # fmt: skip
