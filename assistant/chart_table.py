"""Questions put to the table of a chart: which values are meant, and what is made of them.

All by rule and exact on what was read: a value, the largest, a sum, a difference, a trend. Knows
no files and no sessions.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant import phrases
from assistant.arithmetic import calculate, plain_number
from assistant.chart_asked import Asked, asked_for, asked_of, of_kind
from assistant.chart_names import bare_name, meant_names
from assistant.i18n import Language, text
from assistant.shaping import wants_number_alone
from retrieval.charts.values import Chart, Value, number

_SHOWN = 12
"""Values that are listed one by one."""
_ALL = phrases.any_of(
    r"^(?:all|total|overall|everyone|average|mean)\b", "^(?:全体|全部|所有|总体|合计|总计|平均)"
)
"""A label of all the others together."""


@dataclass(frozen=True)
class Told:
    """What a chart tells: a sentence without marks, and the values it was made of.

    ``block`` is a text to be given as it is (JSON, CSV), in place of a sentence.
    """

    text: str
    values: tuple[Value, ...]
    block: str = ""


def tell(question: str, chart: Chart, language: Language) -> Told | None:
    """Answer a question from a chart; None when it asks for nothing that the chart has."""
    bare = phrases.NAME.sub(" ", question)
    asked = asked_of(bare)
    if asked in ("json", "csv"):
        return Told("", chart.values, _data(chart, asked))
    labels, series = meant_names(bare, chart)
    asked = asked_for(bare, labels)
    chosen = [
        v
        for v in chart.values
        if (not labels or v.x in labels) and (not series or v.series in series)
    ]
    if not chosen:
        return None
    if asked in ("max", "min"):
        return _extreme(asked, chosen, chart, language) if of_kind(bare, chosen) else None
    if asked == "difference":
        return told_difference(chosen, chart, language) if labels or series else None
    if asked == "value" and len(labels) == 1 and _either(bare, series, chart):
        return _together(chosen, chart, language, alone=wants_number_alone(question))
    if asked in ("sum", "average") and len(chosen) > 1:
        return _sum(asked, chosen, chart, language)
    if asked == "trend" and chart.kind != "pie" and len({v.x for v in chosen}) > 2:
        return _trend(chosen, chart, language)
    if labels or (series and len(series) < len(chart.series)) or asked == "all":
        return _listed(chosen, chart, language)
    return None


def _either(question: str, series: Sequence[str], chart: Chart) -> bool:
    """Whether the share of those is asked who say one thing or another: both together."""
    if len(series) < 2 or chart.unit != "%":
        return False
    names = rf"(?:{'|'.join(re.escape(n) for n in series)})"
    joined = rf"{names}(?:\s*(?:,|、)\s*{names})*\s*,?\s*(?:\bor\b|或者?)\s*(?:the )?{names}"
    return re.search(joined, question, re.IGNORECASE) is not None


# --- sentences -------------------------------------------------------------------------------


def said(value: float, printed: bool, chart: Chart, language: Language) -> str:
    """Return a value as it is said: with its unit, and “about” when it was measured."""
    plain = f"{value:,.10g}"
    if chart.unit in ("%", "€"):
        plain += chart.unit
    elif chart.unit in ("$", "£", "¥", "￥", "US$"):
        plain = chart.unit + plain
    elif chart.unit:
        plain += f" ({chart.unit})"
    return plain if printed else text("chart_about", language, value=plain)


def _note(values: Sequence[Value], language: Language) -> str:
    """Return that values were measured; nothing when all are printed."""
    return "" if all(v.printed for v in values) else text("chart_read_off", language)


def _named(value: Value, chart: Chart) -> str:
    several = len(chart.series) > 1
    return f"{value.x}, {value.series}" if several and value.series else value.x


def told_value(value: Value, chart: Chart, language: Language) -> Told:
    """Tell one value with its names: it was not asked for by them."""
    colon = "：" if language == "zh" else ": "
    names = ", ".join(name for name in (value.x, value.series) if name)
    words = names + colon + said(value.value, value.printed, chart, language)
    return Told(words + _note([value], language), (value,))


def _listed(chosen: Sequence[Value], chart: Chart, language: Language) -> Told:
    shown = chosen[:_SHOWN]
    comma = "；" if language == "zh" else "; "
    if len(shown) == 1:
        words = said(shown[0].value, shown[0].printed, chart, language)
    else:
        colon = "：" if language == "zh" else ": "
        words = comma.join(
            _named(v, chart) + colon + said(v.value, v.printed, chart, language) for v in shown
        )
    if rest := len(chosen) - len(shown):
        words += comma + text("say_more", language, count=rest).strip()
    return Told(words + _note(shown, language), tuple(shown))


def _extreme(asked: Asked, chosen: Sequence[Value], chart: Chart, language: Language) -> Told:
    """Name the largest or smallest value, and those that cannot be told from it; a row of all
    together is none of them."""
    chosen = [v for v in chosen if not _ALL.match(v.x)] or chosen
    ordered = sorted(chosen, key=lambda v: -v.value if asked == "max" else v.value)
    best = ordered[0]
    close = [
        v
        for v in ordered[1:]
        if abs(v.value - best.value) < chart.error and not (v.printed and best.printed)
    ]
    words = text(
        "chart_extreme",
        language,
        name=_named(best, chart),
        value=said(best.value, best.printed, chart, language),
    )
    if close:
        names = ("、" if language == "zh" else ", ").join(_named(v, chart) for v in close[:3])
        words += text("chart_close", language, names=names)
    return Told(words + _note([best], language), (best, *close[:3]))


def told_difference(chosen: Sequence[Value], chart: Chart, language: Language) -> Told | None:
    """Tell the difference of two values; None when there are more or fewer."""
    if len(chosen) != 2:
        return None
    high, low = sorted(chosen, key=lambda v: -v.value)
    worked = float(calculate(f"{_plain(high)} - {_plain(low)}"))
    words = text(
        "chart_difference",
        language,
        value=said(worked, high.printed and low.printed, chart, language),
        high=f"{_named(high, chart)} {number(high.value)}",
        low=f"{_named(low, chart)} {number(low.value)}",
    )
    return Told(words + _note(chosen, language), (high, low))


def _sum(asked: Asked, chosen: Sequence[Value], chart: Chart, language: Language) -> Told:
    terms = " + ".join(_plain(v) for v in chosen)
    average = asked == "average"
    worked = calculate(f"({terms}) / {len(chosen)}" if average else terms)
    shown = float(plain_number(worked))
    shown = float(f"{shown:.4g}") if not all(v.printed for v in chosen) else shown
    words = text(
        f"chart_{asked}",
        language,
        value=said(shown, all(v.printed for v in chosen), chart, language),
        count=len(chosen),
    )
    return Told(words + _note(chosen, language), tuple(chosen[:_SHOWN]))


def _together(chosen: Sequence[Value], chart: Chart, language: Language, *, alone: bool) -> Told:
    """Add up the parts of a whole that are asked for together, and name them unless the number
    is wanted alone."""
    exact = all(v.printed for v in chosen)
    worked = float(calculate(" + ".join(_plain(v) for v in chosen)))
    words = said(worked, exact, chart, language)
    if not alone:
        parts = " + ".join(
            f"{bare_name(v.series)} {said(v.value, v.printed, chart, language)}" for v in chosen
        )
        words = text("chart_either", language, value=words, parts=parts)
    return Told(words + _note(chosen, language), tuple(chosen))


def _plain(value: Value) -> str:
    return f"({plain_number(calculate(f'0 + ({value.value:f})'))})"


def _trend(chosen: Sequence[Value], chart: Chart, language: Language) -> Told:
    """Tell of each series how it goes from the first label to the last."""
    lines, used = [], []
    for name in dict.fromkeys(v.series for v in chosen):
        row = [v for v in chosen if v.series == name]
        steps = [b.value - a.value for a, b in zip(row, row[1:], strict=False)]
        if all(step > -chart.error for step in steps):
            key = "chart_rises"
        elif all(step < chart.error for step in steps):
            key = "chart_falls"
        else:
            key = "chart_up_down"
        ends = {
            place: f"{said(v.value, v.printed, chart, language)} ({v.x})"
            for place, v in (("first", row[0]), ("last", row[-1]))
        }
        lines.append((f"{name}: " if name else "") + text(key, language, **ends))
        used += [row[0], row[-1]]
    return Told("; ".join(lines) + _note(used, language), tuple(used))


def _data(chart: Chart, form: Asked) -> str:
    if form == "json":
        return "```json\n" + json.dumps(chart.to_json(), ensure_ascii=False, indent=1) + "\n```"
    stream = io.StringIO()
    rows = csv.writer(stream, lineterminator="\n")
    rows.writerow(["", *(name or chart.unit or "value" for name in chart.series)])
    held = {(v.x, v.series): number(v.value) for v in chart.values}
    for label in chart.labels:
        rows.writerow([label, *(held.get((label, name), "") for name in chart.series)])
    return f"```csv\n{stream.getvalue()}```"
