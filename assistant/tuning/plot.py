"""Draws what was measured as one SVG: a small chart for each figure.

Plain SVG, so that it is readable in any browser and needs no drawing library.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from assistant.store.tuning import Figure

Points = list[tuple[float, float]]
_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 340, 190, 52, 34, 16
_SKIPPED = frozenset({"rate", "member"})


def series(figures: Sequence[Figure]) -> dict[str, Points]:
    """Return (step, value) by ``stage, figure``; a step told of twice counts once."""
    found: dict[str, dict[float, float]] = {}
    for figure in figures:
        for name, value in figure.values.items():
            if name not in _SKIPPED:
                found.setdefault(f"{figure.stage}: {name}", {})[figure.step] = value
    return {name: sorted(points.items()) for name, points in found.items()}


def write_plot(path: Path, figures: Sequence[Figure]) -> None:
    """Write the charts; nothing is written where there is nothing to draw."""
    text = draw(figures)
    if text:
        temporary = path.with_suffix(".part")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)


def draw(figures: Sequence[Figure]) -> str:
    """Return the charts of a run as SVG, one for each figure of each stage, or nothing."""
    charts = series(figures)
    return charts_svg(charts, "step") if charts else ""


def charts_svg(charts: Mapping[str, Points], across: str, *, logarithmic: bool = False) -> str:
    """Return charts as SVG, two beside each other.

    Args:
        charts: points in order of x by the name of the chart; none without a point.
        across: what x is.
        logarithmic: equal steps are equal ratios, along and up; all numbers are above 0.
    """
    rows = (len(charts) + 1) // 2
    body = "".join(
        f'<g transform="translate({number % 2 * _WIDTH},{number // 2 * _HEIGHT})">'
        f"{_chart(name, points, across, logarithmic)}</g>"
        for number, (name, points) in enumerate(charts.items())
    )
    width = _WIDTH * min(2, len(charts))
    size = f'width="{width}" height="{rows * _HEIGHT}"'
    view = f'viewBox="0 0 {width} {rows * _HEIGHT}"'
    style = 'font-family="sans-serif" font-size="11" fill="#15222a"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {view} {style}>'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{body}</svg>\n'
    )


def _chart(name: str, points: Points, across: str, logarithmic: bool) -> str:
    steps, values = [p[0] for p in points], [p[1] for p in points]
    right, bottom = _WIDTH - _GAP, _HEIGHT - 34
    low, high = min(values), max(values)

    def part(value: float, start: float, end: float) -> float:
        """Where a value lies between two, from 0 to 1."""
        if logarithmic:
            value, start, end = math.log(value), math.log(start), math.log(end)
        return (value - start) / ((end - start) or abs(end) or 1.0)

    def place(step: float, value: float) -> tuple[float, float]:
        x = _LEFT + part(step, steps[0], steps[-1]) * (right - _LEFT)
        return round(x, 1), round(bottom - part(value, low, high) * (bottom - _TOP), 1)

    placed = [place(*point) for point in points]
    line = " ".join(f"{x},{y}" for x, y in placed)
    marks = (
        "".join(f'<circle cx="{x}" cy="{y}" r="2"/>' for x, y in placed) if len(placed) < 40 else ""
    )
    axes = f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" fill="none" stroke="#9fb0b8"/>'
    return (
        f'<text x="{_LEFT}" y="18" font-weight="bold">{escape(name)}</text>{axes}'
        f'<text x="{_LEFT - 6}" y="{_TOP + 4}" text-anchor="end">{_short(high)}</text>'
        f'<text x="{_LEFT - 6}" y="{bottom + 4}" text-anchor="end">{_short(low)}</text>'
        f'<text x="{_LEFT}" y="{bottom + 16}">{_short(steps[0])}</text>'
        f'<text x="{right}" y="{bottom + 16}" text-anchor="end">'
        f"{escape(across)} {_short(steps[-1])}</text>"
        f'<g fill="#0f6e84"><polyline points="{line}" fill="none" stroke="#0f6e84" '
        f'stroke-width="1.6"/>{marks}</g>'
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
