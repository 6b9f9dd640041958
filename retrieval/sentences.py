"""Texts cut into sentences, as they are embedded one by one.

A line that a page broke goes on in the next; a row of a table stands alone; a piece too short to
mean anything (a heading, a page number) goes with what follows. Knows text only.
"""

from __future__ import annotations

import re
from itertools import pairwise

LEAST = 30
"""Letters below which a piece goes with the next; a Chinese character counts as three."""
_FULL, _WIDE = 0.8, 45
"""A line goes on when it is this share of the longest, which is at least so many letters."""
_END = re.compile(r"(?<=[.!?])[\"'”’)]*\s+(?=\S)|(?<=[。！？；])(?=[^”’）」])")
_STOP = re.compile(r"[.!?。！？:：;；|]\W*$")
_HAN = re.compile(r"[\u3400-\u9fff]")
_RULE = re.compile(r"[\s|:+=_.·-]*$")


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text, blanks made single; the text itself when there is none."""
    pieces = [
        " ".join(piece.split())
        for line in _whole_lines(text)
        for piece in _END.split(line)
        if piece and not _RULE.match(piece)
    ]
    return _long_enough(pieces) or [text]


def _whole_lines(text: str) -> list[str]:
    """Return the lines of a text, those that a page broke put together."""
    lines = [line.rstrip() for line in text.split("\n") if line.strip()]
    if not lines:
        return []
    longest = max(map(_letters, lines))
    whole = [lines[0]]
    for before, line in pairwise(lines):
        full = longest >= _WIDE and _letters(before) >= _FULL * longest
        broken = "|" not in line and not _STOP.search(before) and (full or line[:1].islower())
        if broken:
            glue = "" if _HAN.match(before[-1:]) and _HAN.match(line[:1]) else " "
            whole[-1] += f"{glue}{line}"
        else:
            whole.append(line)
    return whole


def _long_enough(pieces: list[str]) -> list[str]:
    """Put a piece that is too short before the next one; the last one behind the one before."""
    made: list[str] = []
    waiting = ""
    for piece in pieces:
        waiting = f"{waiting} {piece}".strip()
        if _letters(waiting) >= LEAST:
            made.append(waiting)
            waiting = ""
    if waiting and made:
        made[-1] += f" {waiting}"
    elif waiting:
        made.append(waiting)
    return made


def _letters(text: str) -> int:
    return len(text) + 2 * len(_HAN.findall(text))
