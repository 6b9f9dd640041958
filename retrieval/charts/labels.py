"""The words of a chart: joined to labels, and numbers among them. Knows no pixels' colours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from retrieval.values import Word

_JOINED = 0.75
"""Gap, in letter heights, up to which two words of one row are one label."""
_SCALES = {
    "k": 1e3, "K": 1e3, "M": 1e6, "m": 1e6, "B": 1e9, "bn": 1e9, "Mio": 1e6, "Mrd": 1e9,
    "千": 1e3, "万": 1e4, "百万": 1e6, "亿": 1e8,
}  # fmt: skip
_NUMBER = re.compile(
    r"(?P<minus>[-−–—(]?)\s?(?P<sign>US\$|[$€£¥￥])?\s?(?P<minus2>[-−–]?)"
    r"(?P<digits>\d{1,3}(?:[,  ]\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?|\.\d+)"
    r"\s?(?P<scale>k|K|M|m|B|bn|Mio|Mrd|千|百万|万|亿)?\s?(?P<unit>%|€|$)?\)?"
)


@dataclass(frozen=True)
class Label:
    """Words that stand together, in pixels of the picture; ``number`` when they are one, ``size``
    the height of their letters."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    number: float | None = None
    unit: str = ""
    size: float = 10.0

    @property
    def cx(self) -> float:
        """Middle, across."""
        return (self.x0 + self.x1) / 2

    @property
    def cy(self) -> float:
        """Middle, down."""
        return (self.y0 + self.y1) / 2

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.y1 - self.y0


def number_of(text: str) -> tuple[float, str] | None:
    """Return a number and its unit (%, $ …) when the text is one and nothing else."""
    text = text.strip()
    if any(c.isdigit() for c in text):
        text = re.sub(r"(?<=[\d.,])[oO]|(?<![A-Za-z])[oO](?=[\d.,])", "0", text)
    elif text in ("o", "O"):
        text = "0"  # what the recogniser makes of a lone nought
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    digits = re.sub(r"[,  ](?=\d{3}(?:\D|$))", "", found["digits"]).replace(",", ".")
    value = float(digits) * _SCALES.get(found["scale"] or "", 1.0)
    if found["minus"] or found["minus2"]:
        value = -value
    return value, found["unit"] or found["sign"] or ""


def labels_of(words: Sequence[Word], width: int, height: int) -> list[Label]:
    """Return the labels of a picture of that many pixels."""
    placed = [
        Label(w.text, w.box[0] * width, w.box[1] * height, w.box[2] * width, w.box[3] * height)
        for w in words
        if w.box is not None and any(c.isalnum() for c in w.text)
    ]
    placed.sort(key=lambda p: (p.x0, p.y0))
    runs: list[list[Label]] = []
    for one in placed:
        run = next((r for r in reversed(runs) if _continues(r[-1], one)), None)
        if run is None:
            runs.append([one])
        else:
            run.append(one)
    return [_joined(run) for run in runs]


def single_labels(words: Sequence[Word], width: int, height: int) -> list[Label]:
    """Return each word as a label of its own."""
    found = []
    for word in words:
        if word.box is None or not word.text.strip():
            continue
        x0, y0, x1, y1 = word.box
        number, unit = number_of(word.text) or (None, "")
        box = (x0 * width, y0 * height, x1 * width, y1 * height)
        found.append(Label(word.text, *box, number, unit, (y1 - y0) * height))
    return found


def _continues(before: Label, after: Label) -> bool:
    height = min(before.height, after.height)
    shared = min(before.y1, after.y1) - max(before.y0, after.y0)
    gap = after.x0 - before.x1
    alike = max(before.height, after.height) < 1.8 * height
    return alike and shared > 0.5 * height and -0.6 * height < gap < _JOINED * height


def _joined(run: Sequence[Label]) -> Label:
    text = ""
    for one in run:
        wide = bool(text) and ord(text[-1]) > 0x2E80 and ord(one.text[0]) > 0x2E80
        touching = bool(text) and (ord(text[-1]) > 0x2E80 or ord(one.text[0]) > 0x2E80)
        text += ("" if wide or touching or not text else " ") + one.text
    text = text.replace("|", "/").strip()
    found = number_of(text)
    return Label(
        text,
        min(o.x0 for o in run),
        min(o.y0 for o in run),
        max(o.x1 for o in run),
        max(o.y1 for o in run),
        found[0] if found else None,
        found[1] if found else "",
        median(o.height for o in run),
    )


def turned(label: Label, width: int) -> Label:
    """Return a label of a picture that is turned anti-clockwise by a quarter: right becomes up."""
    return replace(label, x0=label.y0, x1=label.y1, y0=width - label.x1, y1=width - label.x0)
