"""The names of bars in rows: beside each row, over each series, over each panel; and the title.

Words count by where they stand and, over bars of several colours, by their own colour. A name is
never guessed: without one over it, a series is called by its colour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from retrieval.charts.beside import GAP, legend_of, row_names, words_in
from retrieval.charts.grouping import WORDS, blocks_of, lines_of, middle_of, runs_of, text_of
from retrieval.charts.ink import Array, Rect
from retrieval.charts.labels import Label
from retrieval.charts.legend import colour_name
from retrieval.charts.rows import Bar, Rows

Ink = Callable[[Label], Array]
"""The colour that a word is printed in, float32 [3]."""
_NEAR = 2.2
"""Letter heights between the first row and what stands over it."""
_LINE = 0.8
"""Letter heights between two lines of one text."""
_FAR = 4.0
"""Letter heights between names of series and the title."""
_LINES = 7
_LIKE = 70.0
"""Distance in RGB up to which words are in the colour of a bar."""
_GREY = 40.0
"""Spread of channels up to which words are black or grey."""
_LONGEST = 300
_ASIDE = 60
"""Pixels that names may stand beyond the last bar."""


@dataclass(frozen=True)
class Names:
    """The names of a chart's bars, of each its row and its series, and the title."""

    bars: dict[Bar, tuple[str, str]]
    title: str
    box: tuple[float, float, float, float]
    """What bars and names take, in pixels."""
    told: tuple[Label, ...]
    """The numbers of bars and the names of rows."""


def names_of(
    rows: Rows,
    words: Sequence[Label],
    rects: Sequence[Rect],
    colours: Sequence[Array],
    ink: Ink,
) -> Names:
    """Return the names of bars in rows; a bar of a row without a name is left out.

    Args:
        words: each a label of its own.
        rects: all filled areas; samples of a legend are among them.
        colours: of the bars, by number.
        ink: tells the colour of a word.
    """
    numbers = {bar.number for bar in rows.bars}
    free = [o for o in words if o not in numbers]
    beside = row_names(rows, free)
    first = min([o.x0 for named in beside.values() for o in named], default=rows.panels[0][0])
    inner = {b: text_of(held) for b in rows.bars if (held := words_in(b, free))}
    keys = legend_of(rows, free, rects)
    keyed = [o for held in keys.values() for o in held]
    own = {o for named in beside.values() for o in named}
    above = [o for o in free if o.y1 <= rows.top + 2 and o not in keyed and o not in own]
    over = _Over(rows, above, first, inner, ink)
    over.top = min([over.top, *(o.y0 for o in own | set(keyed) if o.y1 <= rows.top + 2)])
    series = over.series(colours, keys)
    title = over.title()
    bars = {
        b: (text_of(beside[b.row, b.panel]), inner.get(b) or series[b.panel, b.rect.colour])
        for b in rows.bars
        if (b.row, b.panel) in beside
    }
    foot = max(b.rect.y1 for b in rows.bars)
    told = {o for o in numbers if o is not None} | own
    end = max([rows.panels[-1][1], *(o.x1 for o in numbers if o is not None)])
    box = (min(first, rows.panels[0][0]), over.top, end, foot)
    return Names(bars, title, box, tuple(told))


class _Over:
    """The words over a chart, taken away from the bottom up: series, panels, title."""

    def __init__(
        self,
        rows: Rows,
        words: Sequence[Label],
        first: float,
        inner: Mapping[Bar, str],
        ink: Ink,
    ) -> None:
        self._rows, self._first = rows, min(first, rows.panels[0][0])
        self._inner = inner
        self._ink = {word: ink(word) for word in words}
        self.top: float = rows.top
        self._last = rows.panels[-1][1]
        self._words = list(words)

    def series(
        self, colours: Sequence[Array], keys: Mapping[int, list[Label]]
    ) -> dict[tuple[int, int], str]:
        """Return the names of the series, with that of their panel where there are several.

        Args:
            colours: of the bars, by number.
            keys: what a legend calls each colour; empty without one.
        """
        panels = range(len(self._rows.panels))
        shades = {p: self._shades(p) for p in panels}
        if len(panels) == 1 and (len(shades[0]) == 1 or self._alone()):
            return {(0, bar.rect.colour): "" for bar in shades[0]}
        names: dict[tuple[int, int], str] = {}
        taken: list[Label] = []
        for panel, bars in shades.items():
            zone = self._zone(self._column(panel), self.top, _NEAR)
            found = keys or self._by_colour(bars, zone, colours)
            found = found or self._by_place(panel, bars, zone)
            for bar in bars:
                held = found.get(bar.rect.colour, [])
                taken += [o for o in held if not keys]
                name = text_of(held) or colour_name(colours[bar.rect.colour])
                names[panel, bar.rect.colour] = name
        self._take(taken)
        if all(len(bars) == 1 for bars in shades.values()):
            return names
        heads = self._panels()
        return {(p, c): f"{heads[p]}: {n}" if p in heads else n for (p, c), n in names.items()}

    def title(self) -> str:
        """Return the lines over what is left, from the top."""
        kept: list[list[Label]] = []
        lines = reversed(lines_of(self._words))
        runs = [run for line in lines for run in reversed(runs_of(line, GAP))]
        for line in (r for r in runs if r[0].x0 < self._last and r[-1].x1 > self._first):
            size = max(o.size for o in line)
            gap = self.top - max(o.y1 for o in line)
            if len(kept) == _LINES or gap > (1.6 if kept else _FAR) * size:
                break
            kept.append(line)
            self.top = min(self.top, *(o.y0 for o in line))
        kept = _from_largest(kept[::-1])
        self.top = min([o.y0 for o in kept[0]], default=self.top) if kept else self.top
        return " ".join(text_of(line) for line in kept)[:_LONGEST]

    def _alone(self) -> bool:
        """Whether every row has one bar: one series, whatever their colours."""
        rows = [bar.row for bar in self._rows.bars]
        return len(set(rows)) == len(rows)

    def _shades(self, panel: int) -> list[Bar]:
        """Return the first bar of each colour of a panel, from left to right in its row."""
        firsts: dict[int, Bar] = {}
        for bar in self._rows.bars:
            if bar.panel == panel:
                firsts.setdefault(bar.rect.colour, bar)
        return sorted(firsts.values(), key=lambda b: b.rect.cx)

    def _column(self, panel: int) -> list[Label]:
        """Return the words that stand over a panel rather than over another or over several."""
        spans = self._rows.panels
        first, last = self._first - 4, self._last + _ASIDE
        found: list[Label] = []
        for line in lines_of(self._words):
            for run in runs_of(line, WORDS):
                middle = middle_of(run)
                over = [a for a, b in spans if run[0].x0 < b and run[-1].x1 > a]
                off = [max(a - middle, middle - b, 0.0) for a, b in spans]
                if len(over) < 2 and first <= middle <= last and off[panel] == min(off):
                    found += run
        return found

    def _zone(self, words: Sequence[Label], under: float, near: float) -> list[Label]:
        """Return the lines just over a place that are of one size and close together."""
        kept: list[Label] = []
        for line in sorted(lines_of(words), key=lambda w: -max(o.y1 for o in w)):
            size = max(o.size for o in line)
            gap = under - max(o.y1 for o in line)
            if gap > (_LINE if kept else near) * size:
                break
            if kept and not self._alike(line, kept):
                break
            kept += line
            under = min(o.y0 for o in line)
        return kept

    def _alike(self, line: Sequence[Label], kept: Sequence[Label]) -> bool:
        """Whether a line is of the size and of a colour of lines under it."""
        size = max(o.size for o in line)
        close = abs(size - max(o.size for o in kept)) < 0.25 * size
        return close and any(_off(self._ink[a], self._ink[b]) < _LIKE for a in line for b in kept)

    def _by_colour(
        self, bars: Sequence[Bar], zone: Sequence[Label], colours: Sequence[Array]
    ) -> dict[int, list[Label]]:
        """Return the words in each bar's colour; nothing unless every bar has some."""
        found: dict[int, list[Label]] = {}
        for word in zone:
            shade = self._ink[word]
            if np.ptp(shade) < _GREY:
                continue
            off = {b.rect.colour: _off(shade, colours[b.rect.colour]) for b in bars}
            best = min(off, key=lambda c: off[c])
            if off[best] < _LIKE:
                found.setdefault(best, []).append(word)
        return found if len(bars) > 1 and len(found) == len(bars) else {}

    def _by_place(
        self, panel: int, bars: Sequence[Bar], zone: Sequence[Label]
    ) -> dict[int, list[Label]]:
        """Return the words over each bar of the first row, in order and nearest."""
        if len(bars) == 1:
            return {bars[0].rect.colour: list(zone)}
        bars = [b for b in bars if b not in self._inner]
        blocks = blocks_of(zone, self._base(panel))
        if len(blocks) < len(bars):
            return {}
        middles = [b.rect.cx for b in bars]
        best = (
            min(
                combinations(blocks, len(bars)),
                key=lambda some: sum(
                    abs(middle_of(w) - m) for w, m in zip(some, middles, strict=True)
                ),
            )
            if len(blocks) <= 12
            else ()
        )
        return {b.rect.colour: w for b, w in zip(bars, best, strict=False)}

    def _base(self, panel: int) -> float | None:
        """Return where bars of every row meet, one to each side; None where they do not."""
        meets: set[int] = set()
        for row in range(len(self._rows.rows)):
            ends = [b.rect for b in self._rows.bars if (b.row, b.panel) == (row, panel)]
            if len(ends) == 2:
                meets.add(round(min(ends[0].x1, ends[1].x1)))
        if len(meets) < 2 or max(meets) - min(meets) > 5:
            return None
        return sum(meets) / len(meets)

    def _take(self, words: Sequence[Label]) -> None:
        self._words = [o for o in self._words if o not in words]
        self.top = min([self.top, *(o.y0 for o in words)])

    def _panels(self) -> dict[int, str]:
        """Return what stands over each panel, as long as it does over every one."""
        panels = range(len(self._rows.panels))
        heads: dict[int, str] = {}
        while len(panels) > 1:
            held = {p: self._zone(self._column(p), self.top, _FAR) for p in panels}
            if not all(held.values()):
                break
            heads = {p: f"{text_of(held[p])} {heads.get(p, '')}".strip() for p in panels}
            self._take([o for words in held.values() for o in words])
        return heads


def _from_largest(lines: Sequence[list[Label]]) -> list[list[Label]]:
    """Return lines from the first that is as large as any: what stands over a title is text."""
    sizes = [max(o.size for o in line) for line in lines]
    first = next((n for n, size in enumerate(sizes) if size > 0.93 * max(sizes)), 0)
    return list(lines[first:])


def _off(one: Array, other: Array) -> float:
    return float(((one - other) ** 2).sum() ** 0.5)
