"""Questions about people whom the owner of the library named: photos of them, or who is in one.

Where nobody is named, every question stays what it was. Names are those of the owner and no
others. Knows no SQL and no pictures; what is answered is in ``people_told``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from assistant import phrases
from assistant.errors import AssetNotFound
from assistant.leader import focus
from assistant.library import Attached
from assistant.messages import AssetView
from assistant.periods import period_of, without_period
from assistant.persons import asks_who
from assistant.planner import Plan
from assistant.session import Request

_FOUND = ("find", "list", "count", "pick", "look")
_WHO = re.compile(
    r"\bwho(?:'s|’s| is| are| was| were| do you see| can (?:you|i|we|be) see)\b|\bwhom\b|谁",
    re.IGNORECASE,
)
_WHETHER = re.compile(
    r"\b(?:is|are|was|were|does|do|can|you|see|show|contain|have|has|there|in|on|this|that|the|it|and"
    r"|or|photo|picture|image)\b|[有在和是不没这那张里中上面吗]|照片|图片|看得?到|出现",
    re.IGNORECASE,
)
"""What is left without these words when it is asked whether somebody is in a picture: nothing."""
_SPOKEN_OF = re.compile(
    r"\b(?:who|where|what|when|why|how|is|are|was|were|do|does|did|has|have)\b|谁|哪|什么|怎|在|是|吗",
    re.IGNORECASE,
)
_THING_OF = (
    r"(?:['’]s\s+(?!photo|picture|image|pic|face|portrait)\w|的(?!照片|图片|相片|合影|合照|脸|照))"
)
"""Comes after the name when something of a person's is asked for, not the person."""
_FILLING = re.compile(
    r"\b(?:and|with|together|also|both|or|one|picture[sd]?|shows?|where|who|looks?|see|me|him|his|her"
    r"|them|their|s)\b|[和跟与及同]|一起|合影|合照|找到?|看看?|哪|[一两几]|是谁|请|想|要|吧|没",
    re.IGNORECASE,
)


def with_people(
    plan: Plan, request: Request, resolve: Callable[[str], AssetView | Attached]
) -> Plan:
    """Return the plan for a question about named people; any other as it is.

    Args:
        resolve: returns the file of a name; raises AssetNotFound.
    """
    known = request.library.people()
    if not known or plan.intent in ("chat", "general", "calculate"):
        return plan
    named = names_in(request.question, known, plan.names)
    files = focus(plan, request) or tuple(a.name for a in request.earlier[:1])
    if files and _asks_of_picture(plan, request, named) and _anyone(request, files, resolve):
        return replace(plan, intent="who", people=named, names=files)
    if not named or plan.names or plan.intent not in _FOUND:
        return plan
    if any(re.search(re.escape(n) + _THING_OF, request.question, re.I) for n in named):
        return plan
    if plan.modality != "image" and _SPOKEN_OF.search(request.question):
        return plan  # who somebody is, or where, stands in texts
    rest = _rest(request.question, named)
    if plan.modality != "image" and rest:
        return plan
    period = period_of(phrases.QUOTED.sub(" ", request.question))
    return replace(plan, intent="people", people=named, topic=rest, period=period)


def names_in(question: str, known: Sequence[str], files: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the known names that a question says, the longest of overlapping ones, in order."""
    for file in files:
        question = question.replace(file, " ")
    found: dict[str, int] = {}
    for name in sorted(known, key=len, reverse=True):
        if hit := _as_said(name).search(question):
            found[name] = hit.start()
            question = _as_said(name).sub(lambda m: " " * len(m.group()), question)
    return tuple(sorted(found, key=lambda name: found[name]))


def _as_said(name: str) -> re.Pattern[str]:
    """Return the pattern of a name: a whole word where words are parted by spaces."""
    before = r"(?<![A-Za-z0-9])" if re.match(r"[A-Za-z0-9]", name) else ""
    after = r"(?![A-Za-z0-9])" if re.search(r"[A-Za-z0-9]$", name) else ""
    return re.compile(before + re.escape(name) + after, re.IGNORECASE)


def _asks_of_picture(plan: Plan, request: Request, named: Sequence[str]) -> bool:
    """Whether a question asks who is in the picture at hand, or whether somebody is."""
    if plan.intent not in ("find", "look", "faces"):
        return False
    if _WHO.search(request.question) or asks_who(request.question):
        return True
    rest = request.question
    for word in (*named, *plan.names):
        rest = rest.replace(word, " ")
    return bool(named) and not re.search(r"\w", _WHETHER.sub(" ", rest))


def _anyone(
    request: Request, files: Sequence[str], resolve: Callable[[str], AssetView | Attached]
) -> bool:
    """Whether somebody in these pictures has a name."""
    for name in files:
        try:
            file = resolve(name)
        except AssetNotFound:
            continue
        if file.modality == "image" and any(f.name for f in request.library.faces(file)):
            return True
    return False


def _rest(question: str, named: Sequence[str]) -> str:
    """Return what is asked for beside the people and the time: the beach they are at."""
    words = without_period(question)
    for name in named:
        words = _as_said(name).sub(" ", words)
    words = phrases.COURTESY.sub("", words)
    words = _FILLING.sub(" ", phrases.NO_TOPIC.sub(" ", words))
    return " ".join(re.sub(r"[^\w\s-]", " ", words).split())
