"""What kind of answer a question wants, and whether words are of that kind.

Of several stretches that a model would copy, one that cannot be the answer is passed over, and
what a copy only repeats of the question is cut off. Rules for English and Chinese. Knows no model.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Literal

from assistant.citations import content_words
from assistant.phrases import RUNG

Kind = Literal["number", "time", "name", "place", "any"]

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
            r"|\bwhat (?:percent|number|amount|share|fraction|sum|price)"
            r"|多少|几[个名次年天人位]|多[长高大远快深]",
            re.IGNORECASE,
        ),
    ),
    (
        "time",
        re.compile(
            r"^\W*(?:(?:by |since |until |till |from )?when"
            r"|(?:in |on |since |during |at |by |until )?(?:what|which) "
            r"(?:year|date|month|day|century|time))\b"
            r"|[何几]时|[什啥]么?时[候间]|哪一?[年天月日]|几[月点]|几号(?![桌楼线房门车库柜窗店位])|(?:星期|周|礼拜)几",
            re.IGNORECASE,
        ),
    ),
    ("name", re.compile(r"^\W*(?:who|whom|whose)\b|谁|哪位|哪个人", re.IGNORECASE)),
    ("place", re.compile(r"^\W*where\b|哪里|哪儿|什么地方|何处", re.IGNORECASE)),
)
_MONTHS_AND_DAYS = (
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)days?)\b"
)
_ORDINALS = (
    r"\b(?:(?:twenty|thirty)-)?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
    r"|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth"
    r"|nineteenth|twentieth|thirtieth)\b"
)
_DAYTIMES = (
    r"\b(?:noon|midday|midnight|(?:morning|afternoon|evening|night|weekday|weekend)s?"
    r"|to(?:day|night|morrow)|yesterday|spring|summer|autumn|winter|christmas|easter)\b"
)
_MOMENTS_ZH = (
    r"(?:周|星期|礼拜)[一二三四五六日天末]"
    r"|(?<![一二三四五六七八九十])[一二三四五六七八九十]+(?=[年月日世号点])"
    r"|[今明后昨前][天年晚早]|[上下本每这]个?[周月年]|[早晚]上|[上中下]午|傍晚|半夜"
    r"|[月年][初中底末]|[春夏秋冬][天季]|春节|中秋|元旦|国庆|端午|清明|谷雨|立[春夏秋冬]|[夏冬]至|惊蛰|芒种|霜降"
)
# Wide on purpose: what is not taken for a time is no answer to a when-question.
_TIME = re.compile(
    rf"\d|{_MONTHS_AND_DAYS}|{_ORDINALS}|{_DAYTIMES}|\b(?:{_NUMBER_WORDS})\b"
    r"|\b(?:century|after|before|during|until|till|while|once|when|whenever|since|now|then"
    r"|immediately|never|always|(?:hour|day|week|month|year)s?|daily|weekly|monthly|yearly)\b"
    r"|年|月|日|世纪|后|前|期间|时|周|星期|礼拜|季|天|早|晚|春|夏|秋|冬|古|今|点|刻|号|[一二三四五六七八九十]"
    r"|起|马上|立即|从不|每",
    re.IGNORECASE,
)
_MOMENT = re.compile(
    rf"\d[\d,.]*|{_MONTHS_AND_DAYS}|{_ORDINALS}|{_DAYTIMES}|\b(?:{_NUMBER_WORDS})\b|{_MOMENTS_ZH}",
    re.IGNORECASE,
)
_ONLY_TIME = re.compile(
    rf"(?:{_MONTHS_AND_DAYS}|[\d:.,/ -]+|\b(?:at|on|in|the|of|am|pm|o'clock|st|nd|rd|th)\b|\s"
    r"|[年月日号时点分上下午早晚周星期一二三四五六七八九十])+",
    re.IGNORECASE,
)
_CHINESE = re.compile(r"[\u3400-\u9fff]")


_TELEPHONE = re.compile(
    r"(?!\d{4}[-/]\d\d[-/]\d\d$|\d\d[-/]\d\d[-/](?:\d\d){1,2}$)"  # a date
    r"\+?\(?\d{2,4}\)?(?:[ /-]\d{2,4}){2,}|\+?\d{7,}"
)
_ASKS_TELEPHONE = re.compile(
    r"\b(?:phone|telephone|mobile|cell|fax|hotline)(?:'s)? (?:no|number)\b"
    rf"|电话(?:号码)?(?:是多少)?\W*$|手机号|{RUNG}",
    re.IGNORECASE,
)
_LEAST_DIGITS = 5
_MANY = re.compile(r"\bhow many\b|几[个名次位只把]", re.IGNORECASE)
_MONEY = re.compile(r"[$€£¥]|\b(?:euros?|dollars?|pounds?|cents?|yuan)\b|[元块]", re.IGNORECASE)
_SUM = re.compile(
    r"[$€£¥]\s?\d[\d,.]*|\d[\d,.]*\s?(?:euros?|dollars?|pounds?|cents?|pence|yuan|元|块钱?)",
    re.IGNORECASE,
)
_ASKS_SUM = re.compile(
    r"多少(?:钱|元|块)|什么价|价钱"
    r"|\bhow much (?:money\b|.*\b(?:costs?|pay|paid|charged?|price)\b)|\bwhat (?:sum|price)\b",
    re.IGNORECASE,
)
_ASKS_CLOCK = re.compile(
    r"^(?!.*(?:哪一?天|几号|星期几|周几|日期|日子|什么时候))(?!.*\b(?:what|which) day\b)"
    r".*(?:几点|\bwhat time\b(?!\s+of\s+(?:the\s+)?year))",
    re.IGNORECASE,
)
_DATE_ALONE = re.compile(
    rf"(?:(?:the\s+)?\d{{1,2}}(?:st|nd|rd|th)?(?:\s+of)?\s+)?{_MONTHS_AND_DAYS}[,.\s]*"
    r"(?:\d{1,2}(?:st|nd|rd|th)?\b)?[,\s]*(?:\d{4})?"
    r"|(?:\d{4}\s*年\s*)?\d{1,2}\s*月(?:\s*\d{1,2}\s*[日号]?)?|\d{1,2}\s*[日号]|\d{4}(?:-\d\d-\d\d|年)",
    re.IGNORECASE,
)
"""A day, a month or a year without a time of day."""
_NO_SUM = re.compile(
    r"\d[\d,.]*\s?(?:[支个本张件台只把人名位次年月日号天页岁点]|小时|分钟|[公厘毫千]?[斤克米升]"
    r"|(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|[kcm]?m|[km]?g|s|litres?|miles?)\b)"
)
"""A figure of something that is no money."""


def kind_of(question: str) -> Kind:
    """Return what kind of answer a question wants."""
    return next((kind for kind, rule in _KINDS if rule.search(question)), "any")


def can_be(answer: str, question: str) -> bool:
    """Whether words can be the answer: of the right kind, and not the question's own."""
    asked = set(content_words(question))
    said = set(content_words(answer))
    if said and said <= asked and " or " not in question and "还是" not in question:
        return False
    if _ASKS_TELEPHONE.search(question):
        return sum(sign.isdigit() for sign in answer) >= _LEAST_DIGITS
    kind = kind_of(question)
    if kind == "number":
        money = _MONEY.search(answer)
        if money and not _MONEY.search(question) and _MANY.search(question):
            return False
        no_sum = _ASKS_SUM.search(question) and _NO_SUM.search(answer) and not money
        return bool(_FIGURE.search(answer)) and not no_sum
    if kind == "time":
        other = _TELEPHONE.fullmatch(answer.strip()) or _SUM.fullmatch(answer.strip())
        day = _ASKS_CLOCK.search(question) and _DATE_ALONE.fullmatch(answer.strip())
        return bool(_TIME.search(answer)) and not other and not day
    if kind == "place":
        return not _ONLY_TIME.fullmatch(answer)
    if kind == "name" and not _CHINESE.search(answer):
        return bool(re.search(r"[A-ZÀ-Þ]", answer)) or len(answer.split()) <= 6
    return True


def lacks_number(answer: str, question: str) -> bool:
    """Whether a telephone number is asked for and words have none."""
    return bool(_ASKS_TELEPHONE.search(question)) and not can_be(answer, question)


_UNIT = (
    r"\s*(?:[%°℃]\s*[CF]?|年|月|日|岁|度|万|亿"
    r"|(?:[kcm]?m|[km]?g|m?l|ha|ft|lb|mph|min|h|s|[ap]m|[GM]B)\b)?\s*"
)
_END = rf"\d[\d,.]*{_UNIT}"
_RANGE = re.compile(
    rf"(?<![\w.]){_END}(?:到|至|–|—|~|～|-|to|and|or)\s*{_END}(?![\d])", re.IGNORECASE
)
_BETWEEN = re.compile(r"\b(?:between|either)\s*$", re.IGNORECASE)
_AMOUNT = rf"(?:\d+|[一二两三四五六七八九十百半]+|\b(?:{_NUMBER_WORDS})(?:-(?:{_NUMBER_WORDS}))?\b)"
_COMPOUND = re.compile(
    rf"{_AMOUNT}\s?(?:个?(?:小时|钟头)|h\b|hours?\b|hrs?\b)[,\s]*(?:and\s+)?"
    rf"{_AMOUNT}\s?(?:分钟?|min(?:ute)?s?\b|m\b)"
    rf"|{_AMOUNT}\s?(?:years?\b|年(?!代))[,\s]*(?:and\s+)?{_AMOUNT}\s?(?:months?\b|个月)"
    rf"|{_AMOUNT}\s?(?:weeks?\b|周|个?星期)[,\s]*(?:and\s+)?{_AMOUNT}\s?(?:days?\b|天)"
    rf"|{_AMOUNT}\s?(?:minutes?|mins?|分钟?)[,\s]*(?:and\s+)?{_AMOUNT}\s?(?:seconds?\b|secs?\b|秒钟?)"
    rf"|{_AMOUNT}\s?(?:f(?:ee|oo)?t\b)[,\s]*(?:and\s+)?{_AMOUNT}\s?in(?:ch(?:es)?)?\b",
    re.IGNORECASE,
)
"""One measure told in two units: two hours and forty minutes."""


def whole_range(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a copied stretch of a text, widened to the whole of which it is one end.

    Of ``0.3 to 0.6 °C`` neither end is the answer alone, nor of ``2 hours 40 minutes``.
    """
    for found in _COMPOUND.finditer(text):
        if found.start() <= start < end <= found.end():
            return found.span()
    for found in _RANGE.finditer(text):
        first, last = found.start(), found.start() + len(found.group().rstrip())
        apart = re.search(r"\b(?:and|or)\b", found.group())
        if apart and not _BETWEEN.search(text[:first]):
            continue
        cut = first <= start < end <= last and (start, end) != (first, last)
        if cut and re.match(r"\W*\d", text[start:end]):
            return first, last
    return start, end


_MEASURE = re.compile(
    r"\s?(?:(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centur(?:y|ies)"
    r"|kilomet(?:er|re)s?|met(?:er|re)s?|miles?|feet|foot|inch(?:es)?|yards?|acres?|hectares?"
    r"|(?:kilo)?grams?|pounds?|tonn?es?|tons?|ounces?|lit(?:er|re)s?|degrees|percent"
    r"|square (?:miles|kilomet(?:er|re)s|feet|met(?:er|re)s)|euros?|dollars|cents"
    r"|km[2²]?|kg|cm|mm|ml|mph|lb|oz)\b|%|°\s?[CF]\b|℃|个?(?:小时|月|星期|世纪)|分钟?|秒钟?|天|周(?!岁)"
    r"|年(?!代)|平方?(?:公里|千米|英里|米)|公里|千米|米|厘米|毫米|英里|英尺|英寸|公斤|千克|克|吨|升|毫升|度"
    r"|英亩|公顷|元|美元|欧元|英镑|周?岁|页|层|倍)",
    re.IGNORECASE,
)


def with_unit(text: str, start: int, end: int, question: str) -> tuple[int, int]:
    """Return a copied stretch with the unit after its figure, unless the question names it."""
    unit = _MEASURE.match(text, end)
    if unit is None or not text[start:end].strip()[-1:].isdigit():
        return start, end
    named = unit.group().strip().casefold() in question.casefold()
    return (start, end) if named else (start, unit.end())


def places_for(question: str, text: str) -> frozenset[int] | None:
    """Return where in a text an answer of the kind asked for can begin; None: anywhere.

    Figures that the question itself names are no answer to it.
    """
    rule = {"number": _FIGURE, "time": _MOMENT}.get(kind_of(question))
    if rule is None:
        return None
    named = {m.group() for m in rule.finditer(question)}
    return frozenset(m.start() for m in rule.finditer(text) if m.group() not in named)


def can_hold(text: str, question: str) -> bool:
    """Whether a text has anything that could be the answer: of the right kind, and not asked."""
    kind = kind_of(question)
    if (kind == "time" and not _TIME.search(text)) or (
        kind == "number" and places_for(question, text) == frozenset()
    ):
        return False
    return bool(set(content_words(text)) - set(content_words(question)))


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


_ASIDE = re.compile(r"\s*[（(][^()（）]*[)）]$")
_COPULA = re.compile(r"^(?:是|为|有|在|由|根据|：|，)+")
_AFTER = re.compile(r"^(?:就|都)?(?:是|为|叫做?|称为|名为|：|:)+")


def trimmed(answer: str, question: str) -> str:
    """Return an answer without things counted, asides, and words of the question around it."""
    line = without_counted(answer, question)
    if _ASIDE.search(line) and not line.startswith(("(", "（")):
        line = _ASIDE.sub("", line)
    return _without_question(line, question)


def _without_question(answer: str, question: str) -> str:
    """Drop what an answer only repeats of the question before and after it (Chinese)."""
    if not re.search(r"[\u3400-\u9fff]", answer):
        return answer
    asked = question.strip(" ?？。")
    rest = answer
    at, length = _shared_run(rest, asked)
    # What stands before a repeated stretch that runs up to a copula is the question as well.
    if length >= 4 and (told := _AFTER.match(rest[at + length :])):
        rest = rest[at + length + told.end() :]
    else:
        ahead = 0
        while ahead < len(rest) and rest[: ahead + 1] in asked:
            ahead += 1
        if ahead >= 4:
            rest = _COPULA.sub("", rest[ahead:])
    behind = 0
    while behind < len(rest) and rest[len(rest) - behind - 1 :] in asked:
        behind += 1
    if behind >= 2 and asked.endswith(rest[len(rest) - behind :]):
        rest = rest[: len(rest) - behind]
    rest = rest.strip(" ，,")
    return rest if len(rest) >= 2 or rest.isdigit() else answer


def _shared_run(one: str, other: str) -> tuple[int, int]:
    """Return where in ``one`` its longest stretch stands that ``other`` has too."""
    found = SequenceMatcher(None, one, other, autojunk=False).find_longest_match()
    return found.a, found.size
