"""Committed figures that must hold, and the generated table of current ones.

A baseline is a committed JSON file with a run's figures, each with a tolerance, and what it was
measured on; it judges only the product's runs of the same data, split, limit and seed. The table
is made of these files alone, so one suite can be measured anew while the others stay.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.errors import BaselineMismatch, BaselineWorse
from evals.progress import duration
from evals.resampling import LEAST_CASES, spread
from evals.suite import NAMES, load_suite
from evals.systems import PRODUCT
from evals.values import Metric, Result
from retrieval.catalog.base import now

FOLDER = Path(__file__).with_name("baselines")
TABLE = Path(__file__).with_name("BASELINE.md")
_MEASURED_ON = ("data", "split", "limit", "seed", "generated")
_LEAST_TOLERANCE = 0.02


@dataclass(frozen=True)
class Check:
    """One figure against its baseline."""

    suite: str
    metric: str
    value: float | None
    baseline: float
    tolerance: float
    ok: bool

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON."""
        return dict(vars(self))


def baseline_of(run: Result) -> dict[str, Any]:
    """Return a run's figures as a baseline: all that the gate and the table need.

    The tolerance is half the figure's interval, at least 0.02 of its scale; of figures with a unit
    (seconds, bytes) at least a third, since they depend on the machine.
    """
    counts = run.config.get("counts", {})
    figures = {
        metric.name: {
            "value": value,
            "interval": list(pair) if (pair := _interval(run, metric.name)) else None,
            "n": counts.get(metric.name, 0),
            "tolerance": _tolerance(metric, value, pair),
        }
        for metric in load_suite(run.suite).metrics
        if (value := run.metrics.get(metric.name)) is not None
    }
    return {
        "suite": run.suite,
        "n": run.n,
        **_measured_on(run),
        "small_set": bool(run.config.get("small_set")),
        "seconds": round(run.seconds),
        "hardware": hardware(),
        "day": f"{now():%Y-%m-%d}",
        "code": run.config.get("code", ""),
        "models": run.config.get("models", {}),
        "prompts": run.config.get("prompts", ""),
        "unavailable": run.config.get("unavailable", {}),
        "metrics": figures,
    }


def _interval(run: Result, name: str) -> tuple[float, float] | None:
    """Return the interval of a figure, if enough cases are behind it (older runs did not ask)."""
    enough = run.config.get("counts", {}).get(name, 0) >= LEAST_CASES
    return run.intervals.get(name) if enough else None


def _tolerance(metric: Metric, value: float, pair: tuple[float, float] | None) -> float:
    if metric.unit:
        least = abs(value) / 3
    else:
        least = _LEAST_TOLERANCE * (100.0 if metric.combine == "bleu" else metric.scale)
    return round(max(least, spread(pair) / 2), 4)


def _measured_on(run: Result) -> dict[str, Any]:
    mine = {**run.config, "split": run.split}
    return {key: mine.get(key) for key in _MEASURED_ON}


def keep(run: Result, accept: bool, folder: Path = FOLDER, page: Path = TABLE) -> Path:
    """Keep a run as the baseline of its suite and data, and write the table anew.

    Args:
        accept: also when a figure is worse than the one kept, beyond its tolerance.

    Raises:
        BaselineWorse: it is, and that was not accepted; nothing is written.
    """
    with suppress(BaselineMismatch):  # of other data: nothing to be worse than
        worse = [check.metric for check in gate(run, folder) if not check.ok]
        if worse and not accept:
            raise BaselineWorse(suite=run.suite, metrics=", ".join(worse))
    path = write_baseline(run, folder)
    page.write_text(table(folder), encoding="utf-8")
    return path


def write_baseline(run: Result, folder: Path = FOLDER) -> Path:
    """Write a run as the baseline of its suite and data; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, value in _kept(folder, run.suite):
        if _data_name(value) == _data_name(baseline_of(run)):
            path.unlink()
    path = folder / f"{run.suite}-{_data_name(baseline_of(run)).replace(' ', '-')}.json"
    text = json.dumps(baseline_of(run), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def _kept(folder: Path, suite: str) -> list[tuple[Path, dict[str, Any]]]:
    """Return the baselines of a suite with their files."""
    paths = sorted(folder.glob(f"{suite}-*.json"))
    values = [(path, json.loads(path.read_text(encoding="utf-8"))) for path in paths]
    return [(path, value) for path, value in values if value["suite"] == suite]


def gate(run: Result, folder: Path = FOLDER) -> list[Check]:
    """Hold a run against the baseline of its suite.

    Raises:
        BaselineMismatch: there are baselines of this suite, but none of this data or these cases;
            or the run is of a peer.
    """
    system = run.config.get("system", PRODUCT)
    if system != PRODUCT:
        raise BaselineMismatch(path=folder.name, what="system", wanted=PRODUCT, found=system)
    values = _kept(folder, run.suite)
    same = [value for _, value in values if _differs(value, run) is None]
    if same:
        return _checks(same[0], run)
    for path, value in values:
        key = _differs(value, run) or "data"
        raise BaselineMismatch(
            path=path.name, what=key, wanted=value[key], found=_measured_on(run)[key]
        )
    return []


def _differs(baseline: dict[str, Any], run: Result) -> str | None:
    """Return in what a run was measured otherwise; older baselines do not say everything."""
    mine = _measured_on(run)
    return next((k for k in mine if k in baseline and baseline[k] != mine[k]), None)


def _checks(baseline: dict[str, Any], run: Result) -> list[Check]:
    lower = {m.name for m in load_suite(run.suite).metrics if m.lower_is_better}
    found = []
    for name, wanted in baseline["metrics"].items():
        value = run.metrics.get(name)
        slack = wanted["tolerance"]
        worse = 0.0 if value is None else wanted["value"] - value
        ok = value is not None and (-worse if name in lower else worse) <= slack + 1e-9
        found.append(Check(run.suite, name, value, wanted["value"], slack, ok))
    return found


def table(folder: Path = FOLDER) -> str:
    """Return the kept figures of all suites as a Markdown page."""
    kept = [value for suite in NAMES for _, value in _kept(folder, suite)]
    machines = dict.fromkeys(value["hardware"] for value in kept if value.get("hardware"))
    lines = [
        "# Current figures of the evaluation suites",
        "",
        "Generated by `sightline eval baseline`; do not edit. Fractions of 1, except bleu4, cider",
        "and chrf (×100), wer and cer (errors a word or character) and figures with a unit.",
        "Intervals are 95 %, by bootstrap over the cases. `n` counts the cases of a metric; what",
        "each suite measures is told in `evals/cards`. A small set is the one that comes with the",
        "program: it shows that the suite works, and is too small to compare models by.",
        "",
        *(f"Measured on: {machine}." for machine in machines),
        "",
        _whole(kept),
        "",
        "| suite | data | metric | n | value | 95 % interval | time of the suite | day |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for value in kept:
        lines += _rows(value)
    lines += ["", "Models and prompts:", ""]
    lines += [f"- {line}" for line in dict.fromkeys(_models(v) for v in kept if v.get("models"))]
    return "\n".join(lines) + "\n"


def _whole(kept: Sequence[dict[str, Any]]) -> str:
    """Say how many suites there are figures of, of which there are none, and the time of all."""
    missing = [name for name in NAMES if name not in {value["suite"] for value in kept}]
    took = duration(sum(value.get("seconds", 0) for value in kept))
    none = f"; none yet of {', '.join(missing)}" if missing else ""
    return f"{len(NAMES) - len(missing)} of {len(NAMES)} suites, {took} in all{none}."


def _rows(kept: dict[str, Any]) -> Iterable[str]:
    units = {metric.name: metric.unit for metric in load_suite(kept["suite"]).metrics}
    took = duration(kept["seconds"]) if "seconds" in kept else "–"
    head, tail = f"| {kept['suite']} | {_data_name(kept)}", f"{took} | {kept.get('day', '–')} |"
    for name, figure in kept["metrics"].items():
        value, pair = figure["value"], figure.get("interval")
        shown = f"{value:.3f}" if abs(value) <= 1 else f"{value:.1f}"
        unit = f" {units[name]}" if units.get(name) else ""
        between = f"{pair[0]:.3f} – {pair[1]:.3f}" if pair else "–"
        n = figure.get("n", kept["n"])
        yield f"{head} | {name} | {n} | {shown}{unit} | {between} | {tail}"
    for name, reason in kept.get("unavailable", {}).items():
        yield f"{head} | {name} | 0 | – | {reason} | {tail}"


def _data_name(kept: dict[str, Any]) -> str:
    return "small set" if kept.get("small_set") else str(kept["split"])


def _models(kept: dict[str, Any]) -> str:
    models = ", ".join(f"{role} {name}" for role, name in kept["models"].items())
    return f"{models}; prompts {kept['prompts']}"


def hardware() -> str:
    """Say what machine this is, in one line."""
    import psutil

    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} CPU cores ({_processor()}), {memory:.0f} GiB of memory, "
        f"Python {platform.python_version()}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
