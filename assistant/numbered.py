"""Numbered parts of a document, tables, figures, sections: which a question names, and which lack.

A part is there when its caption stands at the start of a line, or its label anywhere in the text.
Knows passages and questions, no model.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Literal

from assistant.citations import fold
from retrieval.values import Passage

Numbered = Literal["tables", "figures"]
_NUMBER = r"[A-Z]?\d+(?:[.\-–]\d+)*"
_CAPTIONS: dict[Numbered, re.Pattern[str]] = {
    "tables": re.compile(
        rf"^\W*(?P<label>(?:table|exhibit)\s*{_NUMBER}|表\s*{_NUMBER})",
        re.I | re.M,
    ),
    "figures": re.compile(
        rf"^\W*(?P<label>(?:fig(?:ure|\.)?|chart|diagram)\s*{_NUMBER}|图\s*{_NUMBER})",
        re.I | re.M,
    ),
}


def captions(what: Numbered, passages: Sequence[Passage]) -> dict[str, Passage]:
    """Return the numbered captions of a file by label, each with the first passage it heads."""
    found: dict[str, Passage] = {}
    for passage in passages:
        for match in _CAPTIONS[what].finditer(passage.text):
            label = re.sub(r"\s+", " ", match["label"]).rstrip(".")
            found.setdefault(_key(label), passage)
    return found


def _key(label: str) -> str:
    """Return one spelling of a label: ``Fig. 3`` and ``FIGURE 3`` are ``figure 3``."""
    return re.sub(r"^fig(?:ure|\.)?\s*", "figure ", fold(label)).replace("  ", " ")


_NAMED = re.compile(
    rf"(?<![A-Za-z])(?P<kind>tables?|exhibits?|fig(?:ure|\.)?s?|charts?|diagrams?|sections?|chapters?|表|图|第)"
    rf"\s*(?P<number>{_NUMBER})(?P<after>\s*[章节])?",
    re.IGNORECASE,
)
_LONGEST = 400
"""Characters of a question; a pasted text names no part, and every name is looked for."""
_LEAST = 2
"""Parts of a kind that a document must number for another number to be missing."""


def numbered_in(question: str, passages: Sequence[Passage]) -> list[Passage]:
    """Return the passages headed by a table or figure that a question names by its number."""
    named = {_key(m.group()) for m in _NAMED.finditer(question)}
    every = {**captions("tables", passages), **captions("figures", passages)}
    return [passage for label, passage in every.items() if _tight(label) in map(_tight, named)]


def missing_part(question: str, passages: Sequence[Passage]) -> str:
    """Return the first numbered part that a question names and a document has not; "" if none.

    Only of a kind of which the document numbers some: captions may stand in pictures.
    """
    if len(question) > _LONGEST:
        return ""
    whole = "\n".join(f"{p.heading}\n{p.text}" for p in passages)
    for named in _NAMED.finditer(question):
        kind, number = _kind(named), named["number"]
        if kind is None:
            continue
        there = {m["number"].casefold() for m in _RULES[kind].finditer(whole)}
        if len(there) >= _LEAST and number.casefold() not in there:
            return " ".join(named.group().split())
    return _code_missing(question, whole) or _model_missing(question, whole)


def _code_missing(question: str, whole: str) -> str:
    """Return the first of a sort that a question names and a text, which tells some, has not."""
    for coded in _CODED.finditer(question):
        sort, code = coded["sort"] or coded["zh"], coded["code"] or str(_number(coded["count"]))
        there = {found.upper() for found in _codes_of(sort, whole)}
        if len(there) >= _LEAST and code not in there and not _beside(sort, code, whole):
            return " ".join(coded.group().split())
    return ""


def _model_missing(question: str, whole: str) -> str:
    """Return the first model that a question names and a text, which has others of it, has not."""
    for model in _MODEL.finditer(question):
        make = rf"(?<![A-Za-z]){re.escape(model['make'])}[- ]?(\d{{1,4}}[A-Z]{{0,2}})(?![\w])"
        there = set(re.findall(make, whole))
        if len(there) >= _LEAST and model["number"] not in there:
            return model.group()
    return ""


_MODEL = re.compile(
    r"(?<![\w-])(?!(?:FY|CY|HY|EUR|USD|GBP|CHF|CNY|RMB|JPY)-?\d)"
    r"(?P<make>[A-Z]{2,5})-?(?P<number>\d{1,4}[A-Z]{0,2})(?![\w-])"
)
"""A model by its letters and number, HX-40L; no year and no sum of money."""

_NO_SORT = (
    r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\b"
    r"|(?:page|the|and|for|was|are|did|than|from|with|between|over|under|about|around|nearly|almost"
    r"|top|last|next|first|past|least|most|within|every|after|before|until|since|aged?|only|just"
    r"|exactly|some|all|any|per|plus|minus|another|these|those|other|each)\b"
)
_CODED = re.compile(
    rf"\b(?!(?i:{_NO_SORT}))(?P<sort>[A-Za-z][a-z]{{2,}})[ -]?(?P<code>[A-Z]|\d{{1,3}})"
    r"(?![\w.,%:/-]*\d|\w)"
    r"|(?P<count>\d{1,3}|[一二三四五六七八九十]{1,3})\s*(?P<zh>号楼|号院|号线|号桌)",
    re.MULTILINE,
)
"""One of a sort, told by a letter or a number: "Route C", "level-6", 9号楼."""


_RANGE = re.compile(
    r"(?<![\d:.])(\d{1,3})\s*(?:号楼|号)?(?:-|–|—|~|to|and|至|到)\s*(\d{1,3})(?![\d:.])"
)
"""Numbers from one to another, no times of day."""


def _beside(sort: str, code: str, text: str) -> bool:
    """Whether a line on things of a sort has a code by itself, or a range with it: "5 to 8"."""
    for line in text.splitlines():
        if sort.casefold() not in line.casefold():
            continue
        if re.search(rf"(?<![\w.]){re.escape(code)}(?![\w.]|\s*{sort})", line):
            return True
        ranges = _RANGE.findall(line)
        if code.isdecimal() and any(int(a) <= int(code) <= int(b) for a, b in ranges):
            return True
    return False


def _codes_of(sort: str, text: str) -> list[str]:
    """Return the letters or numbers by which things of a sort are told apart in a text."""
    if sort.isascii():
        rule = rf"\b{re.escape(sort)}s?[ -]?([A-Za-z]|\d{{1,3}})(?![\w])"
        return re.findall(rule, text, re.IGNORECASE)
    counts = re.findall(rf"(\d{{1,3}}|[一二三四五六七八九十]{{1,3}})\s*{sort}", text)
    return [str(_number(count)) for count in counts]


_SPELLED = {
    "table": r"(?:tables?|exhibits?|表)\s*",
    "figure": r"(?:fig(?:ure|\.)?s?|charts?|diagrams?|图)\s*",
    "section": r"(?:(?:^|\n)\W{0,3}(?:section|chapter)?|\bsections?|\bchapters?|§|第)\s*",
}
_RULES = {
    kind: re.compile(rf"{spelled}(?P<number>{_NUMBER})(?![\d%])", re.IGNORECASE)
    for kind, spelled in _SPELLED.items()
}


def _kind(named: re.Match[str]) -> str | None:
    word = named["kind"].casefold()
    if word == "第":
        return "section" if named["after"] else None
    if word.startswith(("section", "chapter")):
        return "section"
    return "table" if word.startswith(("table", "exhibit", "表")) else "figure"


def _tight(label: str) -> str:
    return re.sub(r"\s+", "", label)


def without_numbered(question: str) -> str:
    """Return a question without the numbers of tables and figures it is put to: "in Table 2"."""
    bare = _PUT_TO.sub(" ", " ".join(question.split()))
    return " ".join(bare.split()).strip(" ,，") or question


_PUT_TO = re.compile(
    rf",?\s*\b(?:according to|based on|in|from|of|does|by|see)\s+(?:the )?"
    rf"(?:tables?|fig(?:ure|\.)?s?|charts?)\s*{_NUMBER},?"
    rf"|(?:根据|按照?|从|在)?[表图]\s*{_NUMBER}(?:中|里|上|看)?[，,]?",
    re.IGNORECASE,
)


_CHINESE_NUMBERS = {sign: number for number, sign in enumerate("一二三四五六七八九", 1)}
_SECTION = re.compile(
    r"^\W*(?:(?:section|chapter|part)\s+)?(?:(?P<number>\d{1,2})[.:)、]?(?=\s+[^\d\W]|[、．]\S)"
    r"|第?(?P<zh>[一二三四五六七八九]?十?[一二三四五六七八九十])(?:[、．]|\s?[章节]))",
    re.IGNORECASE,
)
_MOST = 0.7
"""Share of the numbers below the highest that must be there: a caption may be lost in a drawing."""


def section_number(title: str) -> int:
    """Return the number of a top-level section by its title; 0 where it has none."""
    found = _SECTION.match(title)
    if found is None:
        return 0
    if found["number"]:
        return int(found["number"])
    return _number(found["zh"])


def _number(written: str) -> int:
    """Return a whole number below a hundred as written in digits or in Chinese; 0 for no number."""
    if written.isdecimal():
        return int(written)
    tens, ten, ones = written.rpartition("十")
    if not ten:
        return _CHINESE_NUMBERS.get(written, 0)
    return 10 * _CHINESE_NUMBERS.get(tens, 1) + _CHINESE_NUMBERS.get(ones, 0)


def numbers_of(what: Numbered, passages: Sequence[Passage]) -> set[int]:
    """Return the whole numbers by which tables or figures are spoken of anywhere in a document."""
    rule = _RULES["table" if what == "tables" else "figure"]
    found = (m["number"] for p in passages for m in rule.finditer(f"{p.heading}\n{p.text}"))
    return {int(number) for number in found if number.isdecimal()}


def highest(numbers: Collection[int]) -> int:
    """Return the highest of some numbers up to which most are there; 0 if there is none."""
    there = sorted(set(numbers) - {0})
    fitting = (n for place, n in enumerate(there, 1) if place >= _MOST * n)
    return max(fitting, default=0)
