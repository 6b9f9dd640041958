"""Presentations: each slide is a page; title, text, tables, charts and notes, with their places.

Slides are not drawn (that needs a layout engine). Knows nothing of chunks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from retrieval.errors import FileDamaged, FileTooLarge
from retrieval.parse.archive import check_archive
from retrieval.parse.base import Limits, ParseTools, Source, clean, one_line
from retrieval.parse.comments import comments_in, names_in
from retrieval.parse.docx import core_properties
from retrieval.parse.figures import figure_of
from retrieval.parse.native_charts import apart, read_native
from retrieval.parse.office_xml import texts_of
from retrieval.parse.pictured import Pictured
from retrieval.values import Block, Box, ChunkKind, Figure, Header, PageLocator, Parsed

_MAX_DEPTH = 8
_SHAPES = ("sp", "grpSp", "graphicFrame", "pic", "cxnSp")


def parse_pptx(source: Source, limits: Limits, tools: ParseTools) -> Iterator[Parsed]:
    """Yield the blocks of each slide from top to bottom, left to right.

    Raises:
        FileBomb, FileDamaged, FileEncrypted: the archive is refused or holds no presentation.
        FileTooLarge: more slides than ``limits.max_pages``.
    """
    check_archive(source)
    import pptx

    try:
        deck = pptx.Presentation(str(source.path))
        slides = list(deck.slides)
    except Exception as error:  # python-pptx lets lxml, zip and key errors through alike
        raise FileDamaged(name=source.name, detail="it holds no whole presentation") from error
    if len(slides) > limits.max_pages:
        limit = f"{limits.max_pages:,}"
        raise FileTooLarge(name=source.name, size=f"{len(slides):,} slides", limit=limit)
    metadata = {**core_properties(deck), "pages": len(slides)}
    yield Header("text", source.media_type, max(1, len(slides)), metadata)
    frame = _Frame(0, 0, 1 / int(deck.slide_width or 1), 1 / int(deck.slide_height or 1))
    pictured, authors = Pictured(tools), _authors(deck)
    for index, slide in enumerate(slides):
        yield from _slide(slide, index, frame, limits, pictured)
        yield from _beside(slide, index, authors)


class _Frame(NamedTuple):
    """Where the shapes of a slide or of a group are put: a corner and a scale, in fractions of
    the slide to one unit of length."""

    left: float
    top: float
    across: float
    down: float

    def box(self, shape: Any) -> Box | None:
        """Return a shape's place on the slide; None when it has none of its own."""
        if shape.left is None or shape.top is None or not shape.width or not shape.height:
            return None
        y, x = self.corner(shape)
        sides = (x, y, x + shape.width * self.across, y + shape.height * self.down)
        x0, y0, x1, y1 = (round(min(1.0, max(0.0, side)), 5) for side in sides)
        return (x0, y0, x1, y1)

    def corner(self, shape: Any) -> tuple[float, float]:
        """Return how far down and how far across a shape begins."""
        x, y = shape.left or 0, shape.top or 0
        return (self.top + y * self.down, self.left + x * self.across)

    def within(self, group: Any) -> _Frame:
        """Return the frame of a group's shapes, which have a scale of their own."""
        said = (
            next(iter(group._element.xpath(f"./p:grpSpPr/a:xfrm/{path}")), "")
            for path in ("a:chOff/@x", "a:chOff/@y", "a:chExt/@cx", "a:chExt/@cy")
        )
        x, y, wide, high = (int(one) if one.lstrip("-").isdecimal() else 0 for one in said)
        if group.left is None or not (group.width and group.height and wide and high):
            return self
        across, down = self.across * group.width / wide, self.down * group.height / high
        left = self.left + group.left * self.across - x * across
        return _Frame(left, self.top + group.top * self.down - y * down, across, down)


class _Placed(NamedTuple):
    """A shape that is no group, how far down and across it begins, and its place on the slide."""

    shape: Any
    corner: tuple[float, float]
    box: Box | None


def _slide(
    slide: Any, index: int, frame: _Frame, limits: Limits, pictured: Pictured
) -> Iterator[Block | Figure]:
    title = slide.shapes.title
    heading = one_line(title.text_frame.text) if title is not None and title.has_text_frame else ""
    placed = list(_flat(slide.shapes, frame, 0))
    placed.sort(key=lambda p: (title is None or p.shape.shape_id != title.shape_id, p.corner))
    told: set[str] = set()
    for shape, _, box in placed:
        text, kind = _content(shape)
        locator = PageLocator(index + 1, (box,) if box else ())
        if text:
            yield Block(text, kind, locator, unit=index, heading=heading)
        if getattr(shape, "has_chart", False):
            yield from _charts(shape, locator, heading, told)
        if (data := _image(shape)) and (figure := figure_of(data, limits, index + 1, unit=index)):
            yield figure
        if data and (said := pictured.text(data, limits)):
            yield Block(said, "ocr", locator, unit=index, heading=heading)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = clean(slide.notes_slide.notes_text_frame.text).strip()
        if notes:
            yield Block(
                f"Notes: {notes}", "body", PageLocator(index + 1), unit=index, heading=heading
            )


def _charts(shape: Any, locator: PageLocator, heading: str, told: set[str]) -> Iterator[Block]:
    """Yield the tables of a chart, and the words in it that they do not have."""
    unit = locator.page - 1
    try:
        native = read_native(shape.chart.part.blob, heading, *locator.boxes)
    except (KeyError, AttributeError):  # the chart's part is missing
        return
    for chart in apart(native.charts, told):
        yield Block(chart.text(), "chart", locator, chart.words(), unit, heading)
    if native.text:
        yield Block(native.text, "body", locator, unit=unit, heading=heading)


def _authors(deck: Any) -> dict[str, str]:
    """Return who wrote comments, by their numbers."""
    names: dict[str, str] = {}
    for link in deck.part.rels.values():
        if link.reltype.endswith(("/commentAuthors", "/authors")) and not link.is_external:
            names |= names_in(link.target_part.blob)
    return names


def _beside(slide: Any, index: int, authors: Mapping[str, str]) -> Iterator[Block]:
    """Yield the comments on a slide."""
    for link in slide.part.rels.values():
        if link.reltype.endswith("/comments") and not link.is_external:
            for _, text in comments_in(link.target_part.blob, authors):
                yield Block(text, "body", PageLocator(index + 1), unit=index)


def _image(shape: Any) -> bytes:
    try:
        data: bytes = shape.image.blob
    except Exception:  # no picture, or one that is linked and not inside
        return b""
    return data


def _flat(shapes: Any, frame: _Frame, depth: int) -> Iterator[_Placed]:
    """Yield the shapes of a slide or group with their places, groups taken apart."""
    wrapped = (
        shapes._shape_factory(one)
        for wrap in shapes._spTree.iterchildren("{*}AlternateContent")
        for choice in list(wrap.iterchildren("{*}Choice"))[:1]  # others say the same more simply
        for one in choice.iterchildren(*(f"{{*}}{name}" for name in _SHAPES))
    )
    for shape in (*shapes, *wrapped):
        if hasattr(shape, "shapes") and depth < _MAX_DEPTH:
            yield from _flat(shape.shapes, frame.within(shape), depth + 1)
        else:
            yield _Placed(shape, frame.corner(shape), frame.box(shape))


def _content(shape: Any) -> tuple[str, ChunkKind]:
    if getattr(shape, "has_table", False) and shape.has_table:
        rows = (" | ".join(one_line(cell.text) for cell in row.cells) for row in shape.table.rows)
        return "\n".join(row for row in rows if row.strip(" |")), "table"
    if getattr(shape, "has_text_frame", False) and shape.has_text_frame:
        lines = (clean(p.text.replace("\v", "\n")).strip() for p in shape.text_frame.paragraphs)
        return "\n".join(line for line in lines if line), "body"
    return _diagram(shape), "body"


def _diagram(shape: Any) -> str:
    """Return the words of a diagram (SmartArt), which are kept in a part of their own."""
    lines: list[str] = []
    for name in shape._element.xpath(".//*[local-name()='relIds']/@r:dm"):
        try:
            lines += texts_of(shape.part.related_part(name).blob)
        except (KeyError, AttributeError):
            continue
    return "\n".join(lines)
