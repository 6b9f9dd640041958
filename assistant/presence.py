"""Questions whether a picture shows a thing: what is asked for, and how the chance is told.

Patterns for English and Chinese. Knows no pictures.
"""

from __future__ import annotations

import re

from assistant.i18n import Language, text

UNSURE = (0.4, 0.6)
"""Chances between which yes or no is said with a doubt."""
_PHOTO = r"(?:photo(?:graph)?|picture|image|pic|snapshot|scene)s?"
_THERE = rf"(?:in|on) (?:it|here|(?:the|this|that|my|these)(?: attached)? {_PHOTO}|\S+\.\w{{3,4}})"
_ANY = r"(?:an? |any |some |the )"
_TAIL = r"\s*[?.!]?\s*(?:(?:please )?(?:answer|say)\b.*)?$"
_RULES = (
    re.compile(
        rf"^\W*(?:please |tell me |can you tell (?:me )?)?(?:if |whether )?(?:is|are) there "
        rf"{_ANY}?(?P<thing>[^?.,]+?)(?: (?:visible|present|anywhere))? {_THERE}{_TAIL}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"^\W*(?:can|do) (?:you|we|i) see {_ANY}?(?P<thing>[^?.,]+?) {_THERE}{_TAIL}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"^\W*(?:does|do) (?:it|(?:the|this|that|my|these) {_PHOTO}|\S+\.\w{{3,4}}) "
        rf"(?:show|contain|have|depict|include) {_ANY}?(?P<thing>[^?.,]+?){_TAIL}",
        re.IGNORECASE,
    ),
    re.compile(
        r"^\W*(?:请问)?(?:这张|那张|这幅)?(?:\S+\.\w{3,4}\s*(?:这张)?)?(?:照片|图片|相片|图|画面)?"
        r"(?:里|中|上)面?(?:有没有|有无|是否有|能看到)(?:一?[个只辆张条把匹头座]|任何)?"
        r"(?P<thing>[^，。？?吗]{1,12})吗?\W*$"
    ),
    re.compile(
        r"^\W*(?:请问)?(?:这张|那张|这幅)?(?:\S+\.\w{3,4}\s*(?:这张)?)?(?:照片|图片|相片|图|画面)?"
        r"(?:里|中|上)面?有(?:一?[个只辆张条把匹头座]|任何)?(?P<thing>[^，。？?什哪谁几多]{1,12}?)吗\W*$"
    ),
)
_NO_THING = re.compile(
    r"(?:anything|something|anyone|someone|anybody|somebody|text|words?|letters?)\b|什么|文字|字",
    re.IGNORECASE,
)


def thing_asked(question: str) -> str:
    """Return the thing that a question asks a picture for; empty when it asks something else."""
    found = next((m for rule in _RULES if (m := rule.match(question.strip()))), None)
    thing = " ".join(found["thing"].split()) if found else ""
    return "" if _NO_THING.match(thing) else thing


def told(thing: str, chance: float, language: Language) -> str:
    """Say whether it is there, and how likely."""
    there, sure = chance >= 0.5, not UNSURE[0] < chance < UNSURE[1]
    key = f"say_{'' if sure else 'perhaps_'}{'' if there else 'not_'}shown"
    return text(key, language, thing=thing, chance=f"{chance:.0%}")
