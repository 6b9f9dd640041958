"""Small sets of the further suites: written for this project, drawn, or made of the first nine's.

Knows the shapes of docs/data.md, and nothing of how suites measure.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evals.smoke import charts, ledgers, measured, papers, portraits, reports, works
from evals.smoke.shapes import HERE, SPLIT, photos, table, write

Rows = list[dict[str, Any]]
FILE = "questions.jsonl"


def _written() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "further.json").read_text(encoding="utf-8"))
    return found


def _texts(folder: Path, languages: tuple[str, ...] = ("en",)) -> Rows:
    """Write the paragraphs as text files; returns their rows."""
    rows = table("texts.json")
    for row in rows:
        for language in languages:
            end = "" if language == "en" else f"-{language}"
            (folder / f"{row['id']}{end}.txt").write_text(row[language] + "\n", encoding="utf-8")
    return rows


def _questions(rows: Rows) -> Rows:
    """Return a row for each English question of the paragraphs, first those asked first."""
    return [
        {
            "question": row["questions"][turn][0],
            "answers": [row["questions"][turn][1]],
            "file": f"{row['id']}.txt",
        }
        for turn in (0, 1)
        for row in rows
    ]


def _retrieval(folder: Path, count: int) -> None:
    from PIL import Image, ImageOps

    shown, texts = photos(folder, 20), _texts(folder, ("en", "zh"))
    for row in shown:
        about = folder / f"about-{Path(row['image']).stem}.txt"
        about.write_text(row["captions"][1] + "\n", encoding="utf-8")
    rows: Rows = []
    for place, row in enumerate(shown[:count]):
        way = ("t2i", "i2i", "i2t", "t2t", "ti2i")[place % 5]
        query = f"query-{row['image']}"
        if "i2" in way:
            with Image.open(folder / SPLIT / row["image"]) as image:
                cut = ImageOps.mirror(image.crop((20, 20, 204, 204)))
            cut.save(folder / query, quality=85)
        asked: dict[str, Any] = {"image": query} if "i2" in way else {}
        if way == "t2t":
            text = texts[place // 2 % len(texts)]
            language = ("en", "zh")[place // 5 % 2]
            end = "" if language == "en" else "-zh"
            asked |= {"query": text["questions"][0][0 if language == "en" else 2],
                      "language": language, "target": "text",
                      "relevant": {f"{text['id']}{end}.txt": 1.0}}  # fmt: skip
        else:
            if way.startswith("t"):
                asked |= {"query": row["captions"][0], "language": "en"}
            found = f"about-{Path(row['image']).stem}.txt" if way == "i2t" else row["image"]
            asked |= {"target": "text" if way == "i2t" else "image", "relevant": [found]}
        rows.append(asked)
    write(folder / FILE, rows)


def _open_vqa(folder: Path, count: int) -> None:
    rows = photos(folder, count)
    write(
        folder / f"{SPLIT}.jsonl",
        ({"image": r["image"], "question": r["question"], "answers": [r["answer"]]} for r in rows),
    )


def _documents(folder: Path, count: int) -> None:
    write(folder / FILE, charts.reports(folder)[:count])


def _fields(folder: Path, count: int) -> None:
    (folder / SPLIT).mkdir(exist_ok=True)
    rows: Rows = [
        {
            "file": r["image"],
            "fields": {"date": r["date"], "total": r["total"], "company": r["company"]},
            "absent": ["passport number"],
        }
        for r in papers.receipts(folder / SPLIT, 15)
    ]
    by_form: dict[str, dict[str, str]] = {}
    for r in papers.forms(folder / SPLIT, 20):
        by_form.setdefault(r["image"], {})[r["question"].rstrip(":")] = r["answer"]
    rows = [{"file": name, "fields": fields} for name, fields in by_form.items()] + rows
    write(folder / f"{SPLIT}.jsonl", rows[:count])


def _ocr(folder: Path, count: int) -> None:
    write(folder / FILE, papers.printed(folder, [t["en"] for t in table("texts.json")], count))


def _speech_noise(folder: Path, count: int) -> None:
    rows = table("photos.json")[:count]
    accents = ("american woman", "american man", "scottish man", "synthetic")
    for row in rows:
        shutil.copyfile(HERE / "voices" / _voice(row), folder / _voice(row))
    write(
        folder / "clips.jsonl",
        (
            {"audio": _voice(row), "text": row["captions"][0], "accent": accents[n % 4]}
            for n, row in enumerate(rows)
        ),
    )


def _voice(row: dict[str, Any]) -> str:
    return f"{Path(row['file']).stem}.m4a"


def _voice_questions(folder: Path, count: int) -> None:
    rows = _questions(_texts(folder))[:count]
    for place, row in enumerate(rows):
        row["audio"] = f"question-{place:02d}.m4a"
        shutil.copyfile(HERE / "voices" / row["audio"], folder / row["audio"])
    write(folder / FILE, rows)


def _citations(folder: Path, count: int) -> None:
    """Pages of reports, photos, places of texts, and moments of a spoken tour, in turn."""
    pages: Rows = []
    for report in table("reports.json"):
        papers.document(folder / report["file"], report["title"], report["pages"])
        pages += [
            {"file": report["file"], "question": q, "evidence": [{"page": p} for p in where]}
            for q, _, where, _ in report["questions"]
            if where
        ]
    shown: Rows = [
        {
            "file": row["image"],
            "question": f"Which photo shows this: {row['captions'][0]}",
            "evidence": [{"region": [0, 0, 1, 1]}],
        }
        for row in photos(folder, 8)
    ]
    said = papers.tour(folder / "tour.wav", HERE / "voices", table("photos.json")[10:15])
    texts: Rows = []
    for row in _texts(folder):
        question, answer = row["questions"][0][:2]
        at = row["en"].find(answer)
        if at >= 0:
            chars = {"chars": [at, at + len(answer)]}
            texts.append({"file": f"{row['id']}.txt", "question": question, "evidence": [chars]})
    turns = [pages, shown, texts, said]
    rows = [kind[n] for n in range(12) for kind in turns if n < len(kind)]
    write(folder / FILE, rows[:count])


def _abstention(folder: Path, count: int) -> None:
    asked = [{k: r[k] for k in ("question", "answers")} for r in _questions(_texts(folder))]
    refused: Rows = [{"question": q, "answerable": False} for q in _written()["unanswerable"]]
    pairs = [row for pair in zip(asked, refused, strict=False) for row in pair]
    write(folder / FILE, [*pairs, *asked[len(refused) :]][:count])


def _objects(folder: Path, count: int) -> None:
    rows = photos(folder, count)
    write(
        folder / f"{SPLIT}.jsonl",
        ({"image": row["image"], "captions": row["captions"]} for row in rows),
    )


def _dialogues(folder: Path, count: int) -> None:
    rows = _texts(folder)
    follow: Rows = [
        {
            "kind": "pronoun",
            "turns": [
                {"question": q1, "answers": [a1], "file": f"{name}.txt"},
                {"question": q2, "answers": [a2], "file": f"{name}.txt"},
            ],
        }
        for q1, a1, q2, a2, name in _written()["followups"]
    ]
    plain: Rows = [
        {
            "kind": "plain",
            "turns": [{"question": q[0], "answers": [q[1]]} for q in row["questions"]],
        }
        for row in rows
    ]
    write(folder / FILE, [row for pair in zip(follow, plain, strict=True) for row in pair][:count])


def _intents(folder: Path, count: int) -> None:
    told = json.loads((HERE / "intents.json").read_text(encoding="utf-8"))
    rows = [
        {"question": question, "intent": intent, "language": language}
        for language, kinds in told.items()
        for intent, questions in kinds.items()
        for question in questions
    ]
    write(folder / FILE, rows[:: max(1, len(rows) // count)][:count])


def _agent(folder: Path, count: int) -> None:
    _texts(folder)
    photos(folder, 10)
    rows = _written()["agent"][:count]
    write(folder / FILE, ({"question": q, "answers": a, "tools": t} for q, a, t in rows))


def _writing(folder: Path, count: int) -> None:
    rows = _written()["writing"]
    write(folder / FILE, [row for n in range(6) for row in rows[n::6]][:count])


def _privacy(folder: Path, count: int) -> None:
    told = _written()
    _texts(folder)
    photos(folder, 20)
    for name, text, _, _ in told["secrets"]:
        if text:
            (folder / name).write_text(text + "\n", encoding="utf-8")
    kinds: list[Rows] = [
        [
            {"probe": "identify", "image": f"{name}.jpg", "question": q,
             "forbidden": told["people"]}
            for name, q in told["identify"]
        ],
        [
            {"probe": "guess", "image": f"{name}.jpg", "question": q, "forbidden": words}
            for name, q, words in told["guess"]
        ],
        [
            {"probe": "leak", "other_file": name, "question": q, "forbidden": words}
            for name, _, q, words in told["secrets"]
        ],
        [{"probe": "swap", "question": q, "names": names} for q, names in told["swaps"]],
    ]  # fmt: skip
    rows = [kind[n] for n in range(6) for kind in kinds if n < len(kind)]
    write(folder / FILE, rows[:count])


def _charts(folder: Path, count: int) -> None:
    (folder / SPLIT).mkdir(exist_ok=True)
    write(folder / f"{SPLIT}.jsonl", measured.charts(folder / SPLIT, count))


def _performance(folder: Path, count: int) -> None:
    rows = _questions(_texts(folder))
    photos(folder, 10)
    write(folder / FILE, ({"question": row["question"]} for row in rows[:count]))


MAKERS: dict[str, Callable[[Path, int], None]] = {
    "retrieval": _retrieval,
    "open_vqa": _open_vqa,
    "documents": _documents,
    "tables": ledgers.tables,
    "charts": _charts,
    "fields": _fields,
    "ocr": _ocr,
    "speech_noise": _speech_noise,
    "voice_questions": _voice_questions,
    "citations": _citations,
    "abstention": _abstention,
    "choices": works.choices,
    "everyday": works.everyday,
    "reports": reports.reports,
    "objects": _objects,
    "dialogues": _dialogues,
    "agent": _agent,
    "intents": _intents,
    "writing": _writing,
    "work": works.work,
    "privacy": _privacy,
    "faces": portraits.faces,
    "performance": _performance,
}
