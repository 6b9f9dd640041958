"""Whether a question asks for marked words: in a colour, under a marker, or blacked out.

By rule, in English and Chinese. Knows no files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assistant.beyond import colours_named
from assistant.phrases import NAME, any_of

Mark = Literal["colour", "marker", "blackened", "colours", "inks"]

_LONGEST = 300
"""Characters of a question."""
_BLACKENED = any_of(
    r"\b(?:black|blott|ink|paint)ed[ -]?out\b|\bredact(?:ed|ions?)\b(?! cop| version)|\bblackened\b"
    r"|\bcovered (?:up )?(?:in|with) black\b"
    r"|\b(?:covered|hidden|obscured)\b.{0,20}\bblack (?:bars?|box(?:es)?|blocks?)\b"
    r"|\bblack (?:bars?|blocks?)\b.{0,30}\b(?:cover|hid|over|text|words|name)",
    r"[涂抹]黑|黑[条块框]|打码|遮[盖住挡]|[涂遮]掉",
)
_WHERE_ASKED = any_of(
    r"\b(?:which|what|where|how many|list|count|is|are|any(?:thing)?|does|do|has|have|show|find)\b",
    r"哪|几|多少|什么|有没有|是否|是不是|有无|吗|在何处|列出|数一?数",
)
_NOT_OF_PLACES = any_of(r"^\W*(?:who|whose|when|why|how (?:much|long))\b", r"为什么|为何|是谁|谁")
_MARKER = any_of(
    r"\bhigh-?light(?:ed|er|ing)\b|\bmarker(?: pen)?\b"
    r"|\bmarked? (?:up )?(?:in|with)\b.{0,12}\b(?:yellow|pink|green|pen|colou?r)\b"
    r"|\bshaded\b|\bbackgrounds?\b",
    r"荧光|高亮|记号笔|马克笔|[红橙黄绿蓝紫粉]色?笔|[红橙黄绿蓝紫粉]色?(?:标[记注出示]|底|背景)"
    r"|涂成?[红橙黄绿蓝紫粉]",
)
_HUE = r"(?:red|orange|yellow|green|blue|purple|pink)"
_INKED = any_of(
    rf"\b(?:written|printed|typed|set|shown|marked|coloured|colored|underlined|addition|text|words?"
    rf"|letters?|font|ink|sentences?|clauses?|headings?|titles?|headlines?|names?|numbers?|figures?"
    rf"|amounts?|sums?|paragraphs?|passages?|entr(?:y|ies)|items?|parts?|links?|notes?|remarks?"
    rf"|dates?|deadlines?|prices?|warnings?|plants|products|rows?|cells?|lines?)\b.*\b{_HUE}\b"
    rf"|\b{_HUE} (?:text|words?|letters?|ink|font|type|print|writing|sentences?|clauses?|headings?"
    rf"|titles?|names?|numbers?|figures?|links?|notes?|pen|colou?r|ones?)\b"
    rf"|\bin {_HUE}(?: (?:text|ink|letters|type|print|colou?r))?(?=\W*$| (?:on|in|at)\b)",
    r"[红橙橘黄绿蓝紫粉]色?的?(?:字|文字|内容|句|话|条款|标题|部分|笔|墨)"
    r"|(?:[字句话条名格写印标词期]|标题|内容|金额|价格|链接|文字|商品|部分).{0,12}[红橙橘黄绿蓝紫粉]色"
    r"|[用以][红橙橘黄绿蓝紫粉]色.{0,4}[写印标]|[标写印]成?[了的]?[红橙橘黄绿蓝紫粉]色?",
)
"""Speaks of words in a colour."""
_DRAWN = any_of(
    r"\b(?:logos?|icons?|symbols?|signs?|box(?:es)?|arrows?|bars?|dots?|circles?|squares?|stars?"
    r"|shapes?|areas?|slices?|segments?|borders?|stamps?|seals?|flags?|stripes?|buttons?|curves?"
    r"|figures? \d|diagrams?|flow ?charts?|charts?|graphs?|pictures?|photo(?:graph)?s?|images?"
    r"|drawings?|sketch|maps?|illustrations?|objects?|regions?)\b",
    r"标志|徽标|图标|箭头|圆[点圈]|方[框块]|柱|扇形|曲线|折线|线条|旗|按钮|印章|公章|图[中里上]|照片|地图"
    r"|图\s*\d|区域|形状",
)
"""Is drawn: its colour is not that of words."""
_LISTED = any_of(
    r"\b(?:which|what|whose|who|list|show|give|name|tell|find|enumerate|read|quote|repeat|copy"
    r"|anything|something|any|how (?:does|do))\b",
    r"哪|找|什么|列出|列举|有何|内容|念|摘[出录]|告诉|有没有|分别|写的",
)
_COUNTS = any_of(
    r"\bhow (?:many|much|often)\b|\bnumber of\b|\bcount\b", r"[多几][少]?[个处条项句页]"
)
_LISTED_ZH = any_of("什么|哪|分别|列")
_COLOURS = any_of(
    r"\b(?:what|which|how many|list|name)\b(?: \w+){0,3} colou?rs\b.*\b(?:documents?|pages?|covers?"
    r"|reports?|files?|pdfs?|papers?|letters?|leaflets?|brochures?|flyers?|slides?|text|words?)\b",
    r"(?:文件|文档|报告|封面|页|合同|手册|传单|海报|通知|计划|这份|整份).{0,8}(?:有|用|出现|包含|什么)[了着]?"
    r"(?:(?:哪[些几]种?|什么|几种|多少种)颜色|颜色)(?!的(?!字|文字))",
)
_INKS = any_of(
    r"\b(?:text|words?|letters?|ink|font|writing|written|printed|type)\b", "字|文字|写|印"
)
_BESIDES = any_of(
    r"\b(?:apart from|besides|other than|except(?: for)?|in addition to) (\w+)(?: and (\w+))?",
    r"除了?(黑|白|灰)色?",
)
_BESIDES_ZH = {"黑": "black", "白": "white", "灰": "grey"}
_OF_A_THING = any_of(
    r"\bcolou?rs? (?:is|are) (?:the|used (?:for|to)|given)\b(?! colou?rs? of the (?:document|page))"
    r"|\bcolou?rs? of the (?!(?:\w+ )?(?:document|page|cover|report|file|pdf|paper|letter|text)\b)",
    r"(?:标题|线|框|标志|图标|背景|汽车|衣服|表头)(?:是|用|有)?的?(?:什么|哪[些几]种?)颜色",
)


@dataclass(frozen=True)
class MarksAsked:
    """What marks are asked for; ``colour`` is theirs, empty where any will do.

    ``colour``: words in a colour, by ink or ground; ``marker``: by their ground first;
    ``blackened``: where words are blacked out; ``colours``: which ones a document has, ``inks``:
    its words, ``besides`` some.
    """

    mark: Mark
    colour: str = ""
    besides: tuple[str, ...] = ()


def marks_asked(question: str) -> MarksAsked | None:
    """Return what a question asks of marks; None where it asks for something else."""
    asked = NAME.sub(" ", " ".join(question.split()))
    if len(asked) > _LONGEST:
        return None
    if _BLACKENED.search(asked):
        places = _WHERE_ASKED.search(asked) and not _NOT_OF_PLACES.search(asked)
        return MarksAsked("blackened") if places else None
    if _COLOURS.search(asked) and not _OF_A_THING.search(asked):
        return MarksAsked("inks" if _INKS.search(asked) else "colours", "", _besides(asked))
    colours = colours_named(asked)
    counts = _COUNTS.search(asked) and not _LISTED_ZH.search(asked)
    if len(colours) > 1 or counts or not _LISTED.search(asked) or _DRAWN.search(asked):
        return None
    if _MARKER.search(asked):
        return MarksAsked("marker", colours[0] if colours else "")
    if not colours or not _INKED.search(asked):
        return None
    return MarksAsked("colour", colours[0])


def _besides(asked: str) -> tuple[str, ...]:
    named = [name for m in _BESIDES.finditer(asked) for name in m.groups() if name]
    return tuple(_BESIDES_ZH.get(name, name.casefold()) for name in named)
