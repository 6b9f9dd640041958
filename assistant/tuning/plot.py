"""Draws what a run measured as one SVG: a small chart for each figure of each stage.

Plain SVG, so that it is readable in any browser and needs no drawing library.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """Return the charts as SVG, two beside each other, or nothing."""
    charts = series(figures)
    if not charts:
        return ""
    rows = (len(charts) + 1) // 2
    body = "".join(
        f'<g transform="translate({number % 2 * _WIDTH},{number // 2 * _HEIGHT})">'
        f"{_chart(name, points)}</g>"
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


def _chart(name: str, points: Points) -> str:
    steps, values = [p[0] for p in points], [p[1] for p in points]
    right, bottom = _WIDTH - _GAP, _HEIGHT - 34
    low, high = min(values), max(values)
    spread = (high - low) or abs(high) or 1.0

    def place(step: float, value: float) -> tuple[float, float]:
        x = _LEFT + (step - steps[0]) / ((steps[-1] - steps[0]) or 1) * (right - _LEFT)
        y = bottom - (value - low) / spread * (bottom - _TOP)
        return round(x, 1), round(y, 1)

    placed = [place(*point) for point in points]
    line = " ".join(f"{x},{y}" for x, y in placed)
    marks = (
        "".join(f'<circle cx="{x}" cy="{y}" r="2"/>' for x, y in placed) if len(placed) < 40 else ""
    )
    axes = f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" fill="none" stroke="#9fb0b8"/>'
    return (
        f'<text x="{_LEFT}" y="18" font-weight="bold">{escape(name)}</text>{axes}'
        f'<text x="{_LEFT - 6}" y="{_TOP + 4}" text-anchor="end">{high:.4g}</text>'
        f'<text x="{_LEFT - 6}" y="{bottom + 4}" text-anchor="end">{low:.4g}</text>'
        f'<text x="{_LEFT}" y="{bottom + 16}">{steps[0]:g}</text>'
        f'<text x="{right}" y="{bottom + 16}" text-anchor="end">step {steps[-1]:g}</text>'
        f'<g fill="#0f6e84"><polyline points="{line}" fill="none" stroke="#0f6e84" '
        f'stroke-width="1.6"/>{marks}</g>'
    )
