"""How people order work on one text: translate, sum up, write out, judge its mood, list its names.

Patterns only, like ``phrases``.
"""

from __future__ import annotations

import re

from assistant.phrases import PLEASE, THING, any_of

TRANSLATE = any_of(
    rf"{PLEASE}(?:translate|give me a translation)\b",
    r"\btranslat(?:e|ion) (?:of )?.{0,40}\b(?:in)?to (?:english|chinese|mandarin)\b",
    r"^\W*how (?:do|would|can) (?:you|i|we|one) say .{1,80} in (?:english|chinese|mandarin)\W*$",
    "翻译(?:一下|下|这|以下|[:：])|(?:翻译|译)(?:成|为)(?:简体)?(?:中文|英文|英语|汉语)|^请?翻译",
)
SAY = re.compile(
    r"^\W*how (?:do|would|can) (?:you|i|we|one) say (?P<text>.{1,80}) in \w+\W*$", re.IGNORECASE
)
SUMMARY = any_of(
    rf"{PLEASE}(?:give me |write |make )?(?:a |the )?(?:short |brief )?summar(?:y|i[sz]e)\b",
    r"\bsummary of\b|\bsummari[sz]e\b|\btl;?dr\b|\bmain points?\b|\bkey points?\b|\boverview of\b",
    rf"\bwhat (?:is|are|was) (?:the |this |that |my )?{THING}s?\b.{{0,60}}\babout\s*\??$",
    r"\bwhat (?:is|are|was) \S+\.\w{2,5} about\s*\??$|\bgist\b",
    rf"{PLEASE}(?:sum up|recap) (?:what we\b|\S+\.\w{{2,5}}\b"
    rf"|(?:this|that|the|our) (?:\w+ )?(?:conversation|chat|discussion|talk|text|{THING})\b)",
    "总结|概括|概述|大意|主要内容|讲了什么|^请?(?:写|给|做)?.{0,6}摘要",
)
_FEELING = r"(?:sentiment|mood|tone|emotions?|feelings?)"
_TOLD_OF = rf"(?:this|that|these|the following|text|review|comment|message|{THING}|\S+\.\w{{2,5}})"
CONVERSATION = any_of(
    r"\b(?:our|this|the) (?:conversation|chat|discussion|talk)\b",
    r"\bwhat (?:have )?we (?:said|discussed|(?:talked|spoken?|chatted) about)\b",
    "(?:我们|这次|本次|以上|刚才)的?(?:对话|聊天|谈话|讨论)|我们(?:刚才|都)?(?:聊|谈|讨论)(?:过|到)?了?(?:些)?什么",
)
"""Speaks of the conversation itself."""
SENTIMENT = any_of(
    rf"{PLEASE}(?:analy[sz]e|classify|judge|tell me|what(?:'s| is| was)) (?:the )?(?:overall )?"
    rf"{_FEELING} (?:of|in|behind|expressed in)(?: the| my| our| an?)?(?: \w+){{0,3}}? ?{_TOLD_OF}",
    rf"^\W*(?:what(?:'s| is| was) (?:the )?)?(?:overall )?{_FEELING}(?: analysis)?(?: of)?\s*[:：]",
    r"\bsentiment analysis\b",
    rf"\b(?:is|are|was|were) (?:the |this |that |my )?(?:\w+ ){{0,3}}?{_TOLD_OF}s?\b.{{0,40}}"
    r"\b(?:(?:more )?positive(?: \w+)? or negative|happy or (?:sad|unhappy|angry)"
    r"|friendly or angry)\b",
    r"\bpositive, negative\b|\bpositive or negative\s*[:：]",
    r"(?:情感|情绪|语气|态度)(?:是|如何|怎么样|怎样|分析|倾向|[:：])|分析.{0,20}(?:情感|情绪|语气)",
    r"什么(?:样的)?(?:情感|情绪|语气)[？?]?$|(?:正面|积极|肯定)(?:的)?还是(?:负面|消极|否定)",
)
"""Asks what mood a text is in; a question on the tone or mood of something told in it does not."""
MOODS = any_of(
    rf"\b(?:analy[sz]e|classify|judge|overall|more|positive|negative|neutral|happy|sad|or|{_FEELING})\b",
    "分析|情感|情绪|语气|态度|正面|负面|积极|消极|还是|什么样?|怎么?样|如何|倾向",
)
TRANSCRIBE = any_of(
    r"\btranscri(?:be|pt)\b",
    r"\bwhat (?:is|was|do(?:es)?|did) .{0,40}\b(?:say|said) in .{0,30}"
    r"(?:\b(?:recording|voice|audio|clip)|\.(?:wav|mp3|m4a|flac|ogg|webm)\b)",
    "转写|听写|转录|逐字稿|转成文字|(?:录音|语音).{0,20}说了?什么"
    r"|\.(?:wav|mp3|m4a|flac|ogg|webm).{0,6}说了?什么",
)
_NAMES = (
    r"(?:named )?(?:entit(?:y|ies)|people|persons|places|organi[sz]ations"
    r"|names?(?: of (?:people|persons|places|organi[sz]ations|companies))?)"
)
_LINKS = r"(?:relations?|relationships?|connections?)"
_LINKED = (
    r"\b(?:who is|how are)\b"
    r"(?=.{0,90}\b(?:to whom|to each other|in (?:this|the) (?:text|letter|file|document))\b)"
    r".{0,60}\b(?:linked|related|connected)\b"
)
ENTITIES = any_of(
    rf"{PLEASE}(?:extract|list|find|name|give me|show(?: me)?|pick out) (?:all )?(?:of )?(?:the )?"
    rf"{_NAMES}\b.{{0,60}}\b(?:in|from|of|mentioned|named|that)\b",
    rf"\bwhich {_NAMES} (?:are|is|does|do)\b.{{0,40}}\b(?:mentioned|named|appear|mention|name)\b",
    r"\bnamed entit(?:y|ies)\b|^\W*who (?:all )?(?:is|are|was|were) (?:named|mentioned) in\b",
    _LINKED,
    rf"{PLEASE}(?:extract|list|find|give me|show(?: me)?|what are) (?:all )?(?:the )?{_LINKS} "
    r"(?:between|among|in|from)\b",
    "(?:提取|抽取|列出|找出).{0,16}(?:人名|地名|人物|机构|组织|实体|名称|关系)|命名实体"
    "|(?:提到|出现)了?(?:哪些|什么)(?:人|地方|机构|组织)|人物关系",
)
"""Asks for the people, organisations, places and dates in a text, or how they are linked."""
LINKS = any_of(rf"\b{_LINKS}\b", _LINKED, "关系")
