"""Differences and shares, worked out of the sentence that was read, never by the model.

"By how much did it rise?" is not answered by one of the two figures. Where the sentence states the
change, what was read stands; where it has just two figures of the unit, they are taken from each
other, or one is told as a share of the other; else nothing was found. Knows no model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from assistant.arithmetic import calculate, plain_number
from assistant.phrases import any_of
from assistant.reader import Reading
from retrieval.sentences import sentences_of

Asked = Literal["difference", "share", ""]
_DIFFERENCE = any_of(
    r"\bhow (?:much|many) (?:\w+ )?(?:more|less|fewer|higher|lower|cheaper|dearer|longer|shorter)\b"
    r"|\bby how (?:much|many)\b|\bdifference (?:between|in|of)\b",
    "相差|差多少|差额|多多少|少多少|高多少|低多少|贵多少|便宜多少|[涨降增减][了加少]?多少",
)
_SHARE = any_of(r"\bwhat (?:per ?cent(?:age)?|share|proportion)\b", "百分之[几多]|占比|占多少|比例")
_CHANGE = any_of(
    r"\b(?:more|less|fewer|higher|lower|cheaper|dearer|longer|shorter|extra|additional|another"
    r"|(?:by|up|down) (?:about |some )?[£$€]?\d|increas\w*|decreas\w*|r[io]se\w*|rais\w*|fell"
    r"|fall\w*|reduc\w*|cut|saving|discount|difference|differ\w*|surcharge)",
    "[涨降增减差省]|优惠|多出|多了|少了|提高|补",
)
_FIGURE = re.compile(
    r"(?P<mark>[$€£¥￥])?\s?(?P<number>-?\d[\d,]*(?:\.\d+)?)\s?"
    r"(?P<unit>%|€|kWh|[kcm]?m\b|k?g\b|[户人元块个次件天年月岁米斤吨度页名张套]|[a-z]{3,12}\b)?"
)


@dataclass(frozen=True)
class Worked:
    """What was worked out, as it is said."""

    text: str


def wants(question: str) -> Asked:
    """Return whether a question wants a difference or a share, which no single figure may tell."""
    if _DIFFERENCE.search(question):
        return "difference"
    return "share" if _SHARE.search(question) else ""


def worked(question: str, reading: Reading) -> Reading | None:
    """Return what was read, or what is worked out of its sentence; None when it answers nothing.

    A question that wants no difference and no share gets what was read.
    """
    asked = wants(question)
    if not asked or not re.search(r"\d", reading.text):
        return reading
    said = _sentence(reading)
    if asked == "share" and re.search(r"%|％|百分之|per ?cent", reading.text):
        return reading
    if asked == "difference" and _CHANGE.search(said):
        return reading
    return _of_two(asked, said, reading)


def _sentence(reading: Reading) -> str:
    flat = re.sub(r"\s+", "", reading.text)
    cut = sentences_of(reading.passage.text)
    return next((s for s in cut if flat in re.sub(r"\s+", "", s)), reading.line)


def _of_two(asked: Asked, said: str, reading: Reading) -> Reading | None:
    """Work out of the two figures of one unit that a sentence has, where it has just two."""
    own = _FIGURE.search(reading.text)
    every = list(_FIGURE.finditer(said))
    if own is None:
        return None
    here = next((m for m in every if m["number"] == own["number"]), own)
    if not any(_unit(here)):
        return None
    like = {m["number"]: m for m in every if _unit(m) == _unit(here)}
    if len(like) != 2:  # noqa: PLR2004
        return None
    low, high = sorted(like, key=lambda n: float(n.replace(",", "")))
    return replace(reading, text=_told(asked, low, high, here))


def _unit(figure: re.Match[str]) -> tuple[str, str]:
    """Return the currency before a figure, or else the unit behind it."""
    return (figure["mark"], "") if figure["mark"] else ("", figure["unit"] or "")


def _told(asked: Asked, low: str, high: str, here: re.Match[str]) -> str:
    small, great = low.replace(",", ""), high.replace(",", "")
    mark, unit = _unit(here)
    gap = " " if unit.isascii() and unit not in ("", "%") else ""
    shown = [f"{mark}{n}{gap}{unit}" for n in (high, low)]
    if asked == "share":
        share = float(calculate(f"100 * {small} / {great}"))
        return f"{share:.3g}% ({shown[1]} / {shown[0]})"
    value = plain_number(calculate(f"{great} - {small}"))
    return f"{mark}{value}{gap}{unit} ({shown[0]} − {shown[1]})"
