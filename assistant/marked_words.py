"""Stretches of marked words: neighbouring words of one colour, as they stand on a page.

Knows what pages look like (``retrieval.marks``), no library and no question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.marks_asked import MarksAsked
from assistant.places import by_line
from retrieval.colours import NEUTRAL
from retrieval.marks import MarkedWord, PageMarks
from retrieval.values import Box

_CHINESE = re.compile(r"[\u3400-\u9fff\u3000-\u303f\uff00-\uffef]")
_APART, _BELOW, _TALLER = 2.5, 0.9, 1.35
"""In heights of a line: the gap in a line, and between lines, that ends a stretch; and the ratio
of two heights that does."""
_WHOLE_PAGE = 0.5
"""Share of a page's words on one ground from which it is the page's, not a marker's."""
_EDGE = 0.08
"""Share of a page, above and below, in which a number alone is the page's."""
_MARKERS = ("yellow", "green", "pink", "orange", "blue", "purple", "red")


@dataclass(frozen=True)
class Stretch:
    """Words side by side that are marked alike, the page, 1-based, and a box for each line."""

    text: str
    page: int
    boxes: tuple[Box, ...]


def stretches(pages: Sequence[PageMarks], asked: MarksAsked) -> list[Stretch]:
    """Return the stretches in the colour that is asked for; what recurs on pages only once."""
    ways = ("ground", "ink") if asked.mark == "marker" else ("ink", "ground")
    for way in ways if asked.colour else ("ground",):
        found: dict[str, Stretch] = {}
        for page in pages:
            for stretch in _on_page(page, way, asked.colour):
                found.setdefault(_same(stretch), stretch)
        if found:
            return list(found.values())
    return []


def _same(stretch: Stretch) -> str:
    """Return what is the same of stretches that recur; heads of pages differ in the number only."""
    said = stretch.text.casefold()
    return said if _EDGE < stretch.boxes[0][1] < 1 - _EDGE else re.sub(r"\d+", "0", said)


def _on_page(page: PageMarks, way: str, colour: str) -> Iterator[Stretch]:
    colours = [word.ink if way == "ink" else word.ground for word in page.words]
    if way == "ground":
        common = [c for c in set(colours) if colours.count(c) > _WHOLE_PAGE * len(colours)]
        colours = ["" if c in common else c for c in colours]
    wanted = [
        its == colour if colour else its in _MARKERS and word.ink in NEUTRAL[:2]
        for word, its in zip(page.words, colours, strict=True)
    ]
    run: list[MarkedWord] = []
    shade = ""
    for at, (word, its) in enumerate(zip(page.words, colours, strict=True)):
        kept = wanted[at] or _between(word, wanted[at - 1 : at] + wanted[at + 1 : at + 2])
        same = its == shade or not wanted[at]
        if run and not (kept and same and _goes_on(run[-1], word)):
            yield from _stretch(run, page.page)
            run = []
        if kept and (run or wanted[at]):
            run.append(word)
            shade = its if wanted[at] else shade
    yield from _stretch(run, page.page)


def _between(word: MarkedWord, beside: Sequence[bool]) -> bool:
    """Whether a sign, whose colour a stroke or a dot tells badly, stands between marked ones."""
    return len(word.word.text) == 1 and len(beside) == 2 and all(beside)


def _goes_on(last: MarkedWord, word: MarkedWord) -> bool:
    """Whether a word goes on with the one before: of one size, without a gap."""
    assert last.word.box is not None
    assert word.word.box is not None
    (_, top, end, bottom), (start, y0, _, y1) = last.word.box, word.word.box
    one, other = bottom - top, y1 - y0
    alone = 1 in (len(last.word.text), len(word.word.text))  # "一" and "." are low
    alike = max(one, other) <= _TALLER * min(one, other)
    if min(bottom, y1) - max(top, y0) > 0.5 * min(one, other):
        return (alike or alone) and start - end < _APART * max(one, other)
    if not alike:
        return False
    return 0 <= y0 - bottom + 0.3 * one < _BELOW * max(one, other)


def _stretch(run: Sequence[MarkedWord], page: int) -> Iterator[Stretch]:
    said = ""
    for marked in run:
        word = marked.word.text
        tight = not said or (_CHINESE.match(word) and _CHINESE.match(said[-1]))
        said += word if tight else f" {word}"
    said = said.strip(" ,;，；、|•●–-")
    at = run[0].word.box[1] if run and run[0].word.box else 0.0
    numbered = re.fullmatch(r"\W*\d{1,4}\W*", said) and not _EDGE < at < 1 - _EDGE
    if re.search(r"\w", said) and not numbered:
        yield Stretch(said, page, tuple(by_line([m.word.box for m in run if m.word.box])))
