"""Presentations: each slide is a page; title, text, tables and notes, with their places.

Slides are not drawn (that needs a layout engine). Knows nothing of chunks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from retrieval.errors import FileDamaged, FileTooLarge
from retrieval.parse.archive import check_archive
from retrieval.parse.base import Limits, ParseTools, Source, clean, one_line
from retrieval.parse.docx import core_properties
from retrieval.parse.figures import figure_of
from retrieval.parse.pictured import Pictured
from retrieval.values import Block, Box, ChunkKind, Figure, Header, PageLocator, Parsed

_MAX_DEPTH = 8


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
    size = (int(deck.slide_width or 1), int(deck.slide_height or 1))
    pictured = Pictured(tools)
    for index, slide in enumerate(slides):
        yield from _slide(slide, index, size, limits, pictured)


def _slide(
    slide: Any, index: int, size: tuple[int, int], limits: Limits, pictured: Pictured
) -> Iterator[Block | Figure]:
    title = slide.shapes.title
    heading = one_line(title.text_frame.text) if title is not None and title.has_text_frame else ""
    shapes = [item for shape in slide.shapes for item in _flat(shape, 0)]
    shapes.sort(
        key=lambda s: (title is None or s.shape_id != title.shape_id, s.top or 0, s.left or 0)
    )
    for shape in shapes:
        text, kind = _content(shape)
        locator = PageLocator(index + 1, _boxes(shape, size))
        if text:
            yield Block(text, kind, locator, unit=index, heading=heading)
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


def _image(shape: Any) -> bytes:
    try:
        data: bytes = shape.image.blob
    except Exception:  # no picture, or one that is linked and not inside
        return b""
    return data


def _flat(shape: Any, depth: int) -> Iterator[Any]:
    if hasattr(shape, "shapes") and depth < _MAX_DEPTH:
        for inner in shape.shapes:
            yield from _flat(inner, depth + 1)
    else:
        yield shape


def _content(shape: Any) -> tuple[str, ChunkKind]:
    if getattr(shape, "has_table", False) and shape.has_table:
        rows = (" | ".join(one_line(cell.text) for cell in row.cells) for row in shape.table.rows)
        return "\n".join(row for row in rows if row.strip(" |")), "table"
    if getattr(shape, "has_chart", False) and shape.has_chart:
        return _chart(shape.chart), "table"
    if getattr(shape, "has_text_frame", False) and shape.has_text_frame:
        lines = (clean(p.text.replace("\v", "\n")).strip() for p in shape.text_frame.paragraphs)
        return "\n".join(line for line in lines if line), "body"
    return "", "body"


def _chart(chart: Any) -> str:
    """Return the numbers behind a chart as rows; a chart is a table that was drawn."""
    rows: list[str] = []
    try:
        if chart.has_title:
            rows.append(one_line(chart.chart_title.text_frame.text))
        for plot in chart.plots:
            names = [one_line(str(name)) for name in plot.categories]
            for series in plot.series:
                pairs = zip(names, series.values, strict=False)
                values = " | ".join(
                    f"{name}: {value:g}" for name, value in pairs if value is not None
                )
                rows.append(f"{one_line(series.name)}: {values}")
    except Exception:  # charts without cached numbers have nothing to tell
        return ""
    return "\n".join(row for row in rows if row)


def _boxes(shape: Any, size: tuple[int, int]) -> tuple[Box, ...]:
    if shape.left is None or shape.top is None or not shape.width or not shape.height:
        return ()
    width, height = size
    corners = (
        shape.left / width,
        shape.top / height,
        (shape.left + shape.width) / width,
        (shape.top + shape.height) / height,
    )
    x0, y0, x1, y1 = (round(min(1.0, max(0.0, v)), 5) for v in corners)
    return ((x0, y0, x1, y1),)
