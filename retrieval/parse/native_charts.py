"""Charts that Office files keep as numbers, read from the part that holds them (DrawingML).

Nothing is measured: a chart's series carry the values they were last drawn from, and every value
is exact. Each kind and each unit of a chart is a ``Chart`` of its own: bars with a line on a
second axis are two. What else is written in it (titles of axes, labels put by hand) is handed
back as text. Values that are not kept in the chart, hidden series and charts of the newer kind
(waterfall, tree map) are not read. Knows no slides and no documents.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from retrieval.charts.values import Chart, Kind, Value, number
from retrieval.parse.base import one_line
from retrieval.parse.number_formats import Shown, date_as_shown, is_date, shown_by
from retrieval.parse.office_xml import A, drawn_text, root_of
from retrieval.values import Box

_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_KINDS: dict[str, Kind] = {
    "bar": "bar", "bar3D": "bar", "radar": "bar", "surface": "bar", "surface3D": "bar",
    "line": "line", "line3D": "line", "area": "line", "area3D": "line", "stock": "line",
    "pie": "pie", "pie3D": "pie", "doughnut": "pie", "ofPie": "pie",
    "scatter": "scatter", "bubble": "scatter",
}  # fmt: skip
_MOST = 4000
"""Values of one chart; of a larger one only the names are told, since a part would be wrong about
its highest and its sum."""
_WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
_BRACKETS = re.compile(r"[(（\[]([^)）\]]{1,24})[)）\]]\s*$")
_SCALE = re.compile(
    r"thousand|million|billion|\b(?:k|m|bn)\b|[$£€¥](?:k|m|bn)\b|000|[千万亿]", re.IGNORECASE
)


@dataclass(frozen=True)
class Native:
    """What one chart part tells: its tables, and the words in it that they do not have."""

    charts: tuple[Chart, ...] = ()
    text: str = ""


@dataclass(frozen=True)
class _Series:
    """One series: its kind, how its values are shown, and (place, label, value) of each."""

    kind: Kind
    name: str
    shown: Shown
    points: tuple[tuple[int, str, float], ...]


def read_native(xml: bytes, named: str = "", box: Box = _WHOLE) -> Native:
    """Return what a chart part holds; nothing of a damaged one.

    Args:
        xml: the part.
        named: what the chart is called when it has no title of its own.
        box: its place on the page, which is that of all its values.
    """
    try:
        return _read(root_of(xml), named, box)
    except Exception:  # what is wrong in a chart is no reason to refuse the file around it
        return Native()


def apart(charts: Sequence[Chart], told: set[str]) -> list[Chart]:
    """Return charts under names that no other one of the page has, and note them in ``told``:
    charts whose heads read the same are taken for parts of one."""
    found = []
    for chart in charts:
        count, title = 1, chart.title
        while (head := chart.words()[0].text) in told:
            count += 1
            chart = replace(chart, title=f"{title} ({count})")
        told.add(head)
        found.append(chart)
    return found


def _read(root: Any, named: str, box: Box) -> Native:
    chart = root.find(f"{_C}chart")
    if chart is None:
        return Native()
    dates = root.find(f"{_C}date1904")
    from_1904 = dates is not None and dates.get("val", "1") in ("1", "true")
    series = list(_series(chart, from_1904))
    own, rest = _title(chart, series), _words(chart)
    title = own or _field(named)
    if sum(len(one.points) for one in series) > _MOST:
        told = [title, *(one.name for one in series), *rest]
        return Native((), "\n".join(dict.fromkeys(line for line in told if line)))
    charts = tuple(_tables(series, title, box))
    known = " ".join(f"{c.title} {c.unit}" for c in charts)
    left = [line for line in dict.fromkeys(rest) if line not in known]
    if not charts:
        return Native((), "\n".join([*([own] if own else []), *left]))
    return Native(charts, "\n".join([title, *left] if left and title else left))


def _tables(series: Sequence[_Series], title: str, box: Box) -> Iterator[Chart]:
    """Yield a table of the series of each kind and unit, one label after the other."""
    for kind, unit in dict.fromkeys((one.kind, one.shown.unit) for one in series):
        mine = [one for one in series if (one.kind, one.shown.unit) == (kind, unit)]
        rows = [
            (0 if kind == "scatter" else place, count, Value(label, one.name, value, box, True))
            for count, one in enumerate(mine)
            for place, label, value in one.points
        ]
        rows.sort(key=lambda row: row[:2])
        if values := tuple(value for _, _, value in rows):
            yield Chart(kind, title, unit, values, 0.0, 1.0, box)


def _series(chart: Any, from_1904: bool) -> Iterator[_Series]:
    """Yield the series of all plots of a chart; several that have no name are numbered."""
    area = chart.find(f"{_C}plotArea")
    found = [] if area is None else [
        (plot, one, kind)
        for plot in area
        if isinstance(plot.tag, str) and plot.tag.startswith(_C) and plot.tag.endswith("Chart")
        and (kind := _KINDS.get(plot.tag[len(_C) : -len("Chart")]))
        for one in plot.findall(f"{_C}ser")
    ]  # fmt: skip
    for count, (plot, one, kind) in enumerate(found, 1):
        axes = _axes(area, plot)
        name = " ".join(_plain(one.find(f"{_C}tx")).values())
        name = _field(name) or (f"Series {count}" if len(found) > 1 else "")
        labels = _labels(one, plot, axes, from_1904)
        values = one.find(f"{_C}val")
        read = _numbers(one.find(f"{_C}yVal") if values is None else values)
        if kind == "pie" and _shows_shares(plot, one) and (total := sum(read.values())) > 0:
            read = {place: value / total for place, value in read.items()}
            shown = Shown("%", 100)
        else:
            shown = _shown(one, plot, axes, name)
        places = max(1, shown.decimals)
        points = (
            (p, labels.get(p) or str(p + 1), round(v * 100, places) if shown.factor > 1 else v)
            for p, v in sorted(read.items())
        )
        yield _Series(kind, name, shown, tuple(points))


# --- names and numbers ------------------------------------------------------------------------


def _plain(holder: Any) -> dict[int, str]:
    """Return the points of a reference or a list by their places; of names on several levels the
    inmost last, each outer one reaching up to the next."""
    if holder is None:
        return {}
    levels = holder.findall(f".//{_C}lvl")
    inner, *outer = [_cached(level) for level in levels] or [_cached(holder)]
    for level in outer:
        reached, starts = "", sorted(level)
        for place in sorted(inner):
            while starts and starts[0] <= place:
                reached = level[starts.pop(0)]
            inner[place] = ", ".join(part for part in (reached, inner[place]) if part)
    if not inner and (direct := holder.find(f"{_C}v")) is not None:
        return {0: one_line(direct.text or "")}
    return inner


def _cached(holder: Any) -> dict[int, str]:
    found = {}
    for point in holder.iter(f"{_C}pt"):
        value = point.find(f"{_C}v")
        place = point.get("idx", "")
        if place.isdecimal() and value is not None and value.text:
            found[int(place)] = one_line(value.text)
    return found


def _numbers(holder: Any) -> dict[int, float]:
    found = {}
    for place, text in _plain(holder).items():
        try:
            value = float(text)
        except ValueError:  # #N/A
            continue
        if math.isfinite(value):
            found[place] = value
    return found


def _labels(one: Any, plot: Any, axes: Sequence[Any], from_1904: bool) -> dict[int, str]:
    """Return the names of the categories as they are shown; of points, where they stand."""
    holder = one.find(f"{_C}cat")
    if holder is None:
        holder = one.find(f"{_C}xVal")
    if holder is None:  # the first series names the categories of all
        holder = plot.find(f"{_C}ser/{_C}cat")
    labels = _plain(holder)
    if holder is None or holder.find(f".//{_C}formatCode") is None:
        return {place: _field(label) for place, label in labels.items()}
    codes = [code for axis in axes[:1] if (code := _own_format(axis)) and is_date(code)]
    code = next(iter(codes), holder.findtext(f".//{_C}formatCode") or "")
    values = _numbers(holder)
    if is_date(code):
        return {p: date_as_shown(v, code, from_1904) or labels[p] for p, v in values.items()}
    return {place: number(value) for place, value in values.items()}


def _axes(area: Any, plot: Any) -> list[Any]:
    """Return the axes of a plot in the order it names them: that of the values comes last."""
    by_id = {}
    for name in ("catAx", "dateAx", "valAx"):
        for axis in area.findall(f"{_C}{name}"):
            by_id[_value(axis, "axId")] = axis
    axes = [by_id[key] for one in plot.findall(f"{_C}axId") if (key := one.get("val")) in by_id]
    return sorted(axes, key=lambda axis: axis.tag == f"{_C}valAx")


# --- units ------------------------------------------------------------------------------------


def _shown(one: Any, plot: Any, axes: Sequence[Any], name: str) -> Shown:
    """Return how the values of a series are shown: by their own format, that of their labels or
    of their axis; a unit may also stand in the axis's title."""
    stacked = _value(plot, "grouping") == "percentStacked"  # its axis shows shares, not values
    axis = axes[-1] if axes and not stacked else None
    own = one.findtext(f"{_C}val//{_C}formatCode") or one.findtext(f"{_C}yVal//{_C}formatCode")
    codes = [own, _own_format(one.find(f"{_C}dLbls")), _own_format(plot.find(f"{_C}dLbls"))]
    codes += [] if axis is None else [_own_format(axis)]
    ways = [shown_by(code) for code in codes if code]
    shown = next((way for way in ways if way.unit), ways[0] if ways else Shown())
    if axis is None or shown.factor > 1 or axis.find(f"{_C}dispUnits") is not None:
        return shown
    said = _text(axis.find(f"{_C}title"))
    if said in ("", name):
        return shown
    found = _BRACKETS.search(said)
    titled = "%" if "%" in said else found[1] if found else said
    if not shown.unit or (_SCALE.search(titled) and shown.unit in titled):
        return shown._replace(unit=_field(titled))
    return shown


def _own_format(holder: Any) -> str:
    """Return the format that an axis or labels have, unless it is that of the values."""
    given = None if holder is None else holder.find(f"{_C}numFmt")
    if given is None or given.get("sourceLinked", "0") in ("1", "true"):
        return ""
    return str(given.get("formatCode", ""))


def _shows_shares(plot: Any, one: Any) -> bool:
    """Whether shares are written at the slices of a pie, and not their values."""
    for labels in (one.find(f"{_C}dLbls"), plot.find(f"{_C}dLbls")):
        if labels is not None and _value(labels, "delete") not in ("1", "true"):
            on = {n: _value(labels, n) in ("1", "true") for n in ("showPercent", "showVal")}
            return on["showPercent"] and not on["showVal"]
    return False


# --- words ------------------------------------------------------------------------------------


def _title(chart: Any, series: Sequence[_Series]) -> str:
    title = chart.find(f"{_C}title")
    if title is None:
        return ""
    if said := _text(title):
        return said
    hidden = _value(chart, "autoTitleDeleted") in ("1", "true")
    return series[0].name if len(series) == 1 and not hidden else ""


def _words(chart: Any) -> list[str]:
    """Return what is written in a chart below its title: titles of axes, labels put by hand."""
    area = chart.find(f"{_C}plotArea")
    if area is None:
        return []
    holders = [*area.iter(f"{_C}title"), *area.iter(f"{_C}dLbl")]
    return [said for one in holders if (said := _text(one))]


def _text(holder: Any) -> str:
    """Return what is written in a title or label, by hand or as in a cell of the sheet."""
    if holder is None:
        return ""
    said = " ".join(drawn_text(one) for one in holder.iter(f"{A}p")).strip()
    return _field(said or " ".join(_cached(holder).values()))


def _field(text: str) -> str:
    """Return a name without the bar that parts the fields of the text form."""
    return one_line(text.replace("|", "/"))[:200]


def _value(holder: Any, name: str) -> str:
    found = holder.find(f"{_C}{name}")
    return "" if found is None else str(found.get("val", "1"))
