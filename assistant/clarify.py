"""Two things to say instead of a plain answer: that a request fits several files, and that files
disagree.

Both are told by rule. A request is ambiguous when nothing in it parts one file from another (“What
is the total of the receipt?”). Files disagree when two of them say the same sentence with another
value in it. Knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from assistant import phrases
from assistant.calls import ToolResult
from assistant.citations import content_words, level, split_sentences
from assistant.fields import find_in
from assistant.planner import Plan
from assistant.session import Request
from retrieval.values import Passage

ALIKE = 0.7
"""Likeness of two sentences (0..1, by words in order) from which they speak of the same thing."""
LONGEST_VALUE = 8
_OF_ONE_FILE = ("find", "summary", "translate", "sentiment", "entities", "transcribe", "extract")
_GENERIC = re.compile(
    r"\b(?:translate|extract|transcribe|read|give|write|json|fields?|english|chinese|sentiment|mood"
    r"|tone|short|brief|due|number|name|text|content|said|into|and)\b"
    r"|翻译|提取|抽取|转写|字段|英文|中文|英语|情感|情绪|内容|成|为|把|请|这|那|一下",
    re.IGNORECASE,
)
_THINGS = re.compile(rf"\b{phrases.THING}s?\b", re.IGNORECASE)


def several(plan: Plan, request: Request, results: Sequence[ToolResult]) -> list[Passage]:
    """Return a passage of each file that a request fits equally; empty when it means one."""
    meant = plan.names or plan.follow_up or plan.subject or plan.label or request.attached
    if meant or plan.intent not in _OF_ONE_FILE or not vague(request.question):
        return []
    searched = [r for r in results if r.call.tool == "search_library"]
    if plan.intent == "find":
        if not (plan.document and plan.field):
            return []
        papers = [r for r in results if r.call.tool == "read_document" and r.passages]
        found = [hits[0].passage for r in papers if (hits := find_in(plan.field, r.passages))]
    else:
        found = [p for r in searched for p in r.passages if p.kind != "pixels"]
    first: dict[str, Passage] = {}
    for passage in found:
        first.setdefault(passage.sha256, passage)
    return list(first.values()) if len(first) > 1 else []


def vague(question: str) -> bool:
    """Whether a question has no word that could part one file from another."""
    rest = phrases.NO_TOPIC.sub(" ", _THINGS.sub(" ", question))
    rest = _GENERIC.sub(" ", phrases.DOCUMENT.sub(" ", rest))
    for _, rule in phrases.FIELDS:
        rest = rule.sub(" ", rest)
    return not content_words(rest)


def other_value(
    answer: str, passage: Passage, passages: Sequence[Passage]
) -> tuple[str, Passage] | None:
    """Return what another file says in the place of an answer, and where; None if none does."""
    said = next((s for s in split_sentences(passage.text) if answer in s), None)
    if said is None:
        return None
    for other in passages:
        if other.sha256 == passage.sha256:
            continue
        for sentence in split_sentences(other.text):
            if value := _instead(answer, said, sentence):
                return value, other
    return None


_TOKEN = re.compile(r"[\u3400-\u9fff]|\w+(?:[.,:/-]\w+)*")


def _instead(answer: str, said: str, other: str) -> str:
    """Return what stands in ``other`` where ``said`` has the answer, the rest being the same."""
    one, two = list(_TOKEN.finditer(level(said))), list(_TOKEN.finditer(level(other)))
    at = level(said).find(level(answer))
    inside = [i for i, m in enumerate(one) if m.start() >= at and m.end() <= at + len(answer)]
    matcher = SequenceMatcher(
        None,
        [m.group().casefold() for m in one],
        [m.group().casefold() for m in two],
        autojunk=False,
    )
    if not inside or matcher.ratio() < ALIKE:
        return ""
    for kind, i0, i1, j0, j1 in matcher.get_opcodes():
        touches = i0 <= inside[-1] and i1 > inside[0]
        if kind == "replace" and touches and j1 - j0 <= LONGEST_VALUE:
            # Words of the answer that both sentences share belong to the other value too.
            left, right = max(0, i0 - inside[0]), max(0, inside[-1] + 1 - i1)
            first, last = two[max(0, j0 - left)], two[min(len(two), j1 + right) - 1]
            return other[first.start() : last.end()]
    return ""
