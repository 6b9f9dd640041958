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

from assistant.amounts import Candidate, taxes, totals
from assistant.phrases import Field
from retrieval.values import Passage


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


# --- dates -----------------------------------------------------------------------------------

_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_DATE = re.compile(
    rf"(?<!\d)(?:\d{{4}}\s?[-/.年]\s?\d{{1,2}}\s?[-/.月]\s?\d{{1,2}}(?!\d)(?:\s?日)?"
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
    rule: str, label: str = "", minimum: int = 0, unless: str = ""
) -> Callable[[Sequence[str]], list[Candidate]]:
    pattern = re.compile(rule, re.IGNORECASE)
    named = re.compile(label, re.IGNORECASE) if label else None
    other = re.compile(rf"(?:{unless})\W*(?:[A-Z]{{2}}\W*)?$", re.IGNORECASE) if unless else None

    def find(lines: Sequence[str]) -> list[Candidate]:
        found = []
        for index, line in enumerate(lines):
            for match in pattern.finditer(line):
                value = (match["value"] if "value" in pattern.groupindex else match.group()).strip()
                if len(re.sub(r"\D", "", value)) < minimum:
                    continue
                if other and other.search(line[: match.start()]):
                    continue
                score = 1.0 - 0.01 * index + 2.0 * bool(named and named.search(line))
                found.append(Candidate(value, index, score))
        return found

    return find


_FINDERS: dict[Field, Callable[[Sequence[str]], list[Candidate]]] = {
    "total": totals,
    "tax": taxes,
    "date": _dates,
    "company": _companies,
    "address": _addresses,
    "phone": _matching(  # neither a row of years nor a day
        r"(?!(?:19|20)\d\d(?:[\s\-–]+(?:19|20)\d\d)+\b)(?!(?:19|20)\d\d-\d\d-\d\d\b)"
        r"(?<![\d–-])\+?\(?\d[\d\s().\-–]{5,17}\d",
        r"\b(?:tel|phone|fax|mobile|hp|call)\b|电话|手机",
        7,
        # a number that is called another thing
        r"\b(?:vat|gst|tax|reg(?:istration)?|company|account|acct|iban|bic|sort code|isbn"
        r"|invoice|order|ref(?:erence)?|customer|policy)\b(?:\W*(?:no|number|nr|id|code)\b)?"
        r"|税号|账号|单号|编号|发票号",
    ),
    "email": _matching(r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+", r"e-?mail|邮箱"),
    "number": _matching(
        r"(?:\b(?:invoice|inv|receipt|bill|doc(?:ument)?|order|ref(?:erence)?|slip|account|acct)\b"
        r"\s*(?:no|number|num|id|#)?|发票号|单号|编号|订单号)\s*\.?\s*[:：#.]?\s*(?P<value>[A-Z]*[\w/\-]*\d[\w/\-]*)",
        r"\bno\b|number|#|号",
    ),
}
