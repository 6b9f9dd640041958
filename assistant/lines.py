"""Lines of a page as the sentences they break. Knows text only."""

from __future__ import annotations

import re
from itertools import pairwise

_FULL, _LEAST = 0.85, 12
"""Share of the longest line, and characters, from which a line goes on in the next."""
_GOES_ON = re.compile(r"[\u3400-\u9fff，、；（“《]\n[\u3400-\u9fff“《]")
_ITEM = re.compile(
    r"[（(]?(?:[一二三四五六七八九十]{1,3}|\d{1,2})[)）、.．]|第[一二三四五六七八九十\d]+[条章节]"
)
"""Begins an item of a list."""


def joined_lines(text: str) -> str:
    """Return a text without the breaks inside Chinese sentences, which no blank stands for.

    A page breaks its lines anywhere, so that no copy could cross them, and half a sentence may look
    like an order: only a line as long as the longest, or nearly, is one that goes on.
    """
    lines = text.split("\n")
    full = _FULL * max(map(len, lines))
    whole = [lines[0]]
    for before, line in pairwise(lines):
        long = len(before) >= max(full, _LEAST)
        goes_on = long and _GOES_ON.search(f"{before[-1:]}\n{line[:1]}") and not _ITEM.match(line)
        whole.append(line if goes_on else f"\n{line}")
    return "".join(whole)
