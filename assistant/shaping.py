"""Says an answer in the form that the question asks for: a date's order, a whole number.

``Format the date as YYYY-MM`` and ``in int format`` say how, not what; the words found stay as they
are when they cannot be said so. Knows no model.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from assistant.fields import find_field, parse_date

_DATE_FORM = re.compile(r"\b(?:YYYY|MM|DD)(?:\s?[-/. ]\s?(?:YYYY|YY|MM|DD)){0,2}\b")
_WHOLE = re.compile(
    r"\b(?:rounded|whole|appropriate|nearest)?\s*\b(?:integer|int|whole number)\b|取整|整数",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"\b(?:give|return|answer|write)\b[^.?!]{0,30}\b(?:value|number|figure)\b|只(?:要|给|写)数[字值]",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_PARTS = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d"}


def shaped(answer: str, question: str) -> str:
    """Return an answer in the form the question names."""
    if form := _DATE_FORM.search(question):
        return _as_date(answer, form.group())
    if _WHOLE.search(question):
        return _as_integer(answer)
    return answer


def wants_number_alone(question: str) -> bool:
    """Whether a question asks for a number and nothing with it."""
    return _ALONE.search(question) is not None


def _as_date(answer: str, form: str) -> str:
    dates = [day for c in find_field("date", [answer]) if (day := parse_date(c.value))]
    if len(dates) != 1:
        return answer
    return dates[0].strftime(re.sub("YYYY|YY|MM|DD", lambda m: _PARTS[m.group()], form))


def _as_integer(answer: str) -> str:
    found = _NUMBER.findall(answer)
    if len(found) != 1 or "." not in found[0]:
        return answer
    value = Decimal(found[0].replace(",", "")).quantize(Decimal(1), ROUND_HALF_UP)
    return answer.replace(found[0], str(value))
