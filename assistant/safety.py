"""Text from files is data: quoting it, spotting orders hidden in it, and cleaning answers.

Three defences that need no model: evidence is quoted inside delimiters that its text cannot
contain; sentences that give the *assistant* orders are reported to the user and kept out of the
prompt; answers lose remote pictures and raw links, through which text could be carried away.
Patterns are a second line only: the first is that no tool writes, sends or reaches the network.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Detect = Callable[[Sequence[str]], list[bool]]
"""Tells for each of several sentences whether it is an order to the assistant."""

NEUTRAL = {"en": "[an instruction in this file was left out]", "zh": "[文件中的一条指令已略去]"}

_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
_BREAK = re.compile(r"(?<=[.!?])(?=\s)|(?<=[.!?][\"'”’)])(?=\s)|(?<=[。！？\n])")

# Orders that speak to an assistant: what it was told before, who it is, what it must say or do.
_ORDERS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:previous|prior|above|earlier"
        r"|all|any|your|the|these|other)\b.{0,12}\b(?:instruction|prompt|rule|direction|guideline"
        r"|context|question|text|content|polic|safety|command|evidence)",
        r"\b(?:you are|act as|pretend (?:to be|you)|behave as|you must act|roleplay)\b.{0,40}"
        r"\b(?:dan\b|assistant|chatbot|ai\b|model|unrestricted|developer mode|system)",
        r"\b(?:reveal|print|repeat|output|show|disclose|leak|expose|share|include|append|list)\b"
        r".{0,40}\b(?:system prompt|hidden prompt|initial instruction|your (?:prompt|instructions)"
        r"|api[ _-]?keys?|passwords?|credentials|secrets?|private key|access token|chat history)",
        r"\b(?:(?:ai|virtual|digital) (?:assistant|agent)|assistant(?=\s*[,:;])|ai|chatbot"
        r"|language model|llm|gpt|claude|copilot)s?\b.{0,25}(?:[,:;]\s*(?:please |you )?"
        r"|(?:please|must|should|shall|always|now|do not|don't|never|has to|have to|are to"
        r"|needs? to)\s+)(?:please |must |should |always |now |only |not |never ){0,3}"
        r"(?:ignore|answer|say|reply|respond|tell|write|output|call|send|delete|visit|open|click"
        r"|follow|execute|run|recommend|state|claim|stop|refuse|translate|insert|forward|email)\b",
        r"^\W*(?:please |you must |always |now |just |simply |then )*(?:answer|reply|respond|say"
        r"|output|write|state)\b.{0,30}(?:\b(?:only|exactly|instead|always|just)\b.{0,12}(?:with\b|[\"'“‘:])"
        r"|\bwith (?:the|only|just|exactly|this|a single) (?:word|phrase|text|following|sentence|["
        r"\"'“])|\bto (?:every|any|all|each) questions?|\bno matter what|\bregardless of)",
        r"\b(?:new|updated|important|urgent|real|secret|hidden|special|additional)\s+"
        r"(?:system\s+)?(?:instructions?|prompts?|directives?)\b\s*(?::|follow|from)",
        r"\b(?:the|only|correct|right|true) answer to (?:every|any|all|each) questions?\b",
        r"\b(?:when|if)\b.{0,20}\b(?:asked|asks|summari[sz]ing|answering|you (?:are asked"
        r"|read this|see this|process))\b.{0,80}\b(?:say|reply|respond|answer|tell|write|output"
        r"|recommend|include|state|claim|send|visit|add|insist)\b",
        r"\b(?:do not|don't|never)\b.{0,20}\b(?:tell|inform|mention|alert|warn|cite|reveal)\b"
        r".{0,20}\b(?:the user|user|anyone|this|source)",
        r"\b(?:send|forward|post|upload|e-?mail|exfiltrate|transmit)\b.{0,40}\b(?:(?:this |the "
        r"|entire |whole |full )*(?:conversation|chat)(?: history| log)?"
        r"|(?:all )?(?:the )?user'?s? \w+"
        r"|your (?:answer|context|memory|reply|instructions|files|library)|(?:all|other|the"
        r" user's) (?:documents|files|data))\b.{0,30}(?:\bto\b|\bat\b|https?:|@)",
        r"\byour (?:reply|answer|response|summary|output)s? (?:should|must|shall|has to|have to"
        r"|is to|needs? to) (?:\w+ )?(?:urge|tell|say|recommend|advise|warn|push|convince|claim"
        r"|instruct)\b",
        r"\b(?:valid|permitted|allowed|acceptable) (?:response|reply|answer|output) (?:is|:)",
        r"\bfrom (?:this|here|now)(?: \w+)? on\b.{0,30}\b(?:(?:the )?(?:assistant|model|ai|chatbot)"
        r"|you (?:are called|call|speak|answer|reply|respond))\b",
        r"\b(?:tell|inform|convince|ask|urge|instruct|advise)\s+(?:the\s+)?(?:user|reader|human)s?"
        r"\s+(?:to|that)\b",
        r"\b(?:add|append|include|insert|put|attach|end|finish|load)\b.{0,30}(?:https?:|\blink\b"
        r"|\baddress\b|!\[).{0,90}\b(?:answer|reply|response|the user|asked)\b",
        r"\b(?:look up|include|quote|repeat|print|recite|copy|list|show)\b.{0,60}\bthe user'?s"
        r" (?:\w+ )?(?:notes|files|documents|library|passwords?|credentials|data|secrets)\b",
        r"\b(?:mention|write|say|put|include|state|give|insert)\b(?!.{0,12}\byour (?:name|address))"
        r".{0,20}\b(?:in|into|to) your (?:answer|reply|response|summary)\b(?! book)",
        r"\b(?:for|to) (?:(?:the|any|all|every|our) )?(?:ai\b(?: \w+)?|(?:language )?models?"
        r"|chatbots?|llms?|assistants?) ?:|^\W*(?:\w+ )?(?:model|chatbot|bot|ai), (?:please|you|do"
        r"|drop|ignore|stop|say|write|reply|answer|respond)\b",
        r"\bfrom (?:now|here) on,? (?:only |always )?(?:respond|reply|answer|speak|write|say)\b",
        r"^\W*do not (?:summari[sz]e|answer|quote|cite) (?:this|it|the (?:question|text|user))\b",
        r"\byou (?:will|must) now (?:print|output|reveal|repeat|list|say|reply|respond|answer)\b",
        r"\b(?:repeat|recite|quote|copy|output) (?:\w+ )?(?:word for word|verbatim)\b",
        r"\b(?:software|programs?|systems?|assistants?|models?|bots?|tools?) (?:that|which|who)"
        r" (?:reads?|handles?|process(?:es)?|summari[sz]es?|digests?)\b.{0,40}"
        r"\b(?:must|shall|should|(?:is|are) to|ha(?:s|ve) to)\b",
        r"<\|?\s*(?:im_start|im_end|system|assistant|user|endoftext)\s*\|?>|\[/?INST\]|<<SYS>>"
        r"|^\s*#{0,4}\s*(?:system|assistant)\s*(?:(?:prompt|message)\s*:|:\s*(?:you|ignore|new|always"
        r"|never|do not|from now)\b)",
        r"!\[[^\]]*\]\(\s*https?:",
        r"(?:忽略|无视|忘记|不要理会|抛开|跳过|覆盖)[^。！？\n]{0,16}(?:指令|指示|提示词?|要求|规则|设定|命令|问题|内容|资料|上文)(?!草案|草稿|版本)",
        r"(?:你(?:现在|必须|应该|将|要)?|请你?)(?:是|扮演|充当|假装|作为|表现得?像)[^。\n]{0,20}"
        r"(?:助手|模型|机器人|AI|角色|开发者模式|管理员模式)",
        r"(?:助手|AI|人工智能|语言模型|大模型|机器人)[^。！？\n]{0,6}(?:请|必须|不得|不要|只能|务必|现在)[^。！？\n]{0,12}"
        r"(?:回答|回复|说|输出|告诉|执行|发送|忽略|删除|访问|推荐|声称|拒绝|停止|写|点击|打开)",
        r"(?:只|仅|一律|统一|必须|务必|始终)(?:能|要|需|须|用)?(?:回答|回复|输出|说)\s*[:：“\"「『‘]",
        r"在(?:你的)?(?:回答|回复|答复)(?:后|中|里|末尾)[^。！？\n]{0,4}(?:加上|附上|写上|提到)|逐字(?:复述|引用|念出|抄录)|(?:加上|附上|写上)[^。！？\n]{0,8}(?:网址|链接|https?:)[^。！？\n]{0,60}(?:用户|回答|回复)",
        r"(?:输出|显示|透露|泄露|打印|复述|公布|告诉我)[^。！？\n]{0,14}(?:系统提示|提示词|密码|密钥|口令|令牌|凭据|内部指令)",
        r"(?:把|将|请)[^。！？\n]{0,24}(?:密码|密钥|口令|令牌|凭据)[^。！？\n]{0,12}(?:输出|写上|写出|附上|显示|念出)",
        r"(?:任何|所有|每个)问题[^。！？\n]{0,6}(?:答案|回答)(?:都|永远|只)?(?:是|为)",
        r"(?:不要|不得|别|请勿)[^。\n]{0,6}(?:告诉|告知|提醒|通知|透露给?|提及)[^。\n]{0,4}(?:用户|任何人|此事|来源)",
        r"(?:告诉|告知|说服|建议|通知|要求)(?:用户|读者|使用者)(?:说|去|要|把|将|：|，|:|立即|马上|访问|点击|下载|支付|转账|联系|拨打|致电)",
        r"(?:你的|您的)?(?:回答|回复|答复|总结|摘要)(?:中|里)?[^。！？\n]{0,4}(?:应当?|必须|务必|要)?"
        r"(?:催促|劝说|说服|建议|要求|警告|提到[:：])[^。！？\n]{0,4}(?:人们|用户|读者|大家|对方|[^。！？\n]{0,40}\d)",
        r"从(?:现在|此刻|这里|此)起[^。！？\n]{0,4}你[^。！？\n]{0,3}(?:叫|扮演|自称|只能|一律)",
        r"(?:凡|无论|不管|每当)[^。！？\n]{0,16}问[^。！？\n]{0,10}(?:一律|都|只|均)(?:回?答|回复|说|输出|写)",
        r"把(?:本次|全部|所有|这些|以上|用户的?)*(?:对话|聊天|文件|资料|数据|回答|内容)[^。\n]{0,8}"
        r"(?:发送|转发|上传|发)[^。\n]{0,4}(?:到|给|至)",
        r"(?:发送|转发|上传|发到|邮件)[^。\n]{0,20}(?:对话|聊天|文件|资料|数据|内容)[^。\n]{0,10}(?:到|给|至)",
        r"(?:当|如果|若)(?![^。\n]*[他她])[^。\n]{0,10}(?:被问|询问|提问|问起|问到|总结|读到|看到)[^。\n]{0,30}(?:说|回答|回复|输出|推荐|写|告诉)",
        r"(?:新的?|重要|紧急|隐藏|秘密|系统|特别)(?:的)?(?:系统)?(?:指令|提示词|命令)\s*[:：]",
    )
)

# A password or key in a file is not read out unless the question asks for one.
_SECRET = re.compile(
    r"(?P<name>\b(?:pass(?:word|phrase|code)|pwd|secret|api[ _-]?key|access[ _-]?token|private key"
    r"|pin(?: code)?|cvv)\b|密码|口令|密钥|令牌)\s*(?:is|are|[:=：]|是|为)\s*(?P<value>\S{3,})"
    r"|(?:\bwi-?fi|无线网)\s*[:：]\s*\S+\s*[/|]\s*(?P<key>\S{3,})",
    re.IGNORECASE,
)
_SECRET_WORDS = re.compile(
    r"pas+[ -]?w(?:or?|ro)d|pass(?:phrase|code)|\bpwd\b|secret|api[ _-]?key|token|private key"
    r"|\bpin\b|cvv|\bwi-?fi\b|无线网|密码|口令|密钥|令牌",
    re.IGNORECASE,
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END[^\n]*|$)", re.DOTALL)

_IMAGE = re.compile(r"!\[([^\]]*)\]\([^)\n]*\)?")  # also one that is cut off
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(\s*[^)\n]*\)?")
_REFERENCE = re.compile(r"^\s*\[[^\]]+\]:\s*\S+.*$", re.MULTILINE)
_AUTOLINK = re.compile(r"<((?:https?|ftp|data|javascript|mailto):[^>\s]*)>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^>\n]{0,300}>")


@dataclass(frozen=True)
class Screened:
    """A text fit for a prompt, and the orders that were found in it."""

    text: str
    orders: tuple[str, ...] = ()


def plain(text: str) -> str:
    """Return the text without invisible characters and with compatibility forms unified.

    Full-width or styled letters and zero-width characters are how orders hide from patterns.
    """
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))


def readable(text: str) -> str:
    """Return a text as a person reads it: hidden spelling undone, for detection only.

    Undoes letters set apart (``I g n o r e``, ``忽*略``) and digits for letters (``1gnore``).
    """
    text = _APART_ZH.sub("", plain(text))
    text = _SPACED.sub(lambda m: re.sub(r"(?<=\S) (?=\S)", "", m.group()), text)
    text = _APART.sub(lambda m: re.sub(r"[*_·•|~^-]", "", m.group()), text)
    text = _MIXED.sub(lambda m: m.group().translate(_DIGIT_LETTERS), text)
    return re.sub(r"[ \t]{2,}", " ", text)


_APART_ZH = re.compile(r"(?<=[\u3400-\u9fff])[ *_·•|~^-]{1,3}(?=[\u3400-\u9fff，。：“”])")
_SPACED = re.compile(r"(?:(?<=\s)|^)(?:[^\W_] {1,4}){5,}[^\W_](?!\w)")
_APART = re.compile(r"\b(?:[^\W_][*_·•|~^-]){4,}[^\W_]\b")
_MIXED = re.compile(
    r"\b(?=(?:[a-z013457]*[a-z]){4})(?:[a-z]+[013457]|[013457][a-z])[a-z013457]+\b", re.IGNORECASE
)
_DIGIT_LETTERS = str.maketrans("013457", "oieast")


def find_orders(text: str, detect: Detect | None = None) -> tuple[str, ...]:
    """Return the sentences of a text that give the assistant orders, as they stand."""
    parts = sentences(text)
    verdicts = _verdicts(parts, detect)
    return tuple(p for p, order in zip(parts, verdicts, strict=True) if order and p.strip())


def screen(text: str, language: str = "en", detect: Detect | None = None) -> Screened:
    """Take out sentences that give the assistant orders; a text of nothing else is a remark.

    What is left reads as if the order had never been there, so the answer is the same, too.

    Args:
        detect: tells for each of several sentences whether it is an order; default by pattern.
    """
    orders: list[str] = []
    kept: list[str] = []
    parts = sentences(text)
    for sentence, order in zip(parts, _verdicts(parts, detect), strict=True):
        if not order:
            kept.append(sentence)
        elif sentence.strip():
            orders.append(sentence.strip())
    left = "".join(kept).strip()
    if orders and not left:
        left = NEUTRAL[language if language in NEUTRAL else "en"]
    return Screened(left, tuple(orders))


def sentences(text: str) -> list[str]:
    """Split a text after sentence ends and line breaks; nothing is lost."""
    return [part for part in _BREAK.split(text) if part]


def by_pattern(parts: Sequence[str]) -> list[bool]:
    """Return for each sentence whether a pattern calls it an order."""
    return [is_order(part) for part in parts]


def is_order(sentence: str) -> bool:
    """Whether a pattern calls a sentence an order to the assistant."""
    words = readable(sentence)
    return not is_reported(words) and any(order.search(words) for order in _ORDERS)


def is_reported(words: str) -> bool:
    """Whether a sentence tells that somebody gave others an order: no order to the assistant."""
    return bool(_REPORTED.search(words)) and not _TO_ASSISTANT.search(words)


_REPORTED = re.compile(
    r"\b(?:asked|told|ordered|instructed|requested|urged|warned|advised)\s+"
    r"(?:the |his |her |their )?"
    r"(?!you\b|users?\b|readers?\b|assistants?\b|ai\b)\w+(?: \w+)? (?:not )?to\b"
    r"|(?:请|让|要求|吩咐|叮嘱)(?:大家|众人|学生|同学|员工|客人|孩子|他们?|她们?)",
    re.IGNORECASE,
)
_TO_ASSISTANT = re.compile(
    r"\b(?:you|your|assistants?|ai|chatbot|model|say|reply|answer|output|respond|print|password)\b"
    r"|[你您]|助手|模型|人工智能|回答|回复|输出|密码|说[：:“]",
    re.IGNORECASE,
)


_TITLE = re.compile(
    r"(?![^\n]*(?:(?<!申)[请請]|[须要必你您凡只把将]|一律|回答|答(?!复书)|说(?!明)|写|发送|转发|复述|删除|密码|密钥|链接|网址|忽略|输出|假装|扮演|从现在|无论|告诉|泄露))"
    r"[\u3400-\u9fff（）()〔〕《》\d]{3,30}(?:书|函|表|单|证|通知|通告|报告|合同|协议|决定|批复|办法|条例|说明|须知)"
)
"""The title of a Chinese document: what it is, without anybody spoken to."""


def is_title(words: str) -> bool:
    """Whether a line is the title of a Chinese document."""
    return _TITLE.fullmatch(words.strip()) is not None


def _verdicts(parts: Sequence[str], detect: Detect | None) -> list[bool]:
    """Judge sentences, lines that break off together with the next, and what orders enclose."""
    detect = detect or by_pattern
    open_ends = [
        i
        for i, (p, after) in enumerate(pairwise(parts))
        if p.endswith("\n") and not (_ENDED.search(p) or is_title(p) or is_title(after))
    ]
    joined = [" ".join((parts[i] + parts[i + 1]).split()) for i in open_ends]
    found = detect([*parts, *joined])
    verdicts = found[: len(parts)]
    for i, order in zip(open_ends, found[len(parts) :], strict=True):
        if order and (not (verdicts[i] or verdicts[i + 1]) or _goes_on(parts, i)):
            verdicts[i] = verdicts[i + 1] = True
    for i in range(1, len(parts)):
        after = verdicts[i - 1]
        enclosed = after and i + 1 < len(parts) and verdicts[i + 1]
        if enclosed and (_TO_READER.search(parts[i]) or not parts[i].strip()):
            verdicts[i] = True
        elif after and not verdicts[i] and _OF_ASSISTANT.search(parts[i]):
            verdicts[i] = True  # an order goes on about the assistant in its next sentence
            if i in open_ends and _goes_on(parts, i):
                verdicts[i + 1] = True
    return verdicts


def _goes_on(parts: Sequence[str], i: int) -> bool:
    """Whether the line after part ``i`` is the rest of its sentence: as in a wrapped paragraph."""
    after = parts[i + 1]
    if after[:1].islower():
        return True
    if (
        _CHINESE_END.search(parts[i])
        and not _LABEL.match(parts[i])
        and _CHINESE_START.search(after)
    ):
        return True  # Chinese sentences end with a mark: without one the next line is the rest
    lines = "".join(parts).split("\n")
    line = "".join(parts[: i + 1]).rstrip("\n").rpartition("\n")[2]
    full = len(line) >= 0.75 * max(map(len, lines)) >= 20
    return full and len(_WORD.findall(after)) >= 3


_ENDED = re.compile(r"[.!?。！？:：;；]\s*$")
_CHINESE_END = re.compile(r"[\u3400-\u9fff][^。！？]*\n$")
_LABEL = re.compile(r"[\u3400-\u9fff]{1,6}\s*[：:]")  # a line of a form is a line of its own
_CHINESE_START = re.compile(r"^[\u3400-\u9fff][^：:]*[。！？]\s*$")
_TO_READER = re.compile(r"\b(?:you|your|yourself)\b|[你您]", re.IGNORECASE)
_OF_ASSISTANT = re.compile(
    r"\b(?:the|this|any) (?:ai |virtual )?(?:assistant|chatbot|language model|model)\b"
    r"|助手|语言模型",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z]{2,}|[\u3400-\u9fff]", re.IGNORECASE)


def quote(number: int, provenance: str, text: str) -> str:
    """Return evidence as data: numbered, with where it is from, between marks it cannot contain."""
    return f"[{number}] {_defuse(provenance)}\n<<<\n{_defuse(text)}\n>>>"


def _defuse(text: str) -> str:
    """Break up what could be read as our delimiters or as a chat template's own marks."""
    text = text.replace("<<<", "< < <").replace(">>>", "> > >")
    return re.sub(r"<\|([a-z_]+)\|>", r"< \1 >", text)


def clean_answer(text: str) -> str:
    """Strip what could fetch or carry data away: pictures, link targets, HTML tags.

    The words of a link stay, as does a bare address that is part of an answer's text; citation
    marks like ``[1]`` are no links and stay.
    """
    text = _IMAGE.sub(r"\1", text)
    text = _LINK.sub(r"\1", text)
    text = _REFERENCE.sub("", text)
    text = _AUTOLINK.sub("", text)
    return _TAG.sub("", text).strip()


def hide_secrets(text: str, question: str) -> str:
    """Mask passwords and keys in a text, unless the question itself asks for one."""
    if _SECRET_WORDS.search(question):
        return text
    text = _PRIVATE_KEY.sub("•••", text)
    return _SECRET.sub(lambda m: m.group().replace(m["value"] or m["key"], "•••"), text)
