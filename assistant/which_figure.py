"""Which of several like things of one sentence a question asks for, when the reader copied another.

Of a stretch of time, the beginning or the end; of figures told one after the other, the one whose
own words the question has; and whether a figure is of the kind of measure asked for. By rule,
English and Chinese. Knows no model.
"""

from __future__ import annotations

import re

from assistant.citations import content_words
from assistant.phrases import any_of

Place = tuple[int, int]

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_CLOCK = r"\d{1,2}(?:[:.]\d{2})?\s?[ap]\.?m\b\.?|\d{1,2}[:：.]\d{2}"
_DAY = (
    rf"(?:(?:{_CLOCK}) (?:on )?)?(?:the )?"
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}(?:,? \d{{4}})?|{_MONTH} \d{{1,2}}(?:, \d{{4}})?"
    r"|\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}"
    r"|(?:\d{4}\s*年\s*)?\d{1,2}\s*月\s*\d{1,2}\s*[日号])"
)
_TO = (
    r"\s*(?:,? (?:and )?(?:up )?(?:to|until|till|through)(?: and including)?|[-–—~～]|起?[至到])\s*"
    r"(?:the )?"
)
_STRETCH = re.compile(
    rf"(?P<first>{_DAY})(?: inclusive)?{_TO}(?P<last>{_DAY})"
    rf"|(?P<opens>{_CLOCK}){_TO}(?P<shuts>{_CLOCK})",
    re.IGNORECASE,
)
_BEGINS = any_of(
    r"\b(?:since|from)\s+(?:when|what|which)\b|\b(?:start|begin|commence|first day)(?:s|ing)?\b"
    r"|\bopens\b|\b(?:does|do|did|will)\b.*\bopen\b"
    r"|\btakes? effect\b|\bmov(?:e|ed|ing) in\b|\bcheck[- ]?in\b",
    "从什么时候|从哪[天年]|什么时候开始|几点开|哪天起|哪天开始|几号开始|开始时间|入住|生效|起始",
)
_ENDS = any_of(
    r"\b(?:until|till|up to|by) (?:when|what|which)\b|\b(?:end|expire|finish|clos|run|ran) ?"
    r"(?:s|es|ing|e|out)?\b|\blast day\b|\bcheck[- ]?out\b|\bvalid until\b|\bdeadline\b",
    "到什么时候|到哪[天年]|到几号|几点关|几点结束|什么时候(?:结束|到期|截止)|截止|到期|结束|退房|最后一天|失效",
)
_HOUR = any_of(r"\bwhat time\b", "几点")


def end_asked(text: str, place: Place, question: str) -> Place:
    """Return the end of a stretch of days or hours that is asked for, where the place is in one.

    Of "from 1 October 2024 to 30 September 2025", since when is the first.
    """
    begins, ends = bool(_BEGINS.search(question)), bool(_ENDS.search(question))
    if begins == ends:
        return place
    for found in _STRETCH.finditer(text):
        of_days = found["first"] is not None
        if of_days and _HOUR.search(question):
            continue
        if found.start() <= place[0] < place[1] <= found.end():
            first, last = ("first", "last") if of_days else ("opens", "shuts")
            return found.span(first if begins else last)
    return place


_MONEY = r"[$€£¥￥]\s?\d[\d,]*(?:\.\d+)?"
_FOR = re.compile(
    rf"(?P<figure>{_MONEY}|\d[\d,]*(?:\.\d+)?\s?(?:%|€|days?|weeks?|months?|years?|hours?|minutes?))"
    r"(?P<own> (?:for|per|each|if|when|in|on|to|from|at|by|a|an)\b[^,;.£$€¥%\d]*)",
    re.IGNORECASE,
)


def figure_asked(text: str, place: Place, question: str) -> Place:
    """Return the figure whose own words the question has, of like ones told one after the other.

    Of "£18 for each metal key and £32 for the electronic entrance fob", the fob's.
    """
    start, end = _sentence(text, place)
    told = list(_FOR.finditer(text, start, end))
    here = next((m for m in told if m.start("figure") <= place[0] < m.end("figure")), None)
    if here is None:
        return place
    asked = set(content_words(question))
    kind = re.sub(r"[\d.,\s]", "", here["figure"]).rstrip("s")
    like = [m for m in told if re.sub(r"[\d.,\s]", "", m["figure"]).rstrip("s") == kind]
    shares = {m: len(asked & set(content_words(m["own"]))) for m in like}
    best = max(like, key=lambda m: shares[m])
    alone = [m for m in like if shares[m] == shares[best]] == [best]
    return best.span("figure") if alone and not shares[here] else place


def _sentence(text: str, place: Place) -> Place:
    start = max(text.rfind(stop, 0, place[0]) for stop in (". ", "\n\n", "; ", "。"))
    ends = [at for stop in (". ", "\n\n", "; ", "。") if (at := text.find(stop, place[1])) >= 0]
    return start + 1 if start >= 0 else 0, min(ends, default=len(text))


_MEASURES: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (
        any_of(
            r"\bhow heavy\b|\bhow much (?:does|do|did)\b.*\bweigh\b|\bweight of\b",
            "多重|重量",
        ),
        any_of(
            r"\d\s?(?:kg|kilos?|kilograms?|g|grams?|lbs?|pounds|stone|tonn?es?|tons?|t|oz)\b",
            r"\d\s?(?:公斤|千克|克|斤|吨|两|kg)",
        ),
    ),
    (
        any_of(r"\bhow (?:tall|wide|deep|thick)\b", "多[宽深厚]"),  # a fever is high, too
        any_of(
            r"\d\s?(?:[kcm]?m|mm|(?:centi|milli)?met(?:er|re)s?|inch(?:es)?|in|ft|feet|foot"
            r"|storeys?)\b",
            r"\d\s?(?:厘米|毫米|公里|千米|米|尺|寸|层)",
        ),
    ),
)


def is_measure(text: str, place: Place, question: str) -> bool:
    """Whether a copied figure is of the measure asked for: a weight for how heavy; words are."""
    said = text[place[0] : place[1] + 12]
    figures = re.search(r"\d", text[place[0] : place[1]])
    rules = [like for asks, like in _MEASURES if asks.search(question)]
    found = (like.search(said) for like in rules)
    return not figures or all(m and m.start() < place[1] - place[0] for m in found)
