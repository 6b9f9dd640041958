"""Number formats of Office files: the unit they show, and dates that are kept as serial numbers.

``0.0" kWh"`` shows a unit, ``0%`` shows a hundredfold, ``mmm yy`` shows a day as its month. Only
the first section of a format, that of positive numbers, is looked at. Knows no files.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple

_PART = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[\$(?P<currency>[^\]-]*)(?:-[^\]]*)?\]'
    r"|(?P<space>\[[^\]]*\]|[_*].)|(?P<bare>.)",
    re.DOTALL,
)
_SIGNS = "$£€¥￥"
_SCALED = re.compile(r"[0#?.],+(?![0#?.,])")
"""A comma after the digits: thousands are shown, so that letters after it tell of them."""
_LONGEST = 24


class Shown(NamedTuple):
    """How a format shows a number: its unit, what it is multiplied by, and decimal places."""

    unit: str = ""
    factor: int = 1
    decimals: int = 0


def shown_by(code: str) -> Shown:
    """Return how a format shows numbers; no unit for ``General`` and for formats of dates."""
    bare, literal, currency = _parts(code)
    if is_date(code):
        return Shown()
    decimals = re.search(r"\.([0#?]+)", bare)
    places = len(decimals[1]) if decimals else 0
    if "%" in bare:
        return Shown("%", 100, places)
    scaled = _SCALED.search(bare) is not None
    signs = bare + literal if scaled else bare
    unit = currency or next((c for c in signs if c in _SIGNS), "")
    if not unit and not scaled and len(literal) <= _LONGEST:
        unit = literal if any(c.isalpha() or c in f"%°{_SIGNS}" for c in literal) else ""
    return Shown(unit, 1, places)


def is_date(code: str) -> bool:
    """Whether a format shows a serial number as a date or a time."""
    bare = _parts(code)[0].casefold()
    return bool(re.search("[ymdhs]", bare)) and not re.search(
        r"[#?%]|general|standard|0(?!0*$)", bare
    )


def date_as_shown(serial: float, code: str, from_1904: bool = False) -> str:
    """Return a serial number as a person reads its date: ``Feb 2026``, ``2026-02-03``, ``14:30``.

    What the format leaves out is left out; nothing for a number that is no day.
    """
    start = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30)
    try:
        # To the second: a time is a fraction of a day that binary numbers miss by a little.
        when = start + timedelta(seconds=round(serial * 86_400))
    except (OverflowError, ValueError):
        return ""
    bare, literal, _ = _parts(code)
    bare = bare.casefold()
    if "h" in bare:
        dated = "d" in bare or "y" in bare
        return when.isoformat(" ", "minutes") if dated else f"{when:%H:%M}"
    if "年" in literal + bare or "月" in literal + bare:
        told = (("y", f"{when.year}年"), ("m", f"{when.month}月"), ("d", f"{when.day}日"))
        return "".join(part for letter, part in told if letter in bare)
    return _western(when, bare)


def _western(when: datetime, bare: str) -> str:
    months = bare.count("m")
    day = 0 < bare.count("d") <= 2
    if day and 0 < months <= 2:
        return when.date().isoformat()
    names = {0: "", 4: f"{when:%B}"}
    parts = (
        str(when.day) if day else f"{when:%a}" if "d" in bare and not months else "",
        names.get(months, f"{when:%b}"),
        str(when.year) if "y" in bare else "",
    )
    return " ".join(part for part in parts if part)


def _parts(code: str) -> tuple[str, str, str]:
    """Return a format's own signs, the words that stand in it, and its currency."""
    bare, literal, currency = "", "", ""
    for part in _PART.finditer(code[:200]):
        if part["bare"] == ";":
            break
        bare += part["bare"] or ""
        literal += part["quoted"] or part["escaped"] or ""
        currency += part["currency"] or ""
    return bare, literal.strip(" ()-"), currency.strip()
