"""Whether a file is of another person or thing than the one a question asks about.

Dad's blood sugar is not in mum's check-up, and when the car insurance ends is not told by the
contents policy, however near the words are. By rule, English and Chinese; knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from assistant.citations import fold

_KIN: tuple[str, ...] = (
    r"\b(?:dad|daddy|father|papa)\b|爸|父亲",
    r"\b(?:mum|mummy|mom|mother|mama)\b|妈|母亲",
    r"\b(?:husband|wife|partner)\b|老公|老婆|丈夫|妻子|爱人",
    r"\bson\b|儿子",
    r"\bdaughter\b|女儿",
    r"\bbrother\b|哥哥|弟弟",
    r"\bsister\b|姐姐|妹妹",
    r"\b(?:grandpa|grandad|grandfather)\b|爷爷|外公|姥爷",
    r"\b(?:grandma|granny|grandmother)\b|奶奶|外婆|姥姥",
)
_COVER = "insurance|policy"
_PAPER = re.compile(
    rf"\b(?P<of>[a-z]{{3,12}}) (?P<paper>{_COVER}|bill|contract|licence|license|subscription"
    r"|warranty|guarantee|loan|ticket)\b",
    re.IGNORECASE,
)
_ALIKE: tuple[tuple[str, ...], ...] = (
    ("car", "motor", "vehicle", "auto"),
    ("home", "house", "household", "contents", "flat", "building", "property"),
    ("phone", "mobile", "telephone", "cell", "broadband", "internet"),
    ("electricity", "electric", "power", "energy"),
    ("gas", "heating"),
    ("health", "medical", "sickness"),
    ("work", "employment", "job"),
    ("train", "rail", "railway"),
    ("plane", "flight", "air", "airline"),
    ("rent", "rental", "tenancy", "lease"),
    ("life", "assurance"),
)
"""Words for one kind of insurance, bill or contract; a question with others is not judged."""


def is_of_another(question: str, name: str, text: Callable[[], str]) -> bool:
    """Whether a file is named after another relative than the question's, or has no word for the
    kind of insurance, bill or contract that the question asks about.

    Args:
        name: of the file; text: returns all that is known of what it says, asked for when needed.
    """
    name = re.sub(r"[_.-]", " ", name)
    return _of_other_kin(question, name, text) or _of_other_kind(question, name, text)


def _of_other_kin(question: str, name: str, text: Callable[[], str]) -> bool:
    asked = [rule for rule in _KIN if re.search(rule, question, re.IGNORECASE)]
    if not asked or not any(re.search(rule, name, re.IGNORECASE) for rule in _KIN):
        return False
    said = f"{name} {text()}"
    return not any(re.search(rule, said, re.IGNORECASE) for rule in asked)


def _of_other_kind(question: str, name: str, text: Callable[[], str]) -> bool:
    for found in _PAPER.finditer(question):
        alike = next((words for words in _ALIKE if found["of"].casefold() in words), ())
        said = rf"\b(?:{'|'.join(alike)})"
        if found["paper"].casefold() in _COVER.split("|"):  # "motor vehicles are not covered"
            said += rf"\w*\W+(?:\w+\W+){{0,2}}(?:{_COVER})"
        if alike and not re.search(said, fold(f"{name} {text()}")):
            return True
    return False
