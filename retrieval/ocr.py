"""Text in pixels: PP-OCRv6 by RapidOCR in ONNX Runtime; words with boxes, upright pages.

Finds lines, decides whether the page lies on its side or head, recognises each line and places
its words. Knows nothing of reading order (retrieval/parse/layout.py) nor of files.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image as PillowImage

from retrieval.parse.layout import Piece
from retrieval.values import Box, Word

if TYPE_CHECKING:
    from PIL.Image import Image

Turn = Literal[0, 90, 180, 270]
_DETECT = 960  # longest side for finding lines; 1280 found no more on receipts and forms
_GLANCE = 640  # longest side for asking whether a photo holds text at all
_SURE = 0.5  # lines recognised with less are noise
_SURE_PHOTO = 0.75
_TURNED_WELL = 0.85  # mean confidence from which a turned page was rightly turned
_SAMPLE = 8  # lines asked which way up they are
_SKEW_LIMIT = 15.0  # degrees; more is not a skewed scan
_Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class OcrPage:
    """What was read: how far to turn the image (degrees, anti-clockwise), and runs of words.

    Boxes are fractions of the *turned* image; each piece's own box is straightened by the skew
    of the page, its words' boxes lie where the ink is.
    """

    turn: Turn
    pieces: tuple[Piece, ...]
    confidence: float

    def turned(self, image: Image) -> Image:
        """Return the image upright."""
        return _turn(image, self.turn)


_EMPTY = OcrPage(0, (), 0.0)


class OcrEngine:
    """Reads text in images; models load at the first call (31 MB, 0.5 s).

    Args:
        threads: CPU threads of ONNX Runtime.
    """

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._engine: Any = None

    def read(self, image: Image, photo: bool = False) -> OcrPage:
        """Read an RGB image.

        Args:
            image: a page or photo, upright as far as its file knows.
            photo: glance first, and keep only lines read with confidence: most photos hold
                no text, and patterns in them look like some.
        """
        with self._lock:
            engine = self._loaded()
            sure = _SURE_PHOTO if photo else _SURE
            if photo and not len(self._find(engine, _shrunk(image, _GLANCE))):
                return _EMPTY
            page = self._upright(engine, image, sure, 6 if photo else 3)
            return page if not photo or _says_something(page) else _EMPTY

    def _upright(self, engine: Any, image: Image, sure: float, least: int) -> OcrPage:
        """Read an image the way up that its lines are found to stand."""
        pixels = _bgr(image)
        quads = self._find(engine, pixels)
        if not len(quads):
            return _EMPTY
        turn = self._which_way(engine, pixels, quads, least)
        if turn:
            other = _bgr(_turn(image, turn))
            page = self._recognise(engine, other, self._find(engine, other), turn, sure)
            if page.confidence > _TURNED_WELL:
                return page
        return self._recognise(engine, pixels, quads, 0, sure)

    def _loaded(self) -> Any:
        if self._engine is None:
            from rapidocr import RapidOCR

            self._engine = RapidOCR(
                params={
                    "Global.log_level": "critical",
                    "Global.return_word_box": True,
                    "Det.limit_type": "max",
                    "Det.limit_side_len": _DETECT,
                    # Short lines are not padded to 320 columns: 1.7 s instead of 3.0 s a receipt.
                    "Rec.rec_img_shape": [3, 48, 96],
                    "EngineConfig.onnxruntime.intra_op_num_threads": self._threads,
                    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                    "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,
                }
            )
        return self._engine

    def _find(self, engine: Any, pixels: _Array) -> _Array:
        """Return the corners of text lines, float32 [n, 4, 2] in pixels, from top to bottom."""
        found = engine._load_det_model()(pixels)
        if found.boxes is None:
            return np.zeros((0, 4, 2), np.float32)
        return np.asarray(found.boxes, np.float32)

    def _which_way(self, engine: Any, pixels: _Array, quads: _Array, least: int) -> Turn:
        """Ask the longest lines whether the page lies on its side or stands on its head.

        With fewer than ``least`` lines to ask, it is taken to be upright.
        """
        from rapidocr.utils.process_img import get_rotate_crop_image

        widths, heights = _sides(quads)
        long = np.maximum(widths, heights)
        chosen = np.argsort(-long)[:_SAMPLE]
        if len(chosen) < least:
            return 0
        tall = heights[chosen] >= 1.5 * widths[chosen]
        on_side = bool(tall.mean() > 0.7)
        crops = [get_rotate_crop_image(pixels, quads[i].copy()) for i in chosen[tall == on_side]]
        answers = engine._load_cls_model()(crops).cls_res
        # Each sure answer weighs one; a tall line was turned 90 degrees to be asked.
        flipped = sum(1 if "180" in label else -1 for label, score in answers if score > 0.8)
        if on_side:
            return 270 if flipped > 0 else 90
        return 180 if flipped > len(crops) / 2 else 0

    def _recognise(
        self, engine: Any, pixels: _Array, quads: _Array, turn: Turn, sure: float
    ) -> OcrPage:
        from rapidocr.utils.process_img import get_rotate_crop_image

        if not len(quads):
            return _EMPTY
        crops = [get_rotate_crop_image(pixels, quad.copy()) for quad in quads]
        lines = engine.recognize_txt(crops)
        kept = [
            i
            for i, (text, score) in enumerate(zip(lines.txts, lines.scores, strict=True))
            if text.strip() and score >= sure and lines.word_results[i]
        ]
        if not kept:
            return _EMPTY
        lines.txts = tuple(lines.txts[i] for i in kept)
        lines.word_results = tuple(lines.word_results[i] for i in kept)
        scores = [float(lines.scores[i]) for i in kept]
        quads = quads[kept]
        placed = engine.calc_word_boxes([crops[i] for i in kept], quads, lines)
        height, width = pixels.shape[:2]
        skew = _skew(quads)
        pieces = [
            Piece(
                _words(text, parts, score, quad, (width, height)),
                _straight_box(quad, skew, (width, height)),
            )
            for text, parts, score, quad in zip(lines.txts, placed, scores, quads, strict=True)
        ]
        weights = [len(text) for text in lines.txts]
        return OcrPage(turn, tuple(pieces), float(np.average(scores, weights=weights)))


def _says_something(page: OcrPage) -> bool:
    """A lone character in a photo is a pattern, more often than not."""
    return sum(c.isalnum() for piece in page.pieces for c in piece.text) >= 2


def _words(
    text: str, parts: Sequence[Any], score: float, quad: _Array, size: tuple[int, int]
) -> tuple[Word, ...]:
    """Join the recogniser's parts into the words of the line, each with its box.

    The recogniser also parts words at hyphens and digits; the line's own spaces decide.
    """
    words: list[Word] = []
    rest = text
    for part, sure, corners in parts:
        at = rest.find(part)
        if at < 0:
            return _even_words(text, score, quad, size)
        spaced = at > 0 or not words or "\u2e80" <= part[0] <= "\u9fff"
        rest = rest[at + len(part) :]
        box = _box(np.asarray(corners, np.float32), size)
        if spaced:
            words.append(Word(part, box, confidence=round(float(sure), 4)))
        else:
            last = words[-1]
            assert last.box is not None
            joined = (
                min(last.box[0], box[0]),
                min(last.box[1], box[1]),
                max(last.box[2], box[2]),
                max(last.box[3], box[3]),
            )
            least = min(last.confidence, round(float(sure), 4))
            words[-1] = Word(last.text + part, joined, confidence=least)
    if "".join(w.text for w in words) != "".join(text.split()):
        return _even_words(text, score, quad, size)
    return tuple(words)


def _even_words(text: str, score: float, quad: _Array, size: tuple[int, int]) -> tuple[Word, ...]:
    """Share a line's box out over its words by their length."""
    x0, y0, x1, y1 = _box(quad, size)
    step = (x1 - x0) / max(1, len(text))
    words: list[Word] = []
    at = 0
    for part in text.split():
        at = text.index(part, at)
        box = (x0 + step * at, y0, x0 + step * (at + len(part)), y1)
        words.append(Word(part, box, confidence=round(score, 4)))
        at += len(part)
    return tuple(words)


def _box(corners: _Array, size: tuple[int, int]) -> Box:
    width, height = size
    x, y = np.clip(corners[:, 0] / width, 0, 1), np.clip(corners[:, 1] / height, 0, 1)
    return (
        round(float(x.min()), 5),
        round(float(y.min()), 5),
        round(float(x.max()), 5),
        round(float(y.max()), 5),
    )


def _sides(quads: _Array) -> tuple[_Array, _Array]:
    """Return the widths and heights of quadrilaterals, in pixels."""
    width = np.linalg.norm(quads[:, 0] - quads[:, 1], axis=1)
    height = np.linalg.norm(quads[:, 0] - quads[:, 3], axis=1)
    return width, height


def _skew(quads: _Array) -> float:
    """Return the slant of the page in radians: the median slant of its long lines."""
    widths, heights = _sides(quads)
    long = quads[widths > 4 * heights]
    if len(long) < 3:
        return 0.0
    rise = long[:, 1] - long[:, 0]
    angle = float(np.median(np.arctan2(rise[:, 1], rise[:, 0])))
    return angle if abs(math.degrees(angle)) <= _SKEW_LIMIT else 0.0


def _straight_box(quad: _Array, skew: float, size: tuple[int, int]) -> Box:
    """Return the line's box on the page turned straight, so that rows are rows."""
    width, height = size
    centre = np.array([width / 2, height / 2], np.float32)
    cos, sin = math.cos(-skew), math.sin(-skew)
    turned = (quad - centre) @ np.array([[cos, sin], [-sin, cos]], np.float32) + centre
    # Mean of the two ends: corners of a slanted line would make it look taller than it is.
    x0, x1 = float(turned[[0, 3], 0].mean()), float(turned[[1, 2], 0].mean())
    y0, y1 = float(turned[[0, 1], 1].mean()), float(turned[[2, 3], 1].mean())
    return (x0 / width, y0 / height, max(x1, x0 + 1) / width, max(y1, y0 + 1) / height)


def _turn(image: Image, turn: Turn) -> Image:
    return image.rotate(turn, expand=True) if turn else image


def _shrunk(image: Image, longest: int) -> _Array:
    small = image.copy()
    small.thumbnail((longest, longest), PillowImage.Resampling.BILINEAR)
    return _bgr(small)


def _bgr(image: Image) -> _Array:
    """Return uint8 [height, width, 3] in blue-green-red, as the models were trained."""
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])
