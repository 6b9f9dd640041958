"""Which labels and series of a chart a question names, in its own words and endings.

Names are found as they stand ("Kiel", "Mar"), then by their words in other endings ("Republicans"
for Republican). Series over several panels are called "head: name"; the head tells apart those of
one name. Knows no values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from assistant.citations import content_words, fold
from retrieval.charts.values import Chart

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_MONTH_OF = re.compile(r"([a-z]{3,9})[ .'’/-]+(\d\d(?:\d\d)?)")
_DAY = re.compile(r"(\d{4})-(\d\d)-\d\d")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_OR = r"\s*(?:,|、|\bor\b|\band\b|或者?|和|与|以及)\s*(?:the )?"
_NOT = r"(?:\bnot|n't|\bnever|不|没有?|未)\s*(?:\w+ )?"
_MOST = 0.66
"""Share of a name's words that a question must have."""
_SEVERAL = 2
"""Words of a long name that a question must have."""
_ROOT, _ENDING = 5, 3
"""Letters that two forms of a proper name share at least, and that either ends in at most."""


def meant_names(question: str, chart: Chart) -> tuple[list[str], list[str]]:
    """Return the labels and the series that a question names; a name that is both is a series
    where it is told in one breath with another one ("the U.S. or Japan"), else a label."""
    labels = (
        mentioned(question, chart.labels)
        or _in_months(question, chart.labels)
        or _inflected(question, chart.labels)
    )
    series = mentioned(question, chart.series) or _described(question, chart.series)
    for name in [n for n in labels if n in series]:
        rest = [n for n in series if n != name]
        beside = "|".join(re.escape(n) for n in rest)
        either = rf"(?:{beside}){_OR}{re.escape(name)}|{re.escape(name)}{_OR}(?:{beside})"
        told = bool(rest) and re.search(either, question, re.IGNORECASE)
        (labels if told else series).remove(name)
    return labels, series


def mentioned(question: str, names: Iterable[str]) -> list[str]:
    """Return which names a question has, months in either form; none twice, none within another."""
    found: list[str] = []
    rest = question.casefold()
    for name in sorted({n for n in names if n}, key=len, reverse=True):
        for form in _forms(name):
            place = re.search(form, rest)
            if place is not None:
                found.append(name)
                rest = rest[: place.start()] + " " + rest[place.end() :]
                break
    return [name for name in dict.fromkeys(names) if name in found]


def bare_name(series: str) -> str:
    """Return the name of a series without the head of its panel."""
    return series.rpartition(": ")[2]


def _forms(name: str) -> list[str]:
    flat = name.casefold().strip(" .:：")
    whole = next((m for m in _MONTHS if m == flat or (len(flat) >= 3 and m.startswith(flat))), "")
    said = [flat, whole, whole[:3]] if whole else [flat]
    return [
        rf"(?<![A-Za-z0-9.]){re.escape(one)}(?![A-Za-z0-9%])" if one.isascii() else re.escape(one)
        for one in said
        if one
    ]


def _in_months(question: str, names: Sequence[str]) -> list[str]:
    """Return the names that are of a month that a question has: "Feb 2026" and "2026-02-01" for
    "in February", and for "in February 2026" those of that year."""
    years = _YEAR.findall(question)
    asked = set(re.findall("[a-z]+", question.casefold()))
    found = []
    for name in names:
        month, year = _month_of(name.casefold().strip())
        if asked & {month, month[:3]} - {""} and (
            not years or any(y.endswith(year) for y in years)
        ):
            found.append(name)
    return found


def _month_of(name: str) -> tuple[str, str]:
    """Return the month and the year that a label is of; nothing when it is of none."""
    if (day := _DAY.fullmatch(name)) and 1 <= int(day[2]) <= 12:
        return _MONTHS[int(day[2]) - 1], day[1]
    said = _MONTH_OF.fullmatch(name)
    whole = next((m for m in _MONTHS if said and m.startswith(said[1])), "")
    return (whole, said[2]) if said and whole else ("", "")


def _inflected(question: str, names: Sequence[str]) -> list[str]:
    """Return the names all of whose words a question has in some form."""
    asked = _words(question)
    return [n for n in names if (words := _words(n)) and all(_has(asked, w, n) for w in words)]


def _described(question: str, names: Sequence[str]) -> list[str]:
    """Return the series whose name a question has most of; of several panels, those whose head
    it has most of. Of a long name some words do, when no other series has as many."""
    asked, flat = _words(question), fold(question)
    share: dict[str, float] = {}
    for series in names:
        name = bare_name(series)
        words = _words(name)
        denied = re.search(_NOT + re.escape(fold(name)), flat)
        if name and not name.isascii():
            share[series] = float(name in question)
        elif words and not denied:
            share[series] = sum(_has(asked, w, name) for w in words) / len(words)
    best = max(share.values(), default=0.0)
    wanted = set(content_words(question))
    if best < _MOST:
        told = {s: len(wanted & set(content_words(s))) for s in share}
        most = max(told.values(), default=0)
        kept = [s for s in told if told[s] == most]
        return kept if len(kept) == 1 and most >= _SEVERAL else []
    kept = [series for series in names if share.get(series, 0.0) == best]
    heads = {s: len(wanted & set(content_words(s.rpartition(": ")[0]))) for s in kept}
    return [s for s in kept if heads[s] == max(heads.values())]


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+(?:\.[a-z]+)*", fold(text))


def _has(asked: Sequence[str], word: str, name: str) -> bool:
    """Whether a word is among those asked for, in its own form, the plural, or, of a proper name,
    another of its forms."""
    proper = name[:1].isupper()
    return any(_alike(one, word) or (proper and _one_root(one, word)) for one in asked)


def _alike(one: str, other: str) -> bool:
    return one == other or one.removesuffix("s") == other.removesuffix("s") != ""


def _one_root(one: str, other: str) -> bool:
    shared = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    return shared >= _ROOT and max(len(one), len(other)) - shared <= _ENDING
