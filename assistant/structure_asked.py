"""Tells whether a question is about a document's make-up. Patterns for English and Chinese."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from assistant.gist import bare_question
from assistant.phrases import NAME

What = Literal["pages", "times", "mentions", "parts", "sections", "tables", "figures"]

_PAPER = (
    r"(?:document|paper|report|article|book|contract|manual|pdf|file|deck|presentation|thesis|guide"
    r"|survey|brochure|booklet|plan|study|handbook|yearbook|catalogue|newsletter)"
)
_PAPER_ZH = r"(?:文件|文档|报告|论文|文章|书|合同|手册|说明书|资料|方案|计划|规划)"
_WHOLE = r"(?:in total|altogether|overall|in all|all together)"
_IN = (
    rf"(?:\s+(?:does|do|did|has|have|are|is|contain(?:ed|s)?|included?|there|in|of|it|this|the|that|my"
    rf"|our|all|whole|entire|{_WHOLE})\b)*\s+(?:\w+\s+)?(?:{_PAPER}|it)"
    rf"(?:\s+(?:have|has|contain|include|long|divided into|split into|{_WHOLE}))*"
)
"""The rest of ``How many pages does this document have?``"""
_HOW_MANY = r"^how many (?:(?:numbered|top-level|main|different|separate),? )*"
_HOW_MANY_ZH = (
    rf"^(?:这|那|该|本|整|全)?(?:份|篇|本|个)?(?:{_PAPER_ZH}|文|书)(?:里|中)?(?:一共|总共|共)?"
    r"(?:有|分为?|包括|包含)?(?:了|成)?(?:多少|几)[张个幅]?(?:带编号的|编号的|编了号的)?"
)
_OF_THESE_ZH = (
    rf"^(?:这|那|该|本|整|全)?(?:份|篇|本|个)?(?:{_PAPER_ZH}|文|书)(?:里|中)?的?(?:带编号的|编号的|编了号的)?{{}}"
    r"(?:一共|总共|共)?有?(?:多少|几)[张个幅]$"
)
_RULES: tuple[tuple[What, re.Pattern[str]], ...] = (
    (
        "times",
        re.compile(
            r"^how (?:many times|often) (?:is|are|does|do|has|have)(?: the (?:word|term|name))? "
            r"(?P<a>.+?) (?:been )?(?:mentioned|named|spoken of|appear|occur|come up|used)$"
            rf"|^(?:这|那|该|本|整|全)?(?:份|篇|本|个)?(?:{_PAPER_ZH}|文|书)?(?:里|中)?(?:一共|总共|共)?"
            r"(?:提到|出现|说到)(?:了|过)?(?:几|多少)次(?P<b>.+)$"
            r"|^(?P<c>.+?)(?:一共|总共|共)?(?:被)?(?:提到|出现)(?:了|过)?(?:几|多少)次$",
            re.IGNORECASE,
        ),
    ),
    (
        "mentions",
        re.compile(
            r"^(?:on |in )?(?:which|what)(?: of (?:the|its|their|those))? pages?\b.*?\b"
            r"(?:mentions?|names?|says?|(?:speaks?|talks?) (?:of|about)|refers? to"
            r"|discuss(?:es)?|contains?)\s+(?P<a>.+)$"
            r"|^(?:on |in )?(?:which|what) pages? (?:is|are|does|do)\s+(?P<b>.+?)"
            r"(?:\s+(?:mentioned|named|found|discussed|on|located|appear|stand|occur"
            r"|(?:come|turn|show|crop)s? up))*$"
            r"|^(?:哪些?|哪几|第几)个?页(?:上|里|中)?(?:都)?(?:提到|说到|讲到|谈到|写到|出现|有)了?(?P<c>.+)$"
            r"|^(?P<d>.+?)(?:出现|在|写)?(?:在)?(?:第几|哪一?|哪些|哪几)页(?:上|里|中)?(?:提到|出现|说到)?(?:过|了)?$",
            re.IGNORECASE,
        ),
    ),
    (
        "pages",
        re.compile(
            rf"^how many pages{_IN}$|^how long is (?:the|this|my) {_PAPER}$"
            rf"|^(?:这|那|该|本)?(?:份|篇|本|个)?{_PAPER_ZH}(?:一共|总共|共)?有?(?:多少|几)页$",
            re.IGNORECASE,
        ),
    ),
    (
        "parts",
        re.compile(
            rf"{_HOW_MANY}(?:sections|chapters){_IN}$|{_HOW_MANY_ZH}(?:章节?|节|部分)$",
            re.IGNORECASE,
        ),
    ),
    (
        "sections",
        re.compile(
            r"^(?:what|which|list|show|give|name|tell)\b.*\b(?:section|chapter)"
            rf"(?: heading| title| name)?s\b.*\b(?:{_PAPER}|it)\b.*$"
            rf"|^.*\b(?:table of contents|outline)\b.*\b(?:{_PAPER}|it)\b.*$"
            rf"|^.*{_PAPER_ZH}.*(?:有哪些|有什么|列出).*(?:章节|小节|标题|目录)$"
            rf"|^.*列出.*{_PAPER_ZH}.*(?:章节|目录).*$",
            re.IGNORECASE,
        ),
    ),
    (
        "tables",
        re.compile(
            rf"{_HOW_MANY}tables{_IN}$|{_HOW_MANY_ZH}表格?$|{_OF_THESE_ZH.format('表格?')}",
            re.IGNORECASE,
        ),
    ),
    (
        "figures",
        re.compile(
            rf"{_HOW_MANY}(?:figures|charts|diagrams){_IN}$|{_HOW_MANY_ZH}图表?$"
            rf"|{_OF_THESE_ZH.format('图表?')}",
            re.IGNORECASE,
        ),
    ),
)
_NAMED_FILE = re.compile(rf"(?:\b(?:in|of|does|from)\s+)?(?P<name>{NAME.pattern})", re.IGNORECASE)
_WHERE = re.compile(
    rf"\s*\b(?:in|of|from) (?:the|this|my|our|that) {_PAPER}$|^{_PAPER_ZH}(?:里|中)?的?",
    re.IGNORECASE,
)


_LONGEST = 400
"""Characters; nobody asks for a number of pages in more, and the patterns take time with the square
of the length."""
_NOUN = {True: "这份文件", False: "the document"}
_LOOSELY: tuple[tuple[What, re.Pattern[str]], ...] = (
    (
        "mentions",
        re.compile(
            r"\b(?:which|what|whereabouts|where|on)\b.*\bpages?\b|\bpages?\b.*\b(?:mention|about|with)\b"
            r"|第几页|哪一?页|哪[几些]页",
            re.IGNORECASE,
        ),
    ),
    ("tables", re.compile(r"\btables?\b(?! of contents)|表格", re.IGNORECASE)),
    ("figures", re.compile(r"\b(?:figures?|charts?|diagrams?|illustrations?)\b|插图|图表", re.I)),
    (
        "sections",
        re.compile(
            r"\b(?:sections?|chapters?|headings?|parts?|structured?|organi[sz]ed|contents|outline"
            r"|laid out)\b"
            r"|章|小节|目录|标题|结构|部分",
            re.IGNORECASE,
        ),
    ),
    ("pages", re.compile(r"\bpages?\b|\b(?:how|very|a) long\b|\blength\b|页|多长|篇幅", re.I)),
)
"""Words by which it is told what is asked, once it is known that the make-up is."""
_ASKS = re.compile(
    r"\b(?:on|in|which|what|where|whereabouts|pages?|numbers?|is|are|does|do|did|of|the|come|comes|up|it"
    r"|mention(?:s|ed)?|talks?|speaks?|about|find|found|i|can|discuss(?:es|ed)?|covers?|covered|appears?"
    r"|say|says|please|tell|me|there|anything|look|for)\b|[在第哪几些一的页上里讲说提到及有出现了过请]",
    re.IGNORECASE,
)
_ADVERB = re.compile(rf"\s+{_WHOLE}$", re.IGNORECASE)
_THE_WORD = re.compile(
    rf"(?:这个?(?:词|字|名字)|一词)?(?:在?(?:全文|文中|整篇|整份|{_PAPER_ZH}))?(?:里|中|里面)?$"
)
_LEAD = re.compile(r"^(?:the|an?|any)\s+", re.IGNORECASE)
_SOMEBODY = re.compile(r"(?:i|you|we|it|they|he|she|there|我|你|它)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """What is asked of a document; ``thing`` is what its pages should speak of."""

    what: What
    thing: str = ""


def structure_asked(question: str) -> Asked | None:
    """Return what a question asks of a document's make-up; None when it asks something else.

    The name of a file stands for ``the document``.
    """
    asked = bare_question(question).strip(" ?？。.!！")
    if len(asked) > _LONGEST:
        return None
    chinese = bool(re.search(r"[\u3400-\u9fff]", asked))
    named = _NAMED_FILE.search(asked)
    bare = " ".join(asked.replace(named.group(), "").split()) if named else asked
    put = asked.replace(named["name"], _NOUN[chinese]) if named else asked
    put = re.sub(r"\s+(?=[\u3400-\u9fff])|(?<=[\u3400-\u9fff])\s+", "", put)
    within = _WHERE.sub("", _ADVERB.sub("", bare)) if len(bare) <= _LONGEST else bare
    for what, rule in _RULES:
        found = rule.search({"mentions": bare, "times": within}.get(what, put))
        if found is None:
            continue
        if what not in ("mentions", "times"):
            return Asked(what)
        thing = next((group for group in found.groups() if group), "")
        thing = _THE_WORD.sub("", _LEAD.sub("", _WHERE.sub("", thing))).strip(" \"'“”‘’「」，,")
        return Asked(what, thing) if thing and not _SOMEBODY.match(thing) else None
    return None


def structure_meant(question: str) -> Asked | None:
    """Return what a question on a document's make-up asks, by single words; None if none tells.

    For questions known to be about the make-up already: the words alone stand in others too.
    """
    if asked := structure_asked(question):
        return asked
    bare = NAME.sub(" ", " ".join(question.split()))
    what = next((what for what, rule in _LOOSELY if rule.search(bare)), None)
    if what != "mentions":
        return Asked(what) if what else None
    thing = " ".join(re.sub(r"[^\w\s'-]", " ", _ASKS.sub(" ", bare)).split())
    return Asked(what, thing) if thing else None
