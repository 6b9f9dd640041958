"""What kind of answer a question wants, and the pieces of a text that are of that kind.

Used when a small model's own words cannot be the answer: it then only chooses between pieces
that can be. Rules for English and Chinese. Knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from assistant.citations import content_words

Kind = Literal["number", "time", "name", "any"]

_NUMBER_WORDS = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen"
    "|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty"
    "|ninety|hundred|thousand|million|billion|half|dozen|several|none|twice|once"
)
_FIGURE = re.compile(
    rf"[$€£¥]?\d[\d,.]*%?|\b(?:{_NUMBER_WORDS})\b|[一二三四五六七八九十百千万亿两零]+",
    re.IGNORECASE,
)
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "number",
        re.compile(
            r"\bhow (?:many|much|old|long|far|tall|high|fast|large|big|deep|wide)\b"
            r"|\bwhat (?:percent|number|amount|share|fraction)"
            r"|多少|几[个名次年天人位]|多[长高大远快深]",
            re.IGNORECASE,
        ),
    ),
    (
        "time",
        re.compile(
            r"^\W*(?:when|(?:in |on |since |during )?(?:what|which) "
            r"(?:year|date|month|day|century))\b"
            r"|何时|什么时候|哪一?年|哪一?天|几月",
            re.IGNORECASE,
        ),
    ),
    ("name", re.compile(r"^\W*(?:who|whom|whose)\b|谁|哪位|哪个人", re.IGNORECASE)),
)
_TIME = re.compile(
    r"\d|\b(?:january|february|march|april|may|june|july|august|september|october|november"
    r"|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|century|morning|evening"
    r"|today|yesterday|spring|summer|autumn|winter|after|before|during)\b"
    r"|年|月|日|世纪|后|前|期间|时|周|星期|季|天|早|晚|春|夏|秋|冬|古|今|点|刻",
    re.IGNORECASE,
)
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_NAME = re.compile(
    r"(?:[A-ZÀ-Þ][\w'’.-]*)(?:\s+(?:of|the|de|van|von|der|la|le|and|&|[A-ZÀ-Þ0-9][\w'’.-]*))*"
    r"(?:\s+[A-ZÀ-Þ][\w'’.-]*)?"
)
_DATE = re.compile(
    r"(?:\d{1,2}\s+)?(?:January|February|March|April|May|June|July|August|September|October"
    r"|November|December)(?:\s+\d{1,2})?(?:,?\s+\d{4})?|\b1\d{3}s?\b|\b20\d{2}s?\b"
    r"|\d{2,4}年(?:\d{1,2}月)?(?:\d{1,2}日)?|\d{1,2}月\d{1,2}日|\d{1,2}\s?世纪"
)
_COUNT = re.compile(
    rf"[$€£¥]?\d[\d,.]*\d?%?(?:\s(?:million|billion|thousand))?|\b(?:{_NUMBER_WORDS})\b"
    r"|\d[\d,.]*\s?(?:万|亿|千)?|[一二三四五六七八九十百千万两]+(?=[个名次年天人位])",
    re.IGNORECASE,
)
_PIECE = re.compile(r"[^,;:.!?()，。；：！？（）、“”\"]+")
MOST = 14


def kind_of(question: str) -> Kind:
    """Return what kind of answer a question wants."""
    return next((kind for kind, rule in _KINDS if rule.search(question)), "any")


def can_be(answer: str, question: str) -> bool:
    """Whether words can be the answer: of the right kind, and not the question's own."""
    asked = set(content_words(question))
    said = set(content_words(answer))
    if said and said <= asked and " or " not in question and "还是" not in question:
        return False
    kind = kind_of(question)
    if kind == "number":
        return bool(_FIGURE.search(answer))
    if kind == "time":
        return bool(_TIME.search(answer))
    if kind == "name" and not _CHINESE.search(answer):
        return bool(re.search(r"[A-ZÀ-Þ]", answer)) or len(answer.split()) <= 6
    return True


def pieces(question: str, text: str) -> list[str]:
    """Return the pieces of a text that can be the answer, in their order, each once."""
    kind = kind_of(question)
    rule = {"number": _COUNT, "time": _DATE, "name": _NAME, "any": _PIECE}[kind]
    if kind == "name" and _CHINESE.search(text):
        rule = _PIECE
    found = [m.group().strip(" .,'’") for m in rule.finditer(text)]
    if kind == "any":
        found = [m.group().strip() for m in _NAME.finditer(text)] + found
    return _usable(found, question)


def _usable(found: Iterable[str], question: str) -> list[str]:
    kept = dict.fromkeys(f for f in found if 0 < len(f) <= 80 and can_be(f, question))
    return list(kept)[:MOST]


_COUNTED = re.compile(
    rf"^(?P<count>(?:about |around |some |approximately |over |nearly )?"
    rf"(?:\d[\d,.]*|(?:{_NUMBER_WORDS})(?:[ -](?:{_NUMBER_WORDS}))*)"
    rf"(?: (?:million|billion|thousand|hundred))?)\s+(?P<things>[a-z][a-z -]*)$",
    re.IGNORECASE,
)


def without_counted(answer: str, question: str) -> str:
    """Drop the things counted when the question names them: ``16,000 species`` → ``16,000``."""
    found = _COUNTED.match(answer)
    if found is None or kind_of(question) != "number":
        return answer
    things = set(content_words(found["things"]))
    return found["count"] if things and things <= set(content_words(question)) else answer
