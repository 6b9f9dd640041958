"""The report as one HTML file that loads nothing: pictures are small and inside, plots are SVG."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from evals import plots
from evals.data import Media
from evals.metrics import risk_coverage
from evals.photos import open_photo
from evals.progress import duration
from evals.report import (
    between,
    figure,
    headline,
    loss,
    moved_between,
    overall,
    plural,
    title,
    told,
    worst,
)  # fmt: skip
from evals.suite import load_suite
from evals.values import Outcome, Result

_THUMBNAIL = 160
_CHANGED = 16
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --bar: #0f6e84; --faint: #8882;
 --c0: #0f6e84; --c1: #c2571a; --c2: #6a4fb3; --c3: #4c8a2b; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 66rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; }
td, th { padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.wide { overflow-x: auto; } svg { display: block; }
svg text { font-size: 11px; fill: currentColor; }
rect.all { fill: var(--faint); } rect.got { fill: var(--bar); } circle { fill: var(--bar); }
line { stroke: currentColor; stroke-width: 2; } line.zero { stroke: var(--line); stroke-width: 1; }
polyline { fill: none; stroke-width: 2; } polyline.c0 { stroke: var(--c0); }
polyline.c1 { stroke: var(--c1); } polyline.c2 { stroke: var(--c2); }
polyline.c3 { stroke: var(--c3); }
svg text.c0 { fill: var(--c0); } svg text.c1 { fill: var(--c1); }
svg text.c2 { fill: var(--c2); } svg text.c3 { fill: var(--c3); }
.why { opacity: .75; } .good { color: #2f7d32; } .bad { color: #b3261e; }
img { border-radius: 4px; }
"""


def html(runs: Sequence[Result], moved: dict[str, Any] | None = None) -> str:
    """Return the page; a comparison of two runs is shown first."""
    body = _pair(runs, moved) if moved is not None else ""
    body += "".join(_section(run) for run in runs)
    for number, run in enumerate(runs):
        body = body.replace("<h2>", f'<h2 id="{_anchor(run, number)}">', 1)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Sightline evaluation</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{_STYLE}</style><h1>Evaluation</h1>{_overview(runs)}{body}</html>\n"
    )


def _overview(runs: Sequence[Result]) -> str:
    """List the runs with links to their parts of the page, and the time of all."""
    rows = "".join(
        f'<tr><td><a href="#{_anchor(run, number)}">{escape(title(run))}</a></td>'
        f"<td>{escape(load_suite(run.suite).about)}</td><td class=n>{run.n}</td>"
        f"<td class=n>{duration(run.seconds)}</td>"
        f"<td class=n>{run.config.get('failed', 0) or ''}</td></tr>"
        for number, run in enumerate(runs)
    )
    return (
        f"<p>{escape(overall(runs))}</p><div class=wide><table><tr><th>suite<th>what it measures"
        f"<th class=n>cases<th class=n>time<th class=n>failed</tr>{rows}</table></div>"
    )


def _anchor(run: Result, number: int) -> str:
    return f"{run.suite}-{number}"


def _section(run: Result) -> str:
    units = {metric.name: metric.unit for metric in load_suite(run.suite).metrics}
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td class=n>{figure(value)} {escape(units.get(name, ''))}</td>"
        f"<td>{_bar(run, name, units.get(name, ''))}</td>"
        f"<td>{escape(between(run, name))}</td></tr>"
        for name, value in run.metrics.items()
    )
    cases = "".join(_case(run, outcome) for outcome in worst(run))
    return (
        f"<h2>{escape(title(run))}</h2><p>{escape(headline(run))}</p>"
        "<div class=wide><table><tr><th>metric<th class=n>value<th><th>95 % interval</tr>"
        f"{rows}</table></div>{_groups(run)}{_risk([run])}{_times(run)}{_about(run)}"
        f"<h3>Worst cases</h3><div class=wide><table>{cases}</table></div>"
    )


def _bar(run: Result, name: str, unit: str) -> str:
    value, pair = run.metrics[name], run.intervals.get(name)
    if value is None or unit:
        return ""
    full = 100.0 if max(value, *(pair or (value,))) > 1 else 1.0
    return plots.bar(value, pair, full)


def _groups(run: Result) -> str:
    """Show the figures of each group of cases, if the suite tells any apart."""
    groups: dict[str, dict[str, float]] = run.config.get("groups", {})
    if not groups:
        return ""
    names = [name for name in run.metrics if any(name in figures for figures in groups.values())]
    head = "".join(f"<th class=n>{escape(name)}" for name in names)
    rows = "".join(
        f"<tr><td>{escape(group)}</td><td class=n>{figures['n']:.0f}</td>"
        + "".join(f"<td class=n>{figure(figures.get(name))}</td>" for name in names)
        + "</tr>"
        for group, figures in groups.items()
    )
    return f"<h3>By group</h3><div class=wide><table><tr><th><th>n{head}</tr>{rows}</table></div>"


def _risk(runs: Sequence[Result]) -> str:
    """Draw the risk–coverage curve of runs that measure one."""
    lines = []
    for run in runs:
        parts = [o.scores["aurc"].parts for o in run.outcomes if "aurc" in o.scores]
        if parts:
            name = str(run.config.get("run", title(run)))
            lines.append((name, risk_coverage(np.array(parts, dtype=float))))
    if not lines:
        return ""
    drawn = plots.curves(lines, "coverage", "risk")
    return f"<h3>Risk and coverage</h3><div class=wide>{drawn}</div>"


def _times(run: Result) -> str:
    seconds = [outcome.seconds for outcome in run.outcomes if not outcome.error]
    if len(seconds) < 2 or max(seconds) < 0.05:
        return ""
    return (
        f"<h3>Seconds a step (median {np.median(seconds):.2f}, largest {max(seconds):.1f})</h3>"
        + plots.histogram(seconds)
    )


def _about(run: Result) -> str:
    models = ", ".join(f"{role} {name}" for role, name in run.config.get("models", {}).items())
    facts = {
        "run": run.config.get("run", ""),
        "models": models,
        "prompts": run.config.get("prompts", ""),
        "data": run.config.get("data", ""),
    }
    shown = " · ".join(f"{name} {value}" for name, value in facts.items() if value)
    broken = run.config.get("broken_rows", ())
    lines = "".join(f"<li>{escape(b['where'])}: {escape(b['reason'])}</li>" for b in broken)
    return f"<p class=why>{escape(shown)}</p>" + (f"<ul>{lines}</ul>" if lines else "")


def _case(run: Result, outcome: Outcome) -> str:
    return (
        f"<tr><td>{escape(outcome.case)}<br>{escape(outcome.part)}</td>"
        f"<td>{_picture(run, outcome)}</td><td>{_lines(outcome)}</td></tr>"
    )


def _lines(outcome: Outcome) -> str:
    shown = [f"{escape(k)}: {escape(str(v))}" for k, v in outcome.shown.items()]
    return "<br>".join([*shown, f'<span class="why">{escape(told(outcome))}</span>'])


def _pair(runs: Sequence[Result], moved: dict[str, Any]) -> str:
    """Show two runs side by side: paired differences, and the cases that changed most."""
    rows = "".join(
        _moved(name, figures) for name, figures in moved["metrics"].items() if figures is not None
    )
    metrics = {m.name: m for m in load_suite(moved["suite"]).metrics}
    before = {(o.case, o.part): o for o in runs[0].outcomes}
    changes = [
        (loss(before[o.case, o.part], metrics) - loss(o, metrics), before[o.case, o.part], o)
        for o in runs[1].outcomes
        if (o.case, o.part) in before
    ]
    changed = sorted((c for c in changes if c[0]), key=lambda c: -abs(c[0]))[:_CHANGED]
    cases = "".join(_change(runs[1], *change) for change in changed)
    return (
        f"<h3>{escape(moved['suite'])}: {escape(str(moved['a']))} → {escape(str(moved['b']))}</h3>"
        f"<p>{moved['n']} {plural(moved['n'], 'case')} of both runs; intervals by paired "
        "bootstrap, p by swapping at random.</p>"
        "<div class=wide><table><tr><th>metric<th class=n>before<th class=n>after"
        "<th class=n>difference<th>"
        f"<th class=n>95 % interval<th class=n>p</tr>{rows}</table></div>{_risk(runs)}"
        f"<h3>Cases that changed</h3><div class=wide><table>{cases}</table></div>"
    )


def _moved(name: str, figures: dict[str, Any]) -> str:
    pair = figures["interval"]
    full = max(abs(figures["difference"]), *map(abs, pair or ()), 1e-9)
    sure = figures["p"] < 0.05 and figures["better"] is not None
    style = ("good" if figures["better"] else "bad") if sure else ""
    return (
        f"<tr><td>{escape(name)}</td><td class=n>{figure(figures['a'])}</td>"
        f"<td class=n>{figure(figures['b'])}</td>"
        f'<td class="n {style}">{figures["difference"]:+.3f}</td>'
        f"<td>{plots.difference(figures['difference'], pair, full)}</td>"
        f"<td class=n>{moved_between(figures)}</td><td class=n>{figures['p']:.3f}</td></tr>"
    )


def _change(run: Result, gain: float, before: Outcome, after: Outcome) -> str:
    style = "good" if gain > 0 else "bad"
    return (
        f'<tr><td class="{style}">{escape(after.case)}<br>{escape(after.part)}</td>'
        f"<td>{_picture(run, after)}</td><td>{_lines(before)}</td><td>{_lines(after)}</td></tr>"
    )


def _picture(run: Result, outcome: Outcome) -> str:
    """Return the photo of a case, small, when its folder is still there."""
    name = outcome.shown.get("photo")
    folder = Path(run.config.get("folder", ""))
    if not isinstance(name, str) or not name or not folder.is_dir():
        return ""
    media = Media(folder, run.split)
    if name not in media:
        return ""
    try:
        photo = open_photo(media.read(name))
    except OSError:
        return ""
    photo.thumbnail((_THUMBNAIL, _THUMBNAIL), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=80)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="" src="data:image/jpeg;base64,{data}">'
