"""What a question wants, told by rules: the intent, the words to look for, the field asked for.

A small language model chooses tools badly, so it is led: this plan names the tools of the first
round. Rules are written for English and Chinese. Where they are unsure a judge by meaning may be
asked (``meant`` weighs what it says). Knows no model, no files, no tools.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, cast

from assistant import arithmetic, meant, phrases, work_phrases
from assistant.album import album_asked
from assistant.details import (
    field_of,
    file_names,
    is_follow_up,
    is_picture,
    label_of,
    language_of,
    modality_of,
    names_marked,
    page_of,
    refers_to_picture,
    subject_of,
)
from assistant.gist import bare_question, thing_in_picture
from assistant.i18n import Language
from assistant.periods import Period, period_of, without_period
from assistant.phrases import Field, Operation
from assistant.presence import thing_asked
from assistant.structure_asked import structure_asked
from retrieval.values import Modality

Intent = Literal[
    "chat", "general", "find", "look", "summary", "translate", "sentiment", "entities",
    "transcribe", "list", "pick", "count", "aggregate", "compare", "extract", "calculate", "faces",
    "album", "structure", "people", "who", "chart",
]  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """A question taken apart. Empty or None where the question says nothing of it.

    ``names`` are file names it mentions, ``label`` a quoted name of a form field, ``subject``
    the text given in the question itself (to translate, to summarise), ``target`` the language
    to translate into, ``personal`` whether it speaks of the user's own things, ``topic`` what the
    files asked for show or say (empty: all files), ``group`` what amounts are grouped by,
    ``document`` whether it speaks of a receipt, a form or the like, ``people`` whom of those named
    by the library's owner it speaks of (set by ``people_asked``), ``period`` when the photos it
    speaks of were taken, or the bills issued, ``judged`` whether the intent was told by meaning,
    not by a rule.
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
    document: bool = False
    people: tuple[str, ...] = ()
    period: Period | None = None
    judged: bool = False


class Judge(Protocol):
    """Tells by meaning what a question wants."""

    def __call__(self, question: str) -> Mapping[str, float]:
        """Return the chance of each intent it knows; none when it cannot tell."""
        ...


def plan(
    question: str,
    *,
    pictures: bool = False,
    history: bool = False,
    given: Sequence[str] = (),
    before: Sequence[str] = (),
    known: Sequence[str] = (),
    judge: Judge | None = None,
) -> Plan:
    """Take a question apart.

    Args:
        pictures: pictures came with it (or with the turn before, and it refers to them).
        history: there were earlier turns.
        given: the files that came with it, by name; before: those of the turn before.
        known: names of the user's files that stand in the question.
        judge: is asked what is wanted where the rules are unsure.
    """
    text = names_marked(" ".join(question.split()), known)
    names = file_names(text)
    wanted = field_of(text)
    ruled, subject = _intent(text, pictures, names)
    at_hand = meant.AtHand(
        names=names,
        given=tuple(given),
        before=tuple(before),
        pictures=pictures,
        subject=subject or subject_of(text),
        follow_up=history and not names and is_follow_up(text),
    )
    intent = _judged(text, ruled, at_hand, judge)
    judged = intent != ruled
    if judged:
        subject = _brought_along(text, intent, at_hand)
    unnamed = intent == "compare" and not at_hand.files
    by_meaning = (judged and intent != "find") or unnamed
    topic = meant.topic(text, intent) if by_meaning else topic_of(text, intent)
    shown = judged and intent in ("list", "count") and phrases.SHOWN.search(text)
    modality: Modality | None = "image" if shown else modality_of(text)
    period = _time_asked(text, intent, names, wanted)
    if period is not None and (intent == "find" or (intent == "pick" and not topic)):
        intent = "list"  # photos of a time are looked up, not read
        topic = topic_of(text, intent)
    return Plan(
        intent=intent,
        language=language_of(text),
        query=search_words(text, names),
        names=names,
        field=wanted,
        label=label_of(text),
        subject=subject,
        target=_target(text, subject, judged) if intent == "translate" else None,
        modality=modality,
        operation=_operation(text),
        page=page_of(text),
        personal=bool(phrases.PERSONAL.search(text)),
        follow_up=at_hand.follow_up,
        group=_group(text),
        topic=topic,
        document=bool(phrases.DOCUMENT.search(text)),
        period=period,
        judged=judged,
    )


def _time_asked(
    text: str, intent: Intent, names: Sequence[str], wanted: Field | None
) -> Period | None:
    """Return when the photos asked for were taken, or the bills issued."""
    if intent in ("find", "list", "count", "pick") and not names and wanted in (None, "date"):
        return _period_of(text)
    return period_of(phrases.QUOTED.sub(" ", text)) if intent == "aggregate" else None


_WORKS_ON_TEXT: tuple[Intent, ...] = ("summary", "translate", "sentiment", "entities", "extract")


def _brought_along(text: str, intent: Intent, at_hand: meant.AtHand) -> str:
    """Return the text that a request told by meaning brings along to be worked on."""
    if intent == "translate" and not (at_hand.subject or at_hand.files):
        return meant.said_text(text)
    return at_hand.subject if intent in _WORKS_ON_TEXT else ""


def _judged(text: str, ruled: Intent, at_hand: meant.AtHand, judge: Judge | None) -> Intent:
    """Return what a question wants by its meaning, where the rules are unsure; else as ruled."""
    sure = not meant.unsure(ruled, text, at_hand)
    # A field that is asked for by its label is read off the paper, whatever the label says.
    if judge is None or sure or (at_hand.names and label_of(text)):
        return ruled
    return cast(Intent, meant.choose(ruled, judge(text), text, at_hand))


def _intent(text: str, pictures: bool, names: Sequence[str]) -> tuple[Intent, str]:
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


def _target(text: str, subject: str, judged: bool) -> Language:
    asked = text.replace(subject, " ") if subject else text
    if phrases.TO_CHINESE.search(asked):
        return "zh"
    if phrases.TO_ENGLISH.search(asked):
        return "en"
    named = meant.language_named(asked) if judged else None
    if named and not (subject and language_of(subject) == named):
        return named
    if subject:
        return "en" if language_of(subject) == "zh" else "zh"
    return language_of(asked)


def _operation(text: str) -> Operation | None:
    return next((name for name, rule in phrases.OPERATIONS if rule.search(text)), None)


def _group(text: str) -> str:
    return next((name for name, rule in phrases.GROUPS if rule.search(text)), "")


def _period_of(text: str) -> Period | None:
    """Return when the photos asked for were taken; what is quoted is no date of a photo."""
    if modality_of(text) != "image":
        return None
    return period_of(phrases.QUOTED.sub(" ", text))


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


def search_words(text: str, names: Sequence[str] = ()) -> str:
    """Return the words to look for: the question without courtesy and file names."""
    bare = text
    for name in names:
        bare = bare.replace(f"“{name}”", " ").replace(name, " ")
    bare = " ".join(phrases.COURTESY.sub("", bare_question(bare)).split())
    return bare or text
