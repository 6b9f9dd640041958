"""Small plots as SVG text: bars with intervals, a risk–coverage curve, paired differences.

Pure functions of numbers; colours come from the page's style. Knows nothing of runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

WIDTH = 200
_CURVE = (420, 220, 34)  # width, height, margin


def bar(value: float, pair: tuple[float, float] | None, full: float) -> str:
    """Draw a figure, and its interval if there is one, on a line from 0 to ``full``."""
    x = _along(value, full)
    line = ""
    if pair is not None:
        low, high = (_along(v, full) for v in pair)
        line = f'<line x1="{low}" x2="{high}" y1="7" y2="7"/>'
    return (
        f'<svg width="{WIDTH}" height="14" role="img"><rect class="all" width="{WIDTH}" height="10"'
        f' y="2"/><rect class="got" width="{x}" height="10" y="2"/>{line}</svg>'
    )


def _along(value: float, full: float) -> float:
    return round(WIDTH * min(max(value / full, 0.0), 1.0), 1)


def difference(value: float, pair: Sequence[float] | None, full: float) -> str:
    """Draw a difference with its interval, if any, about a middle line; ``full`` is the widest."""
    middle = WIDTH / 2

    def at(v: float) -> float:
        return round(middle + (middle - 4) * min(max(v / full, -1.0), 1.0), 1)

    low, high = (at(end) for end in pair or (value, value))
    return (
        f'<svg width="{WIDTH}" height="14" role="img">'
        f'<line class="zero" x1="{middle}" x2="{middle}" y1="0" y2="14"/>'
        f'<line x1="{low}" x2="{high}" y1="7" y2="7"/>'
        f'<circle cx="{at(value)}" cy="7" r="3.5"/></svg>'
    )


def curves(lines: Sequence[tuple[str, NDArray[np.float64]]], across: str, up: str) -> str:
    """Draw curves of values in 0..1, each over 0 to 1 in equal steps; names in the legend.

    Args:
        lines: (name, values [n]); at most four are told apart.
        across, up: names of the axes.
    """
    width, height, margin = _CURVE
    inner, tall = width - 2 * margin, height - 2 * margin
    drawn = []
    for place, (name, values) in enumerate(lines):
        steps = (np.arange(len(values)) + 1) / max(1, len(values))
        points = " ".join(
            f"{margin + inner * x:.1f},{margin + tall * (1 - min(max(y, 0.0), 1.0)):.1f}"
            for x, y in zip(steps, values, strict=True)
        )
        style = f"c{place % 4}"
        drawn.append(f'<polyline class="{style}" points="{points}"/>')
        drawn.append(
            f'<text class="{style}" x="{margin + 8}" y="{margin + 14 + 15 * place}">'
            f"{escape(name)}</text>"
        )
    ticks = "".join(
        f'<text x="{margin + inner * v - 8:.0f}" y="{height - margin + 15}">{v:g}</text>'
        f'<text x="4" y="{margin + tall * (1 - v) + 4:.0f}">{v:g}</text>'
        for v in (0.0, 0.5, 1.0)
    )
    return (
        f'<svg class="curve" width="{width}" height="{height}" role="img">'
        f'<rect class="all" x="{margin}" y="{margin}" width="{inner}" height="{tall}"/>{ticks}'
        f'<text x="{width / 2 - 30:.0f}" y="{height - 4}">{escape(across)}</text>'
        f'<text x="4" y="{margin - 12}">{escape(up)}</text>{"".join(drawn)}</svg>'
    )


def histogram(values: Sequence[float], bins: int = 24) -> str:
    """Draw how often values fall into equal steps from 0 to the largest, as bars."""
    if not values:
        return ""
    counts, _ = np.histogram(values, bins=bins, range=(0.0, max(values) or 1.0))
    step, tall = WIDTH / bins, 40.0
    bars = "".join(
        f'<rect class="got" x="{step * place:.1f}" width="{step - 1:.1f}" '
        f'y="{tall - tall * count / counts.max():.1f}" height="{tall * count / counts.max():.1f}"/>'
        for place, count in enumerate(counts)
    )
    return f'<svg width="{WIDTH}" height="{tall:.0f}" role="img">{bars}</svg>'
