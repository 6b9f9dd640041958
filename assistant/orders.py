"""Orders to the assistant in the text of files: by patterns, and by the meaning of a sentence.

``safety`` holds the patterns. Beside them a logistic rule over the text embedder's vectors judges
the sentences that could be an order at all (``CUE``), so that one in other words is seen too. The
rule belongs to one embedder; with another one the patterns stand alone. Fitted by
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

from assistant.safety import is_order, is_reported, readable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from retrieval.embed.protocol import TextEmbedder

WEIGHTS = Path(__file__).parent / "models" / "weights" / "orders.json"
REMEMBERED = 4096
LONGEST = 400
"""Characters of a sentence that are judged; an order stands at its beginning or its end."""

CUE = re.compile(
    r"\b(?:you|your|repl(?:y|ies)|answers?|respon(?:d|se)|say|says|write|output|print|tell|state"
    r"|mention|include|add|append|insert|put|begin|start|end|claim|pretend|refuse|decline|ignore"
    r"|disregard|forget|assistants?|ai|models?|chatbot|bot|system|prompt|instructions?|user|users"
    r"|readers?|reads|send|forward|post|call|ring|phone|visit|click|passwords?|secrets?"
    r"|credentials|code|link|must|should|shall|has to|have to|persona|identity|mode|advise|urge"
    r"|recommend|summary|repeat|quote|look up|permitted|required|question|task|finish"
    r"|software|programs?|report|request)\b|https?:"
    r"|你|您|请|回答|回复|答复|答案|输出|说|写|告诉|助手|模型|系统|用户|读者|程序|软件|必须|不要|务必"
    r"|只|指令|指示|规则|密码|凭据|链接|角色|身份|总结|复述|引用|拒绝|声称|建议|催促|提到|加上|附上"
    # Other languages: stems of ignore, instruction, answer, system.
    r"|ignor|anweis|antwort|instru[ck]|instrucc|istruz|r[ée]pond|respon|rispond|sist[eè]m|syst[eè]m"
    r"|игнор|инструк|ответ|無視|指示|答え|무시|지시",
    re.IGNORECASE,
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
            if not sure and CUE.search(p) and not is_reported(p)
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
            self._known[sentence] = bool(score > 0)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    @cached_property
    def _rule(self) -> Rule:
        import numpy as np

        read = json.loads(WEIGHTS.read_text(encoding="utf-8"))
        return Rule(read["embedder"], np.array(read["weights"]))
