"""What a question asks of a chart: a value, the highest, a sum, a difference. By patterns, English
and Chinese. Knows no chart but its values' labels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from assistant import phrases
from retrieval.charts.values import Value

Asked = Literal[
    "json", "csv", "trend", "difference", "average", "sum", "max", "min", "value", "all"
]
_ASKED: tuple[tuple[Asked, re.Pattern[str]], ...] = (
    ("json", phrases.any_of(r"\bjson\b")),
    ("csv", phrases.any_of(r"\bcsv\b", "逗号分隔")),
    (
        "difference",
        phrases.any_of(
            r"\bdifference\b|\bhow (?:many|much) (?:more|less|fewer|higher|lower)\b"
            r"|\bby how (?:many|much)\b|\bchange(?:d)? (?:from|between)\b",
            "相差|差多少|差距|之差|多多少|少多少|高多少|低多少|增加了?多少|减少了?多少",
        ),
    ),
    (
        "trend",
        phrases.any_of(
            r"\btrends?\b|\b(?:in|de)creas(?:e|es|ed|ing)\b|\bris(?:e|es|ing)\b|\bfall(?:s|ing)?\b"
            r"|\bgrow(?:s|n|ing)?\b|\bgo(?:es|ing)? (?:up|down)\b|\bover (?:time|the years)\b",
            "趋势|走势|上升|下降|增长|变化",
        ),
    ),
    ("average", phrases.any_of(r"\baverage\b|\bmean\b", "平均")),
    (
        "sum",
        phrases.any_of(
            r"\b(?:sum|total|altogether|in all|together|combined|add(?:ed)? up)\b",
            "总共|一共|合计|总和|总计|之和|加起来|总数",
        ),
    ),
    (
        "max",
        phrases.any_of(
            r"\b(?:most|highest|largest|biggest|greatest|maximum|max|peak|best|top|tallest|dearest)\b"
            r"|\b(?:more|higher|better)\b.{0,12}\bthan (?:any|all|the) other",
            "最多|最高|最大|最好|最贵|峰值",
        ),
    ),
    (
        "min",
        phrases.any_of(
            r"\b(?:least|lowest|smallest|fewest|minimum|min|worst|shortest|cheapest)\b"
            r"|\b(?:less|fewer|lower|worse)\b.{0,12}\bthan (?:any|all|the) other",
            "最少|最低|最小|最差|最便宜",
        ),
    ),
    (
        "all",
        phrases.any_of(
            r"\b(?:what|describe|explain|read|summari[sz]e|list|give|show)\b.{0,40}"
            r"\b(?:chart|graph|diagram|values|data|numbers|figures)\b(?!.{0,30}\bfor\b)",
            "(?:描述|说明|读出|列出|给出|概括|总结).{0,12}(?:图|数据|数值)|图.{0,8}(?:显示|说明|表示)了?什么",
        ),
    ),
)
_WHICH: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (
        phrases.any_of(r"\b(?:which|what) (?:\w+ )?(?:week)?days?\b", "星期几|周几|礼拜几|哪一?天"),
        phrases.any_of(r"^(?:mon|tue|wed|thu|fri|sat|sun)|\d", "^(?:周|星期|礼拜)|日"),
    ),
    (
        phrases.any_of(r"\b(?:which|what) (?:\w+ )?months?\b", "哪一?个?月|几月"),
        phrases.any_of(r"^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|\d", "月"),
    ),
    (
        phrases.any_of(r"\b(?:which|what) (?:\w+ )?(?:years?|quarters?)\b", "哪一?年|哪个季度"),
        phrases.any_of(r"\d", "季"),
    ),
)
"""What is asked for when it is highest, and what its labels look like."""
_AMOUNT = phrases.any_of(
    r"\bhow (?:many|much)\b|\bvalues?\b|\bper ?cent|\bshare\b", "多少|几|数值|百分比|占比"
)


_SHARE = phrases.any_of(
    r"\b(?:what|which|how many|the) (?:is the )?(?:per ?cent(?:age)?|shares?|proportion)\b",
    "百分之几|百分之多少|百分比是多少|比例是多少|占比是?多少",
)


def asked_of(question: str) -> Asked:
    """Return what is asked for; a value when nothing else is."""
    return next((name for name, rule in _ASKED if rule.search(question)), "value")


def asked_for(question: str, labels: Sequence[str]) -> Asked:
    """Return what is asked for of labels that are named: the share of one is a value, whatever
    else is "top" or "best" there."""
    asked = asked_of(question)
    return "value" if asked in ("max", "min") and labels and _SHARE.search(question) else asked


def asks_values(question: str) -> bool:
    """Whether a question asks for amounts, or for what is made of them."""
    return asked_of(question) not in ("value", "all") or bool(_AMOUNT.search(question))


def of_kind(question: str, chosen: Sequence[Value]) -> bool:
    """Whether labels are days, months or years, if it is one of these that is asked for."""
    rules = [like for asks, like in _WHICH if asks.search(question)]
    return all(like.search(value.x) for like in rules for value in chosen)
