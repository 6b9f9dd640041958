"""Finds and reads data folders: the split's rows, and the media they name.

A set is JSON lines beside its media; media lie next to the rows, in a folder, or in an
uncompressed tar. Media are known by their base name and are opened by content elsewhere. Knows
nothing of suites beyond the keys a row must have.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from evals.errors import EvalDataInvalid
from evals.values import Broken, Row

PREFERRED = ("test", "val", "valid", "validation", "dev", "eval")
UNNAMED = frozenset({"clips", "questions", "captions", "rows", "data"})
ALL = "all"
Kinds = Mapping[str, type | tuple[type, ...]]


@dataclass(frozen=True)
class Stored:
    """Where the bytes of a media file are: a file, or a stretch of a tar."""

    path: Path
    size: int
    offset: int | None = None

    def read(self) -> bytes:
        """Return the bytes."""
        if self.offset is None:
            return self.path.read_bytes()
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read(self.size)


class Media:
    """The media of a data folder by base name.

    What lies in the folder or tar named like the split wins over what lies beside the rows, and
    that over what other folders and tars in it hold.
    """

    def __init__(self, folder: Path, split: str = "") -> None:
        self._stored: dict[str, Stored] = {}
        near = [*folder.glob("*"), *folder.glob("*/*")]  # no deeper: the folder may be anyone's
        places = sorted(p for p in near if p.is_file() and p.suffix != ".jsonl")
        for path in sorted(places, key=lambda p: _distance(p, folder, split)):
            if path.suffix == ".tar":
                self._add_tar(path)
            else:
                self._stored.setdefault(path.name, Stored(path, path.stat().st_size))

    def _add_tar(self, path: Path) -> None:
        try:
            with tarfile.open(path, "r:") as tar:
                for member in tar:
                    if member.isfile():
                        name = Path(member.name).name
                        stored = Stored(path, member.size, member.offset_data)
                        self._stored.setdefault(name, stored)
        except tarfile.TarError as error:
            raise EvalDataInvalid(
                folder=str(path), suite="any", detail=f"not an uncompressed tar ({error})"
            ) from error

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and Path(name).name in self._stored

    def names(self) -> list[str]:
        """Return the base names, sorted."""
        return sorted(self._stored)

    def read(self, name: str) -> bytes:
        """Return the bytes of a media file."""
        return self._stored[Path(name).name].read()

    def file(self, name: str, scratch: Path) -> Path:
        """Return a path to a media file; a member of a tar is written into ``scratch`` first."""
        stored = self._stored[Path(name).name]
        if stored.offset is None:
            return stored.path
        target = scratch / Path(name).name
        if not target.is_file() or target.stat().st_size != stored.size:
            scratch.mkdir(parents=True, exist_ok=True)
            whole = scratch / f"{uuid4().hex}.part"
            whole.write_bytes(stored.read())
            whole.replace(target)
        return target

    def digest(self, names: Iterable[str]) -> str:
        """Return a hash of the named files' names and bytes."""
        total = hashlib.sha256()
        for name in sorted({Path(n).name for n in names}):
            total.update(name.encode())
            total.update(hashlib.sha256(self.read(name)).digest())
        return total.hexdigest()


def _distance(path: Path, folder: Path, split: str) -> int:
    inside = path.relative_to(folder).parts
    if path.suffix == ".tar":
        return 1 if path.stem == split else 4
    if len(inside) > 1:
        return 0 if inside[0] == split else 3
    return 2


def suite_folder(folder: Path, suite: str) -> Path:
    """Return the folder of one set: ``folder`` itself, or the set's folder inside it.

    Raises:
        EvalDataInvalid: no such folder.
    """
    if not folder.is_dir():
        raise EvalDataInvalid(folder=str(folder), suite=suite, detail="there is no such folder")
    inner = folder / suite
    return inner if inner.is_dir() and not list(folder.glob("*.jsonl")) else folder


def choose_split(found: Iterable[str], wanted: str | None) -> str:
    """Return ``wanted`` when the files name it, else the best split to evaluate on.

    The order is test, val, dev and their kin, then any other name, and train only when there is
    nothing else.

    Args:
        found: names of splits, not empty.
    """
    names = sorted(set(found))
    if wanted in names:
        return str(wanted)
    rank = {name: place for place, name in enumerate(PREFERRED)}
    rank["train"] = len(PREFERRED) + 1
    return min(names, key=lambda name: (rank.get(name.lower(), len(PREFERRED)), name))


def find_rows(folder: Path, suite: str, kinds: Kinds, split: str | None) -> tuple[Path, str]:
    """Return the JSON-lines file of the split and the split's name.

    Args:
        kinds: the keys a row of this suite has; files without such a row are passed over.

    Raises:
        EvalDataInvalid: no file has such a row.
    """
    files = sorted(folder.glob("*.jsonl")) or sorted(folder.glob("*/*.jsonl"))
    by_split: dict[str, Path] = {}
    for path in files:
        if _has_rows(path, kinds):
            name = path.stem if path.parent == folder else path.parent.name
            by_split.setdefault(ALL if name in UNNAMED else name, path)
    if not by_split:
        keys = ", ".join(kinds)
        raise EvalDataInvalid(
            folder=str(folder), suite=suite, detail=f"no .jsonl file has rows with {keys}"
        )
    chosen = choose_split(by_split, split)
    return by_split[chosen], chosen


def _has_rows(path: Path, kinds: Kinds) -> bool:
    with path.open("rb") as file:
        for line in file:
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict) and all(key in value for key in kinds):
                return True
    return False


def read_rows(path: Path, kinds: Kinds) -> tuple[list[Row], list[Broken]]:
    """Read a JSON-lines file; rows that are no JSON or lack a key are named, not fatal."""
    rows: list[Row] = []
    broken: list[Broken] = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        where = f"{path.name}:{number}"
        if not line.strip():
            continue
        try:
            value = json.loads(line.decode("utf-8-sig"))
        except ValueError as error:
            broken.append(Broken(where, f"not JSON: {error}"))
            continue
        if fault := _fault(value, kinds):
            broken.append(Broken(where, fault))
        else:
            rows.append(Row(where, value))
    return rows, broken


def _fault(value: Any, kinds: Kinds) -> str:
    if not isinstance(value, dict):
        return "not an object"
    for key, kind in kinds.items():
        if key not in value:
            return f"{key} is missing"
        if isinstance(value[key], bool) or not isinstance(value[key], kind):
            return f"{key} is a {type(value[key]).__name__}"
        if value[key] in ("", []):
            return f"{key} is empty"
    return ""


def with_media(rows: Sequence[Row], key: str, media: Media) -> tuple[list[Row], list[Broken]]:
    """Part the rows into those whose file is there and those whose file is missing."""
    there = [row for row in rows if row.values[key] in media]
    gone = [
        Broken(row.where, f"the file {row.values[key]} is missing")
        for row in rows
        if row.values[key] not in media
    ]
    return there, gone


def rows_digest(rows: Iterable[Row], *more: str) -> str:
    """Return a hash of the rows' values and of further digests."""
    total = hashlib.sha256()
    for row in rows:
        total.update(json.dumps(row.values, sort_keys=True, ensure_ascii=False).encode())
    for digest in more:
        total.update(digest.encode())
    return total.hexdigest()
