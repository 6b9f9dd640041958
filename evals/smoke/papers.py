"""Draws receipts, forms and documents of invented shops, people and figures.

Letters come from the typeface inside Pillow, so that nothing depends on the machine's fonts.
"""

from __future__ import annotations

import random
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFilter, ImageFont

_SHOPS = (
    ("BLUE HERON BOOKS", "4 Mill Lane, Port Ellen"),
    ("GREEN VALLEY GROCERS", "118 Station Road, Oldham"),
    ("NORDLICHT KAFFEE GMBH", "Hafenstrasse 9, Kiel"),
    ("PAPERCLIP STATIONERY SDN BHD", "22 Jalan Bunga, Ipoh"),
    ("RIVERSIDE HARDWARE", "7 Dock Street, Leeds"),
    ("SUNRISE BAKERY", "61 Market Square, York"),
    ("TANAKA BICYCLES", "3-12 Sakura Street, Nara"),
    ("OAK AND IRON TOOLS LTD", "15 Forge Row, Derby"),
    ("PHARMACIE DU PONT", "2 Rue du Pont, Lyon"),
    ("KITE AND ANCHOR TOYS", "33 Beach Road, Dover"),
)
_GOODS = (
    "Notebook A5", "Pencils 12 pcs", "Coffee beans 500 g", "Rye bread", "Brass screws",
    "Bicycle lamp", "Hand cream", "Wooden train", "Paint brush", "Ginger tea", "Lamp oil",
)  # fmt: skip
_FIELDS = (
    ("Name:", ("Ruth Ames", "Omar Haddad", "Lena Brandt", "Jun Tanaka", "Priya Nair")),
    ("Department:", ("Logistics", "Research", "Kitchen", "Archive", "Workshop")),
    ("Date of request:", ("12 May 2021", "3 June 2020", "27 March 2019", "8 August 2022",
                          "19 October 2018")),
    ("Amount requested:", ("1,250.00", "87.40", "460.00", "3,015.75", "219.90")),
)  # fmt: skip
_TITLES = ("Travel request", "Order of material", "Request for leave", "Loan of tools", "Repairs")


def _font(size: int) -> Any:
    return ImageFont.load_default(size)


def receipts(folder: Path, count: int) -> list[dict[str, Any]]:
    """Draw ``count`` receipts as JPEG; returns their rows."""
    rng = random.Random(1)
    rows = []
    for number in range(count):
        shop, address = _SHOPS[number % len(_SHOPS)]
        bought = [(rng.choice(_GOODS), rng.randint(1, 4), rng.randint(150, 4000)) for _ in "123"]
        total = f"{sum(n * cents for _, n, cents in bought) / 100:.2f}"
        day = f"{rng.randint(1, 28):02d}/{rng.randint(1, 12):02d}/{rng.choice((2021, 2022, 2023))}"
        lines = [shop, address, "", f"Date: {day}", f"Receipt no. {4100 + 37 * number}", ""]
        lines += [f"{n} x {name}   {n * cents / 100:.2f}" for name, n, cents in bought]
        lines += ["", f"TOTAL   {total}", "", "Thank you, come again"]
        name = f"receipt-{number:02d}.jpg"
        _page(lines, (620, 900), 30).save(folder / name, quality=90)
        rows.append(
            {"image": name, "company": shop, "date": day, "address": address, "total": total}
        )
    return rows


def forms(folder: Path, count: int) -> list[dict[str, Any]]:
    """Draw forms of four fields each as JPEG; returns a row for each of ``count`` fields."""
    rows: list[dict[str, Any]] = []
    for number in range((count + len(_FIELDS) - 1) // len(_FIELDS)):
        name = f"form-{number:02d}.jpg"
        turn = number % len(_TITLES)
        values = [(label, choices[turn]) for label, choices in _FIELDS]
        lines = ["NORTH QUAY COMPANY", _TITLES[turn], ""]
        for label, value in values:
            lines += [f"{label}   {value}", ""]
        page = _page(lines, (900, 700), 34)
        page.save(folder / name, quality=90)
        for place, (label, value) in enumerate(values):
            top = 60 + (3 + 2 * place) * 54
            rows.append(
                {"image": name, "question": label, "answer": value, "box": [60, top, 840, top + 40]}
            )
    return rows[:count]


def _page(lines: list[str], size: tuple[int, int], height: int) -> Image.Image:
    page = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(page)
    for place, line in enumerate(lines):
        draw.text((60, 60 + place * int(height * 1.6)), line, fill="black", font=_font(height))
    return page


def document(path: Path, title: str, pages: list[str]) -> None:
    """Write a PDF with one paragraph a page, without the current date."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

    style = getSampleStyleSheet()
    story: list[Any] = [Paragraph(title, style["Title"])]
    for text in pages:
        story += [Paragraph(text, style["BodyText"]), PageBreak()]
    SimpleDocTemplate(str(path), pagesize=A4, title=title, invariant=1).build(story)


def printed(folder: Path, texts: Sequence[str], count: int) -> list[dict[str, Any]]:
    """Draw paragraphs as pictures under changing conditions; returns rows with their text."""
    rows = []
    for number in range(count):
        condition = _CONDITIONS[number % len(_CONDITIONS)]
        lines = textwrap.wrap(texts[number % len(texts)], 46)
        height = 16 if condition == "small" else 28
        page = _page(lines, (60 + 26 * height, 120 + len(lines) * int(height * 1.6)), height)
        name = f"print-{number:02d}.jpg"
        _worn(page, condition).save(folder / name, quality=90)
        rows.append({"image": name, "text": " ".join(lines), "condition": condition})
    return rows


_CONDITIONS = ("clean", "small", "blurred", "tilted", "faint")


def _worn(page: Image.Image, condition: str) -> Image.Image:
    if condition == "blurred":
        return page.filter(ImageFilter.GaussianBlur(1.2))
    if condition == "tilted":
        return page.rotate(2.0, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
    if condition == "faint":
        return page.point([150 + value * 105 // 255 for value in range(256)] * 3)
    return page


def tour(path: Path, voices: Path, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write one recording of several spoken captions with pauses; returns questions on them."""
    import numpy as np

    from evals import sounds

    pieces, asked, at = [], [], 0.0
    for row in rows:
        clip = sounds.decode(voices / f"{Path(row['file']).stem}.m4a")
        end = at + len(clip) / sounds.RATE
        question = f"When does the recording tour.wav say: {row['captions'][0]}"
        asked.append(
            {"file": path.name, "question": question,
             "evidence": [{"start": round(at, 2), "end": round(end, 2)}]}
        )  # fmt: skip
        pieces += [clip, np.zeros(sounds.RATE * 2, dtype=np.float32)]
        at = end + 2.0
    sounds.write(path, np.concatenate(pieces))
    return asked
