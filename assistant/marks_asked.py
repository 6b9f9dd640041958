"""Whether a question asks for marked words: in a colour, under a marker, or blacked out.

By rule, in English and Chinese. Knows no files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assistant.beyond import beyond, colours_in
from assistant.phrases import any_of

Mark = Literal["colour", "marker", "blackened", "colours"]

_BLACKENED = any_of(
    r"\b(?:black|blott|ink|paint)ed[ -]?out\b|\bredact(?:ed|ions?)\b|\bblackened\b"
    r"|\b(?:covered|hidden|obscured)\b.{0,20}\bblack (?:bars?|box(?:es)?|blocks?)\b"
    r"|\bblack (?:bars?|blocks?)\b.{0,30}\b(?:cover|hid|over|text|words|name)",
    r"[涂抹]黑|黑[条块框]|打码|遮[盖住挡]|[涂遮]掉",
)
_WHERE_ASKED = any_of(
    r"\b(?:which|what|where|how many|list|is|are|any(?:thing)?|does|do|has|have|show|find)\b",
    r"哪|几|多少|什么|有没有|是否|有无|吗|在何处|列出",
)
_NOT_OF_PLACES = any_of(r"^\W*(?:who|whose|when|why|how (?:much|long))\b", r"为什么|为何|是谁|谁")
_MARKER = any_of(
    r"\bhigh-?light(?:ed|er|ing)\b|\bmarker(?: pen)?\b|\bmarked (?:up )?(?:in|with) \w+"
    r"|\bshaded\b|\bcoloured in\b",
    r"荧光|高亮|标[红橙黄绿蓝紫粉]|记号笔|马克笔|[红橙黄绿蓝紫粉]色?(?:标[记注出示]|底|背景)"
    r"|涂成?[红橙黄绿蓝紫粉]",
)
_WORDS = any_of(
    r"\b(?:written|printed|typed|set|shown|marked|coloured|colored|underlined|circled|text|words?"
    r"|letters?|font|ink|type|sentences?|clauses?|entr(?:y|ies)|items?|headings?|titles?|headlines?"
    r"|names?|numbers?|figures?|amounts?|sums?|paragraphs?|passages?|parts?|cells?|rows?|columns?"
    r"|links?|notes?|remarks?|words|lines? of text|colou?r|pen|stands?|appears?|stuff|bits?|things?"
    r"|dates?|deadlines?|prices?|warnings?|points?|terms?)\b",
    r"字|文字|内容|条款|条|项|句|段|标题|名|数字|金额|部分|单元格|行|列|链接|批注|写|印|标|词|日期|价格|颜色|色的",
)
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
    r"^\W*(?:please |can you |could you )*(?:which|what|list|show|give|name|tell|find|enumerate"
    r"|read|quote|repeat|copy)\b|\b(?:which|what)\b",
    r"哪|什么|列出|列举|有何|内容|念|摘[出录]|告诉",
)
_COUNTS = any_of(r"\bhow (?:many|much|often)\b|\bnumber of\b", r"多少|几[个处条项页]")
_COLOURS = any_of(
    r"\b(?:what|which|how many|list|name)\b(?: \w+){0,3} colou?rs\b.*\b(?:documents?|pages?|covers?"
    r"|reports?|files?|pdfs?|papers?|letters?|leaflets?|brochures?|flyers?|slides?)\b",
    r"(?:文件|文档|报告|封面|页|合同|手册|传单|海报|通知|计划|这份|整份).{0,8}(?:有|用|出现|包含)[了着]?"
    r"(?:哪[些几]种?|什么|几种|多少种)颜色(?!的)",
)
_OF_A_THING = any_of(
    r"\bcolou?rs? (?:is|are) (?:the|used (?:for|to)|given)\b(?! colou?rs? of the (?:document|page))"
    r"|\bcolou?rs? of the (?!(?:\w+ )?(?:document|page|cover|report|file|pdf|paper|letter)\b)",
    r"(?:标题|文字|字|线|框|标志|图标|背景|汽车|衣服|表头)(?:是|用|有)?的?(?:什么|哪[些几]种?)颜色",
)


@dataclass(frozen=True)
class MarksAsked:
    """What marks are asked for; ``colour`` is theirs, empty where any will do.

    ``colour``: words in a colour, by ink or ground; ``marker``: by their ground first;
    ``blackened``: where words are blacked out; ``colours``: which ones a document has.
    """

    mark: Mark
    colour: str = ""


def marks_asked(question: str) -> MarksAsked | None:
    """Return what a question asks of marks; None where it asks for something else."""
    asked = " ".join(question.split())
    if _BLACKENED.search(asked):
        places = _WHERE_ASKED.search(asked) and not _NOT_OF_PLACES.search(asked)
        return MarksAsked("blackened") if places else None
    if _COLOURS.search(asked) and not _OF_A_THING.search(asked):
        return MarksAsked("colours")
    colours = colours_in(asked)
    if len(colours) > 1 or _COUNTS.search(asked) or not _LISTED.search(asked):
        return None
    if _MARKER.search(asked) and not _DRAWN.search(asked):
        return MarksAsked("marker", colours[0] if colours else "")
    if not colours or beyond(asked) != "look" or _DRAWN.search(asked) or not _WORDS.search(asked):
        return None
    return MarksAsked("colour", colours[0])
