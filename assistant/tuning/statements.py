"""Sentences about photos, made from questions and their answers.

Captions are what teaches most, and the sets that have them forbid most uses. A set of questions
that may be used freely says nearly the same: "Who is on the bench? A man." holds "a man is on the
bench". The rules are for the three questions that such sets ask of photos most: who, where and
when. What they do not understand they leave out.

Knows nothing of models; ``pipeline`` decides when statements are needed.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from assistant.tuning.data import CaptionRow, QuestionRow, Split

NAME = "statements"
_COMMON = 0.02  # of the photos; a sentence said of more ("taken during the day") tells nothing
_NOBODY = re.compile(
    r"\b(no ?one|nobody|none|nothing|unknown|not|no|photographer|camera)\b", re.IGNORECASE
)
_WORDS = r"in|on|at|by|near|next|behind|under|over|above|below|inside|outside|beside|between|along"
_PREPOSITION = re.compile(
    rf"(?:{_WORDS}|around|across|against|through|to|from|of|with|beneath|underneath|atop|left|"
    r"right|during|before|after|while|when|early|late|today|just|right|up|down|into|off|"
    r"everywhere|outdoors|indoors|downtown|here|there)\b",
    re.IGNORECASE,
)
_PHOTO = (
    r"(?:(?:this|the|that|these|those|a)\s+)?"
    r"(?:photos?|pictures?|pics?|images?|shots?|scenes?|photographs?|snapshots?|it|this)"
)
_TAKEN = re.compile(
    rf"(?P<ask>where|when) (?:is|was|were|are|did|does) {_PHOTO}"
    r"(?: (?:being )?(?:taken|shot|made|captured|snapped)| (?:take|taking) place| happening)?"
)
_PLACE = re.compile(r"(?P<ask>where|when) (?P<verb>is|are|was|were) (?P<rest>.+)")
_DOES = re.compile(r"(?:where|when) (?:does|do) (?P<rest>.+)")
_SHOWN = re.compile(rf"who (?:is|are) (?:pictured|shown|visible|(?:in )?{_PHOTO})")
_WHO = re.compile(r"who (?P<rest>(?!took|made|captured|owns).+)")


def statement(question: str, answer: str) -> str | None:
    """Return the sentence that a question and its answer amount to, without a full stop.

    None when they do not make one by the rules here.
    """
    asked = " ".join(question.lower().rstrip(" ?.!").split())
    said = _lowered(" ".join(answer.split()).rstrip(" .!"))
    if not said or _NOBODY.search(said):
        return None
    if found := _TAKEN.fullmatch(asked):
        if found["ask"] == "where" and not _PREPOSITION.match(said):
            return f"a photo of {said}"
        return f"a photo taken {_joined(found['ask'], said)}"
    if _SHOWN.fullmatch(asked):
        return f"a photo of {said}"
    if found := _WHO.fullmatch(asked):
        return f"{said} {found['rest']}"
    if found := _PLACE.fullmatch(asked):
        return _placed(found["rest"], found["verb"], _joined(found["ask"], said))
    if found := _DOES.fullmatch(asked):
        return f"{found['rest']} {_joined(asked.split()[0], said)}"
    return None


def described(split: Split) -> Split | None:
    """Return the split with captions in place of its questions; None when none can be made."""
    found: dict[str, list[str]] = {}
    for row in split.rows:
        if isinstance(row, QuestionRow) and (made := statement(row.question, row.answer)):
            mine = found.setdefault(row.image, [])
            if made not in mine:
                mine.append(made)
    counts = Counter(text for mine in found.values() for text in mine)
    most = max(1.0, _COMMON * len(found))
    kept = {image: [text for text in mine if counts[text] <= most] for image, mine in found.items()}
    rows = tuple(CaptionRow(image, (*mine, *_whole(mine))) for image, mine in kept.items() if mine)
    return replace(split, name=f"{split.name}-{NAME}", rows=rows) if rows else None


def _whole(said: list[str]) -> list[str]:
    """Say what is there and where it was taken in one sentence, as a caption would."""
    things = [text for text in said if not text.startswith("a photo ")]
    places = [text for text in said if text.startswith("a photo taken ")]
    if things and places:
        return [f"{things[0]} {places[0].removeprefix('a photo taken ')}"]
    return []


def _placed(rest: str, verb: str, where: str) -> str:
    """Put the verb of a question behind its subject: before a last word in -ing or -ed, or last."""
    words = rest.split()
    if len(words) > 1 and re.fullmatch(r"\w{2,}(?:ing|ed)", words[-1]):
        return " ".join([*words[:-1], verb, words[-1], where])
    return f"{rest} {verb} {where}"


def _joined(ask: str, said: str) -> str:
    before = "at" if ask == "where" else "during"
    return said if _PREPOSITION.match(said) else f"{before} {said}"


def _lowered(text: str) -> str:
    """Return a text that does not begin a sentence; "TV" and "I" stay as they are."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text
