"""Lists in a text: lines that begin with a mark, a number or a letter, and the line over them.

An item goes on over wrapped lines and has the lists within it. Knows no question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.values import Passage

_MARKS = (
    ("dot", re.compile(r"[-*•·–—▪●○◦‣□☐✓✔■◆](?:\s*\[[ x]\])?\s+(?=\S)|[•·▪●○◦‣□☐■◆](?=\S)")),
    ("number", re.compile(r"[(（]?(?P<number>\d{1,2})(?:[.)）](?!\d)|、|．)\s*(?=\S)")),
    ("letter", re.compile(r"\(?(?P<letter>[a-z])[.)]\s+(?=\S)")),
    ("chinese", re.compile(r"[（(]?[一二三四五六七八九十]{1,3}(?:、|[）)])\s*(?=\S)")),
    ("ring", re.compile(r"[①-⑳]\s*(?=\S)")),
)
_GAP = 6
"""Lines between two items of one list, of a wrapped item or of a list within it."""
_WRAPPED = 60
"""Characters from which a line may go on in the next one, whatever that begins with."""


@dataclass(frozen=True)
class Item:
    """One item: its words, its number in a numbered list (else empty), its lines, its passage."""

    words: str
    number: str
    lines: tuple[str, ...]
    passage: Passage


@dataclass(frozen=True)
class Listing:
    """A list of a text and the line over it (empty: none)."""

    lead: str
    items: tuple[Item, ...]


def lists_of(passages: Sequence[Passage]) -> list[Listing]:
    """Return the lists in passages, of two items and more, in reading order."""
    lines = [(line.strip(), p) for p in passages for line in p.text.splitlines() if line.strip()]
    found, at = [], 0
    while at < len(lines):
        places, end = _items_from([line for line, _ in lines], at)
        if len(places) < 2:
            at += 1
            continue
        edges = [*places, end]
        items = [_item(lines[a:b]) for a, b in zip(edges, edges[1:], strict=False)]
        found.append(Listing(lines[at - 1][0] if at else "", tuple(items)))
        at = end
    return found


def _items_from(lines: Sequence[str], start: int) -> tuple[list[int], int]:
    """Return where the items of a list begin whose first is at ``start``, and where it ends."""
    kind, number = _mark(lines[start])
    if not kind:
        return [], start
    places, last = [start], start
    for at in range(start + 1, len(lines)):
        other, next_number = _mark(lines[at])
        if other == kind and (next_number > number or not number):
            places.append(at)
            number, last = next_number, at
        elif other == kind or at - last > _GAP or not (other or _goes_on(lines[at - 1], lines[at])):
            break
    end = last + 1
    if end < len(lines) and _goes_on(lines[last], lines[end]) and not _mark(lines[end])[0]:
        end += 1
    return places, end


def _mark(line: str) -> tuple[str, int]:
    """Return what kind of mark begins a line (empty: none) and its number (0: none)."""
    for kind, rule in _MARKS:
        if found := rule.match(line):
            named = found.groupdict()
            if letter := named.get("letter"):
                return kind, ord(letter) - ord("a") + 1
            return kind, int(named.get("number") or 0)
    return "", 0


def _goes_on(line: str, following: str) -> bool:
    """Whether a line is the rest of the one before it, which was too long for the page."""
    if re.search(r"[.。;；:：!！?？]$", line):
        return False
    first = following[0]
    return first.islower() or (len(line) >= _WRAPPED and not following.endswith((":", "：")))


def _item(lines: Sequence[tuple[str, Passage]]) -> Item:
    texts = tuple(line for line, _ in lines)
    for kind, rule in _MARKS:
        if found := rule.match(texts[0]):
            number = found["number"] if kind == "number" else ""
            words = " ".join([texts[0][found.end() :], *texts[1:]])
            return Item(words.strip(), number, texts, lines[0][1])
    raise AssertionError(texts)
