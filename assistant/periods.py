"""Stretches of time as people name them: a day, a month, a year, last week, 去年五月.

Returns exact bounds for filters. Cameras note the time of the place without a zone, which the
library keeps as if it were UTC: so bounds for photos are days of UTC, and those for when a file
was added are days of this machine's clock (``here``). Knows no files.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_MONTH = "(?P<month>" + "|".join(rf"{m[:3]}(?:{m[3:]})?" for m in _MONTHS) + r")\.?"
_NUMBERS_ZH = "一二三四五六七八九十"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DAY = r"(?P<day>\d{1,2})"

_ISO = re.compile(r"^(?P<year>\d{4})(?:[-/.](?P<month>\d{1,2})(?:[-/.](?P<day>\d{1,2}))?)?$")
_NAMED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_YEAR}-(?P<number>\d{{1,2}})-{_DAY}\b",
        rf"\b{_DAY}(?:st|nd|rd|th)? (?:of )?{_MONTH},? {_YEAR}\b",
        rf"\b{_MONTH} {_DAY}(?:st|nd|rd|th)?,? {_YEAR}\b",
        rf"\b{_MONTH},? (?:of )?{_YEAR}\b",
        rf"\b{_YEAR}-(?P<number>\d{{1,2}})\b(?!-)",
        rf"{_YEAR}\s*年(?:\s*(?P<number>\d{{1,2}}|[{_NUMBERS_ZH}]{{1,2}})\s*月份?"
        rf"(?:\s*{_DAY}\s*[日号])?)?",
        rf"\b(?:from|in|of|during|taken in) {_YEAR}\b",
        rf"\b(?:from|in|during|taken in) {_MONTH}\b(?! \d)",
    )
)
_RELATIVE = re.compile(
    r"\b(?P<en>today|yesterday|(?:this|last) (?:week|month|year))\b"
    r"|(?P<zh>今天|昨天|这个?月|上个?月|本月|这个?(?:星期|周)|本周|上个?(?:星期|周)|今年|去年)",
    re.IGNORECASE,
)
_RELATIVE_ZH = {
    "今天": "today", "昨天": "yesterday", "今年": "this year", "去年": "last year",
    "这": "this", "本": "this", "上": "last",
}  # fmt: skip


@dataclass(frozen=True)
class Period:
    """From one moment to another, both included, both with a time zone."""

    first: datetime
    last: datetime

    def here(self) -> Period:
        """Return the same days by the clock of this machine."""
        first, last = (t.replace(tzinfo=None).astimezone() for t in (self.first, self.last))
        return Period(first, last)


def parse_period(text: str) -> Period:
    """Read ``2023``, ``2023-05`` or ``2023-05-14``.

    Raises:
        ValueError: it is none of these.
    """
    found = _ISO.match(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no date; write 2023, 2023-05 or 2023-05-14")
    year, month, day = (int(part) if part else None for part in found.groups())
    assert year is not None, "the pattern demands a year"
    return _period(year, month, day)


def period_of(question: str, today: date | None = None) -> Period | None:
    """Return the stretch of time that a question names, None when it names none.

    A month without a year is the latest one that has begun.
    """
    today = today or date.today()
    for pattern in _NAMED:
        if found := pattern.search(question):
            try:
                return _period(*_numbers(found, today))
            except ValueError:
                continue  # the 31st of February
    found = _RELATIVE.search(question)
    return _relative(found, today) if found else None


def without_period(question: str) -> str:
    """Return a question without the words that name a stretch of time."""
    for pattern in (*_NAMED, _RELATIVE):
        question = pattern.sub(" ", question)
    return " ".join(question.split())


def _numbers(found: re.Match[str], today: date) -> tuple[int, int | None, int | None]:
    groups = found.groupdict()
    month: int | None = None
    if groups.get("month"):
        month = next(n for n, m in enumerate(_MONTHS, 1) if m[:3] == groups["month"][:3].lower())
    elif number := groups.get("number"):
        month = int(number) if number.isdigit() else _chinese(number)
    day = int(groups["day"]) if groups.get("day") else None
    if groups.get("year"):
        return int(groups["year"]), month, day
    assert month is not None, "a pattern without year names a month"
    return (today.year if month <= today.month else today.year - 1), month, day


def _chinese(number: str) -> int:
    return sum(_NUMBERS_ZH.index(character) + 1 for character in number)  # 十二 is 10 + 2


def _relative(found: re.Match[str], today: date) -> Period:
    said = (found["en"] or "").lower()
    if not said:
        zh = found["zh"]
        unit = "week" if zh.endswith(("周", "期")) else "month"
        said = _RELATIVE_ZH.get(zh) or f"{_RELATIVE_ZH[zh[0]]} {unit}"
    if said in ("today", "yesterday"):
        day = today - timedelta(days=said == "yesterday")
        return _between(day, day)
    back = said.startswith("last")
    if said.endswith("week"):
        monday = today - timedelta(days=today.weekday() + 7 * back)
        return _between(monday, monday + timedelta(days=6))
    if said.endswith("year"):
        return _period(today.year - back, None, None)
    last_of_before = today.replace(day=1) - timedelta(days=1)
    month = last_of_before if back else today
    return _period(month.year, month.month, None)


def _period(year: int, month: int | None, day: int | None) -> Period:
    if month is None:
        return _between(date(year, 1, 1), date(year, 12, 31))
    if day is None:
        return _between(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
    return _between(date(year, month, day), date(year, month, day))


def _between(first: date, last: date) -> Period:
    return Period(
        datetime.combine(first, time.min, UTC),
        datetime.combine(last, time.max, UTC),
    )
