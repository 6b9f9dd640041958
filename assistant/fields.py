"""Typed answers found in text by rule: totals, dates, companies, addresses, phones, e-mails.

Works on the lines of a document as they were read, top to bottom. Returns candidates with a
score, best first; the score only orders candidates of one document. Knows no layout beyond
lines, no model, and nothing of where the text comes from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from assistant.phrases import Field
from retrieval.values import Passage


@dataclass(frozen=True)
class Candidate:
    """A value as it stands in the text, the index of its line, and how well it fits."""

    value: str
    line: int
    score: float


def find_field(field: Field, lines: Sequence[str]) -> list[Candidate]:
    """Return the values of a field in a document, the best first, each value once."""
    best: dict[str, Candidate] = {}
    for candidate in _FINDERS[field](lines):
        held = best.get(candidate.value)
        if held is None or candidate.score > held.score:
            best[candidate.value] = candidate
    return sorted(best.values(), key=lambda c: -c.score)


@dataclass(frozen=True)
class Hit:
    """A value found in a passage, how well it fits, and the line it stands on."""

    value: str
    passage: Passage
    score: float
    line: str


def find_in(field: Field, passages: Sequence[Passage]) -> list[Hit]:
    """Return the values of a field over the passages of one document, the best first."""
    lines: list[str] = []
    owners: list[Passage] = []
    for passage in passages:
        own = [line for line in passage.text.splitlines() if line.strip()]
        lines += own
        owners += [passage] * len(own)
    return [Hit(c.value, owners[c.line], c.score, lines[c.line]) for c in find_field(field, lines)]


_SURE: dict[Field, float] = {
    "total": 3.0,
    "date": 0.5,
    "company": 2.0,
    "phone": 1.5,
    "address": 1.0,
}
"""Scores from which a value is given without having been asked for by name."""


def fields_of(passages: Sequence[Passage]) -> dict[Field, Hit]:
    """Return the best value of every field that a document seems to have."""
    found = {field: hits[0] for field in _FINDERS if (hits := find_in(field, passages))}
    return {field: hit for field, hit in found.items() if hit.score >= _SURE.get(field, 0.5)}


# --- amounts ---------------------------------------------------------------------------------

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
    (r"\bt[o0]t\w{0,2}\b|\bttl\b|\bnett?\b(?!.*weight)|\bbill\b", 5.0),
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


def _totals(lines: Sequence[str]) -> list[Candidate]:
    found: list[Candidate] = []
    change = _paid_less_change(lines)
    for index, line in enumerate(lines):
        score = _total_score(line)
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


def _taxes(lines: Sequence[str]) -> list[Candidate]:
    rule = re.compile(r"\b(?:gst|tax|vat)\b|税", re.IGNORECASE)
    found = []
    for index, line in enumerate(lines):
        if rule.search(line) and (here := _priced(line)):
            weight = 2.0 if re.search(r"total|amt|amount|额", line, re.IGNORECASE) else 1.0
            weight -= 1.5 * bool(re.search(r"incl|excl|\bid\b|\breg", line, re.IGNORECASE))
            found.append(Candidate(here[-1], index, weight))
    return found


# --- dates -----------------------------------------------------------------------------------

_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_DATE = re.compile(
    rf"(?<!\d)(?:\d{{4}}\s?[-/.年]\s?\d{{1,2}}\s?[-/.月]\s?\d{{1,2}}(?!\d)日?"
    rf"|\d{{1,2}}\s?(?P<mark>[-/.~])\s?\d{{1,2}}\s?(?P=mark)\s?(?:(?:19|20)\d\d|\d\d(?!\d))"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?[\s\-/.,]{{0,2}}(?:{_MONTHS})\b\.?[\s\-/.,']{{0,2}}"
    rf"(?:(?:19|20)\d\d|\d\d(?!\d))"
    rf"|(?:{_MONTHS})\.?\s?\d{{1,2}}(?:st|nd|rd|th)?,?\s?\d{{4}}"
    rf"|\d{{1,2}}月\d{{1,2}}日|(?:{_MONTHS})\.?\s\d{{4}}|\d{{4}}年\d{{1,2}}月)",
    re.IGNORECASE,
)


def _dates(lines: Sequence[str]) -> list[Candidate]:
    found = []
    for index, line in enumerate(lines):
        for match in _DATE.finditer(line):
            score = 2.0 - index / max(1, len(lines))
            score += 2.0 * bool(re.search(r"\bdate\b|\bdated\b|日期", line, re.IGNORECASE))
            score -= 2.0 * bool(re.search(r"\bdue\b|expir|valid|deliver|到期", line, re.IGNORECASE))
            score += 0.5 * bool(re.search(r"\d{1,2}:\d{2}", line))
            day = parse_date(match.group())
            score += 0.3 if day and 1980 <= day.year <= 2040 else -3.0
            score += 0.2 * bool(re.search(r"\d{4}", match.group()))
            score += 0.6 * bool(day and day.year >= 2010) - 0.6 * bool(day and day.year < 2008)
            found.append(Candidate(match.group().strip(), index, score))
    return found


def parse_date(text: str) -> date | None:
    """Return the day a date means (day before month when both would do); None when none."""
    numbers = [int(n) for n in re.findall(r"\d+", text)]
    month = re.search(rf"({_MONTHS})", text, re.IGNORECASE)
    try:
        if month:
            number = "janfebmaraprmayjunjulaugsepoctnovdec".index(month[1][:3].lower()) // 3 + 1
            if len(numbers) == 1:
                return date(numbers[0], number, 1)
            return date(_year(numbers[1]), number, numbers[0])
        if len(numbers) == 2:
            return date(numbers[0], numbers[1], 1) if numbers[0] > 31 else None
        first, second, third = numbers[:3]
        if first > 31:
            return date(first, second, third)
        if second > 12:
            first, second = second, first
        return date(_year(third), second, first)
    except (ValueError, IndexError):
        return None


def _year(number: int) -> int:
    return number if number > 99 else 2000 + number if number < 70 else 1900 + number


# --- names and contacts ----------------------------------------------------------------------

_COMPANY = re.compile(
    r"\b(?:sdn\.?\s*bhd|s/b|bhd|ltd|limited|inc|llc|llp|gmbh|co\.?|corp(?:oration)?|company|plc|pte"
    r"|enterprise|trading|store|mart|market|restoran|restaurant|cafe|hardware|holdings?|group"
    r"|pharmacy|bakery|stationery|industries|services?|supermarket|hotel|shop|foundation"
    r"|university|bank|institute)\b|sdn|bhd|公司|集团|商店|超市|店|厂|银行|大学",
    re.IGNORECASE,
)
_NOT_COMPANY = re.compile(
    r"\b(?:receipt|invoice|tax|date|time|tel|phone|fax|gst|reg|no\b|lot|jalan|jln|road|street"
    r"|cashier|bill|order|table|welcome|thank|page|www|http|e-?mail|total|qty|price|original|copy"
    r"|customer|salesperson|counter)|@|发票|收据|日期|电话|地址",
    re.IGNORECASE,
)


LONGEST_NAME = 90
_LEGAL = re.compile(
    r"(?:\bsdn\.?\s*bhd\b|\bs/b\b|\bbhd\b|\bltd\b|\blimited\b|\binc\b|\bllc\b|\bgmbh\b|\bplc\b"
    r"|\bpte\b|公司)\.?\W*$",
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    r"^\W*(?:co\b|sdn\b|n bhd|bhd\b|ltd\b|limited\b|enterprise|\(m\)|inc\b)",
    re.IGNORECASE,
)
_REGISTRATION = re.compile(
    r"\s*\(?\s*(?:co\.?\s*)?(?:reg\.?\s*(?:no)?|no)?\.?\s*[:.]?\s*\d{5,}\s*-?\s*[A-Z]?\s*\)?\s*$",
    re.IGNORECASE,
)


def _companies(lines: Sequence[str]) -> list[Candidate]:
    head = [_REGISTRATION.sub("", line).strip(" -*:.,") for line in lines[:14]]
    found = []
    for index, text in enumerate(head):
        letters = len(re.findall(r"[A-Za-z\u4e00-\u9fff]", text))
        if letters < 3 or letters < 0.4 * len(text.replace(" ", "")) or len(text) > LONGEST_NAME:
            continue
        whole = _with_next(head, index)
        score = 2.0 - 0.35 * index
        score += 3.0 * bool(_COMPANY.search(whole))
        score += 0.5 * bool(_LEGAL.search(whole))
        score -= 3.0 * bool(_NOT_COMPANY.search(text))
        score += 0.3 * (text.upper() == text)
        score -= 1.0 * (letters < 5)
        found.append(Candidate(whole, index, score))
    return found


def _with_next(lines: Sequence[str], index: int) -> str:
    """Return a name with the lines it goes on over: an open bracket, or a suffix on its own."""
    whole = lines[index]
    for following in lines[index + 1 : index + 3]:
        is_open = whole.count("(") > whole.count(")")
        if not (is_open or whole.casefold().endswith("sdn") or _CONTINUES.search(following)):
            break
        if _LEGAL.search(whole) and not is_open:
            break
        whole = f"{whole} {following}"
    return whole


def _addresses(lines: Sequence[str]) -> list[Candidate]:
    start = re.compile(
        r"^\W*(?:address\s*:?\s*)?(?:no\.?\s*\d|lot\b|\d+[,\s-].*\b(?:jalan|jln|road|rd|street|st"
        r"|avenue|ave|lane|drive|way)\b|jalan|jln|lorong|p\.?o\.? box)|地址|(?:省|市|区|路|街).*号",
        re.IGNORECASE,
    )
    stop = re.compile(r"\b(?:tel|fax|phone|gst|invoice|receipt|date|e-?mail|www)\b|电话", re.I)
    found = []
    for index, line in enumerate(lines[:20]):
        if not start.search(line):
            continue
        parts = [re.sub(r"^\W*(?:address|地址)\s*[:：]?\s*", "", line, flags=re.IGNORECASE)]
        for following in lines[index + 1 : index + 5]:
            if stop.search(following) or not re.search(r"\d{5}|,|[A-Za-z]{4}", following):
                break
            parts.append(following)
            if re.search(r"\b\d{5}\b", following) and not following.rstrip().endswith(","):
                break
        found.append(Candidate(" ".join(parts).strip(), index, 2.0 - 0.1 * index))
    return found


def _matching(
    rule: str, label: str = "", minimum: int = 0
) -> Callable[[Sequence[str]], list[Candidate]]:
    pattern = re.compile(rule, re.IGNORECASE)
    named = re.compile(label, re.IGNORECASE) if label else None

    def find(lines: Sequence[str]) -> list[Candidate]:
        found = []
        for index, line in enumerate(lines):
            for match in pattern.finditer(line):
                value = (match["value"] if "value" in pattern.groupindex else match.group()).strip()
                if len(re.sub(r"\D", "", value)) < minimum:
                    continue
                score = 1.0 - 0.01 * index + 2.0 * bool(named and named.search(line))
                found.append(Candidate(value, index, score))
        return found

    return find


_FINDERS: dict[Field, Callable[[Sequence[str]], list[Candidate]]] = {
    "total": _totals,
    "tax": _taxes,
    "date": _dates,
    "company": _companies,
    "address": _addresses,
    "phone": _matching(
        r"\+?\(?\d[\d\s().\-–]{5,17}\d", r"\b(?:tel|phone|fax|mobile|hp|call)\b|电话|手机", 7
    ),
    "email": _matching(r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+", r"e-?mail|邮箱"),
    "number": _matching(
        r"(?:\b(?:invoice|inv|receipt|bill|doc(?:ument)?|order|ref(?:erence)?|slip|account|acct)\b"
        r"\s*(?:no|number|num|id|#)?|发票号|单号|编号|订单号)\s*\.?\s*[:：#.]?\s*(?P<value>[A-Z]*[\w/\-]*\d[\w/\-]*)",
        r"\bno\b|number|#|号",
    ),
}
