"""What follows from an intent that was told by meaning: whether it can be carried out, and on what.

The judge (``intents``) only gives chances. Here they are weighed against what a question names and
what lies at hand, and the words a request is put in are parted from what it is about: its wording
is not known to the rules, so whatever no asking word explains is the topic. Patterns for English
and Chinese. Knows no model and no files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from assistant import phrases
from assistant.album import album_asked
from assistant.details import kind_of
from assistant.gist import thing_in_picture
from assistant.i18n import Language
from assistant.periods import without_period
from assistant.structure_asked import structure_meant
from assistant.work_phrases import CONVERSATION

ACT = 0.6
"""Chance from which a question that no rule knows is something else than a question of fact, or one
that a single word told is a question of fact after all."""
LIKELIEST, NO_FACT = 0.4, 0.06
"""The same for the likeliest request where a question of fact is as good as excluded."""
OVERRULE = 0.8
"""Chance from which a rule that goes by a single word gives way to another request."""
BY_WORD = ("aggregate", "count", "list", "extract", "summary", "translate", "entities")
"""Intents whose rules go by words that stand in questions of fact as well."""
_COMMANDED = re.compile(
    rf"{phrases.PLEASE}(?:summari[sz]e|sum up|recap|(?:give me |write |make )?(?:an? |the )?"
    r"(?:short |brief )?summary\b|translate|extract|write|compose|draft)"
    r"|^\W*(?:请|帮我|麻烦)*(?:把[^，。？?]{1,24})?(?:总结|概括|概述|归纳|翻译|提取|抽取|写)",
    re.IGNORECASE,
)
"""Begins with the verb of the request: no question of fact does."""
_OF_TEXT = ("summary", "translate", "sentiment", "entities", "extract", "compare", "transcribe")
"""What can be done again with the file that was spoken of before."""
_LONGEST_CHAT = 60


@dataclass(frozen=True)
class AtHand:
    """What a question names or has before it: files by name, pictures, a text of its own.

    ``given`` came with it; ``before`` are files of the turn before, when it leans on that.
    """

    names: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    pictures: bool = False
    subject: str = ""
    follow_up: bool = False

    @property
    def files(self) -> tuple[str, ...]:
        """The files meant: those named, else those given, else those of before."""
        return self.names or self.given or (self.before if self.follow_up else ())


def unsure(ruled: str, text: str, at_hand: AtHand) -> bool:
    """Whether what the rules say needs a second judge: no rule fits, or only a single word."""
    known = at_hand.names or at_hand.subject or at_hand.given
    sure = known or _COMMANDED.search(text) or CONVERSATION.search(text)
    return ruled == "find" or (ruled in BY_WORD and not sure)


def choose(ruled: str, chances: Mapping[str, float], text: str, at_hand: AtHand) -> str:
    """Return the intent: the likeliest if it is likely enough and can be done, else the rules'."""
    best = max(chances, key=lambda intent: chances[intent], default="find")
    bar = ACT if "find" in (ruled, best) else OVERRULE
    if ruled == "find" and chances.get("find", 1.0) <= NO_FACT:
        bar = LIKELIEST
    if best == ruled or chances.get(best, 0.0) < bar:
        return ruled
    return best if best == "find" or _feasible(best, text, at_hand) else ruled


def _feasible(intent: str, text: str, at_hand: AtHand) -> bool:
    """Whether something can be done with what is named or at hand."""
    kinds = {kind_of(name) for name in at_hand.files}
    if at_hand.follow_up and not at_hand.names and intent not in _OF_TEXT:
        return intent == "chat" and not phrases.FOLLOW.search(text)
    if intent in ("chat", "general"):
        speaks = re.search(rf"\b(?:the|my|this|that|our) {phrases.THING}\b", text, re.IGNORECASE)
        short = intent == "general" or len(text) <= _LONGEST_CHAT
        return short and not at_hand.files and not speaks
    if intent in ("look", "faces"):
        spoken_of = bool(phrases.SHOWN.search(text) and topic(text, intent))
        return at_hand.pictures or kinds == {"image"} or (not kinds and spoken_of)
    if intent == "transcribe":
        heard = kinds == {"audio"} or (not kinds and bool(_VOICE.search(text)))
        return heard and not _OF_ONE_THING.search(text)
    if intent == "compare":
        return len(at_hand.files) > 1 or (not kinds and bool(_SEVERAL.search(text)))
    if intent == "structure":
        return bool(kinds) and structure_meant(text) is not None
    if intent == "chart":
        return bool(kinds) and "audio" not in kinds
    if intent == "album":
        return bool(re.search(r"\balbum\b|相册|影集", text, re.I) and topic(text, intent))
    if intent == "aggregate":
        return bool(kinds or phrases.BILLS.search(text) or _OWN.search(text))
    if intent in ("list", "count", "pick"):
        shown = intent != "pick" or bool(phrases.SHOWN.search(text))
        about = topic(text, intent)
        # A bare name is no thing that pixels show: what speaks of it is searched for instead.
        named = bool(_NAME_ONLY.fullmatch(about)) and bool(phrases.SHOWN.search(text))
        return not kinds and shown and not named and bool(about or _ALL.search(text))
    if kinds == {"image"} and intent in ("summary", "sentiment", "entities"):
        return False
    talk = intent == "summary" and bool(CONVERSATION.search(text))
    return bool(kinds or at_hand.subject or talk or topic(text, intent))


def topic(text: str, intent: str) -> str:
    """Return what a request in unknown wording is about; for an album, its name."""
    if intent == "album":
        return album_asked(text) or _without(_ALBUM, text)
    if intent in ("look", "faces") and (thing := thing_in_picture(text)):
        return thing
    if intent in ("structure", "chart", "transcribe", "chat", "general"):
        return ""
    bare = text
    if intent in ("list", "count", "aggregate"):
        bare = phrases.BOUND.sub(" ", bare)
    if intent == "aggregate":
        found = _SPENT_ON.search(phrases.BILLS.sub(" ", without_period(bare)))
        bare = next((group for group in found.groups() if group), "") if found else ""
    if intent in ("list", "count", "pick", "look", "faces"):
        bare = phrases.SHOWN.sub(" ", bare)
    return _without(phrases.NO_TOPIC, _ASKING.sub(" ", phrases.NAME.sub(" ", bare)))


def said_text(text: str) -> str:
    """Return the words to be translated, when a request brings them unmarked and names no paper."""
    if phrases.PERSONAL.search(text) or re.search(r"\b(?:the|his|her|their)\b", text, re.I):
        return ""
    if re.search(r"[\u3400-\u9fff]", text) and not re.search("怎么|如何|[说讲译翻]", text):
        return ""
    return _without(_SAY, text)


def language_named(text: str) -> Language | None:
    """Return the one language a request names; None when it names both or none."""
    chinese = re.search(r"\bchinese\b|\bmandarin\b|中文|汉语|中国话", text, re.IGNORECASE)
    english = re.search(r"\benglish\b|英[文语]", text, re.IGNORECASE)
    if bool(chinese) == bool(english):
        return None
    return "zh" if chinese else "en"


def _without(asking: re.Pattern[str], text: str) -> str:
    """Return what is left of a text without the words that only ask."""
    words = asking.sub(" ", text)
    kept = re.sub(r"[^\w\s'-]|(?<!\w)['’]s\b|(?<!\w)['-](?!\w)", " ", words)
    return " ".join(kept.split())


_SPENT_ON = re.compile(
    r"\b(?:on|for|at|from|in|with|about|of|to)\b\s+(?!(?:all|total|average|month|year|each|per)\b)(.+)$"
    r"|\b(?:did|does|do|have|has)\s+(?!i\b|we\b|my\b|it\b|they\b|you\b)(.+?)\s+(?:cost|set)\b"
    r"|(?:在|给|为|买|关于|用在)([^在给为买，。？?]{1,12}?)(?:上|里|方面)?(?:一共|总共|共|总|都|的)*"
    r"(?:花|用|付|支出|费|$)|我?([^我你，。？?在哪每按]{1,6}?)(?:一共|总共|共)?花了?(?:掉)?(?:了)?多少",
    re.IGNORECASE,
)
"""Says what money went on; a request without it means all bills."""
_OF_ONE_THING = re.compile(
    r"^\W*(?:when|where|who|whom|whose|why|how|at (?:what|which))\b"
    r"|什么时候|何时|几秒|几分|谁|为什么",
    re.IGNORECASE,
)
"""Asks for one thing that is said, or the second it is said at; not for all of it."""
_OWN = re.compile(r"\b(?:i|we|my|our|me|us)\b|我|我们|咱", re.IGNORECASE)
_ALL = re.compile(
    rf"\b{phrases.THINGS}\b|\b(?:everything|library|collection)\b|{phrases.THING_ZH}|资料|库里",
    re.IGNORECASE,
)
_NAME_ONLY = re.compile(r"[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+)?")
_VOICE = re.compile(
    r"\b(?:recordings?|voice|voicemail|audio|tapes?|podcast|dictation|memo|spoken)\b|录音|语音|音频|留言",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    rf"\b(?:both|two|these|those|three|versions?)\b.*s\b|\b(?:my|the) {phrases.THINGS}\b"
    rf"|两|[这那]几|几[份张个封]|新旧|{phrases.THING_ZH}.{{0,12}}[和跟与同].{{0,12}}{phrases.THING_ZH}",
    re.IGNORECASE,
)
"""Speaks of several papers without naming any."""
_ALBUM = re.compile(
    r"\b(?:please|can|could|you|what|whats|is|are|was|inside|in|on|the|my|our|of|a|an|album|albums"
    r"|photo|photos|pictures|give|me|show|tell|about|gist|sum|up|summary|summari[sz]e|overview|look"
    r"|looks|like|through|walk|run|take|did|do|does|i|we|put|it|its|got|have|has|there|kind|sort|things"
    r"|for|with|into|quick|brief|short|called|named|describe|contents?|hold|contain|all|how)\b"
    r"|['’]s\b|相册|影集|请|帮我|总结|概括|概述|介绍|描述|一下|看看|讲讲|说说|说|讲|简介|情况|大概|过一遍|里面?|中"
    r"|都|有|放|装|了|些|什么|啥|哪些|是|那个|这个|这本|那本|把|我的|我|的|一共|多少|内容|个|给|翻翻",
    re.IGNORECASE,
)
_SAY = re.compile(
    r"\b(?:please|can|could|would|you|how|do|does|i|we|one|say|said|put|what|is|translat\w*|turn|the"
    r"|word|phrase|sentence|following|this|render|write|express|call|for)\b(?=.*\b(?:in|into|to|for)\b)"
    r"|\b(?:in|into|to) (?:simplified |plain )?(?:english|chinese|mandarin)\b"
    r"|['’]s\b|用?(?:英[文语]|中文|汉语)|(?:请|帮我|怎么[说讲写]|翻译?|译|成|为|这[句个段话词]+|用|把|是什么|说成|讲)",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"\b(?:please|got|get|getting|everything|anything|something|stuff|things?|pull|bring|gather|collect"
    r"|rounds?|track|hunt|dig|fetch|hand|let|see|seen|visible|go|run|through|take|related|relates?|relating|concern\w*"
    r"|deal(?:s|ing)?|regarding|where|when|every|each|want|need|looking|search|hunt|after|remember"
    r"|somewhere|anywhere|out|one|ones|shots?|snaps?(?:hots?)?|pics?|captured|came|comes?|talks?|touch"
    r"|speaks?|around|off|again|papers?|docs?|notes?|letters? (?=about|on)|touch|number|tally|times"
    r"|often|many|here|stored|saved|uploaded|kept|keep|own|put|make|made|could|would|should|will|if"
    r"|whether|who|whose|this|these|those|and(?= me\b)|by|to|so|just|only|some|us|be|been|being|lot"
    r"|money|cash|went|goes|gone|set|back|damage|tot|blow[n]?|blew|shell(?:ed)?|come|forked|far"
    r"|overall|entire|year's|worth|priciest|dearest|costs?|spend(?:s|ing)?|typical(?:ly)?|buy|bought"
    r"|version|short(?:er)?|brief(?:ly)?|quick(?:ly)?|nutshell|gist|points?|highlights?|rundown"
    r"|sentences?|paragraph|lines?|words?|boil|break|down|essence|essentials?|bottom|line|main|key"
    r"|important|bits?|parts?|core|message|takeaways?|tl|dr|digest|abstract|catch|recap|condense"
    r"|shorten|read|reading|skim|tell|into|sound|sounds?|feels?|feeling|vibe|mood|tone|come across"
    r"|writer|author|happy|angry|upset|annoyed|pleased|friendly|positive|negative|english|chinese"
    r"|mandarin|translat\w*|convert|turn|side|next|versus|vs|against|same|different|differ|differences?"
    r"|compare[ds]?|contrast|both|two|json|fields?|data|values?|structured|names?|named|people|persons?"
    r"|places|companies|organi[sz]ations?|everyone|everybody|like|look|looks|appear|going|happening)\b"
    r"|['’](?:s|ve|m|re|d|ll)\b"
    r"|东西|相关|有关|跟|沾边|方面|调出来|拿出来|拿来|找来|找|看看|看见|看到|看得见|拍到|拍过|拍的|拍了|拍|想要?"
    r"|来一?|记得|哪儿|哪里|在哪|哪一?|那一?张|这一?张|一张|几|多少|多|数数|数一下|数|数量|存了|存|整理|清单|讲到"
    r"|说到|提到|涉及|说|讲|到|带|能|都|里面|里|上|手头|库里|请|帮我?|麻烦|给我|我们|把|请问|什么|啥|谁|吗|吧|呢"
    r"|没有|没|是不是|是|太长|重点|要点|大概|简单|几句话|主要|核心|意思|精简版?|一下|归纳|浓缩|梳理|回顾|提要|摘要"
    r"|听起来|读起来|感觉|口气|语气|情绪|心情|高兴|生气|友好|积极|抱怨|英[文语]|中文|汉语|翻译|换成|变成|改写|成"
    r"|放一起|一起|对比|比较|比一?比|不同|不一样|一样|区别|字段|数据|用了?|总|付|算算|算|开销|开支|支出|花费"
    r"|两[份个封张]?|新旧|出入|画面|还|掉|弄|花|最贵|贵|便宜|哪笔|一笔|一块儿|合起来|统计|按|哪家店?|买",
    re.IGNORECASE,
)
"""Words that ask or say how the answer is wanted; not what the request is about."""
