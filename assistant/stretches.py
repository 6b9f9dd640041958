"""Which stretches of the passages worth reading are read: sentences near the question.

A small reader given a whole passage copies from its wrong sentence or finds nothing; given the
sentence with its neighbours it does better (figures at ``AROUND``). Which sentence is near, the
search knows; where it does not, as of a file that came with the question, the passage's window is
read. Knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.nearness import nearest, standing
from assistant.session import Session
from assistant.windows import cut
from retrieval.sentences import sentences_of
from retrieval.values import Passage

AROUND = 1
"""Sentences read before and behind the near one.

Of 95 questions on held-out everyday papers, as many answered wrongly (a tenth of all, chances
fitted anew each time): 30 right; with none and with two 31 and 30; with three 23; whole passages
24. Where a fifth may be wrong: 39, 35, 35, 31 and 32."""
SHORT = 100
"""Tokens of a passage that is read whole: hardly more than a sentence with its neighbours."""
FAINT = 0.1
"""Share of the likeliest passage's chance below which one is read last: of a notice in Chinese and
an invoice in English, each has the sentence that is nearest in its language."""
_LEFT = re.compile(r"^\S*\s+|^[.!?。！？；]+")
"""What lies before a sentence and belongs to the one before it."""
_RIGHT = re.compile(r"[^\w\s“‘「『（(]*")
"""What lies behind a sentence and belongs to it."""


@dataclass(frozen=True)
class Stretch:
    """What is read of a passage, fit for a prompt; ``chance``: that the passage answers."""

    passage: Passage
    text: str
    chance: float


def stretches(
    session: Session, question: str, worth: Sequence[tuple[Passage, float]], most: int
) -> Iterator[Stretch]:
    """Yield what is read of passages, with the chance of each that it answers; nearest first.

    Sentences of two languages are compared with the nearest of their own, and what is much less
    likely to answer than another comes last. One that was read as a neighbour is the middle of no
    other stretch, one that gave orders of none.
    """
    best = nearest(question, [passage for passage, _ in worth])
    likely = FAINT * max((chance for _, chance in worth), default=0.0)
    ranked: list[tuple[bool, float, int, int | None]] = []
    texts: dict[int, str] = {}
    for number, (passage, chance) in enumerate(worth):
        texts[number] = session.screened(passage)
        stands = standing(question, passage, best)
        if not stands or session.model.count_tokens(texts[number]) <= SHORT:
            ranked.append((chance < likely, -max(stands, default=0.0), number, None))
        else:
            ranked += [(chance < likely, -near, number, at) for at, near in enumerate(stands)]
    read: set[tuple[int, int | None]] = set()
    yielded = 0
    for _, _, number, at in sorted(ranked, key=lambda one: one[:3]):
        if (number, at) in read:
            continue
        passage, chance = worth[number]
        whole = texts[number]
        text = cut(session, question, whole if at is None else around(whole, passage, at))
        if not text.strip():
            continue
        if at is not None:
            read |= {(number, place) for place in range(at - AROUND, at + AROUND + 1)}
        yield Stretch(passage, text, chance)
        yielded += 1
        if yielded == most:
            return


def around(text: str, passage: Passage, at: int) -> str:
    """Return the stretch of a passage's screened text around sentence ``at``; empty without it.

    Of a table with the names of its columns. By letters and digits alone: blanks, marks and broken
    lines differ between the two.
    """
    said = [_flat(sentence)[0] for sentence in sentences_of(passage.text)]
    flat, places = _flat(text)
    start = flat.find(said[at])
    if start < 0 or not said[at]:
        return ""
    end = start + len(said[at])
    for before in said[max(0, at - AROUND) : at][::-1]:
        start -= len(before) if flat.endswith(before, 0, start) else 0
    for behind in said[at + 1 : at + 1 + AROUND]:
        end += len(behind) if flat.startswith(behind, end) else 0
    left = (
        _LEFT.sub("", text[places[start - 1] + 1 : places[start]]) if start else text[: places[0]]
    )
    right = _RIGHT.match(text, places[end - 1] + 1)
    found = f"{left}{text[places[start] : places[end - 1] + 1]}{right.group() if right else ''}"
    names = text.split("\n", 1)[0]
    return f"{names}\n{found}" if passage.kind == "table" and start else found


def _flat(text: str) -> tuple[str, list[int]]:
    """Return the letters and digits of a text, and where each stands in it."""
    places = [at for at, sign in enumerate(text) if sign.isalnum()]
    return "".join(text[at] for at in places), places
