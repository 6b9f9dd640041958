"""The words in pictures that are set into the pages of one PDF, recognised where no text layer has
them. A picture that comes back on other pages, a letterhead, is looked at and told once. Knows no
charts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from retrieval.charts.values import inside
from retrieval.parse.base import ParseTools
from retrieval.parse.layout import Piece
from retrieval.values import Box, Word

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST = 400
"""Pictures recognised in one document; a catalogue may have thousands."""
_WORDS, _LETTERS = 3, 10
"""Fewest words, and letters or digits, that are worth telling: a logo's name is not."""


class Pictured:
    """Recognises the pictures of one document."""

    def __init__(self, tools: ParseTools) -> None:
        self._tools = tools
        self._known: dict[bytes, tuple[Piece, ...]] = {}

    def read(self, shown: Image, large: Image, region: Box) -> tuple[list[Piece], bool]:
        """Return the lines of a part of a page, placed on it, and whether it is seen for the
        first time.

        Args:
            shown: that part as the page is shown: tells whether it came before.
            large: that part, large enough to be recognised.
            region: its place on the page, in fractions.
        """
        key = hashlib.sha1(shown.tobytes(), usedforsecurity=False).digest()
        first = key not in self._known
        if first and len(self._known) < _MOST:
            read = self._tools.ocr.read(large, photo=True)
            self._known[key] = () if read.turn else read.pieces
        return [_placed(piece, region) for piece in self._known.get(key, ())], first


def worth_telling(pieces: Sequence[Piece]) -> bool:
    """Whether lines say more than the name in a logo."""
    letters = sum(c.isalnum() for piece in pieces for c in piece.text)
    wide = sum("\u3400" <= c <= "\u9fff" for piece in pieces for c in piece.text)
    words = sum(len(piece.words) for piece in pieces)
    return (words > _WORDS and letters >= _LETTERS) or wide >= 2 * _WORDS


def _placed(piece: Piece, region: Box) -> Piece:
    words = tuple(_word(word, region) for word in piece.words)
    height = piece.line_height * (region[3] - region[1])
    return replace(piece, words=words, box=inside(piece.box, region), line_height=height)


def _word(word: Word, region: Box) -> Word:
    return replace(word, box=inside(word.box, region)) if word.box is not None else word
