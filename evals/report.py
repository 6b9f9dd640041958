"""Reports of runs: Markdown for a pull request, JSON for machines, and the page for people.

The page itself is made in ``page``. Knows stored runs, and nothing of how they came about.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from evals.compare import compare
from evals.progress import duration
from evals.suite import load_suite
from evals.values import Metric, Outcome, Result

_WORST = 12


def write_report(runs: Sequence[Result], folder: Path, pair: bool = False) -> list[Path]:
    """Write ``report.md``, ``report.html`` and ``report.json`` into a folder; returns the paths.

    Args:
        pair: the two runs are of the same data and are shown side by side.

    Raises:
        BaselineMismatch: they are of other data.
    """
    from evals.page import html

    folder.mkdir(parents=True, exist_ok=True)
    moved = compare(runs[0], runs[1]) if pair else None
    paths = [folder / name for name in ("report.md", "report.html", "report.json")]
    paths[0].write_text(markdown(runs, moved), encoding="utf-8")
    paths[1].write_text(html(runs, moved), encoding="utf-8")
    paths[2].write_text(json.dumps(document(runs, moved), ensure_ascii=False), encoding="utf-8")
    return paths


def document(runs: Sequence[Result], moved: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return runs with every outcome and the worst ones as plain JSON, and a pair's comparison."""
    told = [
        {
            **run.to_json(),
            "worst": [o.to_json() for o in worst(run)],
            "outcomes": [o.to_json() for o in run.outcomes],
        }
        for run in runs
    ]
    return {"runs": told, "comparison": moved}


def worst(run: Result, count: int = _WORST) -> list[Outcome]:
    """Return the outcomes that lost most, failures first; perfect ones are left out."""
    metrics = {m.name: m for m in load_suite(run.suite).metrics}
    lost = [(bool(o.error), loss(o, metrics), o) for o in run.outcomes]
    order = sorted((x for x in lost if x[0] or x[1] > 0), key=lambda x: (not x[0], -x[1]))
    return [outcome for _, _, outcome in order[:count]]


def loss(outcome: Outcome, metrics: dict[str, Metric]) -> float:
    """Return how much an outcome lost, 0 for a perfect one; figures with a unit do not count."""
    losses = [
        score.value if metrics[name].lower_is_better else 1.0 - score.value / top(metrics[name])
        for name, score in outcome.scores.items()
        if metrics[name].combine != "bleu" and not metrics[name].unit
    ]
    return sum(losses) / len(losses) if losses else 0.0


def top(metric: Metric) -> float:
    """Return the best value of one case (CIDEr-D goes to 10)."""
    return 10.0 if metric.name == "cider" else 1.0


def markdown(runs: Sequence[Result], moved: dict[str, Any] | None = None) -> str:
    """Return the summary for a pull request."""
    lines = ["# Evaluation", "", overall(runs), ""]
    if moved is not None:
        lines += [f"## {moved['suite']}: {moved['a']} → {moved['b']}", ""]
        lines += [f"{moved['n']} {plural(moved['n'], 'case')} of both runs.", ""]
        lines += ["| metric | before | after | difference | 95 % interval | p |"]
        lines += ["|---|---|---|---|---|---|"]
        for name, figures in moved["metrics"].items():
            if figures is not None:
                lines.append(
                    f"| {name} | {figures['a']} | {figures['b']} | {figures['difference']:+} "
                    f"| {moved_between(figures)} | {figures['p']} |"
                )
        lines.append("")
    for run in runs:
        lines += _part(run)
    return "\n".join(lines)


def _part(run: Result) -> list[str]:
    lines = [f"## {title(run)}", "", headline(run), ""]
    lines += ["| metric | value | 95 % interval |", "|---|---|---|"]
    for name, value in run.metrics.items():
        lines.append(f"| {name} | {figure(value)} | {between(run, name)} |")
    lines += ["", "Worst cases:", ""]
    for outcome in worst(run):
        lines.append(f"- `{outcome.case}` ({outcome.part}): {told(outcome)}")
    return [*lines, ""]


def title(run: Result) -> str:
    """Return the suite, and the system when it is not the product."""
    system = run.config.get("system", "sightline")
    return run.suite if system == "sightline" else f"{run.suite} · {system}"


def overall(runs: Sequence[Result]) -> str:
    """Say how much was run, in how much time."""
    cases, seconds = sum(run.n for run in runs), sum(run.seconds for run in runs)
    return (
        f"{len(runs)} {plural(len(runs), 'run')}, {cases} {plural(cases, 'case')}, "
        f"{duration(seconds)} of work."
    )


def plural(count: int, word: str) -> str:
    """Return an English word in the number of a count."""
    return word if count == 1 else f"{word}s"


def moved_between(figures: dict[str, Any]) -> str:
    """Write the interval of a difference, or nothing when there is none."""
    pair = figures["interval"]
    return f"{pair[0]:+.3f} – {pair[1]:+.3f}" if pair else ""


def headline(run: Result) -> str:
    """Say what a run was of, how long it took, and what failed."""
    failed = run.config.get("failed", 0)
    ended = f", {failed} steps failed" if failed else ""
    broken = run.config.get("broken", 0)
    left = f", {broken} broken rows left out" if broken else ""
    data = "Small set" if run.config.get("small_set") else f"Split {run.split}"
    return f"{data}, {run.n} {plural(run.n, 'case')}, {duration(run.seconds)}{ended}{left}."


def figure(value: float | None) -> str:
    """Write a figure: three digits of a share, one of what is larger."""
    return "–" if value is None else f"{value:.3f}" if abs(value) <= 1 else f"{value:.1f}"


def between(run: Result, name: str) -> str:
    """Write a figure's interval, or why there is none."""
    pair = run.intervals.get(name)
    if pair is None:
        return str(run.config.get("unavailable", {}).get(name, ""))
    return f"{figure(pair[0])} – {figure(pair[1])}"


def told(outcome: Outcome) -> str:
    """Write an outcome's values and reasons on one line."""
    if outcome.error:
        return outcome.error
    reasons: Iterable[str] = dict.fromkeys(s.reason for s in outcome.scores.values() if s.reason)
    values = ", ".join(f"{n} {s.value:.2f}" for n, s in outcome.scores.items() if not s.parts)
    return "; ".join([values, *reasons] if values else reasons)
