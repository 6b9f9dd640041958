"""What a question is about, apart from how it is put: without asides on form and place.

``According to this report, how many …? Give an integer.`` asks how many; ``What can be seen in the
photo of the cat?`` is about a photo known by the cat. Patterns for English and Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.phrases import THING, THING_ZH

_WHERE = re.compile(
    rf"^\W*(?:according to|from|in|based on) (?:this|the|that) {THING}\s*,\s*"
    rf"|\s*\b(?:according to|based on) (?:this|the|that) {THING}(?=\W*(?:$|[?.]))"
    rf"|^\W*(?:根据|按照)(?:这份|这个|该|本|此)?{THING_ZH}[，,]?\s*",
    re.IGNORECASE,
)
"""Says which paper the answer stands in, where there is but one."""
_FORM = re.compile(
    r"^\W*(?:please |directly |just |only )*(?:give|return|write|answer|format|round|express|state"
    r"|your answer|the answer|note that|answers?|in (?:thousands|millions|billions|percent))\b"
    r"|^\W*请?(?:只|仅|直接)?(?:用|以|按|写|给出|回答|四舍五入|保留)",
    re.IGNORECASE,
)
"""Begins a sentence after the question that says what form the answer is wanted in."""
_FORM_ASIDE = re.compile(
    r"\s*[(（,，]?\s*\b(?:for example|e\.g\.|such as),?\s*(?:\[[^\]]*\]|\"[^\"]*\")\s*[)）]?",
    re.IGNORECASE,
)

_POLITELY = re.compile(
    r"^\W*(?:please\s+)?(?:(?:can|could|would|will) you (?:please |kindly |maybe )?(?:mind )?"
    r"(?:tell(?:ing)?|remind(?:ing)?|let(?:ting)?) (?:me|us)(?: know)?|do you (?:happen to )?know"
    r"|(?:i|we)(?:'d| would) (?:like|love) to know|(?:i|we) (?:was|were) wondering|(?:i|we) wonder"
    r"|any idea|please tell me|tell me|remind me)[,:]?\s+(?=(?:wh\w+|how|if)\b)"
    r"|^\W*(?:请问一?下?|(?:你)?(?:能|可以|可不可以)?(?:告诉|提醒)(?:一下)?我|你知道|我想(?:知道|问一?下?))[，,]?\s*",
    re.IGNORECASE,
)
"""Leads up to the question itself, politely."""

_PHOTO = r"(?:photo(?:graph)?|picture|image|pic|snapshot)"
_PHOTO_ZH = r"(?:照片|图片|相片|图)"
_THE = r"(?:the|my|our|that|this|a|an|one of (?:my|the|our))"
_IN_PICTURE = (
    re.compile(
        rf"\b(?:in|on|describe|what (?:does|do)) {_THE} {_PHOTO}s? "
        r"(?:of|with|showing|which shows|that shows|where there is)\s+"
        r"(?:the |an? |my |our |some )?(?P<thing>[^?？.,]+?)(?: shows?| looks? like)?\W*$",
        re.IGNORECASE,
    ),
    re.compile(
        r"^\W*(?:what|how|where|who|is|are|does|do)\b.*?\b(?:is|are|does|do) (?:the |an? |my )"
        r"(?P<thing>\w[\w' -]*?) (?:(?:doing|wearing|holding|carrying|eating|looking|sitting"
        rf"|standing|made|like|look(?:ing)?|have|has)\b[\w' -]*?)?(?:in|on) {_THE} {_PHOTO}s?\W*$",
        re.IGNORECASE,
    ),
    re.compile(
        r"^\W*(?:请|描述|说说|看看|在)*(?P<thing>[^，。？?的]{1,12}?)的?(?:那张|这张)?"
        rf"{_PHOTO_ZH}(?:里|中|上)?面?(?:都|可以|能)*"
        r"(?:看到|看见|显示|拍|画)?(?:有什么|了?什么|是什么|的是什么)\W*$"
    ),
    re.compile(
        rf"^\W*(?:请问)?(?:那|这)?张?{_PHOTO_ZH}(?:里|中|上)面?的(?P<thing>[^，。？?的]{{1,12}}?)"
        r"(?:现?正?在?(?:做|干)(?:着|些)?(?:什么|啥)|(?:是|有)(?:什么|怎么?样|哪种|多少|几)|长(?:得|的)?什么样"
        r"|(?:穿|拿|戴|吃|看|坐|站)(?:着|在)?(?:什么|哪)|怎么?样)"
    ),
)
"""Asks about what a picture of the library shows; the group holds what the picture is known by."""


def bare_question(text: str) -> str:
    """Return a question without courtesy, what it says of the answer's form or of where it stands.

    The words taken away are in no file, so they would only make every passage look less like an
    answer.
    """
    line = " ".join(text.split())  # the patterns take time with the cube of a run of blanks
    bare = _POLITELY.sub("", _FORM_ASIDE.sub("", _WHERE.sub(" ", line)))
    first, *rest = re.split(r"(?<=[?？。!])\s*|(?<=[a-z\")]\.)\s+", bare.strip())
    kept = [first, *(part for part in rest if part and not _FORM.search(part))]
    joiner = "" if re.search(r"[\u3400-\u9fff]", text) else " "
    return " ".join(joiner.join(kept).split()).strip(" ,，") or text


def without_file(text: str, names: Sequence[str]) -> str:
    """Return a question without the name of the one file it is put to.

    No file has its own name in it, so the reader would hold the answer for missing: "in a.pdf" is
    left out, and a name that cannot be is "it".
    """
    if len(names) != 1:
        return text
    text = " ".join(text.split())  # the patterns take time with the square of a run of blanks
    name = rf"[\"“‘《「]?{re.escape(names[0])}[\"”’》」]?"
    chinese = re.search(r"[\u3400-\u9fff]", text.replace(names[0], ""))
    if chinese:
        bare = re.sub(rf"{_FROM_ZH}?\s*{name}\s*(?:{_INSIDE_ZH}的?|的)[，,]?\s*", "", text)
        bare = re.sub(rf"{_FROM_ZH}\s*{name}[，,]?\s*", "", bare)
        bare = re.sub(rf"\s*{name}\s*", "它", bare)
    else:
        bare = re.sub(rf",?\s*\b{_FROM}\s+{name},?(?!['’]s)", "", text, flags=re.IGNORECASE)
        bare = re.sub(rf"{name}['’]s\b", "its", bare)
        bare = re.sub(name, "it", bare)
    return bare.strip() or text


def without_page(text: str) -> str:
    """Return a question without the page it is put to: none says its own number in a sentence."""
    line = " ".join(text.split())
    bare = _ON_PAGE.sub(" ", line) if len(line) <= _LONGEST else line
    return re.sub(r"\s+(?=[?？.,])", "", " ".join(bare.split())).strip(" ,，") or text


_ON_PAGE = re.compile(
    r",?\s*\b(?:on|in|at|from|of) (?:the )?"
    r"(?:page \d{1,4}|(?:first|second|third|fourth|fifth) page)\b,?"
    r"|(?:在|的)?第\s*(?:\d{1,4}|[一二三四五])\s*页(?:上面|上|里|中|的)*[，,]?",
    re.IGNORECASE,
)
_FROM = (
    r"(?:in|from|of|within|inside|on|according to|as per|going by)"
    r"(?:\s+(?:the|my|our|this))?(?:\s+(?:file|document|attached))?"
)
_FROM_ZH = r"(?:根据|按照|依据|按|在|从)"
_INSIDE_ZH = r"(?:(?:这[份个张]?)?(?:文件|文档))?(?:里面|当中|之中|里边|里|中|内|上)"


def thing_in_picture(text: str) -> str:
    """Return what a picture spoken of is known by, the cat of ``the photo of the cat``; else ""."""
    found = next((m for rule in _IN_PICTURE if (m := rule.search(text))), None)
    return " ".join(found["thing"].split()) if found else ""


_ASKS = (
    r"(?:when|who|whom|whose|where|how|what|which|why)\b"
    r"|谁|什么|何时|哪|多少|几[个点号天]|多久|为什么|怎么"
)
_TWO = re.compile(
    rf"^(?P<one>[^,，]*(?:{_ASKS}).*?)(?:,? and |，(?:还有|以及|并且)?|以及)"
    rf"(?P<two>(?=.*(?:{_ASKS})).+)$",
    re.IGNORECASE,
)

_LONGEST = 600
"""Characters; more are a text, of which the pattern would try all pairs of places."""


def halves(question: str) -> tuple[str, str]:
    """Return the two questions that stand in one; the second is empty where there is only one."""
    found = _TWO.match(question.strip()) if len(question) <= _LONGEST else None
    if found is None:
        return question, ""
    one, two = found["one"].strip(), found["two"].strip()
    if re.search(r"[\u3400-\u9fff]", two):
        return one, two
    whole = len(one.split()) > 2 and re.match(_ASKS, two, re.IGNORECASE)  # not "when and where"
    return (one, two) if whole else (question, "")
