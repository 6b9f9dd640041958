"""What a question asks for, told by rules of words: its intent, and what it is about.

Patterns for English and Chinese (``phrases``, ``work_phrases``), the more telling first. Knows no
history, no judge by meaning, no files but the names in the question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from assistant import arithmetic, phrases, work_phrases
from assistant.album import album_asked
from assistant.details import field_of, is_picture, modality_of, refers_to_picture, subject_of
from assistant.gist import thing_in_picture
from assistant.periods import without_period
from assistant.presence import thing_asked
from assistant.structure_asked import structure_asked

Intent = Literal[
    "chat", "general", "find", "look", "summary", "translate", "sentiment", "entities",
    "transcribe", "list", "pick", "count", "aggregate", "compare", "extract", "calculate", "faces",
    "album", "structure", "people", "who", "chart",
]  # fmt: skip


def intent_of(text: str, pictures: bool, names: Sequence[str]) -> tuple[Intent, str]:
    """Return the intent and the text that the question itself brings along for it."""
    if phrases.CHAT.match(text):
        return "chat", ""
    if expression := arithmetic.asked(text):
        return "calculate", expression
    if album_asked(text):
        return "album", ""
    subject, asked = subject_of(text), text
    text = phrases.QUOTED.sub(" ", text)  # what is quoted asks for nothing
    if work_phrases.TRANSLATE.search(text):
        return "translate", subject
    if work_phrases.SENTIMENT.search(text):
        return "sentiment", subject
    if work_phrases.ENTITIES.search(text):
        return "entities", subject
    if work_phrases.TRANSCRIBE.search(text):
        return "transcribe", ""
    if structure_asked(asked) and not _pictures(names):
        return "structure", ""
    if phrases.FACES.search(text) and (pictures or refers_to_picture(text) or _pictures(names)):
        return "faces", ""
    if phrases.CHART.search(text) and not phrases.GENERAL.search(text):
        return "chart", ""
    if pictures and not phrases.MONEY_ALL.search(text):
        return "look", ""
    sight = bool(_SIGHT.search(text) or thing_asked(text)) and field_of(text) is None
    if _pictures(names) and sight and not subject:
        return "look", ""
    if shown_in_one(text) and not names and field_of(text) is None:
        return "pick", ""
    if thing_in_picture(text) and not names and field_of(text) is None:
        return "look", ""
    rules: tuple[tuple[re.Pattern[str], Intent], ...] = (
        (phrases.MONEY_ALL, "aggregate"),
        (phrases.COUNT, "count"),
        (phrases.COMPARE, "compare"),
        (phrases.EXTRACT, "extract"),
        (work_phrases.SUMMARY, "summary"),
        (phrases.LIST, "list"),
        (phrases.GENERAL, "general"),
    )
    if len(names) > 1 and phrases.DIFFER.search(text):
        return "compare", ""
    for rule, intent in rules:
        if rule.search(text) and not (names and intent in ("list", "count")):
            if intent in ("list", "count") and _only_bills(text):
                return "aggregate", ""
            return intent, subject if intent in ("summary", "extract") else ""
    return "find", ""


def _only_bills(text: str) -> bool:
    """Whether bills are asked for and nothing is said of what stands in them but their date."""
    return (
        bool(phrases.BILLS.search(text))
        and not re.search(r"\babout\b|关于", text)
        and not topic_of(text, "aggregate")
    )


def shown_in_one(text: str) -> str:
    """Return what a picture that is asked for shows; empty when no single one is asked for."""
    found = phrases.ONE_PICTURE.match(text) or phrases.ANY_PICTURE.match(text)
    shown = (found["en"] or found["zh"] or "") if found else ""
    return _LEAD_IN.sub("", shown).strip(' ?？。.!！"“”')


_LEAD_IN = re.compile(
    r"^\W*(?:(?:this|these|the following|下面|以下|这个|这些)(?:内容|东西)?\s*)?[:：]\s*",
    re.IGNORECASE,
)
"""What comes before the thing itself: as a word to look for it would halve the others' weight."""


_SIGHT = re.compile(
    r"\bwhat(?:'s| is| are| can (?:you|i|we|one|be) (?:see|seen)| do you see)?"
    r" (?:in|on|shown|seen|there|visible)\b|\bdescribe\b"
    r"|\bwhat (?:does|do) .{0,20}\b(?:show|depict|look like)|\bwho is in\b|\bcolou?r\b"
    r"|(?:里|中|上)面?(?:都|能|可以)*有什么|看[到见]了?什么|是什么颜色|在做什么|描述|画的是什么|拍的是什么",
    re.IGNORECASE,
)


def _pictures(names: Sequence[str]) -> bool:
    """Whether files are named, and all are pictures."""
    return bool(names) and all(is_picture(name) for name in names)


def topic_of(text: str, intent: Intent) -> str:
    """Return what the files asked for are about; empty when every file is meant."""
    if intent == "album":
        return album_asked(text)
    if modality_of(text) == "image" or intent == "aggregate":
        text = without_period(text)
    if intent in ("pick", "look", "faces"):
        return shown_in_one(text) if intent == "pick" else thing_in_picture(text)
    if intent not in ("list", "count", "aggregate", "summary", "sentiment"):
        return ""
    bare = work_phrases.MOODS.sub(" ", text) if intent == "sentiment" else text
    if intent == "aggregate":
        bare = phrases.BILLS.sub(" ", phrases.BOUND.sub(" ", text))
    words = phrases.NO_TOPIC.sub(" ", bare)
    kept = re.sub(r"[^\w\s'-]|(?<!\w)'s\b|(?<!\w)['-](?!\w)", " ", words)
    return " ".join(kept.split())
