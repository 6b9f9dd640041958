"""Writes a small set of each suite's shape into a folder; the same bytes each time.

Knows the shapes of docs/data.md, and nothing of how suites measure.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evals.smoke import further, papers, planted
from evals.smoke.shapes import COUNT, HERE, SPLIT, photos, table, write


def make_smoke(suite: str, folder: Path, count: int | None = None) -> Path:
    """Write the small set of a suite; returns the folder.

    Args:
        count: cases at most; default 20, all for attacks, choices, everyday, intents, tables and
            work, whose whole data this is.

    Raises:
        KeyError: no such suite.
        FileNotFound: the scikit-image package is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    most = _WHOLE.get(suite, COUNT) if count is None else count
    _MAKERS[suite](folder, most)
    return folder


def _flickr8k(folder: Path, count: int) -> None:
    rows = photos(folder, count)
    keys = ("image", "captions")
    write(folder / f"{SPLIT}.jsonl", ({k: row[k] for k in keys} for row in rows))


def _visual7w(folder: Path, count: int) -> None:
    rows = photos(folder, count)
    write(
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
    rows = photos(folder, count)
    write(
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
    write(folder / f"{SPLIT}.jsonl", papers.receipts(folder / SPLIT, count))


def _forms(folder: Path, count: int) -> None:
    (folder / SPLIT).mkdir(exist_ok=True)
    write(folder / f"{SPLIT}.jsonl", papers.forms(folder / SPLIT, count))


def _xquad(folder: Path, count: int) -> None:
    texts = table("texts.json")
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
        write(folder / f"{language}.{SPLIT}.paragraphs.jsonl", paragraphs)
        write(folder / f"{language}.{SPLIT}.questions.jsonl", questions[:count])


def _speech(folder: Path, count: int) -> None:
    rows = table("photos.json")[:count]
    _voices(folder, rows)
    write(
        folder / "clips.jsonl",
        ({"audio": _voice(row), "text": row["captions"][0]} for row in rows),
    )


def _voice_captions(folder: Path, count: int) -> None:
    rows = photos(folder, COUNT)
    _voices(folder, rows[:count])
    write(
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
    for report in table("reports.json"):
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
    write(folder / "questions.jsonl", rows[:count])


def _attacks(folder: Path, count: int) -> None:
    write(folder / "rows.jsonl", planted.attacks(folder, count))


_WHOLE = dict.fromkeys(
    ("attacks", "choices", "everyday", "intents", "reports", "tables", "work"), 1000
)
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
    **further.MAKERS,
}
