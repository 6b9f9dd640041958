"""The stretches of time a question about dated rows names: months, years, quarters, days, ranges.

``periods`` reads one stretch, in the latest year that has begun; a table's own dates tell better
which January is meant, and "from March to May", "since April" and 三月到五月 are
of use here. What is read is handed back with the question left over, so that a word of time
which was not understood is not passed over in silence. Knows no table but its days.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from assistant.periods import period_of

_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_MONTH = "|".join(rf"{m[:3]}(?:{m[3:]}|t)?" if m == "september" else rf"{m[:3]}(?:{m[3:]})?"
                  for m in _NAMES)  # fmt: skip
_ZH = "一二三四五六七八九十"
_YEAR = r"(?<!\d)(?:19|20)\d\d(?!\d)"
_POINT = re.compile(
    rf"\b(?P<y1>{_YEAR})-(?P<m1>\d{{1,2}})(?:-(?P<d1>\d{{1,2}}))?(?![\d-])"
    rf"|\b(?P<d2>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<m2>{_MONTH})\b\.?(?:,? (?P<y2>{_YEAR}))?"
    rf"|\b(?P<m3>{_MONTH})\b\.?(?: (?P<d3>\d{{1,2}})(?:st|nd|rd|th)?(?!\d))?"
    rf"(?:,? (?:of )?(?P<y3>{_YEAR}))?"
    rf"|(?:(?P<y4>{_YEAR})\s*年\s*)?(?P<m4>\d{{1,2}}|[{_ZH}]{{1,2}})\s*月份?"
    r"(?:\s*(?P<d4>\d{1,2})\s*[日号])?"
    rf"|(?:\b(?P<q5>[Qq][1-4])\b|第?(?P<q6>[一二三四1-4])季度)(?:,? (?:of )?(?P<y5>{_YEAR}))?"
    rf"|(?P<y6>{_YEAR})\s*年?",
    re.IGNORECASE,
)
_TO = re.compile(
    r"^\s*(?:(?:up )?(?:to|till|until)|through|and|-|–|—|到|至|和|~)"
    r"(?: the)?(?: (?:end|close) of)?(?: the)?\s*$",
    re.IGNORECASE,
)
_YEAR_TO = re.compile(
    r"\b(?:the|our|my) (?:(?:whole|full|financial|tax) )?year (?:ended|ending|up to|to)"
    r"(?: the end of)? (?:in )?$",
    re.IGNORECASE,
)
"""Before a month: the twelve up to it."""
_RANGE = re.compile(r"(?:\bfrom|\bbetween|从|在)\s*$", re.IGNORECASE)
_ALSO = re.compile(r"^\s*(?:,|and|or|,\s*and|和|与|、|或|及)\s*$", re.IGNORECASE)
_LEAD = re.compile(
    r"\b(?:(?P<since>since|on or after)|(?P<after>after)|(?P<before>(?<!or )before)"
    r"|(?P<until>on or before|(?:until|till|up to)(?: the (?:end|close) of)?)"
    r"|in|on|of|during|for|from|the month of)\s+(?:the (?:year|month) (?:of )?)?$",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"^\s*(?:(?P<before>之前|以前)|(?P<after>之后|以后)|(?P<since>以来|起)"
    r"|(?P<open>onwards?|(?:or|and) (?:later|after|since)))"
)
_RELATIVE = re.compile(
    r"\b(?:(?:in|during) )?(?:today|yesterday|(?:this|last) (?:week|month|year))\b"
    r"|今天|昨天|[这上]个?(?:月|星期|周)|本[月周]|今年|去年",
    re.IGNORECASE,
)

_PARTS = re.compile(
    r"\b(?P<side>first|last) (?P<months>(?:[2-9]|1[01]|two|three|four|five|six|seven|eight|nine)"
    r" months?|half|quarter)"
    rf"(?P<of> of)?(?: the year)?(?: of| in)?(?: (?P<year>{_YEAR}))?\b"
    rf"|(?:(?P<zhyear>{_YEAR})\s*年?的?)?(?P<zhside>[上下]半年|前(?P<zhn>[二两三四五六七八九]|十一?|1[01]|[2-9])个月)",
    re.IGNORECASE,
)
"""A part of a year, told from its beginning or its end."""
_EN = ("two", "three", "four", "five", "six", "seven", "eight", "nine")
_COUNTS = {word: n for n, word in enumerate(_EN, 2)} | {"两": 2, "十一": 11}
_COUNTS |= {numeral: n for n, numeral in enumerate(_ZH, 1)}
_MONTH_ZH = re.compile(rf"(?<![{_ZH}个])(?:十[一二]?|[{_ZH}])(?=月份?(?![大小饼亮]))")

Stretch = tuple[date, date]


@dataclass(frozen=True)
class When:
    """Stretches of days, both ends included, and the question without the words for them."""

    stretches: tuple[Stretch, ...]
    rest: str

    def holds(self, day: date | None) -> bool:
        """Whether a day lies in one of the stretches."""
        return day is not None and any(first <= day <= last for first, last in self.stretches)

    def label(self) -> str:
        """Return the stretches as written in ISO dates, shortened for whole months and years."""
        return ", ".join(_label(first, last) for first, last in self.stretches)


@dataclass(frozen=True)
class _Point:
    year: int | None
    month: int | None
    day: int | None
    quarter: int | None
    start: int
    end: int

    def stretch(self, year: int) -> Stretch:
        """Return its days in a year. Raises ValueError: the calendar has no such day."""
        if self.day and self.month:
            day = date(year, self.month, self.day)
            return day, day
        first, last = self.month or 1, self.month or 12
        if self.quarter:
            first, last = 3 * self.quarter - 2, 3 * self.quarter
        following = date(year + last // 12, last % 12 + 1, 1)
        return date(year, first, 1), following - timedelta(days=1)


def spelled(question: str) -> str:
    """Return a question with parts of a year as months, "the first half of 2024", 上半年, and with
    Chinese months in figures, 七月: 7月."""
    said = _MONTH_ZH.sub(lambda m: str(_month_number(m.group())), question)
    return _PARTS.sub(_spelled, said)


def _month_number(numeral: str) -> int:
    return 10 + _ZH.index(numeral[1]) + 1 if len(numeral) > 1 else _ZH.index(numeral) + 1


def _spelled(found: re.Match[str]) -> str:
    year = found["year"] or found["zhyear"] or ""
    if zh := found["zhside"]:
        months = 6 if zh.endswith("半年") else _COUNTS.get(found["zhn"]) or int(found["zhn"])
        last = zh.startswith("下")
    else:
        word = found["months"].casefold().split()[0]
        months = {"half": 6, "quarter": 3}.get(word) or _COUNTS.get(word) or int(word)
        last = found["side"].casefold() == "last"
        if not (year or found["of"]):
            return found.group()  # "in the last six months"
    first, end = (13 - months, 12) if last else (1, months)
    return f" from {_NAMES[first - 1]} to {_NAMES[end - 1]} {year} "


def when_of(question: str, days: Sequence[date]) -> When | None:
    """Return the time a question names, read by the years that a table's days lie in.

    None when a date in it cannot be; no stretches when it names no time.
    """
    points = [p for m in _POINT.finditer(question) if (p := _point(m, question))]
    if not points:
        period = period_of(question) if _RELATIVE.search(question) else None
        if period is None:
            return When((), question)
        rest = _RELATIVE.sub(" ", question)
        return When(((period.first.date(), period.last.date()),), rest)
    try:
        stretches, rest = _stretches(question, points, days)
    except ValueError:
        return None
    # "summer 2023 (June, July and August)": the year is that of the months
    within = [s for s in stretches if not any(_holds(s, t) for t in stretches if t != s)]
    return When(tuple(within), rest)


def _holds(whole: Stretch, part: Stretch) -> bool:
    return whole[0] <= part[0] and part[1] <= whole[1]


def _point(match: re.Match[str], question: str) -> _Point | None:
    """Return what a match stands for; none for the verbs "may" and "march"."""
    groups = {name[0]: value for name, value in match.groupdict().items() if value}
    written = groups.get("m", "")
    alone = not (groups.get("d") or groups.get("y"))
    if written.casefold() in ("may", "march", "mar", "dec", "sep", "jan", "sun") and alone:
        led = _LEAD.search(question[: match.start()])
        near = re.search(r"\b(?:to|and|between|or|until)\s+$", question[: match.start()], re.I)
        if not (led or near or (written[0].isupper() and match.start() > 0)):
            return None
    quarter = groups.get("q", "")[-1:]
    return _Point(
        year=int(groups["y"]) if "y" in groups else None,
        month=_month(written) if written else None,
        day=int(groups["d"]) if "d" in groups else None,
        quarter=(int(quarter) if quarter.isdigit() else _ZH.index(quarter) + 1)
        if quarter
        else None,
        start=match.start(),
        end=match.end(),
    )


def _month(written: str) -> int:
    if written.isdigit():
        return int(written)
    if written[0] in _ZH:
        return sum(_ZH.index(character) + 1 for character in written)  # 十二 is 10 + 2
    return next(n for n, name in enumerate(_NAMES, 1) if name[:3] == written[:3].casefold())


def _stretches(
    question: str, points: Sequence[_Point], days: Sequence[date]
) -> tuple[list[Stretch], str]:
    """Return the stretches of points, joined to ranges, and the question without them.

    Raises:
        ValueError: the calendar has no such day, or a range ends before it begins.
    """
    stated = next((p.year for p in reversed(points) if p.year), None)
    found: list[Stretch] = []
    cuts: list[tuple[int, int]] = []
    at = 0
    while at < len(points):
        point = points[at]
        first, last = point.stretch(point.year or stated or _year(point, days))
        start, end = point.start, point.end
        between = question[point.end : points[at + 1].start] if at + 1 < len(points) else None
        led, tail = _LEAD.search(question[:start]), _TAIL.match(question[end:])
        opened = _RANGE.search(question[:start])
        if whole := _YEAR_TO.search(question[:start]):
            led, tail, start = None, None, whole.start()
            first = (last + timedelta(days=1)).replace(year=last.year - (last.month < 12))
        joins = between is not None and _TO.match(between)
        if joins and (opened or not _ALSO.match(between or "")):
            other = points[at + 1]
            last = other.stretch(other.year or stated or _year(other, days))[1]
            if last < first:
                raise ValueError(question)
            start, end = (opened.start() if opened else start), other.end
            at += 1
        elif led or tail:
            start = led.start() if led else start
            end += tail.end() if tail else 0
            first, last = _open(first, last, led, tail)
        if found and _ALSO.match(question[cuts[-1][1] : start]):
            start = cuts[-1][1]
        found.append((first, last))
        cuts.append((start, end))
        at += 1
    for start, end in reversed(cuts):
        question = f"{question[:start]} {question[end:]}"
    return found, question


def _open(
    first: date, last: date, led: re.Match[str] | None, tail: re.Match[str] | None
) -> Stretch:
    """Return a stretch that has no end, or no beginning, where the words beside it say so."""
    said = {k for m in (led, tail) if m for k, v in m.groupdict().items() if v}
    if "after" in said:
        return last + timedelta(days=1), date.max
    if said & {"since", "open"}:
        return first, date.max
    if "before" in said:
        return date.min, first - timedelta(days=1)
    return (date.min, last) if "until" in said else (first, last)


def _year(point: _Point, days: Sequence[date]) -> int:
    """Return the latest year in which a table has days of a month, else its latest year."""
    fitting = [d for d in days if point.month in (None, d.month)]
    return max((d.year for d in fitting or days), default=date.today().year)


def _label(first: date, last: date) -> str:
    if first == last:
        return first.isoformat()
    whole = first.day == 1 and last < date.max and (last + timedelta(days=1)).day == 1
    if whole and (first.year, first.month) == (last.year, last.month):
        return f"{first:%Y-%m}"
    if whole and first.year == last.year and (first.month, last.month) == (1, 12):
        return f"{first.year}"
    ends = (
        "" if first == date.min else first.isoformat(),
        "" if last == date.max else last.isoformat(),
    )
    return " – ".join(ends).strip()
