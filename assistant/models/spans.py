"""Copying: the stretches of a text that the words written so far can still become.

Tokens of byte-pair vocabularies are bytes, so places are counted in bytes. A stretch begins and
ends at a word's edge (in Chinese at any character); line breaks count as blanks. Knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

_STARTS = re.compile(r"(?<![A-Za-z0-9])\S|[\u3400-\u9fff\uf900-\ufaff]|(?<=[\u3400-\u9fff])\S")
_MOST_STARTS = 100_000


@dataclass(frozen=True)
class Span:
    """A stretch of a text in characters, and the log-probability of it being the answer."""

    start: int
    end: int
    log_probability: float


class Copier:
    """The places of one text at which a copy may go on.

    Args:
        begins: the places (characters) at which a copy may begin; None: at any word's edge.
    """

    def __init__(self, text: str, begins: Collection[int] | None = None) -> None:
        self._text = text
        self._bytes = _plain(text.encode("utf-8", "replace"))
        self.starts = frozenset(
            len(text[: m.start()].encode("utf-8", "replace"))
            for m in list(_STARTS.finditer(text))[:_MOST_STARTS]
            if begins is None or m.start() in begins
        )

    def follow(self, places: frozenset[int], token: bytes) -> frozenset[int]:
        """Return where copies that stand at ``places`` get by a token; empty when none can."""
        token = _plain(token)
        size = len(token)
        return frozenset(p + size for p in places if self._bytes.startswith(token, p))

    def may_end(self, places: frozenset[int]) -> bool:
        """Whether a copy at one of the places may end there: not inside a word or a character."""
        return any(self._edge(place) for place in places)

    def span(self, places: frozenset[int], length: int, log_probability: float) -> Span:
        """Return the first stretch of ``length`` bytes that ends at one of the places."""
        end = min(p for p in places if self._edge(p))
        first, last = (len(self._bytes[:p].decode("utf-8", "replace")) for p in (end - length, end))
        return Span(first, last, log_probability)

    def _edge(self, place: int) -> bool:
        before, after = self._bytes[place - 1 : place], self._bytes[place : place + 1]
        if after and after[0] & 0xC0 == 0x80:
            return False
        return not (before.isalnum() and after.isalnum())


def _plain(data: bytes) -> bytes:
    return data.replace(b"\n", b" ").replace(b"\t", b" ")
