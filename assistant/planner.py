"""What a question wants, told by rules: the intent, the words to look for, the field asked for.

A small language model chooses tools badly, so it is led: this plan names the tools of the first
round. Rules are written for English and Chinese. Where they are unsure a judge by meaning may be
asked (``meant`` weighs what it says). Knows no model, no files, no tools.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from assistant import meant, phrases
from assistant.details import (
    field_of,
    file_names,
    is_follow_up,
    label_of,
    language_of,
    modality_of,
    names_marked,
    page_of,
    subject_of,
)
from assistant.gist import bare_question
from assistant.i18n import Language
from assistant.marks_asked import marks_asked
from assistant.periods import Period, period_of
from assistant.phrases import Field, Operation
from assistant.wants import Intent, intent_of, topic_of
from retrieval.values import Modality


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
    page_counted: bool = False
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
    page, counted = page_of(text)
    wanted = field_of(text)
    ruled, subject = intent_of(text, pictures, names)
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
    period = _time_asked(text, intent, names, wanted)
    intent, topic = _looked_up(text, intent, _topic(text, intent, judged, at_hand), period)
    return Plan(
        intent=intent,
        language=language_of(text),
        query=search_words(text, names),
        names=names,
        field=wanted,
        label=label_of(text),
        subject=subject,
        target=_target(text, subject, judged) if intent == "translate" else None,
        modality=_modality(text, intent, judged),
        operation=_operation(text),
        page=page,
        page_counted=counted,
        personal=bool(phrases.PERSONAL.search(text)),
        follow_up=at_hand.follow_up,
        group=_group(text),
        topic=topic,
        document=bool(phrases.DOCUMENT.search(text)),
        period=period,
        judged=judged,
    )


def _looked_up(text: str, intent: Intent, topic: str, period: Period | None) -> tuple[Intent, str]:
    """Return intent and topic; photos of a time are looked up, not read."""
    if period is not None and (intent == "find" or (intent == "pick" and not topic)):
        return "list", topic_of(text, "list")
    return intent, topic


def _topic(text: str, intent: Intent, judged: bool, at_hand: meant.AtHand) -> str:
    """Return what a request is about, by its meaning where no rule knows its wording."""
    unnamed = intent == "compare" and not at_hand.files
    by_meaning = (judged and intent != "find") or unnamed
    return meant.topic(text, intent) if by_meaning else topic_of(text, intent)


def _modality(text: str, intent: Intent, judged: bool) -> Modality | None:
    """Return the kind of files asked for: pictures where a listing says what they show."""
    shown = judged and intent in ("list", "count") and phrases.SHOWN.search(text)
    return "image" if shown else modality_of(text)


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
    intent = ruled
    if judge is not None and not sure and not (at_hand.names and label_of(text)):
        intent = cast(Intent, meant.choose(ruled, judge(text), text, at_hand))
    # Marks are of a document, whatever the wording sounds like.
    return "find" if intent in ("general", "chat") and marks_asked(text) else intent


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


def search_words(text: str, names: Sequence[str] = ()) -> str:
    """Return the words to look for: the question without courtesy and file names."""
    bare = text
    for name in names:
        bare = bare.replace(f"“{name}”", " ").replace(name, " ")
    bare = " ".join(phrases.COURTESY.sub("", bare_question(bare)).split())
    return bare or text
