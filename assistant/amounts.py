"""Amounts of money in lines of text: reading them, and telling the total of a bill among them.

Labels are scored by how surely they mean the total; what was paid less the change confirms one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation


@dataclass(frozen=True)
class Candidate:
    """A value as it stands in the text, the index of its line, and how well it fits."""

    value: str
    line: int
    score: float


_AMOUNT = re.compile(
    r"(?<![\w.,/:\-])(?P<sign>-|\()?\s?(?:R[MHN]|MYR|USD|US\$|EUR|GBP|CNY|RMB|HK\$|S\$|[$€£¥￥])?\s?"
    r"(?P<number>\d{1,3}(?:[,， ]\d{3})+(?:[.．]\s?\d{1,2})?|\d+[.．,]\s?\d{2}|\d+)"
    r"(?!\d|[./:\-]\d|%|\s?%)(?:\s?元)?",
    re.IGNORECASE,
)
_MONEY_MARK = re.compile(r"R[MHN]|MYR|USD|EUR|GBP|CNY|RMB|[$€£¥￥元]", re.IGNORECASE)

_TOTAL_GOOD: tuple[tuple[str, float], ...] = (
    (r"grand\s*total|总计|合计|总金额|总额|应付", 9.0),
    (
        r"rounded\s*total|total\s*\(?\s*round|nett?\s*total|total\s*nett?|round(?:ed|ing).*total",
        9.5,
    ),
    (r"total\s*(?:amt|amount)?\s*(?:due|payable|paid)|amount\s*(?:due|payable)|balance\s*due", 8.5),
    (r"total\s*(?:sales?)?\s*\(?\s*(?:incl|inclusive|with|after).{0,18}(?:gst|tax|vat)?", 8.0),
    (r"total\s*(?:rm|amt|amount|sales?|price|value|payment)?\b", 7.0),
    (r"\bt[o0a]t\w{0,2}\b|\bttl\b|\bnett?\b(?!.*weight)|\bbill\b", 5.0),
    (r"\bamount\b|\bsum\b|小计|金额", 2.5),
    (r"\bvisa|\bmaster|credit\s*card|\bdebit\b", 2.0),
    (r"\bcash\b|tender|\bpaid\b|payment|现金|实收", 1.2),
)
_TOTAL_BAD: tuple[tuple[str, float], ...] = (
    (r"sub\s*-?\s*total|小计", -4.0),
    (r"\b(?:excl|exclude|excluding|before|w/o|without)\b", -4.0),
    (r"total\s*(?:gst|tax|vat|disc|saving|qty|quantity|item|pcs|point|unit|no\b|change)", -7.0),
    (r"(?:gst|tax|vat)\s*(?:@|amt|amount|summary|\d|payable|total)|(?:6|0)\s*%|税额", -5.0),
    (r"disc(?:ount)?|saving|折扣|优惠", -5.0),
    (r"\bchange\b|找零|找赎", -8.0),
    (r"\bqty\b|quantity|\bitems?\b|\bpcs\b|数量|件数", -3.5),
    (r"rounding(?:\s*adj\w*)?\b(?!.*total)|adjust", -5.0),
    (r"points?|积分|balance\s*b/f|deposit", -4.0),
)
_PAID = re.compile(r"\bcash\b|tender|\bpaid\b|payment|\breceived\b|现金|实收", re.IGNORECASE)
_CHANGE = re.compile(r"change|找零|找赎", re.IGNORECASE)
_MISREAD = re.compile(r"\bt[oa0]t[ao0e][l1i]\b", re.IGNORECASE)
_TAX_TABLE = re.compile(
    r"\b(?:gst|tax|vat)\s*(?:summary|analysis)\b|\b(?:gst|tax)\s*code\b", re.IGNORECASE
)
"""Heads a table of taxes, whose last line is also called a total."""
_GOOD = tuple((re.compile(rule, re.IGNORECASE), score) for rule, score in _TOTAL_GOOD)
_BAD = tuple((re.compile(rule, re.IGNORECASE), score) for rule, score in _TOTAL_BAD)


def amounts_in(line: str) -> list[tuple[str, Decimal]]:
    """Return the amounts of a line as written and as numbers."""
    found = []
    for match in _AMOUNT.finditer(line):
        value = parse_amount(match["number"])
        if value is not None:
            found.append((match["number"].strip(), value))
    return found


def parse_amount(text: str) -> Decimal | None:
    """Return the number an amount stands for; None when it is none."""
    bare = re.sub(r"[^\d.,．，]", "", text).replace("．", ".").replace("，", ",")
    if re.search(r",\d{2}$", bare) and "." not in bare:
        bare = bare[:-3].replace(",", "") + "." + bare[-2:]
    bare = bare.replace(",", "")
    try:
        return Decimal(bare)
    except InvalidOperation:
        return None


def totals(lines: Sequence[str]) -> list[Candidate]:
    found: list[Candidate] = []
    change = _paid_less_change(lines)
    taxes_from = next((i for i, line in enumerate(lines) if _TAX_TABLE.search(line)), len(lines))
    for index, line in enumerate(lines):
        score = _total_score(_MISREAD.sub("total", line)) - 5.0 * (index > taxes_from > 6)
        if score <= 0:
            continue
        here = _priced(line)
        where = index
        position = index / max(1, len(lines))
        if here:
            found.append(Candidate(here[-1], where, score + position))
            continue
        # The amount of a label that stands alone is on one of the next lines, or before it.
        for near in (index + 1, index + 2, index - 1):
            if 0 <= near < len(lines) and _bare_amount(lines[near]):
                less = 0.5 * abs(near - index) + 0.2 * (near < index)
                found.append(Candidate(_priced(lines[near])[-1], near, score + position - less))
    found = [_weighed(c, change) for c in found]
    if not found:
        priced = [
            (value, index, text)
            for index, line in enumerate(lines)
            for text, value in amounts_in(line)
            if re.search(r"[.．,]\s?\d{2}$", text)
        ]
        if priced:
            top = max(priced)
            found.append(Candidate(top[2], top[1], 0.1))
    return found


def _paid_less_change(lines: Sequence[str]) -> frozenset[Decimal]:
    """Return what was paid in cash less the change given, for every reading of the two."""
    paid = [v for line in lines if _PAID.search(line) for _, v in amounts_in(line)]
    paid += [v for i, line in enumerate(lines[1:]) if _PAID.search(line) and _bare_amount(lines[i])
             for _, v in amounts_in(lines[i])]  # fmt: skip
    given = [v for line in lines if _CHANGE.search(line) for _, v in amounts_in(line)]
    return frozenset(p - g for p in paid for g in given if p >= g and p)


def _weighed(candidate: Candidate, change: frozenset[Decimal]) -> Candidate:
    """Weigh a total by arithmetic: it is what was paid less the change, and never nothing."""
    value = parse_amount(candidate.value)
    score = candidate.score + 2.0 * (value in change) - 6.0 * (not value)
    return Candidate(candidate.value, candidate.line, score)


def _total_score(line: str) -> float:
    good = max((score for rule, score in _GOOD if rule.search(line)), default=0.0)
    return good + sum(score for rule, score in _BAD if rule.search(line)) if good else 0.0


def _priced(line: str) -> list[str]:
    """Return amounts with decimals or a currency on a line; else whole ones."""
    found = amounts_in(line)
    cents = [text for text, _ in found if re.search(r"[.．,]\s?\d{2}$", text)]
    if cents:
        return cents
    return [text for text, _ in found] if _MONEY_MARK.search(line) else []


def _bare_amount(line: str) -> bool:
    return bool(_priced(line)) and not re.search(r"[A-Za-z\u4e00-\u9fff]{3,}", line)


def taxes(lines: Sequence[str]) -> list[Candidate]:
    rule = re.compile(r"\b(?:gst|tax|vat)\b|税", re.IGNORECASE)
    found = []
    for index, line in enumerate(lines):
        if rule.search(line) and (here := _priced(line)):
            weight = 2.0 if re.search(r"total|amt|amount|额", line, re.IGNORECASE) else 1.0
            weight -= 1.5 * bool(re.search(r"incl|excl|\bid\b|\breg", line, re.IGNORECASE))
            found.append(Candidate(here[-1], index, weight))
    return found
