"""The words in pictures that are set into one document: pages of a PDF, Word files, slides, mails.

A picture that comes back, a letterhead, is looked at and told once. Knows no charts, and no format
of documents.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import replace

from PIL import Image

from retrieval.charts.values import inside
from retrieval.parse.base import Limits, ParseTools
from retrieval.parse.layout import Piece, reading_order
from retrieval.parse.paragraphs import blocks_of
from retrieval.parse.pixels import FORMATS, LONGEST, upright_rgb
from retrieval.values import Box, Word

_MOST = 400
"""Pictures recognised in one document; a catalogue may have thousands."""
_SMALLEST = 64
"""Pixels of the shorter side of an image file."""
_WORDS, _LETTERS = 3, 10
"""Fewest words, and letters or digits, that are worth telling: a logo's name is not."""


class Pictured:
    """Recognises the pictures of one document."""

    def __init__(self, tools: ParseTools) -> None:
        self._tools = tools
        self._known: dict[bytes, tuple[Piece, ...]] = {}

    def read(self, shown: Image.Image, large: Image.Image, region: Box) -> tuple[list[Piece], bool]:
        """Return the lines of a part of a page, placed on it, and whether it is seen for the
        first time.

        Args:
            shown: that part as the page is shown: tells whether it came before.
            large: that part, large enough to be recognised.
            region: its place on the page, in fractions.
        """
        key = hashlib.sha256(shown.tobytes()).digest()
        first = key not in self._known
        if first and len(self._known) < _MOST:
            read = self._tools.ocr.read(large, photo=True)
            self._known[key] = () if read.turn else read.pieces
        return [_placed(piece, region) for piece in self._known.get(key, ())], first

    def text(self, data: bytes, limits: Limits) -> str:
        """Return what an image file in the document says, in reading order; nothing when it was
        told before, says no more than a logo, or cannot be decoded."""
        key = hashlib.sha256(data).digest()
        if key in self._known or len(self._known) >= _MOST:
            return ""
        self._known[key] = ()
        image = _decoded(data, limits)
        if image is None:
            return ""
        read = self._tools.ocr.read(image, photo=True)
        if not worth_telling(read.pieces):
            return ""
        height = read.turned(image).height / max(1, read.turned(image).width)
        blocks, _ = blocks_of(reading_order(read.pieces, height), "ocr", 1, 0, "")
        return "\n".join(block.text for block in blocks)


def worth_telling(pieces: Sequence[Piece]) -> bool:
    """Whether lines say more than the name in a logo."""
    letters = sum(c.isalnum() for piece in pieces for c in piece.text)
    wide = sum("\u3400" <= c <= "\u9fff" for piece in pieces for c in piece.text)
    words = sum(len(piece.words) for piece in pieces)
    return (words > _WORDS and letters >= _LETTERS) or wide >= 2 * _WORDS


def _decoded(data: bytes, limits: Limits) -> Image.Image | None:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if min(image.size) < _SMALLEST or image.width * image.height > limits.max_pixels:
                return None
            upright = upright_rgb(image)
    except Exception:  # Pillow lets many kinds of errors through for broken files
        return None
    upright.thumbnail((LONGEST, LONGEST))
    return upright


def _placed(piece: Piece, region: Box) -> Piece:
    words = tuple(_word(word, region) for word in piece.words)
    height = piece.line_height * (region[3] - region[1])
    return replace(piece, words=words, box=inside(piece.box, region), line_height=height)


def _word(word: Word, region: Box) -> Word:
    return replace(word, box=inside(word.box, region)) if word.box is not None else word
