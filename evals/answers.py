"""Compares written answers with what is expected: amounts, dates, names, numbers, lists.

Rules only, no model. What a rule counts as right is said in its docstring and in the cards.
"""

from __future__ import annotations

import ast
import re
from datetime import date

from evals.metrics import anls, normal_answer

_MARK = re.compile(r"\s*\[\d+(?:\s*,\s*\d+)*\]")
_NUMBER = re.compile(r"(?<![\w.,])[-−]?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?")
_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty"
)
_DIGITS = {word: str(value) for value, word in enumerate(_WORDS.split())}
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_YEAR = r"(\d{4}|\d{2})(?!\d)"
_DATES = (
    ("ymd", re.compile(r"\b(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)")),
    ("dmy", re.compile(r"\b(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*" + _YEAR)),
    ("dmy", re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)?[\s\-/.]*([A-Za-z]{3,9})[\s\-/.,]*" + _YEAR)),
    ("mdy", re.compile(r"\b([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)")),
)


def plain(answer: str) -> str:
    """Return an answer without citation marks and markup, on one line."""
    return " ".join(_MARK.sub("", answer).replace("**", "").replace("`", "").split())


def numbers(text: str) -> list[float]:
    """Return the numbers written in digits, thousands separators understood."""
    return [float(m[0].replace(",", "").replace("−", "-")) for m in _NUMBER.finditer(text)]


def same_amount(answer: str, gold: str) -> bool:
    """Tell whether the answer names the amount, and no other amount.

    Currency signs and words do not matter; 12.50 and 12.5 are the same.
    """
    wanted, found = numbers(gold), set(numbers(plain(answer)))
    return len(wanted) == 1 and found == set(wanted)


def dates(text: str) -> set[date]:
    """Return the dates written in a text; 01/02/2018 is the first of February, 18 is 2018."""
    found = set()
    for order, pattern in _DATES:
        for match in pattern.finditer(text):
            parts = dict(zip(order, match.groups(), strict=True))
            if (day := _date(parts["y"], parts["m"], parts["d"])) is not None:
                found.add(day)
    return found


def _date(year: str, month: str, day: str) -> date | None:
    number = _MONTHS.get(month[:3].lower(), 0) if month.isalpha() else int(month)
    wanted = int(day)
    if number > 12 >= wanted:  # written month first
        number, wanted = wanted, number
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), number, wanted)
    except ValueError:
        return None


def same_date(answer: str, gold: str) -> bool:
    """Tell whether the answer names the date, and no other; how it is written does not matter."""
    wanted = dates(gold)
    if not wanted:
        return normal_answer(plain(answer)) == normal_answer(gold)
    return dates(plain(answer)) == wanted


def letters(text: str) -> str:
    """Return only letters and digits, lower case."""
    return "".join(c for c in text.casefold() if c.isalnum())


def same_name(answer: str, gold: str) -> bool:
    """Tell whether the answer is the name: letters and digits equal, or a sentence of at most
    twice the name's length that holds it."""
    found, wanted = letters(plain(answer)), letters(gold)
    return bool(wanted) and wanted in found and len(found) <= max(2 * len(wanted), len(wanted) + 24)


def short_answer(text: str) -> str:
    """Return a word or phrase normalised for open questions on photos.

    Lower case, no articles or punctuation, underscores as spaces, number words as digits; the
    parts of a list (commas or "and") in alphabetical order.
    """
    first = plain(text.strip().split("\n")[0]).replace("_", " ")
    pieces = {_one(piece) for piece in re.split(r",|\band\b", first.lower())}
    return ", ".join(sorted(piece for piece in pieces if piece))


def _one(piece: str) -> str:
    return " ".join(_DIGITS.get(word, word) for word in normal_answer(piece).split())


def document_answer(answer: str, gold: str, kind: str, question: str = "") -> bool:
    """Tell whether an answer about a document is right, by the kind of the expected answer.

    Int: that number and no other, those of the question aside. Float: the same, within 1 %.
    List: every element is named. Str: named, or at least half similar (ANLS).
    """
    found = plain(answer)
    if kind in ("Int", "Float") and numbers(gold):
        wanted = numbers(gold)[0]
        named = _numbers_besides(found, question, wanted)
        slack = 0.01 * abs(wanted) if kind == "Float" else 0.0
        return len(named) == 1 and abs(named.pop() - wanted) <= slack + 1e-9
    golds = _elements(gold)
    if kind == "List":
        return all(_named(g, found) for g in golds)
    return _named(golds[0], found) or anls(found, golds) > 0.0


def _numbers_besides(answer: str, question: str, wanted: float) -> set[float]:
    spelled = re.sub(r"[A-Za-z]+", lambda m: _DIGITS.get(m[0].lower(), m[0]), answer)
    asked = set(numbers(question)) - {wanted}
    return {n for n in numbers(spelled) if n not in asked}


def _elements(gold: str) -> list[str]:
    if gold.strip().startswith("["):
        try:
            value = ast.literal_eval(gold)
        except (ValueError, SyntaxError):
            return [gold]
        if isinstance(value, list) and value:
            return [str(item) for item in value]
    return [gold]


def _named(gold: str, answer: str) -> bool:
    return f" {normal_answer(gold)} " in f" {normal_answer(answer)} "
