"""Who came to a meeting and who did not: minutes tell it after a label that nobody asks by.

"Who couldn't make it?" has no word of "Apologies: Ada Finch, Tom Reed". Rules for English and
Chinese. Knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.confidence import shared, told_of
from assistant.drafts import Draft, exact
from assistant.library import NOT_IN_LIBRARY
from assistant.phrases import any_of
from assistant.session import Session
from retrieval.values import Passage

_ABSENT = any_of(
    r"\bwho\b.{0,40}\b(?:could ?n[o'’]?t|did ?n[o'’]?t|was ?n[o'’]?t able to|unable to|failed to)\b"
    r".{0,20}\b(?:make it|come|attend|be there|show up|turn up)\b",
    r"\bwho (?:was|were) (?:absent|missing|away|not (?:there|present|at))\b|\bwho sent apologies\b",
    r"谁.{0,4}(?:没[来到去]|没能[来到]|未到|缺席|请假|没(?:有)?参加)|(?:缺席|请假|没来|没到)的(?:是谁|有谁|有哪些|人)",
)
_PRESENT = any_of(
    r"\bwho (?:all )?(?:attended|came to|was at|were at|turned up|showed up|took part in)\b",
    r"\bwho (?:was|were) (?:present|there)\b",
    r"谁.{0,4}(?:参加|出席|到场|到会)|(?:参加|出席|到会|参会)的(?:是谁|有谁|有哪些|人)|有谁(?:参加|出席|到)",
)
_MEETING = any_of(r"\bmeeting|\bminutes\b|\bcommittee\b|\bAGM\b|\bsession\b", "会|纪要")
_APOLOGIES = re.compile(
    r"^[^\w\n]*(?:apologies(?: for absence)?(?: (?:received )?from)?|absent|absentees|regrets"
    r"|not present|缺席|请假|未到会|未出席|未到)(?:人员|者|人)?"
    r"[ \t]*[:：|][ \t]*(?P<names>[^\W\d].*)$",
    re.IGNORECASE | re.MULTILINE,
)
_ATTENDING = re.compile(
    r"^[^\w\n]*(?:(?:members )?present|in attendance|attendees|attending|attendance|participants"
    r"|与会|参会|出席|到会|参加)(?:人员|者|人)?"
    r"[ \t]*[:：|][ \t]*(?P<names>[^\W\d].*)$",
    re.IGNORECASE | re.MULTILINE,
)
_FILES = 3
_GOES_ON = re.compile(r"(?:[,，、;；]|\band)\s*$")


def told_by_attendance(
    session: Session, question: str, passages: Sequence[Passage]
) -> Draft | None:
    """Answer who was at a meeting, or was not, from the first minutes found; None of others."""
    label = _APOLOGIES if _ABSENT.search(question) else _ATTENDING
    if not (_ABSENT.search(question) or _PRESENT.search(question)):
        return None
    if not _MEETING.search(question):
        return None
    told = list(_told(session, label, passages))
    best = max(told, key=lambda one: shared(question, one[1]), default=None)
    if best is None or not told_of(question, best[1]):
        return None
    names, _, passage = best
    return exact(session, " ".join(names.split()).rstrip(" .。;；|"), passage)


def _told(
    session: Session, label: re.Pattern[str], passages: Sequence[Passage]
) -> Iterator[tuple[str, list[Passage], Passage]]:
    """Yield the names behind a label in each of the files found first, the file's passages, and
    the one that they stand in."""
    for asset in list(dict.fromkeys(p.asset_id for p in passages))[:_FILES]:
        own = [p for p in passages if p.asset_id == asset]
        whole = own if asset == NOT_IN_LIBRARY else session.request.library.passages(asset) or own
        for passage in (p for p in whole if label.search(p.text)):
            text = session.screened(passage)
            if found := label.search(text):
                yield _whole(text, found), whole, passage
                break


def _whole(text: str, found: re.Match[str]) -> str:
    """Return the names behind a label, with the lines that go on with them."""
    lines = [found["names"]]
    for line in text[found.end() + 1 :].splitlines():
        if not _GOES_ON.search(lines[-1]) or not line.strip():
            break
        lines.append(line)
    return "\n".join(lines)
