"""Reports of runs for people: figures with intervals and the worst cases, as Markdown and HTML.

The HTML page is one file that loads nothing: pictures are small and inside it, bars are SVG.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from PIL import Image

from evals.data import Media
from evals.photos import open_photo
from evals.runner import duration
from evals.suite import load_suite
from evals.values import Metric, Outcome, Result

_WORST = 12
_THUMBNAIL = 160
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --bar: #0f6e84; --faint: #8882; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; }
td, th { padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
svg { display: block; } rect.all { fill: var(--faint); } rect.got { fill: var(--bar); }
line { stroke: currentColor; stroke-width: 2; } .why { opacity: .75; } img { border-radius: 4px; }
"""


def write_report(runs: Sequence[Result], folder: Path, pair: bool = False) -> list[Path]:
    """Write ``report.md`` and ``report.html`` into a folder; returns both paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "report.md", folder / "report.html"]
    paths[0].write_text(markdown(runs), encoding="utf-8")
    paths[1].write_text(html(runs), encoding="utf-8")
    return paths


def worst(run: Result, count: int = _WORST) -> list[Outcome]:
    """Return the outcomes that lost most, failures first; perfect ones are left out."""
    metrics = {m.name: m for m in load_suite(run.suite).metrics}

    def loss(outcome: Outcome) -> float:
        losses = [
            score.value if metrics[name].lower_is_better else 1.0 - score.value / top(metrics[name])
            for name, score in outcome.scores.items()
            if metrics[name].combine == "mean"
        ]
        return sum(losses) / len(losses) if losses else 0.0

    lost = [(bool(o.error), loss(o), o) for o in run.outcomes]
    order = sorted((x for x in lost if x[0] or x[1] > 0), key=lambda x: (not x[0], -x[1]))
    return [outcome for _, _, outcome in order[:count]]


def top(metric: Metric) -> float:
    """Return the best value of one case (CIDEr-D goes to 10)."""
    return 10.0 if metric.name == "cider" else 1.0


def markdown(runs: Sequence[Result]) -> str:
    """Return the summary for a pull request."""
    lines = ["# Evaluation", ""]
    for run in runs:
        lines += [f"## {run.suite}", "", _headline(run), ""]
        lines += ["| metric | value | 95 % interval |", "|---|---|---|"]
        for name, value in run.metrics.items():
            lines.append(f"| {name} | {_figure(value)} | {_between(run, name)} |")
        lines += ["", "Worst cases:", ""]
        for outcome in worst(run):
            lines.append(f"- `{outcome.case}` ({outcome.part}): {_told(outcome)}")
        lines.append("")
    return "\n".join(lines)


def html(runs: Sequence[Result]) -> str:
    """Return the page."""
    body = "".join(_section(run) for run in runs)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Sightline evaluation</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{_STYLE}</style><h1>Evaluation</h1>{body}</html>\n"
    )


def _section(run: Result) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td class=n>{_figure(value)}</td><td>{_bar(run, name)}</td>"
        f"<td>{escape(_between(run, name))}</td></tr>"
        for name, value in run.metrics.items()
    )
    cases = "".join(_case(run, outcome) for outcome in worst(run))
    return (
        f"<h2>{escape(run.suite)}</h2><p>{escape(_headline(run))}</p>"
        f"<table><tr><th>metric<th>value<th><th>95 % interval</tr>{rows}</table>"
        f"<h3>Worst cases</h3><table>{cases}</table>"
    )


def _headline(run: Result) -> str:
    failed = run.config.get("failed", 0)
    ended = f", {failed} steps failed" if failed else ""
    broken = run.config.get("broken", 0)
    left = f", {broken} broken rows left out" if broken else ""
    return f"Split {run.split}, {run.n} cases, {duration(run.seconds)}{ended}{left}."


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}" if value <= 1 else f"{value:.1f}"


def _between(run: Result, name: str) -> str:
    pair = run.intervals.get(name)
    if pair is None:
        return str(run.config.get("unavailable", {}).get(name, ""))
    return f"{_figure(pair[0])} – {_figure(pair[1])}"


def _bar(run: Result, name: str) -> str:
    """Draw a figure and its interval on a line from 0 to 1 (or 100)."""
    value, pair = run.metrics[name], run.intervals.get(name)
    if value is None or pair is None:
        return ""
    full = 100.0 if max(value, *pair) > 1 else 1.0
    x, low, high = (round(200 * min(v / full, 1.0), 1) for v in (value, *pair))
    return (
        '<svg width="200" height="14" role="img"><rect class="all" width="200" height="10" y="2"/>'
        f'<rect class="got" width="{x}" height="10" y="2"/>'
        f'<line x1="{low}" x2="{high}" y1="7" y2="7"/></svg>'
    )


def _case(run: Result, outcome: Outcome) -> str:
    return (
        f"<tr><td>{escape(outcome.case)}<br>{escape(outcome.part)}</td>"
        f"<td>{_picture(run, outcome)}</td><td>{_lines(outcome)}</td></tr>"
    )


def _lines(outcome: Outcome) -> str:
    shown = [f"{escape(k)}: {escape(str(v))}" for k, v in outcome.shown.items()]
    return "<br>".join([*shown, f'<span class="why">{escape(_told(outcome))}</span>'])


def _told(outcome: Outcome) -> str:
    if outcome.error:
        return outcome.error
    reasons: Iterable[str] = dict.fromkeys(s.reason for s in outcome.scores.values() if s.reason)
    values = ", ".join(f"{n} {s.value:.2f}" for n, s in outcome.scores.items() if not s.parts)
    return "; ".join([values, *reasons])


def _picture(run: Result, outcome: Outcome) -> str:
    """Return the photo of a case, small, when its folder is still there."""
    name = outcome.shown.get("photo")
    folder = Path(run.config.get("folder", ""))
    if not isinstance(name, str) or not folder.is_dir():
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
