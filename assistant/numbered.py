"""Numbered parts of a document, tables, figures, sections: which a question names, and which lack.

A part is there when its caption stands at the start of a line, or its label anywhere in the text.
Knows passages and questions, no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from assistant.citations import fold
from retrieval.values import Passage

Numbered = Literal["tables", "figures"]
_NUMBER = r"[A-Z]?\d+(?:[.\-–]\d+)*"
_CAPTIONS: dict[Numbered, re.Pattern[str]] = {
    "tables": re.compile(
        rf"^\W*(?P<label>(?:table|exhibit)\s*{_NUMBER}|表\s*{_NUMBER})",
        re.I | re.M,
    ),
    "figures": re.compile(
        rf"^\W*(?P<label>(?:fig(?:ure|\.)?|chart|diagram)\s*{_NUMBER}|图\s*{_NUMBER})",
        re.I | re.M,
    ),
}


def captions(what: Numbered, passages: Sequence[Passage]) -> dict[str, Passage]:
    """Return the numbered captions of a file by label, each with the first passage it heads."""
    found: dict[str, Passage] = {}
    for passage in passages:
        for match in _CAPTIONS[what].finditer(passage.text):
            label = re.sub(r"\s+", " ", match["label"]).rstrip(".")
            found.setdefault(_key(label), passage)
    return found


def _key(label: str) -> str:
    """Return one spelling of a label: ``Fig. 3`` and ``FIGURE 3`` are ``figure 3``."""
    return re.sub(r"^fig(?:ure|\.)?\s*", "figure ", fold(label)).replace("  ", " ")


_NAMED = re.compile(
    rf"(?<![A-Za-z])(?P<kind>tables?|exhibits?|fig(?:ure|\.)?s?|charts?|diagrams?|sections?|chapters?|表|图|第)"
    rf"\s*(?P<number>{_NUMBER})(?P<after>\s*[章节])?",
    re.IGNORECASE,
)
_LEAST = 2
"""Parts of a kind that a document must number for another number to be missing."""


def numbered_in(question: str, passages: Sequence[Passage]) -> list[Passage]:
    """Return the passages headed by a table or figure that a question names by its number."""
    named = {_key(m.group()) for m in _NAMED.finditer(question)}
    every = {**captions("tables", passages), **captions("figures", passages)}
    return [passage for label, passage in every.items() if _tight(label) in map(_tight, named)]


def missing_part(question: str, passages: Sequence[Passage]) -> str:
    """Return the first numbered part that a question names and a document has not; "" if none.

    Only of a kind of which the document numbers some: captions may stand in pictures.
    """
    whole = "\n".join(f"{p.heading}\n{p.text}" for p in passages)
    for named in _NAMED.finditer(question):
        kind, number = _kind(named), named["number"]
        if kind is None:
            continue
        there = {m["number"].casefold() for m in _RULES[kind].finditer(whole)}
        if len(there) >= _LEAST and number.casefold() not in there:
            return " ".join(named.group().split())
    return ""


_SPELLED = {
    "table": r"(?:tables?|exhibits?|表)\s*",
    "figure": r"(?:fig(?:ure|\.)?s?|charts?|diagrams?|图)\s*",
    "section": r"(?:(?:^|\n)\W{0,3}(?:section|chapter)?|\bsections?|\bchapters?|§|第)\s*",
}
_RULES = {
    kind: re.compile(rf"{spelled}(?P<number>{_NUMBER})(?![\d%])", re.IGNORECASE)
    for kind, spelled in _SPELLED.items()
}


def _kind(named: re.Match[str]) -> str | None:
    word = named["kind"].casefold()
    if word == "第":
        return "section" if named["after"] else None
    if word.startswith(("section", "chapter")):
        return "section"
    return "table" if word.startswith(("table", "exhibit", "表")) else "figure"


def _tight(label: str) -> str:
    return re.sub(r"\s+", "", label)


def without_numbered(question: str) -> str:
    """Return a question without the numbers of tables and figures it is put to: "in Table 2"."""
    bare = _PUT_TO.sub(" ", " ".join(question.split()))
    return " ".join(bare.split()).strip(" ,，") or question


_PUT_TO = re.compile(
    rf",?\s*\b(?:according to|based on|in|from|of|does|by|see)\s+(?:the )?"
    rf"(?:tables?|fig(?:ure|\.)?s?|charts?)\s*{_NUMBER},?"
    rf"|(?:根据|按照?|从|在)?[表图]\s*{_NUMBER}(?:中|里|上|看)?[，,]?",
    re.IGNORECASE,
)
