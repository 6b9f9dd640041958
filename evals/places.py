"""How well a cited place agrees with where the evidence is: page, region, seconds, characters."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.values import (
    Box,
    CellLocator,
    Locator,
    PageLocator,
    RegionLocator,
    TextLocator,
    TimeLocator,
)


def span_iou(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Return the overlap of two spans over their union, 0..1."""
    overlap = min(first[1], second[1]) - max(first[0], second[0])
    union = max(first[1], second[1]) - min(first[0], second[0])
    return max(0.0, overlap) / union if union > 0 else 0.0


def box_iou(first: Box, second: Box) -> float:
    """Return the common area of two boxes over the area of both, 0..1."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    common = max(0.0, width) * max(0.0, height)
    union = _area(first) + _area(second) - common
    return common / union if union > 0 else 0.0


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def hull(boxes: Sequence[Box]) -> Box:
    """Return the smallest box around boxes; there is at least one."""
    return (
        min(b[0] for b in boxes), min(b[1] for b in boxes),
        max(b[2] for b in boxes), max(b[3] for b in boxes),
    )  # fmt: skip


def agreement(wanted: Locator, cited: Locator) -> float:
    """Return how well a cited place fits, 0..1; places of different kinds do not.

    Pages fit or not, whatever the boxes; regions, seconds, characters and the rows of a sheet by
    intersection over union.
    """
    if isinstance(wanted, CellLocator) and isinstance(cited, CellLocator):
        both, either = set(wanted.rows) & set(cited.rows), set(wanted.rows) | set(cited.rows)
        return len(both) / len(either) if either and wanted.page == cited.page else 0.0
    if isinstance(wanted, PageLocator) and isinstance(cited, PageLocator):
        return float(wanted.page == cited.page)
    if isinstance(wanted, RegionLocator) and isinstance(cited, RegionLocator):
        return box_iou(wanted.region, cited.region)
    if isinstance(wanted, TimeLocator) and isinstance(cited, TimeLocator):
        return span_iou((wanted.start, wanted.end), (cited.start, cited.end))
    if isinstance(wanted, TextLocator) and isinstance(cited, TextLocator):
        return span_iou((wanted.start, wanted.end), (cited.start, cited.end))
    return 0.0


def overlaps(wanted: Locator, cited: Locator) -> bool:
    """Tell whether a cited place touches the wanted one."""
    return agreement(wanted, cited) > 0.0


def boxes_agreement(wanted: PageLocator, cited: PageLocator) -> float | None:
    """Return the overlap of the boxes of a page, None when the page or a box is missing."""
    if wanted.page != cited.page or not wanted.boxes or not cited.boxes:
        return None
    return box_iou(hull(wanted.boxes), hull(cited.boxes))
