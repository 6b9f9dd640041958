"""What a workbook keeps beside the values of a sheet: which cells are merged, and comments.

Read from the archive, since sheets that are streamed have neither. Knows no rows.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple
from zipfile import ZipFile

from retrieval.parse.comments import comments_in, names_in
from retrieval.parse.office_xml import root_of

_MERGED = re.compile(
    rb'<(?:\w+:)?mergeCell\s[^<>]{0,120}?\bref="([A-Z]{1,3}\d{1,7}):([A-Z]{1,3}\d{1,7})"'
)
_BLOCK, _LONGEST = 1 << 20, 200
_MOST = 10_000


class Merged(NamedTuple):
    """Cells that are shown as one; the first holds the value. All numbers are 1-based."""

    left: int
    top: int
    right: int
    bottom: int


class SheetParts(NamedTuple):
    """What lies beside the cells of one sheet; comments are (cell, comment) in their order."""

    merged: tuple[Merged, ...] = ()
    comments: tuple[tuple[str, str], ...] = ()


def parts_of(archive: ZipFile, path: str) -> SheetParts:
    """Return what lies beside the cells of the sheet at a path of the archive; nothing of what is
    damaged or missing: the values can be read without it."""
    try:
        return SheetParts(tuple(_merged(archive, path)), tuple(_comments(archive, path)))
    except Exception:  # zip, XML and key errors alike
        return SheetParts()


def _merged(archive: ZipFile, path: str) -> Iterator[Merged]:
    from openpyxl.utils.cell import coordinate_to_tuple

    found: dict[tuple[bytes, bytes], None] = {}
    with archive.open(path) as part:
        held = b""
        while (block := part.read(_BLOCK)) and len(found) < _MOST:
            held = held[-_LONGEST:] + block
            found |= dict.fromkeys((m[1], m[2]) for m in _MERGED.finditer(held))
    for first, last in list(found)[:_MOST]:
        (top, left), (bottom, right) = (coordinate_to_tuple(c.decode()) for c in (first, last))
        yield Merged(left, top, right, bottom)


def _comments(archive: ZipFile, path: str) -> Iterator[tuple[str, str]]:
    names = set(archive.namelist())
    people: dict[str, str] = {}
    for name in names:
        if name.startswith("xl/persons/"):
            people |= names_in(archive.read(name))
    for target in _linked(archive, path):
        if target in names:
            data = archive.read(target)
            yield from comments_in(data, {**people, **names_in(data)})


def _linked(archive: ZipFile, path: str) -> Iterator[str]:
    """Yield the paths of the comments that a sheet links to."""
    folder, name = posixpath.split(path)
    links = f"{folder}/_rels/{name}.rels"
    if links not in archive.namelist():
        return
    for link in root_of(archive.read(links)):
        if str(link.get("Type", "")).endswith(("/comments", "/threadedComment")):
            target = str(link.get("Target", ""))
            yield posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
