"""The small sets of ``work``, ``choices``, ``everyday``: texts in two languages, photos, asks."""

from __future__ import annotations

import json
from pathlib import Path

from evals.smoke.shapes import HERE, photos, write


def work(folder: Path, count: int) -> None:
    """Write the files and the requests about them, the kinds of request in turn."""
    told = json.loads((HERE / "work.json").read_text(encoding="utf-8"))
    for name, lines in told["texts"].items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    for place, (name, (day, latitude, longitude)) in enumerate(told["photos"].items()):
        _photo(folder / name, 40 * place, day, latitude, longitude)
    photos(folder, 10)
    longest = max(map(len, told["rows"].values()))
    rows = [
        {"task": task, **kind[n]}
        for n in range(longest)
        for task, kind in told["rows"].items()
        if n < len(kind)
    ]
    write(folder / "questions.jsonl", rows[:count])


def choices(folder: Path, count: int) -> None:
    """Write the texts and the questions on them that name their answers, or ask yes or no."""
    told = json.loads((HERE / "choices.json").read_text(encoding="utf-8"))
    for name, text in told["texts"].items():
        (folder / name).write_text(text + "\n", encoding="utf-8")
    write(folder / "questions.jsonl", told["questions"][:count])


def everyday(folder: Path, count: int) -> None:
    """Write passages of everyday papers, each a file, and what is asked of them."""
    told = json.loads((HERE / "everyday.json").read_text(encoding="utf-8"))
    for name, lines in told["texts"].items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    write(folder / "questions.jsonl", told["questions"][:count])


def _photo(path: Path, shade: int, day: str, latitude: float, longitude: float) -> None:
    """Draw a ball on a ground, taken on a day at a place (degrees north and east)."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (224, 224), (shade % 256, 120, 255 - shade % 256))
    ImageDraw.Draw(image).ellipse((60, 60, 60 + 40 + shade // 3, 160), fill=(250, 220, 40))
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = f"{day.replace('-', ':')} 10:00:00"
    exif.get_ifd(0x8825).update({1: "N", 2: _degrees(latitude), 3: "E", 4: _degrees(longitude)})
    image.save(path, exif=exif, quality=90)


def _degrees(value: float) -> tuple[float, float, float]:
    minutes = value % 1 * 60
    return (float(int(value)), float(int(minutes)), round(minutes % 1 * 60, 2))
