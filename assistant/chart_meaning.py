"""Which value of a chart a question means that does not name it: by meaning.

"What part of the night crew does not feel at ease on the way to where they parked?" asks for
"I feel safe walking to the car park: Disagree". Each value is a short text, its names and the
chart's title; the one likest to the question is meant when no sentence found is as like, and no
other label or series nearly as like. Knows no graph.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from assistant import phrases
from assistant.chart_asked import asked_of
from assistant.chart_names import meant_names
from assistant.likeness import Likeness
from assistant.nearness import nearest
from retrieval.charts.values import Chart, Value
from retrieval.values import Passage

OVER_TEXT, OVER_LABELS, OVER_SERIES = 0.005, 0.005, 0.0003
"""How much likelier a value must be than the likest sentence found (asked), than one of another
label, and of another series (plain): set on 70 questions on 14 files, of which 22 ask for a value
of a chart; of those 10 are answered rightly and none wrongly with it, without it 3 and 4."""
_MOST = 400
"""Values that are compared; a report with more has tables rather than charts."""
_AMOUNT = phrases.any_of(
    r"\bhow (?:many|much|long|often|big|large)\b|\bper ?cent(?:age)?\b|\bshare\b|\bproportion\b"
    r"|\bwhat (?:part|fraction|rate)\b",
    "多少|百分之|比例|占比|占多|几成|多长|多久|几分钟|几小时|几个",
)
_PERIOD = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


class Meant(NamedTuple):
    """A value that is meant, and the number of its chart."""

    chart: int
    value: Value


def value_meant(
    question: str,
    charts: Sequence[Chart],
    abouts: Sequence[str],
    found: Sequence[Passage],
    likeness: Likeness,
) -> Meant | None:
    """Return the value of the charts that a question means; None when that cannot be told.

    Args:
        charts: those that were found.
        abouts: of each chart, what else is known: its file's name, its heading.
        found: all passages found, whose sentences' cosines are known.
    """
    cells = [
        Meant(number, value)
        for number, (chart, about) in enumerate(zip(charts, abouts, strict=True))
        for value in open_values(question, chart, about)
    ]
    if not 1 <= len(cells) <= _MOST or not asks_amount(question):
        return None
    said = [value_text(charts[cell.chart], cell.value) for cell in cells]
    cosines = likeness(question, said)
    at = int(np.argmax(cosines.plain))
    cell = cells[at]
    if not asked_over(question, float(cosines.asked[at]), found, OVER_TEXT):
        return None
    here = [n for n, other in enumerate(cells) if other.chart == cell.chart]
    labels = [n for n in here if cells[n].value.x != cell.value.x]
    series = [n for n in here if cells[n].value.series != cell.value.series]
    clear = _over(cosines.plain, at, labels, OVER_LABELS) and _over(
        cosines.plain, at, series, OVER_SERIES
    )
    return cell if clear else None


def asked_over(question: str, cosine: float, found: Sequence[Passage], least: float) -> bool:
    """Whether a cosine (asked) is that much over the one of the likest sentence found."""
    best = nearest(question, [p for p in found if p.kind != "chart"])
    return bool(best) and cosine - max(best.values()) >= least


def asks_amount(question: str) -> bool:
    """Whether a question asks for one amount, and not for what is made of several."""
    return asked_of(question) == "value" and _AMOUNT.search(question) is not None


def open_values(question: str, chart: Chart, about: str) -> list[Value]:
    """Return the values of a chart that a question may mean: of what it names, of its years."""
    whole = " ".join((chart.title, about, *chart.labels, *chart.series))
    if any(year not in whole for year in _PERIOD.findall(question)):
        return []
    labels, series = meant_names(question, chart)
    return [
        v
        for v in chart.values
        if (not labels or v.x in labels) and (not series or v.series in series)
    ]


def value_text(chart: Chart, value: Value) -> str:
    """Return a value's names and its chart's title, as a text to be compared."""
    series = value.series.replace(": ", ", ")
    names = f"{value.x}: {series}" if series else value.x
    return f"{names}. {chart.title}"


def _over(cosines: NDArray[np.float32], at: int, others: Sequence[int], least: float) -> bool:
    return not others or bool(cosines[at] - cosines[list(others)].max() >= least)
