"""The words by which a query over a table is held against its question: patterns only, English and
Chinese side by side. What is done with them is in ``named`` and ``grounded``.
"""

from __future__ import annotations

import re
from typing import Literal

from assistant.phrases import any_of

NO_QUERY = any_of(
    r"%|\bper ?cent(?:age)?\b|\b(?:share|proportion|ratio|median|trend|growth|forecast)\b",
    r"\b(?:second|third|fourth|fifth)[- ](?:most|\w+est)\b|\btop (?:\d|two|three|five|ten)",
    r"\b(?:two|three|four|five|ten|\d+) (?:most|\w{3,}est)\b|\b(?:compared?|versus|vs)\b|\bwhy\b",
    r"\b(?:distinct|unique|difference)\b|\b(?:more|less|fewer) than (?!.{0,6}\d)",
    r"\b(?:how much|how many) (?:more|less|fewer|older|longer|cheaper)\b"
    r"|\b(?:did|has|have)\b.*\b(?:increase|decrease|rise|fall|grow|change)[dns]?\b|\bboth\b",
    "百分|比例|占比|占多少|中位|第[二三四五](?=[多高大贵少低长短]|名)|前[几两二三四五十\\d]|[相之]差|差额|增长|同比|环比|减少了|增加了",
    "比.{1,12}[多少高低贵便宜]|为什么|不同的",
)
"""Asks for what no query that is taken apart here says."""

HOW_MANY_PEOPLE = any_of(
    r"\bhow many (?:people|persons|guests|visitors|attendees)\b", "(?:多少|几)(?:个|名|位)?人"
)
"""Asks for a number of people."""

NEGATED = any_of(
    r"n't\b|n’t\b|\b(?:not|never|without|except|excluding|exclude|besides|leav(?:e|ing) out|leaving"
    r"|ignor(?:e|ing)|fail(?:s|ed)? to"
    r"|other than|apart from|no longer"
    r"|un(?:paid|read|used|sold|finished|returned|insured|answered|claimed|opened|watched))\b"
    r"|\bstill (?:to|out|owe[ds]?|open|missing|due)\b|\byet to\b|\bno (?!\.|\d)(?=\w)",
    "没(?!到|过|满|超|几)|未(?!满|到|超|过)|不(?!过|到|少于|足|超过|动产|锈钢|同)|除了|以外|之外|不含|尚",
)
OR_NOT = any_of(r"\b(?:whether )?(?:\w+ )?or (?:not|un\w+)\b", "与否|是否|或[不未没]\\w?")
"""Leaves it open, and denies nothing."""
NEGATED_CELL = any_of(
    r"^(?:no|not|non|un|in|out|open|pending|due|overdue|missing|lost|late|owed|outstanding|out)\b"
    r"|^(?:un|in|non)\w{4,}|\bnot\b",
    "^[否未不无没]|未|待|欠",
)
TRUE = {"yes", "y", "true", "x", "✓", "✔", "ja", "oui", "是", "有", "对", "√", "已"}
FALSE = {"no", "n", "false", "-", "–", "—", "✗", "✘", "nein", "non", "否", "无", "没有", "×", "未"}

SIDES: tuple[tuple[re.Pattern[str], Literal["<", ">", "<=", ">="]], ...] = (
    (
        any_of(
            r"\bat least\b|\bor (?:more|over|above|higher|longer)\b|\bno less than\b",
            "至少|不少于|不低于|以上|起码",
        ),
        ">=",
    ),
    (
        any_of(
            r"\bat most\b|\bor (?:less|fewer|under|below)\b|\bno more than\b|\bup to\b",
            "至多|最多\\d|不超过|不多于|不高于|以内|以下",
        ),
        "<=",
    ),
    (
        any_of(
            r"\b(?:over|above|exceed\w*|beyond|more|greater|longer|higher|larger|bigger|heavier"
            r"|older|costlier|further|taller)\b",
            "超过|大于|高于|多于|超出|长于|重于",
        ),
        ">",
    ),
    (
        any_of(
            r"\b(?:under|below|less|fewer|cheaper|shorter|lower|smaller|lighter|younger)\b",
            "低于|小于|少于|不到|不足|[没未]到|[没未]过|[没未]满|短于|轻于",
        ),
        "<",
    ),
)
"""Which side of a bound is meant, the surer words first."""

HIGHEST = any_of(
    r"\bmost\b|\bmax(?:imum)?\b|\bbest\b|\brecord\b|\btop\b"
    r"|\b(?:high|larg|bigg|great|long|hott|warm|dear|prici|costli|heavi|old|tall|fast|busi|thick"
    r"|strong|rich|hard|wid|deep)est\b",
    "最[多高大贵长热重久老厚猛狠快]|最为?昂贵|最畅销|最厉害|第一名",
)
LOWEST = any_of(
    r"\bleast\b|\bfewest\b|\bmin(?:imum)?\b|\bworst\b"
    r"|\b(?:low|small|cheap|short|cold|cool|light|young|thinn|slow|weak|poor|easi|shallow)est\b",
    "最[少低小短冷轻薄差慢]|最便宜|最年轻",
)
LATEST = any_of(
    r"\b(?:latest|last|newest|youngest|most recent(?:ly)?)\b(?! \w+ ago)", "最[近新晚后]"
)
EARLIEST = any_of(
    r"\b(?:been|had|held|lived|kept|owned|rented|here)\b.*\blongest\b"
    r"|\b(?:earliest|first|oldest|longest (?:ago|time))\b|\blongest\b.*\b(?:ago|since|without)\b",
    "最[早先老初]|[没未].{0,6}最久|最久[没未]|首[次个]|第一[次个]",
)
NO_EXTREME = any_of(
    r"\bat (?:least|most)\b|\bmost of (?:the|them|these|those)\b"
    r"|\b(?:last|first) (?:week|month|year|summer|winter|spring"
    r"|autumn|name|quarter|half|january|february|march|april|may|june|july|august|september"
    r"|october|november|december)\b",
    "最多\\d|最近[一几两]?[周个年月天]",
)
EXTREMES = (HIGHEST, LOWEST, LATEST, EARLIEST)
OFTEN = any_of(
    r"\b(?:most|least) (?:often|frequent(?:ly)?|times|visits|entries)\b|\bhow often\b",
    "次数|笔数|频繁|最常|经常",
)
"""Means the number of rows where the most of something is asked for."""
AVERAGED = any_of(
    r"\baverage[ds]?\b|\bmean\b|\btypical(?:ly)?\b|\bon average\b|\busual(?:ly)?\b", "平均"
)
COUNTS = any_of(
    r"\bhow (?:many|often)\b|\bnumber of\b|\bcount\b|\bhow many times\b",
    "多少|几|数量|次数|人数|个数",
)
AMOUNT_ASKED = any_of(
    r"\bhow (?:much|many|long|far|heavy|big)\b|\btotal\b|\bsum\b|\baltogether\b|\bin all\b"
    r"|\boverall\b|\badd up\b"
    r"|\b(?:cost|spen[dt]|paid|pay|come to|came to|set (?:me|us) back|owe)\b",
    "多少|共|合计|总|几(?!月|号|点|日)|花了",
)
EACH = any_of(r"\b(?:each|every|per|by|respectively|break ?down)\b", "每|各|分别|按")
HOW_MANY = re.compile(
    r"\bhow many\s+(?:of\s+)?(?:the\s+|my\s+|our\s+|these\s+|those\s+)?(?P<en>[\w'-]+)"
    r"(?:\s+(?P<then>[\w'-]+))?"
    r"|\bnumber of\s+(?:the\s+)?(?P<en2>[\w'-]+)|\bhow (?:often|many times)\b"
    r"|(?:多少|几)(?P<zh>[个次回人位笔场趟顿张种件本套名只台部条间辆家项单款杯瓶包盒袋箱])",
    re.IGNORECASE,
)
UNITS = any_of(
    r"^(?:hours?|hrs?|minutes?|mins?|days?|weeks?|months?|years?|seconds?|km|kms|kilomet(?:er|re)s?"
    r"|miles?|met(?:er|re)s?|lit(?:er|re)s?|gallons?|kilos?|kg|grams?|tons?|tonnes?|kwh|units?|points?"
    r"|euros?|pounds?|dollars?|yuan|yen|francs?|kronor|kroner|eur|usd|gbp|calories|degrees|pages?)$"
)
"""Units, which are added up rather than counted."""
Kind = Literal["day", "figure", "one"]
KINDS_ASKED: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (
        any_of(
            r"\bwhen\b|\b(?:what|which) (?:date|day)\b|\bby what (?:date|day)\b",
            "什么时候|何时|哪一?天|几月几[日号]|几号|日期",
        ),
        "day",
    ),
    (any_of(r"\bhow (?:much|many|long|far|big|heavy|old|tall|large)\b",
            "多少|多[大长高重久远]|(?<!哪)几"),
     "figure"),
    (
        any_of(r"\b(?:who|whom|whose|where|which)\b", "谁|哪|什么地方"),
        "one",
    ),
)  # fmt: skip
"""What kind of cell answers a question."""
MONTH = re.compile(r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?", re.IGNORECASE)
SOMEONE = any_of(
    r"\b(?:who|whom|whose|where)\b",
    "谁|哪里|哪儿|什么地方|何处|哪位|哪家(?=[做买付开装弄订干给去来])",
)
PERSON = any_of(r"\bwho(?:m|se)?\b", "谁|哪位|哪个人")
PEOPLE = any_of(
    r"\b(?:who|name|person|people|by|member|employee|player|pupil|student|tenant|guest|traveller"
    r"|customer|client|buyer|owner|patient|participant|attendee|volunteer|child|parent)\b",
    "姓名|名字|客户|顾客|学生|患者|业主|会员|[人员者]$",
)
"""Columns of people."""
PEOPLE_ASKED = any_of(
    r"^(?:people|persons?|ones?|of|folks?|customers?|clients?|guests?|patients?|tenants?|members?"
    r"|pupils?|students?|kids|children|employees?|players?|volunteers?|buyers?|owners?)$",
    "^些?(?:人|病人|客人|同学|同事|员工|顾客|客户|朋友|家长|学生|会员|队员|老师|医生|患者)",
)
THINGS_ASKED = any_of(r"^(?:things?|items?|ones?|stuff|of)$", "^[些几样]*(?:东西|物品|货|样)")
THINGS = any_of(
    r"\b(?:item|name|product|title|description|article|goods|thing|what)\b",
    "品名|名称|物品|商品|书名|货品|项目",
)
"""Columns of things."""
WHICH = re.compile(
    r"\b(?:which|what)\s+(?P<en>[a-z]+)|哪一?[个家种位趟款本项类支条]?(?P<zh>[\u3400-\u9fff]{1,6})",
    re.IGNORECASE,
)
NUMBERS = (
    r"\bzero\b", r"\bone\b", r"\b(?:two|twice|couple)\b|[二两](?=[个次笔本人件位张天])",
    r"\bthree\b|三(?=[个次笔本人件位张天])", r"\bfour\b|四(?=[个次笔本人件位张天])",
    r"\bfive\b|五(?=[个次笔本人件位张天])", r"\bsix\b", r"\bseven\b", r"\beight\b", r"\bnine\b",
    r"\bten\b|十(?=[个次笔本人件位张天])", r"\beleven\b", r"\b(?:twelve|dozen)\b",
)  # fmt: skip
"""Small numbers in words, by their value."""
PREPOSITIONS = {
    "from": "from", "to": "to", "by": "by", "with": "with", "for": "for", "出发": "从",
    "出发地": "从", "起点": "从", "到达": "到", "到达地": "到", "目的地": "到", "终点": "到",
}  # fmt: skip
"""Columns that are named by what stands before their values in a sentence."""
PIECES = any_of(
    r"\b(?:how many|quantity|qty|count|stock|units|pieces|number|copies|seats"
    r"|guests|people|persons)\b",
    "数量|库存|件数|个数|人数|册数|份数|张数|数$",
)
TIMES = any_of(r"^(?:times?|of|were|are|have|did|do|was|is)$", "^[次回趟场笔]")
REMARKS = any_of(r"\b(?:notes?|remarks?|comments?)\b", "备注|说明|附注|感受|心得")
"""Columns of what else there is to say of a row; a statement's description is none."""
NOTES = any_of(
    r"\b(?:notes?|remarks?|comments?|description|result|reason|outcome)\b",
    "备注|说明|情况|结果|原因",
)
"""Columns of what there is to say of a row."""
WAY_ASKED = any_of(
    r"\bhow (?:did|do|does|was|were|is|has|have)\b.*\b(?:pay|paid|settled?)\b",
    "怎么[付支结给交]|用什么(?:方式)?[付支结]|[付支]款?方式",
)
WAYS = any_of(
    r"\b(?:how paid|paid (?:with|by|how)|pa(?:y|id|yment) (?:method|with|by|way|type)|method)\b",
    "[付支]款?方式|结算方式",
)
"""Columns of how something was paid."""
COINS = any_of(
    r"^(?:euros?|pounds?|dollars?|yuan|yen|francs?|kronor|kroner|eur|usd|gbp|units?|points?)$"
)
