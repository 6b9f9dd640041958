"""Which two values of a chart are taken from each other, when the question names only their labels.

"How many more gear jobs did we do in 2024 than in 2021?" names two labels; of the series, the
likest one is meant. The highest and lowest are not looked for in this way: cosines do not tell
"who grew the biggest pumpkin" from what a chart of harvests shows. Knows no graph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from assistant.chart_meaning import OVER_TEXT, asked_over, open_values, value_text
from assistant.chart_names import meant_names
from assistant.likeness import Likeness
from retrieval.charts.values import Chart, Value
from retrieval.values import Passage

OVER_OTHERS = 0.0025
"""How much likelier a series must be than the next one: by the mean of its values' cosines."""
_MOST, _TWO = 400, 2


class Pair(NamedTuple):
    """The number of a chart, and its two values that are meant."""

    chart: int
    values: tuple[Value, Value]


def pair_meant(
    question: str,
    charts: Sequence[Chart],
    abouts: Sequence[str],
    found: Sequence[Passage],
    likeness: Likeness,
) -> Pair | None:
    """Return the two values of one series of which a question wants the difference.

    Args:
        charts, abouts, found: see ``chart_meaning.value_meant``.
    """
    every = [
        (number, value)
        for number, (chart, about) in enumerate(zip(charts, abouts, strict=True))
        if len(meant_names(question, chart)[0]) == _TWO
        for value in open_values(question, chart, about)
    ]
    if not 1 < len(every) <= _MOST:
        return None
    cosines = likeness(question, [value_text(charts[n], value) for n, value in every])
    best = int(cosines.asked.argmax())
    if not asked_over(question, float(cosines.asked[best]), found, OVER_TEXT):
        return None
    number = every[best][0]
    near = [(v, float(c)) for (n, v), c in zip(every, cosines.plain, strict=True) if n == number]
    held = _likest_series(near)
    return Pair(number, (held[0], held[1])) if len(held) == _TWO else None


def _likest_series(near: Sequence[tuple[Value, float]]) -> list[Value]:
    """Return the values of the series that is meant: the only one, or clearly the likest."""
    cosines = defaultdict[str, list[float]](list)
    for value, cosine in near:
        cosines[value.series].append(cosine)
    means = {name: fmean(held) for name, held in cosines.items()}
    first, *others = sorted(means, key=lambda name: -means[name])
    clear = not others or means[first] - means[others[0]] >= OVER_OTHERS
    return [value for value, _ in near if value.series == first] if clear else []
