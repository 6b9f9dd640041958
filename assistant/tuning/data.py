"""Training data: JSON lines beside a tar or folder of images, checked row by row.

Three shapes of row are known: captions, questions, and regions with their text. A set is a folder
that holds one ``<split>.jsonl`` a split, with the photos in ``<split>.tar``, in a folder
``<split>/``, or beside the file. Everything is checked before any training starts, because an
error after three hours helps nobody.

Knows nothing of models.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from assistant.errors import DataImageBad, DataInvalid, DataLeaks

_MOST_CHARACTERS = 2000


@dataclass(frozen=True)
class CaptionRow:
    """A photo and the sentences people wrote of it."""

    image: str
    captions: tuple[str, ...]


@dataclass(frozen=True)
class QuestionRow:
    """A photo, a question, its answer, and perhaps wrong answers to choose from."""

    image: str
    question: str
    answer: str
    distractors: tuple[str, ...] = ()


@dataclass(frozen=True)
class RegionRow:
    """A photo and the text at a place in it; the box is x0, y0, x1, y1 in pixels."""

    image: str
    box: tuple[float, float, float, float]
    text: str


Row = CaptionRow | QuestionRow | RegionRow


class ImageSource:
    """The photos of one split, by name, in a tar or a folder.

    Not safe to share between threads: a tar has one file position.
    """

    def __init__(self, folder: Path, split: str) -> None:
        tar = folder / f"{split}.tar"
        self._tar = tarfile.open(tar) if tar.is_file() else None  # noqa: SIM115
        self._members = {m.name: m for m in self._tar.getmembers()} if self._tar else {}
        self._folder = folder / split if (folder / split).is_dir() else folder
        self.place = tar if self._tar else self._folder

    def has(self, name: str) -> bool:
        """Tell whether there is a file of this name, without opening it."""
        return name in self._members if self._tar else self._path(name) is not None

    def read(self, name: str) -> bytes:
        """Return the bytes of a photo.

        Raises:
            DataImageBad: there is no such file.
        """
        if self._tar is not None and name in self._members:
            handle = self._tar.extractfile(self._members[name])
            if handle is not None:
                return handle.read()
        path = None if self._tar else self._path(name)
        if path is None:
            raise DataImageBad(image=name, path=self.place, detail="it is not there")
        return path.read_bytes()

    def open(self, name: str) -> Image.Image:
        """Return a photo in RGB.

        Raises:
            DataImageBad: it is missing or cannot be decoded.
        """
        try:
            with Image.open(io.BytesIO(self.read(name))) as image:
                return image.convert("RGB")
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
            raise DataImageBad(image=name, path=self.place, detail=str(error)) from error

    def _path(self, name: str) -> Path | None:
        """Return the file of a name, unless the name leads out of the folder."""
        path = (self._folder / name).resolve()
        inside = path.is_relative_to(self._folder.resolve())
        return path if inside and path.is_file() else None


@dataclass(frozen=True)
class Split:
    """One checked file of rows with its photos. ``name`` is ``<set>/<split>``.

    ``digests`` are the SHA-256 of the photos by name, where they were opened.
    """

    name: str
    path: Path
    rows: tuple[Row, ...]
    images: ImageSource = field(repr=False, compare=False)
    digests: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def image_names(self) -> list[str]:
        """Return every photo once, in the order of first use."""
        return list(dict.fromkeys(row.image for row in self.rows))


def read_split(path: Path, open_images: bool = False) -> Split:
    """Read and check one ``.jsonl`` file.

    Args:
        open_images: also decode every photo, which finds corrupt ones but takes longer.

    Raises:
        DataInvalid: a row is wrong (path and line are named), or there are no rows.
        DataImageBad: a photo is missing or corrupt.
    """
    rows = tuple(_read_rows(path))
    if not rows:
        raise DataInvalid(path=path, line=1, detail="the file has no rows")
    split = Split(f"{path.parent.name}/{path.stem}", path, rows, _source(path))
    for name in split.image_names():
        if open_images:
            split.images.open(name)
            split.digests[name] = hashlib.sha256(split.images.read(name)).hexdigest()
        elif not split.images.has(name):
            raise DataImageBad(image=name, path=split.images.place, detail="it is not there")
    return split


def find_splits(folder: Path) -> list[Path]:
    """Return the ``.jsonl`` files of a data folder: its own, else those of its sub-folders.

    Raises:
        DataInvalid: there are none.
    """
    found = sorted(folder.glob("*.jsonl")) or sorted(folder.glob("*/*.jsonl"))
    if not found:
        raise DataInvalid(path=folder, line=0, detail="there is no .jsonl file in it")
    return found


def check_leakage(splits: Sequence[Split]) -> None:
    """Refuse photos that are in two splits of the same set: measured on them, a model cheats.

    Raises:
        DataLeaks: with the number of such photos and the first of them.
    """
    owner: dict[tuple[str, str], Split] = {}
    for split in splits:
        own = split.name.split("/")[0]
        shared = [
            name
            for name in split.image_names()
            if owner.setdefault((own, name), split).name != split.name
        ]
        if shared:
            other = owner[own, shared[0]]
            raise DataLeaks(first=other.path, second=split.path, count=len(shared), image=shared[0])


def check_copies(learning: Sequence[Split], measuring: Sequence[Split]) -> None:
    """Refuse photos that are learned from and measured on under two names (the same bytes).

    Raises:
        DataLeaks: with the number of such photos and the first of them.
    """
    owner = {digest: split for split in learning for digest in split.digests.values()}
    for split in measuring:
        shared = [name for name, digest in split.digests.items() if digest in owner]
        if shared:
            other = owner[split.digests[shared[0]]]
            raise DataLeaks(first=other.path, second=split.path, count=len(shared), image=shared[0])


def hold_out(split: Split, every: int = 10) -> tuple[Split, Split]:
    """Cut a set that has no validation split into (training, held out), by photo.

    Every tenth photo in the order of names is held out, so all runs agree which.
    """
    held = set(sorted(split.image_names())[3::every])
    return _only(split, lambda name: name not in held), _only(split, lambda name: name in held)


def _only(split: Split, wanted: Callable[[str], bool]) -> Split:
    rows = tuple(row for row in split.rows if wanted(row.image))
    digests = {name: digest for name, digest in split.digests.items() if wanted(name)}
    return replace(split, rows=rows, digests=digests)


def parse_row(value: Any) -> Row:
    """Return the row of one decoded JSON value.

    Raises:
        ValueError: it is of none of the three shapes; the text says what is missing.
    """
    if not isinstance(value, dict):
        raise ValueError("a row must be a JSON object")
    image = _text(value, "image")
    if "captions" in value:
        return CaptionRow(image, _texts(value, "captions"))
    if "question" in value:
        wrong = _texts(value, "distractors") if value.get("distractors") else ()
        return QuestionRow(image, _text(value, "question"), _text(value, "answer"), wrong)
    if "box" in value:
        return RegionRow(image, _box(value["box"]), _text(value, "text"))
    raise ValueError("a row needs `captions`, or `question` and `answer`, or `box` and `text`")


def _source(path: Path) -> ImageSource:
    try:
        return ImageSource(path.parent, path.stem)
    except (OSError, tarfile.TarError) as error:
        detail = f"its archive of photos cannot be read ({error})"
        raise DataInvalid(path=path.with_suffix(".tar"), line=0, detail=detail) from error


def _read_rows(path: Path) -> Iterator[Row]:
    try:
        lines: Iterable[bytes] = path.read_bytes().splitlines()
    except OSError as error:
        raise DataInvalid(path=path, line=0, detail=error.strerror or str(error)) from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield parse_row(json.loads(line.decode("utf-8-sig")))
        except json.JSONDecodeError as error:
            detail = f"not JSON: {error.msg} at column {error.colno}"
            raise DataInvalid(path=path, line=number, detail=detail) from error
        except (ValueError, UnicodeDecodeError) as error:
            raise DataInvalid(path=path, line=number, detail=str(error)) from error


def _text(value: dict[str, Any], key: str) -> str:
    text = value.get(key)
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"`{key}` must be text that is not empty")
    if len(text) > _MOST_CHARACTERS:
        raise ValueError(f"`{key}` has {len(text)} characters, the limit is {_MOST_CHARACTERS}")
    return text.strip()


def _texts(value: dict[str, Any], key: str) -> tuple[str, ...]:
    texts = value.get(key)
    if not isinstance(texts, list) or not texts:
        raise ValueError(f"`{key}` must be a list with at least one text")
    return tuple(_text({key: text}, key) for text in texts)


def _box(value: Any) -> tuple[float, float, float, float]:
    numbers = isinstance(value, list) and len(value) == 4
    if not numbers or not all(type(v) in (int, float) for v in value):
        raise ValueError("`box` must be four numbers: x0, y0, x1, y1")
    x0, y0, x1, y1 = (float(v) for v in value)
    if x0 > x1 or y0 > y1:
        raise ValueError("`box` must have x0 <= x1 and y0 <= y1")
    return x0, y0, x1, y1
