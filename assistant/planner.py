"""What a question wants, told by rules: the intent, the words to look for, the field asked for.

A small language model chooses tools badly, so it is led: this plan names the tools of the first
round. Rules are written for English and Chinese. Knows no model, no files, no tools.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.i18n import Language
from retrieval.values import Modality

Intent = Literal[
    "chat", "general", "find", "look", "summary", "translate", "sentiment", "transcribe",
    "list", "count", "aggregate", "compare", "extract", "calculate",
]  # fmt: skip
Field = Literal["total", "date", "company", "address", "phone", "email", "number", "tax"]
Operation = Literal["sum", "average", "max", "min"]


@dataclass(frozen=True)
class Plan:
    """A question taken apart. Empty or None where the question says nothing of it.

    ``names`` are file names it mentions, ``label`` a quoted name of a form field, ``subject``
    the text given in the question itself (to translate, to summarise), ``target`` the language
    to translate into, ``personal`` whether it speaks of the user's own things, ``topic`` what the
    files asked for show or say (empty: all files), ``group`` what amounts are grouped by.
    """

    intent: Intent
    language: Language
    query: str
    names: tuple[str, ...] = ()
    field: Field | None = None
    label: str = ""
    subject: str = ""
    target: Language | None = None
    modality: Modality | None = None
    operation: Operation | None = None
    page: int | None = None
    personal: bool = False
    follow_up: bool = False
    group: str = ""
    topic: str = ""


def language_of(text: str, default: Language = "en") -> Language:
    """Return the language a text is written in: Chinese when a fair share of it is."""
    chinese = len(re.findall(r"[\u3400-\u9fff]", text))
    latin = len(re.findall(r"[A-Za-z]+", text))
    if not chinese and not latin:
        return default
    return "zh" if chinese >= max(2, latin) or (chinese and not latin) else "en"


def plan(question: str, *, pictures: bool = False, history: bool = False) -> Plan:
    """Take a question apart.

    Args:
        pictures: pictures came with it (or with the turn before, and it refers to them).
        history: there were earlier turns.
    """
    text = " ".join(question.split())
    names = file_names(text)
    wanted = field_of(text)
    intent, subject = _intent(text, pictures, names)
    return Plan(
        intent=intent,
        language=language_of(text),
        query=search_words(text, names),
        names=names,
        field=wanted,
        label=label_of(text),
        subject=subject,
        target=_target(text, subject) if intent == "translate" else None,
        modality=modality_of(text),
        operation=_operation(text),
        page=page_of(text),
        personal=bool(_PERSONAL.search(text)),
        follow_up=history and not names and is_follow_up(text),
        group=_group(text),
        topic=topic_of(text, intent),
    )


# --- intents ---------------------------------------------------------------------------------

_THINGS = (
    r"(?:photo|picture|image|file|document|receipt|invoice|recording|voice note|audio|note|memo"
    r"|page|pdf|spreadsheet|e-?mail|letter|form|contract|slide|presentation|report|paper|bill)s?"
)
_THINGS_MANY = _THINGS.replace(")s?", ")s").replace("|audio", "").replace("|pdf", "|pdf")
_THINGS_ZH = (
    r"(?:照片|图片|相片|文件|文档|收据|发票|录音|语音|备忘录|笔记|表格|合同|邮件|报告|账单|小票)"
)

_CHAT = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks?(?: you)?(?: so much| a lot)?"
    r"|thx|bye|goodbye|ok(?:ay)?|great|how are you(?: doing)?(?: today)?|who are you"
    r"|what(?:'s| is) your name|what can you do(?: for me)?|help"
    r"|你好|您好|嗨|早上好|下午好|晚上好|谢谢你?|多谢|再见|你是谁|你叫什么(?:名字)?|你能做什么|你会什么|帮助)"
    r"(?:[ ,]+(?:there|sightline|everyone))?\W*$",
    re.IGNORECASE,
)
_ARITHMETIC = re.compile(
    r"^\W*(?:what(?:'s| is)|calculate|compute|how much is|work out|计算|算一?下|请问)?\s*"
    r"(?P<expression>[\d(.][\d\s.,+\-*/x×÷^%()（）=]*[+\-*/x×÷^%][\d\s.,+\-*/x×÷^%()（）]*[\d)%）])"
    r"\s*(?:=|等于(?:多少|几)?|是多少)?\W*$",
    re.IGNORECASE,
)
_TRANSLATE = re.compile(r"\btranslat(?:e|ion)\b|翻译|译成|译为", re.IGNORECASE)
_SUMMARY = re.compile(
    r"\bsummar(?:y|i[sz]e|ies)\b|\btl;?dr\b|\bmain points?\b|\bkey points?\b|\boverview of\b"
    r"|\bwhat (?:is|are|was) .{0,60}\babout\s*\??$|\bgist\b|总结|概括|摘要|概述|大意|主要内容|讲了什么",
    re.IGNORECASE,
)
_SENTIMENT = re.compile(
    r"\bsentiment\b|\b(?:mood|tone) of\b|\bpositive or negative\b|情感|情绪|语气|正面还是负面|积极还是消极",
    re.IGNORECASE,
)
_TRANSCRIBE = re.compile(
    r"\btranscri(?:be|pt)\b|\bwhat (?:is|was|do(?:es)?|did) .{0,40}\b(?:say|said) in .{0,30}"
    r"\b(?:recording|voice|audio|clip)|转写|听写|转录|逐字稿|转成文字",
    re.IGNORECASE,
)
_COMPARE = re.compile(
    r"\bcompar(?:e|ison)\b|\bdifferences? between\b|\bhow (?:do|does|are|is) .+ differ"
    r"|\bwhich (?:one )?(?:is|was) (?:\w+er|more \w+)\b.*\bor\b|对比|比较|有什么(?:不同|区别)|区别是",
    re.IGNORECASE,
)
_EXTRACT = re.compile(
    r"\bextract\b|\bas json\b|\bin json\b|\ball (?:the )?fields\b|\bkey[- ]value|提取|抽取|所有字段",
    re.IGNORECASE,
)
_COUNT = re.compile(
    rf"\bhow many (?:of (?:my|the) )?(?:\w+ ){{0,2}}?{_THINGS_MANY}\b|\bcount (?:my|the|all|how many)\b"
    rf"|\bnumber of (?:\w+ ){{0,2}}?{_THINGS_MANY}\b(?! in| on)"
    rf"|(?:有)?(?:多少|几)(?:张|份|个|段|封|条)?[^，。？]{{0,8}}{_THINGS_ZH}|{_THINGS_ZH}有(?:多少|几)",
    re.IGNORECASE,
)
_LIST = re.compile(
    rf"\b(?:list|show(?: me)?|find(?: me)?|give me|which|what) (?:all )?(?:of )?(?:my |the |our )?"
    rf"(?:\w+ ){{0,2}}?{_THINGS_MANY}\b"
    rf"|\bwhat (?:files|documents) do i have|(?:列出|显示|找出|哪些|有哪些|给我看)[^，。？]{{0,12}}{_THINGS_ZH}"
    rf"|{_THINGS_ZH}(?:都)?有哪些",
    re.IGNORECASE,
)
_MONEY_ALL = re.compile(
    r"\bhow much (?:did|have|do) (?:i|we) (?:spen[dt]|pa(?:y|id))"
    r"|\b(?:total|sum|average|mean|highest|lowest|largest|smallest|biggest|most expensive|cheapest)"
    r"\b.*\b(?:of|from|across|over|on|among|in) (?:all |my |the |these |those |our )*(?:\w+ )?"
    r"(?:receipts|invoices|bills|expenses|purchases)\b"
    r"|\bwhich (?:month|year|day|receipt|invoice|bill|shop|store|company)\b.*\b(?:most|least|highest"
    r"|lowest|largest|smallest|biggest|cheapest)\b"
    r"|\badd up\b|一共花|总共花|共花了|花了多少钱|合计.*(?:收据|发票|小票)"
    r"|(?:收据|发票|小票|账单).*(?:总和|总计|合计|平均|最高|最低|最多|最少|加起来)",
    re.IGNORECASE,
)
_GENERAL = re.compile(
    r"^\W*(?:please |can you |could you )?(?:write|compose|draft|tell) (?:me |us )?(?:a|an|some)\b"
    r"|^\W*(?:please |can you |could you )?(?:explain|define|brainstorm|suggest|recommend)\b"
    r"|^\W*how (?:do|can|should) (?:i|you|we) (?:write|make|cook|learn|code|program)\b"
    r"|\b(?:python|javascript|sql) (?:function|code|script|query)\b"
    r"|^\W*(?:请|帮我)?(?:写|作|编|讲)(?:一|个|首|篇|段)|^\W*(?:请)?(?:解释|推荐|建议)",
    re.IGNORECASE,
)
_PERSONAL = re.compile(
    rf"\b(?:my|our|mine|i|me|we)\b|\b(?:the|this|that|these|those|which|in|on) (?:\w+ ){{0,2}}?"
    rf"{_THINGS}\b|我的?|我们|这(?:张|份|个|段|封)|那(?:张|份|个|段|封)|{_THINGS_ZH}|资料",
    re.IGNORECASE,
)
_PICTURE_WORD = re.compile(
    r"\b(?:this|that|the|attached|these|both|in) (?:\w+ )?(?:photo|picture|image|pic|screenshot)s?\b"
    r"|\bwhat (?:do you see|is this|is that|are these)\b|\bdescribe\b"
    r"|(?:这|那|图|照片)(?:张|里|中|上|幅)|图片|照片|看到什么|这是什么",
    re.IGNORECASE,
)


def _intent(text: str, pictures: bool, names: Sequence[str]) -> tuple[Intent, str]:
    """Return the intent and the text that the question itself brings along for it."""
    if _CHAT.match(text):
        return "chat", ""
    if found := _ARITHMETIC.match(text):
        return "calculate", found["expression"]
    subject = subject_of(text)
    if _TRANSLATE.search(text):
        return "translate", subject
    if _SENTIMENT.search(text):
        return "sentiment", subject
    if _TRANSCRIBE.search(text):
        return "transcribe", ""
    if pictures and not _MONEY_ALL.search(text):
        return "look", ""
    rules: tuple[tuple[re.Pattern[str], Intent], ...] = (
        (_MONEY_ALL, "aggregate"),
        (_COUNT, "count"),
        (_COMPARE, "compare"),
        (_EXTRACT, "extract"),
        (_SUMMARY, "summary"),
        (_LIST, "list"),
        (_GENERAL, "general"),
    )
    for rule, intent in rules:
        if rule.search(text) and not (names and intent in ("list", "count")):
            return intent, subject if intent in ("summary", "extract") else ""
    return "find", ""


def refers_to_picture(text: str) -> bool:
    """Whether a question speaks of a picture that is before the speaker."""
    return bool(_PICTURE_WORD.search(text))


# --- details ---------------------------------------------------------------------------------

_NAME = re.compile(
    r"[\w\-()\[\]&+.]*\w\.(?:jpe?g|png|webp|gif|tiff?|bmp|heic|pdf|docx?|pptx?|xlsx?|csv|html?"
    r"|md|txt|eml|wav|mp3|m4a|flac|ogg|webm)\b",
    re.IGNORECASE | re.ASCII,
)
_NAME_QUOTED = re.compile(r"[\"“'‘《「]([^\"”'’》」]+\.\w{2,5})[\"”'’》」]")
_QUOTED = re.compile(
    r"\"([^\"]{1,160})\"|“([^”]{1,160})”|「([^」]{1,160})」|‘([^’]{1,160})’|《([^》]{1,160})》"
)
_SUBJECT = re.compile(r"^[^:：]{3,80}[:：]\s*(?P<text>.{2,})$", re.DOTALL)
_PAGE = re.compile(r"\bpage (\d{1,4})\b|第\s*(\d{1,4})\s*页", re.IGNORECASE)

_FIELDS: tuple[tuple[Field, str], ...] = (
    ("email", r"\be-?mail\b|邮箱|电子邮件地址"),
    ("phone", r"\b(?:tele)?phone\b|\btel\b|\bmobile number\b|\bfax\b|电话|手机号|传真"),
    ("address", r"\baddress\b|\bwhere is .{2,40}(?:located|based)\b|地址"),
    ("tax", r"\b(?:tax|gst|vat)(?: amount)?\b|税额|税金|增值税"),
    ("number", r"\b(?:invoice|receipt|order|bill|document|reference|account) (?:no\b|number|id\b|#)"
     r"|发票号|单号|编号|订单号"),
    ("total", r"\b(?:grand |final |overall )?totals?\b|\bamount (?:due|paid|payable)\b|\bhow much (?:was|is|did|does)\b"
     r"|\bcosts?\b|总额|总计|合计|总金额|多少钱|金额"),
    ("company", r"\b(?:which|what|name of the|the) (?:company|store|shop|vendor|merchant|seller|business|supplier"
     r"|retailer|issuer)\b|\bwho (?:issued|sold|sent)\b|\bcompany(?: name)?\b|公司|商店|商家|店名|供应商|哪家"),
    ("date", r"\bdated?\b|\bwhen (?:was|is|did)\b|\b(?:what|which) day\b|\bissued on\b|日期|哪一?天|何时|什么时候|几号"),
)  # fmt: skip
_FIELD_RULES = tuple((name, re.compile(rule, re.IGNORECASE)) for name, rule in _FIELDS)

_MODALITIES: tuple[tuple[Modality, re.Pattern[str]], ...] = (
    ("image", re.compile(r"\b(?:photo|picture|image|pic|screenshot)s?\b|照片|图片|相片", re.I)),
    ("audio", re.compile(
        r"\b(?:recordings?|voice (?:note|memo|message)s?|audio|podcast)\b|录音|语音", re.I)),
)  # fmt: skip


def file_names(text: str) -> tuple[str, ...]:
    """Return the file names a question mentions, in order."""
    found = [m.group(1) for m in _NAME_QUOTED.finditer(text)]
    found += [m.group() for m in _NAME.finditer(text) if not any(m.group() in f for f in found)]
    return tuple(dict.fromkeys(found))


def label_of(text: str) -> str:
    """Return the first quoted words that are no file name: the label of a form field."""
    for found in _QUOTED.finditer(text):
        words = next(g for g in found.groups() if g is not None)
        if not _NAME.fullmatch(words.strip()):
            return words.strip()
    return ""


def subject_of(text: str) -> str:
    """Return the text that a request brings along: after a colon, or in quotes."""
    if (found := _SUBJECT.match(text)) and not file_names(found["text"]):
        return found["text"].strip().strip('"“”「」')
    return label_of(text)


def field_of(text: str) -> Field | None:
    """Return the kind of field a question asks for."""
    bare = _NAME.sub(" ", text)
    hits = [(m.start(), name) for name, rule in _FIELD_RULES if (m := rule.search(bare))]
    return min(hits)[1] if hits else None


def page_of(text: str) -> int | None:
    """Return the page number a question names."""
    found = _PAGE.search(text)
    return int(found.group(1) or found.group(2)) if found else None


def modality_of(text: str) -> Modality | None:
    """Return the kind of file a question speaks of, when only one kind fits."""
    found = [kind for kind, rule in _MODALITIES if rule.search(text)]
    return found[0] if len(found) == 1 else None


def _target(text: str, subject: str) -> Language:
    asked = text.replace(subject, " ") if subject else text
    if re.search(
        r"\b(?:in(?:to)?|to) (?:simplified )?chinese\b|mandarin|(?:成|为|到)(?:简体)?中文",
        asked,
        re.I,
    ):
        return "zh"
    if re.search(r"\b(?:in(?:to)?|to) english\b|(?:成|为|到)英[文语]", asked, re.I):
        return "en"
    if subject:
        return "en" if language_of(subject) == "zh" else "zh"
    return language_of(asked)


def _operation(text: str) -> Operation | None:
    rules: tuple[tuple[Operation, str], ...] = (
        ("average", r"\baverage\b|\bmean\b|平均"),
        ("max", r"\bmost\b|\bhighest\b|\blargest\b|\bbiggest\b|最多|最高|最大|最贵"),
        ("min", r"\bleast\b|\blowest\b|\bsmallest\b|\bcheapest\b|最少|最低|最小|最便宜"),
        (
            "sum",
            r"\btotal\b|\bsum\b|\bhow much\b|\baltogether\b|\bin all\b|\badd up\b|共|合计|总|加起来",
        ),
    )
    return next((name for name, rule in rules if re.search(rule, text, re.I)), None)


def _group(text: str) -> str:
    if re.search(r"\b(?:which|what|each|per|by) month\b|哪个?月|几月|每月|按月", text, re.I):
        return "month"
    if re.search(r"\b(?:which|what|each|per|by) year\b|哪一?年|每年|按年", text, re.I):
        return "year"
    if re.search(
        r"\b(?:which|what|each|per|by) (?:company|shop|store|vendor)\b|哪家|按(?:公司|商店)",
        text,
        re.I,
    ):
        return "company"
    return ""


_FOLLOW = re.compile(
    r"\b(?:it|its|they|them|their|that|those|these|he|she|his|her|him|there|this|the same|the one"
    r"|the other|the (?:first|second|third|last))\b(?!\s+(?:is|was)\s+\w+\s+that)"
    r"|^\W*(?:and|but|so|also|then|what about|how about|what else|why|how so|really|are you sure)\b"
    r"|[它他她]们?|这|那|其|该|呢[？?]?$|^(?:那么?|还有|为什么)",
    re.IGNORECASE,
)


def is_follow_up(text: str) -> bool:
    """Whether a question leans on the turn before it."""
    words = re.findall(r"[\u3400-\u9fff]|\w+", text)
    short = len(words) <= (6 if language_of(text) == "zh" else 3)
    return short or bool(_FOLLOW.search(text))


_TOPIC = re.compile(
    rf"\b(?:how many|list|show|find|give|count|number of|which|what|all|of|my|the|our|me|do|does|did"
    rf"|i|we|you|have|has|are|is|there|in|on|with|about|any|a|an|that|contain(?:s|ing)?|show(?:s|ing)?"
    rf"|from|for|please|can|library|mention(?:s|ing)?|say(?:s|ing)?|files?|documents?|summari[sz]e"
    rf"|summary|much|spen[dt]|paid|pay|total|sum|average|highest|lowest|largest|smallest|biggest"
    rf"|most|least|expensive|cheapest|month|year|day|company|shop|store|amount|altogether|together"
    rf"|it|they|each|per|every|across|over|up|add|was|were|"
    rf"photos?|pictures?|images?|recordings?|pages?|spent|cost)\b"
    rf"|{_THINGS_ZH}|列出|显示|找出|哪些|哪个?月|哪家|有多少|多少钱?|几[张份个段封]|有|我的?|我们|给|所有|全部|的|里|中"
    rf"|一共|总共|共|花了?|总结|概括|最多|最少|最高|最低|合计|总计|总额|平均|加起来|了|吗|呢|张|份|个|和|在|关于|是",
    re.IGNORECASE,
)


def topic_of(text: str, intent: Intent) -> str:
    """Return what the files asked for are about; empty when every file is meant."""
    if intent not in ("list", "count", "aggregate", "summary"):
        return ""
    words = _TOPIC.sub(" ", text if intent != "aggregate" else text.replace("receipts", ""))
    return " ".join(re.sub(r"[^\w\s'-]", " ", words).split())


_STOP = re.compile(
    r"^\W*(?:please|can you|could you|would you|tell me|show me|find me|find|do you know)\s+", re.I
)


def search_words(text: str, names: Sequence[str] = ()) -> str:
    """Return the words to look for: the question without courtesy and file names."""
    bare = text
    for name in names:
        bare = bare.replace(name, " ")
    bare = _STOP.sub("", bare)
    bare = " ".join(bare.split())
    return bare or text
