"""Orders to the assistant in the text of files: by patterns, and by the meaning of a sentence.

``safety`` holds the patterns. Beside them a logistic rule over the text embedder's vectors judges
the sentences that could be an order at all (``may_order``), so that one in other words is seen too.
The rule belongs to one embedder; with another one the patterns stand alone. Fitted by
``scripts/fit_orders.py``.
"""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from assistant.safety import is_order, is_reported, is_title, readable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from retrieval.embed.protocol import TextEmbedder

WEIGHTS = Path(__file__).parent / "models" / "weights" / "orders.json"
REMEMBERED = 4096
BAR, PLAIN_BAR = 1.0, -0.55
"""The score an order needs: less where a sentence plainly calls a machine or speaks of its answer.

They lie between orders and the sentences of licences, manuals and stories."""
LONGEST = 400
"""Characters of a sentence that are judged; an order stands at its beginning or its end."""

_MACHINE = (
    r"(?:(?<!shop )(?<!research )(?<!sales )(?<!teaching )assistant|ai(?: \w+)?|llms?"
    r"|(?:language )?models?|chat ?bots?|bots?|software|programs?|systems?|agents?|tools?"
    r"|automated readers?)"
)
_MODAL = (
    r"(?:must|shall|should|ought to|ha(?:s|ve) to|(?:is|are) to|(?:may|can) ?not|needs? to)"
    r"(?! (?:not )?be\b)"
)
_REPLY = r"(?:answer|reply|response|output|summary)"
_TELL = (
    r"(?:say|write|reply|answer|respond|output|print|state|mention|repeat|recite|quote|tell|inform"
    r"|warn|advise|urge|recommend|convince|include|add|append|insert|attach|put|place|give|return"
    r"|use|begin|start|open|end|finish|close|stop|sign|refuse|decline|claim|pretend|act|take|switch"
    r"|ignore|disregard|forget|skip|drop|override|set|pay|treat|keep|reveal|disclose|show|list"
    r"|copy|read|look|send|forward|post|upload|load|visit|call|replace|translate)"
)
_PLAINLY = re.compile(
    # A machine is called, or must do something; whoever reads this; the answer has to be something.
    rf"(?:^|[\[#<])\W*{_MACHINE}(?:\s*[:,\]>]|\s+you\b)|\b(?:for|to|hey|dear|attention)\b[^.!?]{{0,24}}"
    rf"\b{_MACHINE}\b[^.!?]*[:,]|\b{_MACHINE}\b(?:[^.!?]{{0,40}}\b{_MODAL}\b| (?:speaks?|signs?"
    r"|identif\w+|introduces?|answers?|repl(?:y|ies))\b|'s (?:identity|name|role)\b)"
    r"|\b(?:whoever|whatever|(?:every|any) reader)\b|\b(?:no matter|regardless of) (?:what|who)"
    rf"|\b(?:your|the|a(?: \w+)?|full) {_REPLY}\b[^.!?]{{0,20}}\b(?:{_MODAL}|quotes|ends|begins)\b"
    rf"|\b(?:in|to|of|into|as|instead of|with) (?:your|the|the full) {_REPLY}\b|\bthe user'?s\b"
    r"|\bpersona\b|助手|模型|人工智能|机器人|程序|软件|系统|阅读者|管理员|提问者|凡|无论|不管|每当"
    r"|用户的|(?:你的|完整的|在)(?:回答|回复|答复|答案|总结|摘要)"
    r"|(?:回答|回复|答复|答案|总结|摘要|输出|角色|身份)[^。！？]{0,16}(?:必须|应|是|为|已|以|永远)",
    re.IGNORECASE | re.MULTILINE,
)
_TO_WHOM = re.compile(
    r"\b(?:(?<!thank )you|your|yourself)\b|\b(?:the|this) user\b"
    rf"|(?:^|[:;,.\]>]\s*|\b(?:please|also|then|and|now|so|just|only)\s+)\W*"
    rf"(?:(?:do not|don't|never) )?{_TELL}\b"
    # Chinese leaves the subject out: it is there, or the manner of the verb speaks to it.
    r"|[你您](?!们)|只允许|用户|读者|[请請]|從|从[^。]{0,4}起|现在|務必|务必|必须|须|不要|不得|只能|一律"
    r"|(?:^|[，：。；,:;\s])\W*(?:再|并|先|只)?(?:说|写|回答|回复|答复|输出|忽略|忘|假装|拒绝|声称|告诉|公布"
    r"|显示|列出|复述|引用|打印|扮演|切换|放弃|跳过|覆盖|建议|催促|警告|叫|说服|把|将|用|以|在|描述|不用)"
    # Other languages: the polite and the plain form of "ignore" and "answer".
    r"|\b(?:ignorieren|antworten|ignor(?:e|ez|a|en|are)|r[ée]pondez|responda|rispondi)\b"
    r"|игнорируй|ответь|無視|무시",
    re.IGNORECASE | re.MULTILINE,
)
_OF_TALK = re.compile(
    r"\b(?:repl(?:y|ies)|answers?|respon[ds]\w*|outputs?|summar\w+|results?|questions?|requests?"
    r"|ask(?:s|ed)?|told|tasks?|instructions?|rules?|guidelines|directions|configuration|prompts?"
    r"|messages?|persona|identity|names?|role|mode|say|says|speaks?|write|print|state|mention|repeat"
    r"|word for word|refuse|decline|claim|pretend|credentials?|passwords?|secrets?|secret keys?|pin"
    r"|codes?|logins?|private data|bank details|notes|links?|address|picture|text|conversation|chat"
    r"|user|users|people|reader|readers|person|advise|urge|blank|empty|assist|help|deleted|session"
    r"|upload|documents|act as|you are now|translate everything|in front of)\b"
    r"|https?:|\w@\w+\.\w|\w\.(?:txt|pdf|md|docx?|csv)\b"
    r"|答|回[复覆]|问(?!候)|[只请就并：:，,。]\s*(?:说|写)|[说写][出上]?\s*[：:“\"「]|说话|输出|总结|摘要|指令|指示|规则"
    r"|要求|任务|准则|消息|提示|设置|角色|身份|密码|凭据|密钥|登录|私人|银行|笔记|链接|网址|图片|对话|聊天"
    r"|用户|读者|大家|对方|页面|文件|文字|协助|帮|复述|引用|报告|翻译|假装|扮演|声称|提到|忽略|结果|允许|模式"
    r"|你现在是|名字|返回|anweisung|frage|antwort|instru[ck]|instrucc|istruz|инструк|指示|지시",
    re.IGNORECASE,
)
_TOLD = re.compile(
    r"\b(?:he|she|they|(?:the|a) \w+) (?:says?|said|asks|asked|replie[sd]|answers|answered)\b"
    r"|\b(?:wrote|argued|claimed|said) that\b"
    r"|[他她](?:们)?[^，。]{0,6}(?:说|问|答)|(?<=[\u3400-\u9fff])(?:回答)?说\s*[:：]",
    re.IGNORECASE,
)


_OF_A_PERSON = re.compile(
    r"\byour (?:own |full )?(?:name|address|passwords?|pin|pass|card|account|number|details|doctor"
    r"|children|child|hands?|home|house|family|supervisor|teacher|phone)\b"
    r"|[你您]的(?:姓名|地址|密码|电话|银行卡|账户|医生|孩子|家人|身份证)",
    re.IGNORECASE,
)
"""What only a person has: a sentence with it speaks to one."""


def may_order(words: str) -> bool:
    """Whether a sentence could be an order to the assistant, by its grammar.

    An order has somebody it speaks to (you, a machine that must, the mood of the verb) and is about
    the talk itself: what is to be said, asked, kept or passed on. What a report or a contract
    states, and what a person in a story says to another, is none, whatever its words.
    """
    if is_title(words):
        return False
    spoken_to = _PLAINLY.search(words) or _TO_WHOM.search(words)
    return bool(spoken_to and _OF_TALK.search(words)) and not (
        _TOLD.search(words) or _OF_A_PERSON.search(words)
    )


class Rule(NamedTuple):
    """A fitted rule: the embedder it belongs to, and weights [d + 1], the last the bias."""

    embedder: str
    weights: NDArray[np.float64]


class OrderDetector:
    """Tells which sentences are orders to the assistant.

    Args:
        embedder: returns the text embedder; asked only when a sentence needs it.
    """

    def __init__(self, embedder: Callable[[], TextEmbedder] | None = None) -> None:
        self._embedder = embedder
        self._known: OrderedDict[str, bool] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, sentences: Sequence[str]) -> list[bool]:
        """Return for each sentence whether it is an order to the assistant."""
        plain = [readable(sentence) for sentence in sentences]
        verdicts = [is_order(sentence) for sentence in sentences]
        unsure = [
            p
            for p, sure in zip(plain, verdicts, strict=True)
            if not sure and may_order(p) and not is_reported(p)
        ]
        meant = self._by_meaning(unsure)
        return [v or meant.get(p, False) for p, v in zip(plain, verdicts, strict=True)]

    def _by_meaning(self, sentences: Sequence[str]) -> dict[str, bool]:
        """Return the verdicts of the fitted rule, each sentence judged once."""
        with self._lock:
            new = [s for s in dict.fromkeys(sentences) if s not in self._known]
            if new and self._embedder is not None:
                self._judge(new, self._embedder())
            return {s: self._known.get(s, False) for s in sentences}

    def _judge(self, sentences: Sequence[str], embedder: TextEmbedder) -> None:
        if embedder.id != self._rule.embedder:
            return
        cut = [s if len(s) <= LONGEST else f"{s[:200]} {s[-200:]}" for s in sentences]
        weights = self._rule.weights
        scores = embedder.embed_queries(cut) @ weights[:-1] + weights[-1]
        for sentence, score in zip(sentences, scores, strict=True):
            bar = PLAIN_BAR if _PLAINLY.search(sentence) else BAR
            self._known[sentence] = bool(score > bar)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    @cached_property
    def _rule(self) -> Rule:
        import numpy as np

        read = json.loads(WEIGHTS.read_text(encoding="utf-8"))
        return Rule(read["embedder"], np.array(read["weights"]))
