"""The text layer of a PDF page: characters into words, placed on the page as it is shown.

Rotation and crop box are taken from PDFium itself. Also judges whether the layer can be trusted.
Called with PDFium's lock held; knows nothing of reading order.
"""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from retrieval.parse.base import clean
from retrieval.values import Box, Word

_MAX_CHARS = 200_000
_BOLD = (b"bold", b"black", b"heavy", b"-medi")
_ACCENTS = frozenset("¨´`ˆ˜¸˚¯")  # accents set beside their letter; alone they say nothing
_FEW_LETTERS = 400  # up to which a page that is mostly picture is read from its pixels as well
_PERPENDICULAR = 0.35  # radians off the horizontal from which text counts as sideways


@dataclass(frozen=True)
class PageText:
    """What the text layer of a page holds: words along the page, and words that stand on end."""

    upright: list[tuple[Word, Box, bool]]
    sideways: list[Word]
    scan: bool  # the pixels have to be read too: there is no text worth the name, or a stamp


def read_text(page: Any) -> PageText:
    """Read the characters of a page into words, in the order in which they were written.

    What was filled into form fields follows, placed where the fields are.
    """
    import pypdfium2.raw as raw

    textpage = page.get_textpage()
    try:
        handle = textpage.raw
        count = min(raw.FPDFText_CountChars(handle), _MAX_CHARS)
        codes = [raw.FPDFText_GetUnicode(handle, i) for i in range(count)]
        matrix = placing(page)
        filled = _filled_in(page, matrix)
        if not _usable(codes):
            return PageText(filled, [], True)
        reader = _WordReader(handle, matrix, page.get_rotation())
        for index, code in enumerate(codes):
            reader.take(index, code)
        reader.finish()
        return PageText(reader.upright + filled, reader.sideways, _only_a_scan(page, codes))
    finally:
        textpage.close()


def _filled_in(page: Any, matrix: np.ndarray) -> list[tuple[Word, Box, bool]]:
    """Return the words in the text and choice fields of a form, which no text layer holds."""
    import pypdfium2.raw as raw

    if page.formenv is None:
        return []
    words: list[tuple[Word, Box, bool]] = []
    form, kinds = page.formenv.raw, (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX)
    rect = raw.FS_RECTF()
    for index in range(raw.FPDFPage_GetAnnotCount(page.raw)):
        field = raw.FPDFPage_GetAnnot(page.raw, index)
        if not field:
            continue
        if raw.FPDFAnnot_GetFormFieldType(form, field) in kinds:
            text = clean(_field_value(form, field))
            if text.strip() and raw.FPDFAnnot_GetRect(field, rect):
                words += _spread(text.split(), place(rect, matrix.tolist()))
        raw.FPDFPage_CloseAnnot(field)
    return words


def _field_value(form: Any, field: Any) -> str:
    import pypdfium2.raw as raw

    length = raw.FPDFAnnot_GetFormFieldValue(form, field, None, 0)
    buffer = ctypes.create_string_buffer(length)
    target = ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR))
    raw.FPDFAnnot_GetFormFieldValue(form, field, target, length)
    return buffer.raw[: max(0, length - 2)].decode("utf-16-le", "replace")


def _spread(texts: list[str], box: Box) -> list[tuple[Word, Box, bool]]:
    """Share a field out over its words by their length."""
    step = (box[2] - box[0]) / (sum(len(text) + 1 for text in texts) or 1)
    words: list[tuple[Word, Box, bool]] = []
    x = box[0]
    for text in texts:
        end = x + step * len(text)
        part = (round(x, 5), round(box[1], 5), round(end, 5), round(box[3], 5))
        words.append((Word(text, part), part, False))
        x = end + step
    return words


def _usable(codes: list[int]) -> bool:
    """Whether a text layer holds text that means something: fonts without a map give codes."""
    visible = [c for c in codes if c > 32]
    if not visible:
        return False
    strange = sum(1 for c in visible if 0xE000 <= c <= 0xF8FF or c == 0xFFFD or 127 <= c < 160)
    return strange < 0.3 * len(visible)


def _only_a_scan(page: Any, codes: list[int]) -> bool:
    """Whether there is little text over a picture: a stamp on a scan, a caption, a slide."""
    import pypdfium2.raw as raw

    if sum(1 for c in codes if c > 32) > _FEW_LETTERS:
        return False
    width, height = page.get_size()
    area = 0.0
    for item in page.get_objects(filter=(raw.FPDF_PAGEOBJ_IMAGE,), max_depth=3):
        left, bottom, right, top = item.get_bounds()
        area += (right - left) * (top - bottom)  # scanners cut pages into strips
    return bool(area > 0.5 * width * height)


def placing(page: Any) -> np.ndarray:
    """Return the 2x3 matrix from page units to fractions of the page as it is shown.

    Taken from PDFium itself at three points, so rotation and crop box are in it.
    """
    import pypdfium2.raw as raw

    grid = 1 << 20
    x, y = ctypes.c_int(), ctypes.c_int()

    def at(px: float, py: float) -> tuple[float, float]:
        raw.FPDF_PageToDevice(page.raw, 0, 0, grid, grid, 0, px, py, x, y)
        return x.value / grid, y.value / grid

    (ox, oy), (ax, ay), (bx, by) = at(0, 0), at(1000, 0), at(0, 1000)
    return np.array(
        [[(ax - ox) / 1000, (bx - ox) / 1000, ox], [(ay - oy) / 1000, (by - oy) / 1000, oy]]
    )


class _WordReader:
    """Gathers characters into words at white space and at jumps of the pen."""

    def __init__(self, handle: Any, matrix: np.ndarray, rotation: int) -> None:
        import pypdfium2.raw as raw

        self._raw = raw
        self._handle = handle
        self._matrix = matrix.tolist()
        self._rotation = math.radians(rotation)
        self._rect = raw.FS_RECTF()
        self._font = ctypes.create_string_buffer(128)
        self._flags = ctypes.c_int()
        self._text: list[str] = []
        self._box: Box | None = None
        self._first = 0
        self.upright: list[tuple[Word, Box, bool]] = []
        self.sideways: list[Word] = []

    def take(self, index: int, code: int) -> None:
        """Add one character."""
        if code <= 32 or code in (0xA0, 0x3000, 0xFFFE):
            if code in (2, 0xFFFE):  # how PDFium reports a hyphen that divides a word
                self._text.append("-")
            self.finish()
            return
        if not self._raw.FPDFText_GetLooseCharBox(self._handle, index, self._rect):
            return
        box = place(self._rect, self._matrix)
        char = chr(code)
        if self._box is not None and self._jumps(box):
            self.finish()
        if not self._text:
            self._first = index
        self._text.append(char)
        self._box = box if self._box is None else _merge(self._box, box)
        if 0x2E80 <= code <= 0x9FFF:  # a wide script has no spaces: each character is a word
            self.finish()

    def finish(self) -> None:
        """Close the word that is open."""
        text, box = "".join(self._text), self._box
        self._text, self._box = [], None
        if box is None or text in _ACCENTS or (text != "-" and not text.strip("-")):
            return
        if box[2] <= 0 or box[0] >= 1 or box[3] <= 0 or box[1] >= 1:
            return  # outside the page that is shown
        shown = tuple(round(min(1.0, max(0.0, v)), 5) for v in box)
        word = Word(text, (shown[0], shown[1], shown[2], shown[3]))
        angle = self._raw.FPDFText_GetCharAngle(self._handle, self._first) - self._rotation
        if angle > -1 - self._rotation and abs(math.sin(angle)) > _PERPENDICULAR:
            self.sideways.append(word)
            return
        self.upright.append((word, box, self._is_bold()))

    def _is_bold(self) -> bool:
        length = self._raw.FPDFText_GetFontInfo(
            self._handle, self._first, self._font, len(self._font), self._flags
        )
        name = self._font.raw[: max(0, length - 1)].lower()
        return any(mark in name for mark in _BOLD)

    def _jumps(self, box: Box) -> bool:
        """Whether the pen left the word: to another line, back, or over a wide gap."""
        assert self._box is not None
        height = max(self._box[3] - self._box[1], box[3] - box[1])
        width = max(self._box[2] - self._box[0], box[2] - box[0], height)
        apart_y = max(box[1] - self._box[3], self._box[1] - box[3])
        apart_x = max(box[0] - self._box[2], self._box[0] - box[2])
        return apart_y > 0 and apart_x > 0 or apart_y > height or apart_x > width


def place(rect: Any, matrix: list[list[float]]) -> Box:
    """Return a rectangle in page units as fractions of the page as it is shown."""
    (a, b, c), (d, e, f) = matrix
    x0, y0 = a * rect.left + b * rect.top, d * rect.left + e * rect.top
    x1, y1 = a * rect.right + b * rect.bottom, d * rect.right + e * rect.bottom
    return (min(x0, x1) + c, min(y0, y1) + f, max(x0, x1) + c, max(y0, y1) + f)


def _merge(a: Box, b: Box) -> Box:
    return (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
