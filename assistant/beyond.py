"""What a reader of words cannot tell: how something looks, and what only a whole file tells.

Asked of a question to which nothing was found. "I did not find this" would then say that it is not
there, where in truth it was not looked for. By rule, in English and Chinese. Knows no files.
"""

from __future__ import annotations

import re
from typing import Literal

from assistant.phrases import any_of

Beyond = Literal["look", "whole"]
_LONGEST = 400
"""Characters of a question; of a pasted text nothing is told."""

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink")
"""Colours that a page has or has not; of black, white and grey every page has some."""
_COLOURS_ZH = {
    "红": "red",
    "橙": "orange",
    "橘": "orange",
    "黄": "yellow",
    "绿": "green",
    "蓝": "blue",
    "紫": "purple",
    "粉": "pink",
}
_ANY = rf"(?:{'|'.join(COLOURS)}|violet|turquoise|brown|black|white|gr[ae]y|dark|light)"
_MARK = (
    r"(?:logos?|icons?|symbols?|signs?|box(?:es)?|arrows?|lines?|bars?|dots?|circles?|squares?|stars?"
    r"|shapes?|areas?|cells?|rows?|columns?|slices?|segments?|texts?|letters?|words?|fonts?|borders?"
    r"|backgrounds?|stamps?|ink|parts?|flags?|stripes?|buttons?|curves?)"
)
_DRAWN = (
    r"(?:figure|diagram|flow ?chart|picture|photo(?:graph)?|image|drawing|sketch|map|illustration"
    r"|logo|(?:front |back )?cover)"
)
_ANY_ZH = "[红橙橘黄绿蓝紫粉棕黑白灰]"
_LOOK = any_of(
    rf"\bcolou?r(?:s|ed|ing)?\b|\b{_ANY} {_MARK}\b",
    rf"\b(?:in|with|of|is|are|marked|highlighted|shaded|printed|written|drawn)(?: in)? {_ANY}"
    r"(?=\W*$| (?:in|on|at|ink|colou?r|colou?red)\b)",
    r"\b(?:logos?|icons?|fonts?|typefaces?|bold(?:face)?|italics?|underlined|highlighted|shaded"
    r"|redacted|handwrit\w+|hand-written|arrows?|plotted|depicted|illustrated|watermarks?)\b",
    r"\b(?:blacked|crossed|struck|scratched|whited)[ -](?:out|through)\b",
    r"\b(?:written|filled in|signed|drawn|added) (?:manually|by hand)\b",
    r"\b(?:how many|whose|which|where|any) (?:signatures?|stamps?|seals?|initials)\b"
    r"|\bsignatures? (?:are|is|on|appear)\b",
    rf"\b(?:in|on|of|by|from) (?:the|this|that) (?:\w+ )?{_DRAWN}\b"
    rf"|\b(?:does|do|is|are) (?:the|this) {_DRAWN}\b",
    r"\b(?:what|how) (?:does|do|is|are)\b.*\blooks? like\b",
    rf"颜色|什么色|{_ANY_ZH}色?的?(?:标志|图标|徽标|字|文字|框|方框|方块|箭头|线|柱|圆|点|块|部分)"
    rf"|{_ANY_ZH}色?的?(?:区域|行|列|印章|章|背景|底)|[用以标]成?{_ANY_ZH}色",
    r"字体|粗体|加粗|斜体|下划线|高亮|手写|涂黑|涂掉|划掉|水印|标志|徽标|图标",
    r"(?:几|多少)(?:个|处|枚)?(?:签名|印章|公章|箭头)|(?:签名|印章|公章)(?:有|在|是)",
    r"(?:示意图|流程图|地图|照片|插图|图片|平面图|封面|图\s*\d*)(?:里|中|上)",
)
"""Asks how something looks."""
_PART = (
    r"(?:pages?|tables?|charts?|figures?|graphs?|diagrams?|photos?|pictures?|images?|sections?"
    r"|subsections?|chapters?|headings?|titles?|papers?|articles?|references?|citations?|footnotes?"
    r"|paragraphs?|examples?|bullet points?|websites?|urls?|links?|appendi(?:x|ces)|surveys?"
    r"|slides?)"
)
_NUMBERED = (
    r"(?:sections?|chapters?|tables?|figures?|charts?|pages?|appendix)\s*[A-Z]?\d+(?:[.\-–]\d+)*"
)
_WHOLE = any_of(
    rf"\b(?:how many|number of|count(?: the| all)?)(?: \S+){{0,3}} {_PART}\b",
    r"\bhow many\b.*\b(?:mentioned|listed|named|cited|discussed|included|described|referenced"
    r"|shown|appear)\b",
    r"\bhow many (?:times|of them|of these|of those)\b",
    r"^\W*(?:please )?(?:list|enumerate|name|count)\b(?! of\b)",
    r"\b(?:list|enumerate|name|list out) (?:all|every|each)\b",
    r"\b(?:list|enumerate) (?:\w+ )?(?:the )?(?:pages?|names?|titles?|items?|amounts?|elements?)\b",
    r"\b(?:which|what|all)(?: of)?(?: the)? (?:pages|sections|chapters|tables|figures|charts)\b",
    r"\b(?:on|in) (?:which|what) (?:page|section|chapter|table|figure)s?\b",
    rf"\b{_NUMBERED}\b.*\b{_NUMBERED}\b",
    r"\b(?:throughout|across|in all of|in the (?:whole|entire)) (?:the |this )?"
    r"(?:document|report|paper|book|file|manual|guide|contract)\b",
    r"(?:一共|总共|共有|全文|整份|整篇).*(?:多少|几)|(?:提到|出现)(?:了|过)?(?:多少|几)",
    r"(?:多少|几)(?:个|张|幅|处|条)?(?:图|表|章|节|页|段|参考文献|标题)",
    r"第[一二三四五六七八九十\d]+[章节].*第[一二三四五六七八九十\d]+[章节]",
    r"列出|列举|哪[些几][个张]?(?:页|章|节|图|表|部分)|所有的?.{0,12}有哪些",
)
"""Asks for a number or a list of things that stand all over a document."""
_SIGNS = "".join(_COLOURS_ZH)
_COLOUR_ZH = re.compile(
    rf"(?<!粉)([{_SIGNS}])红?(?:色|标志|图标|[字笔底框箭线章])|[标涂印]成?了?([{_SIGNS}])"
)
_COLOUR = re.compile(rf"\b({'|'.join(COLOURS)})\b", re.IGNORECASE)


def beyond(question: str) -> Beyond | None:
    """Return what of a question words cannot tell; None where they might."""
    asked = " ".join(question.split())
    if len(asked) > _LONGEST:
        return None
    if _LOOK.search(asked):
        return "look"
    return "whole" if _WHOLE.search(asked) else None


def colours_in(question: str) -> tuple[str, ...]:
    """Return the colours of ``COLOURS`` that a question about looks names, each once."""
    return colours_named(question) if beyond(question) == "look" else ()


def colours_named(question: str) -> tuple[str, ...]:
    """Return the colours of ``COLOURS`` that a text names, each once."""
    found = [m[1].casefold() for m in _COLOUR.finditer(question)]
    found += [_COLOURS_ZH[m[1] or m[2]] for m in _COLOUR_ZH.finditer(question)]
    return tuple(dict.fromkeys(found))
