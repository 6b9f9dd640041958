"""When a recording speaks of something: the sentence that says it, and its seconds.

Asked are words (``When does the memo say: buy milk?``) or a matter (``When is the bridge mentioned
in tour.wav?``). A date that a recording tells of is no moment of it, so ``when does it say the
meeting is`` is not for here. Knows transcripts only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.citations import cite, split_sentences, support
from assistant.drafts import Draft
from assistant.i18n import clock, text
from assistant.session import Session
from retrieval.values import Passage, TimeLocator

ALIKE = 0.5
"""Share of the words looked for that a sentence must say."""

_WHEN = (
    r"(?:when|where|at (?:what|which) (?:second|minute|moment|point|time)|how far in(?:to)?"
    r"|how many (?:seconds|minutes) in)"
)
_EXACT = _WHEN.replace("when|where|", "")
_SAY = r"\b(?:say|says|said|hear|heard)\b"
_ASKED = re.compile(
    rf"\b{_WHEN}\b.*?{_SAY}\s*[:,]\s*(?P<told>.+)"
    rf"|\b{_WHEN}\b.*?{_SAY}.*?[\"“](?P<quoted>[^\"”]+)"
    rf"|\b{_EXACT}\b.*?{_SAY}\s*(?:that\s+)?(?P<exactly>.+)"
    rf"|\b{_WHEN} (?:is|are|was|were)\s+(?P<matter>.+?)\s+"
    r"(?:mentioned|discussed|(?:talked|spoken) (?:about|of)|referred to)\b"
    rf"|\b{_WHEN} (?:does|do|did)\s+(?P<topic>.+?)\s+come up\b"
    rf"|\b{_WHEN}\b.*?\b(?:mention(?:s|ed)?|talk(?:s|ed|ing)? (?:about|of)"
    r"|speak(?:s|ing)? (?:about|of)|refer(?:s|red)? to|discuss(?:es|ed)?)\s+(?P<about>.+)"
    r"|(?:什么时候|何时|哪里|第几[秒分]钟?|几分几秒|多少秒|哪个(?:时间|位置))[^，。？?]{0,6}?"
    r"(?:说到?了?|提到了?|讲到?了?|谈到?了?)\s*[:：“\"「]?(?P<zh>[^？?」”]+)",
    re.IGNORECASE,
)
_IN_RECORDING = re.compile(
    r"\s*\b(?:in|on|during) (?:the |my |this |that )?(?:\w+ )?(?:recording|memo|note|audio|clip"
    r"|interview|\S+\.(?:wav|mp3|m4a|flac|ogg|webm))\b.*$",
    re.IGNORECASE,
)


def moment_asked(question: str) -> str:
    """Return the words or the matter whose moment is asked for; empty when none is."""
    found = _ASKED.search(" ".join(question.split()))
    if found is None:
        return ""
    words = next((w for w in found.groups() if w), "")
    return _IN_RECORDING.sub("", words).strip(" \"“”「」'?？.。!！:：,，")


def moment(session: Session, passages: Sequence[Passage]) -> Draft | None:
    """Return where in a recording the words stand that are asked for; None when nowhere."""
    sought = moment_asked(session.request.question)
    heard = [p for p in passages if isinstance(p.locator, TimeLocator)]
    if not sought or not heard:
        return None
    likely = [(support(sought, s), s, p) for p in heard for s in split_sentences(p.text)]
    share, sentence, passage = max(likely, key=lambda found: found[0], default=(0.0, "", heard[0]))
    if share < ALIKE:
        return None
    citation = cite(1, passage, sentence, session.words(passage))
    place = citation.locator
    assert isinstance(place, TimeLocator)
    said = text(
        "say_moment",
        session.language,
        asset=passage.asset,
        start=clock(place.start),
        end=clock(place.end),
        quote=sentence,
    )
    return Draft(said, citations=(citation,))
