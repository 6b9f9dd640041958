"""What a question wants, told by rules: the intent, the words to look for, the field asked for.

A small language model chooses tools badly, so it is led: this plan names the tools of the first
round. Rules are written for English and Chinese. Knows no model, no files, no tools.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assistant import phrases, work_phrases
from assistant.album import album_asked
from assistant.arithmetic import in_signs
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
    speaks of were taken, or the bills issued.
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


def language_of(text: str, default: Language = "en") -> Language:
    """Return the language a text is written in: Chinese when a fair share of it is.

    Names of files are in no language, unless there is nothing else.
    """
    bare = phrases.NAME.sub(" ", text)
    said = bare if re.search(r"[A-Za-z\u3400-\u9fff]", bare) else text
    chinese = len(re.findall(r"[\u3400-\u9fff]", said))
    latin = len(re.findall(r"[A-Za-z]+", said))
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
    period = None
    if intent in ("find", "list", "count", "pick") and not names and wanted in (None, "date"):
        period = _period_of(text)
        only_time = intent == "pick" and not topic_of(text, intent)
        if period is not None and (intent == "find" or only_time):
            intent = "list"  # photos of a time are looked up, not read
    elif intent == "aggregate":
        period = period_of(phrases.QUOTED.sub(" ", text))
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
        personal=bool(phrases.PERSONAL.search(text)),
        follow_up=history and not names and is_follow_up(text),
        group=_group(text),
        topic=topic_of(text, intent),
        document=bool(phrases.DOCUMENT.search(text)),
        period=period,
    )


def _intent(text: str, pictures: bool, names: Sequence[str]) -> tuple[Intent, str]:
    """Return the intent and the text that the question itself brings along for it."""
    if phrases.CHAT.match(text):
        return "chat", ""
    if found := phrases.ARITHMETIC.match(in_signs(text)):
        return "calculate", found["expression"]
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


def refers_to_picture(text: str) -> bool:
    """Whether a question speaks of a picture that is before the speaker."""
    return bool(phrases.PICTURE.search(text))


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


def is_picture(name: str) -> bool:
    """Whether a file's name is that of a picture."""
    return bool(re.search(r"\.(?:jpe?g|png|webp|gif|tiff?|bmp|heic)$", name, re.IGNORECASE))


def file_names(text: str) -> tuple[str, ...]:
    """Return the file names a question mentions, in order."""
    found = [m.group(1) for m in phrases.NAME_QUOTED.finditer(text)]
    found += [
        m.group() for m in phrases.NAME.finditer(text) if not any(m.group() in f for f in found)
    ]
    return tuple(dict.fromkeys(found))


def label_of(text: str) -> str:
    """Return the first quoted words that are no file name: the label of a form field."""
    for found in phrases.QUOTED.finditer(text):
        words = next(g for g in found.groups() if g is not None)
        if not phrases.NAME.fullmatch(words.strip()):
            return words.strip()
    return ""


def subject_of(text: str) -> str:
    """Return the text that a request brings along: after a colon, or in quotes."""
    if said := work_phrases.SAY.match(text):
        return said["text"].strip('"“” ')
    if (found := phrases.SUBJECT.match(text)) and not file_names(found["text"]):
        return found["text"].strip().strip('"“”「」')
    return label_of(text)


def field_of(text: str) -> Field | None:
    """Return the kind of field a question asks for: the one it names first."""
    bare = phrases.NAME.sub(" ", text)
    hits = [(m.start(), name) for name, rule in phrases.FIELDS if (m := rule.search(bare))]
    return min(hits)[1] if hits else None


def page_of(text: str) -> int | None:
    """Return the page number a question names."""
    found = phrases.PAGE.search(text)
    if found is None:
        return None
    said = next(group for group in found.groups() if group)
    return int(said) if said.isdecimal() else _ORDINALS[said.casefold()]


_ORDINALS = {
    word: number
    for words in (("first", "second", "third", "fourth", "fifth"), "一二三四五")
    for number, word in enumerate(words, 1)
}


def modality_of(text: str) -> Modality | None:
    """Return the kind of file a question speaks of, when only one kind fits."""
    found = [kind for kind, rule in phrases.MODALITIES if rule.search(text)]
    return found[0] if len(found) == 1 else None


def _target(text: str, subject: str) -> Language:
    asked = text.replace(subject, " ") if subject else text
    if phrases.TO_CHINESE.search(asked):
        return "zh"
    if phrases.TO_ENGLISH.search(asked):
        return "en"
    if subject:
        return "en" if language_of(subject) == "zh" else "zh"
    return language_of(asked)


def _operation(text: str) -> Operation | None:
    return next((name for name, rule in phrases.OPERATIONS if rule.search(text)), None)


def _group(text: str) -> str:
    return next((name for name, rule in phrases.GROUPS if rule.search(text)), "")


def is_follow_up(text: str) -> bool:
    """Whether a question leans on the turn before it."""
    words = re.findall(r"[\u3400-\u9fff]|\w+", text)
    short = len(words) <= (6 if language_of(text) == "zh" else 3)
    return short or bool(phrases.FOLLOW.search(text))


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
        bare = bare.replace(name, " ")
    bare = " ".join(phrases.COURTESY.sub("", bare_question(bare)).split())
    return bare or text
