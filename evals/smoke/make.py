"""Writes a small set of each suite's shape into a folder; the same bytes each time.

Knows the shapes of docs/data.md, and nothing of how suites measure.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evals.smoke import papers, planted
from retrieval.errors import FileNotFound

HERE = Path(__file__).parent
SPLIT = "test"
COUNT = 20
_SIDE = 224


def make_smoke(suite: str, folder: Path, count: int | None = None) -> Path:
    """Write the small set of a suite; returns the folder.

    Args:
        count: cases at most; default 20, for the attacks, whose whole data this is, all.

    Raises:
        KeyError: no such suite.
        FileNotFound: the scikit-image package is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    most = _WHOLE.get(suite, COUNT) if count is None else count
    _MAKERS[suite](folder, most)
    return folder


def _table(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((HERE / name).read_text(encoding="utf-8"))
    return rows


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _photos(folder: Path, count: int) -> list[dict[str, Any]]:
    """Put the photos into the split's folder, squashed to 224 × 224; returns their rows."""
    from PIL import Image

    spec = find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFound(name="scikit-image")
    source = Path(spec.submodule_search_locations[0]) / "data"
    target = folder / SPLIT
    target.mkdir(exist_ok=True)
    rows = _table("photos.json")[:count]
    for row in rows:
        row["image"] = f"{Path(row['file']).stem}.jpg"
        with Image.open(source / row["file"]) as image:
            flat = Image.new("RGBA", image.size, "white")
            flat.alpha_composite(image.convert("RGBA"))
        small = flat.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
        small.save(target / row["image"], quality=90)
    return rows


def _flickr8k(folder: Path, count: int) -> None:
    rows = _photos(folder, count)
    keys = ("image", "captions")
    _write(folder / f"{SPLIT}.jsonl", ({k: row[k] for k in keys} for row in rows))


def _visual7w(folder: Path, count: int) -> None:
    rows = _photos(folder, count)
    _write(
        folder / f"{SPLIT}.jsonl",
        (
            {
                "image": row["image"],
                "question": row["question"].capitalize(),
                "answer": row["answer"].capitalize() + ".",
                "distractors": [wrong.capitalize() + "." for wrong in row["wrong"]],
            }
            for row in rows
        ),
    )


def _daquar(folder: Path, count: int) -> None:
    rows = _photos(folder, count)
    _write(
        folder / f"{SPLIT}.jsonl",
        (
            {
                "image": row["image"],
                "question": row["question"].rstrip("?"),
                "answer": row["answer"].replace(" ", "_").replace(",_", ", "),
            }
            for row in rows
        ),
    )


def _receipts(folder: Path, count: int) -> None:
    (folder / SPLIT).mkdir(exist_ok=True)
    _write(folder / f"{SPLIT}.jsonl", papers.receipts(folder / SPLIT, count))


def _forms(folder: Path, count: int) -> None:
    (folder / SPLIT).mkdir(exist_ok=True)
    _write(folder / f"{SPLIT}.jsonl", papers.forms(folder / SPLIT, count))


def _xquad(folder: Path, count: int) -> None:
    texts = _table("texts.json")
    for place, language in enumerate(("en", "zh")):
        paragraphs = [
            {"id": t["id"], "title": t["id"].replace("_", " "), "text": t[language]} for t in texts
        ]
        questions = [
            {
                "paragraph": t["id"],
                "question": asked[2 * place],
                "answers": [asked[2 * place + 1]],
            }
            for turn in (0, 1)
            for t in texts
            for asked in t["questions"][turn : turn + 1]
        ]
        _write(folder / f"{language}.{SPLIT}.paragraphs.jsonl", paragraphs)
        _write(folder / f"{language}.{SPLIT}.questions.jsonl", questions[:count])


def _speech(folder: Path, count: int) -> None:
    rows = _table("photos.json")[:count]
    _voices(folder, rows)
    _write(
        folder / "clips.jsonl",
        ({"audio": _voice(row), "text": row["captions"][0]} for row in rows),
    )


def _voice_captions(folder: Path, count: int) -> None:
    rows = _photos(folder, COUNT)
    _voices(folder, rows[:count])
    _write(
        folder / "clips.jsonl",
        (
            {"audio": _voice(row), "image": row["image"], "text": row["captions"][0]}
            for row in rows[:count]
        ),
    )


def _voice(row: dict[str, Any]) -> str:
    return f"{Path(row['file']).stem}.m4a"


def _voices(folder: Path, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        shutil.copyfile(HERE / "voices" / _voice(row), folder / _voice(row))


def _long_documents(folder: Path, count: int) -> None:
    rows = []
    for report in _table("reports.json"):
        papers.document(folder / report["file"], report["title"], report["pages"])
        rows += [
            {
                "document": report["file"],
                "question": question,
                "answer": answer,
                "pages": str(pages),
                "format": kind,
            }
            for question, answer, pages, kind in report["questions"]
        ]
    _write(folder / "questions.jsonl", rows[:count])


def _attacks(folder: Path, count: int) -> None:
    _write(folder / "rows.jsonl", planted.attacks(folder, count))


_WHOLE = {"attacks": 1000}
_MAKERS: dict[str, Callable[[Path, int], None]] = {
    "flickr8k": _flickr8k,
    "visual7w": _visual7w,
    "daquar": _daquar,
    "receipts": _receipts,
    "forms": _forms,
    "xquad": _xquad,
    "speech": _speech,
    "voice_captions": _voice_captions,
    "long_documents": _long_documents,
    "attacks": _attacks,
}
