"""The words at bars in rows: before or over each row, in a bar, behind the samples of a legend."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.charts.grouping import lines_of, runs_of
from retrieval.charts.ink import Rect
from retrieval.charts.labels import Label
from retrieval.charts.rows import Bar, Rows

GAP = 1.2
"""Letter heights between a chart and what stands beside it."""


def row_names(rows: Rows, words: Sequence[Label]) -> dict[tuple[int, int], list[Label]]:
    """Return the words that name each row of each panel: before its bars, or over each of them."""
    keys = list(dict.fromkeys((bar.row, bar.panel) for bar in rows.bars))
    before = {key: named for key in keys if (named := _beside(rows, *key, words))}
    if 2 * len(before) > len(keys):
        return before
    return {key: named for key in keys if (named := _above(rows, *key, words))}


def _above(rows: Rows, row: int, panel: int, words: Sequence[Label]) -> list[Label]:
    """Return the words just over a row of a panel, where it begins."""
    bars = [b.rect for b in rows.bars if (b.row, b.panel) == (row, panel)]
    top, start = min(r.y0 for r in bars), rows.panels[panel][0]
    near = [o for o in words if o.y1 <= top + 3 and top - o.y1 < 1.2 * o.size]
    for line in reversed(lines_of(near)):
        for run in runs_of(line, GAP):
            if abs(run[0].x0 - start) < 2 * run[0].size:
                return run
    return []


def words_in(bar: Bar, words: Sequence[Label]) -> list[Label]:
    """Return the words in a bar that are no numbers."""
    rect = bar.rect
    return [
        o
        for o in words
        if rect.x0 <= o.x0 and o.x1 <= rect.x1 and rect.y0 < o.cy < rect.y1 and o.number is None
    ]


def _beside(rows: Rows, row: int, panel: int, words: Sequence[Label]) -> list[Label]:
    """Return the words before a panel that name a row of it, or of all panels."""
    start, middle = rows.panels[panel][0], rows.rows[row]
    apart = [abs(other - middle) for n, other in enumerate(rows.rows) if n != row]
    reach = min([0.8 * rows.thick, *(0.5 * gap for gap in apart)])
    level = [
        o
        for o in words
        if abs(o.cy - middle) < reach
        and o.x1 <= start + 3
        and not any(a < o.cx < b for a, b in rows.panels)
    ]
    named: list[Label] = []
    for word in sorted(level, key=lambda o: -o.x1):
        if named and min(o.x0 for o in named) - word.x1 > 1.2 * word.size:
            break
        named.append(word)
    return named


def legend_of(rows: Rows, words: Sequence[Label], rects: Sequence[Rect]) -> dict[int, list[Label]]:
    """Return the words behind a sample of each bar's colour; nothing unless every colour has
    some."""
    bars = {bar.rect for bar in rows.bars}
    used = {rect.colour for rect in bars}
    samples = [  # letters of that colour are none
        r
        for r in rects
        if r not in bars
        and r.colour in used
        and not any(o.x0 < r.cx < o.x1 and o.y0 < (r.y0 + r.y1) / 2 < o.y1 for o in words)
    ]
    lines = lines_of(words)
    found: dict[int, list[Label]] = {}
    for sample in samples:
        line = next((w for w in lines if sample.y0 < w[0].cy < sample.y1), [])
        ends = [r.x0 for r in samples if r.x0 > sample.x1 and r.y0 < sample.y1 and r.y1 > sample.y0]
        end = min(ends, default=rows.panels[-1][1] * 2)
        after = [o for o in line if sample.x1 - 2 < o.x0 < end]
        small = line and max(sample.width, sample.height) < 3 * line[0].size
        if small and after and after[0].x0 - sample.x1 < 1.8 * after[0].size:
            found.setdefault(sample.colour, runs_of(after, GAP)[0])
    return found if len(used) > 1 and len(found) == len(used) else {}
