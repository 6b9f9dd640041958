"""Commands of ``sightline eval`` over suites and runs: list, run, compare, report, gate, baseline.

Those over the user's own cases are in ``cli_cases``. Thin: options in, a document or a few lines
out. Imports nothing heavy at the top.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.options import AsJson, Home, emit, note, say, settings_for
from evals import cli_cases
from evals.cli_cases import usage

if TYPE_CHECKING:
    from evals.values import Result

app = typer.Typer(help="Measure the whole chain on a folder of data.", no_args_is_help=True)

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of one data set; without it a small set is made."),
]
Split = Annotated[
    str | None, typer.Option("--split", help="Split to measure on.", show_default=False)
]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="At most so many cases, drawn by the seed.")
]
Generations = Annotated[
    int | None,
    typer.Option("--generations", min=0, help="Cases with a written answer; 0 is all."),
]
Seed = Annotated[int, typer.Option("--seed", help="Draws the cases.")]
Timeout = Annotated[float, typer.Option("--timeout", min=1, help="Seconds a case may take.")]
Runs = Annotated[
    list[str] | None, typer.Argument(help="Stored runs; default the latest of each suite.")
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Do again what was done before.")]
SystemName = Annotated[
    str, typer.Option("--system", help="What to measure: sightline, or a peer on the same work.")
]


ModelJudge = Annotated[
    bool, typer.Option("--judge", help="Let the local model judge too (suite own); see eval judge.")
]

Jobs = Annotated[
    int,
    typer.Option("--jobs", min=1, help="Cases at once; helps with a served model, not a local."),
]


@app.command("list")
def list_(home: Home = None, as_json: AsJson = False) -> None:
    """List the suites, what they measure, and the runs that are stored."""
    from evals.store import list_runs, opened
    from evals.suite import NAMES, OWN, load_suite
    from evals.systems import NAMES as SYSTEMS

    suites = [load_suite(name) for name in (*NAMES, OWN)]
    with opened(settings_for(home)) as engine:
        runs = list_runs(engine)
    if as_json:
        rows = [
            {"suite": s.name, "about": s.about, "metrics": [m.name for m in s.metrics]}
            for s in suites
        ]
        emit({"suites": rows, "systems": list(SYSTEMS), "runs": runs})
        return
    for suite in suites:
        say(f"{suite.name:16}{suite.about}")
        say(f"{'':16}{', '.join(m.name for m in suite.metrics)}")
    for name in runs:
        say(name)


@app.command()
def run(
    suite: Annotated[str, typer.Argument(help="Name of the suite.", show_default=False)],
    data: Data = None,
    split: Split = None,
    limit: Limit = None,
    generations: Generations = None,
    seed: Seed = 7,
    timeout: Timeout = 300.0,
    fresh: Fresh = False,
    system: SystemName = "sightline",
    judge: ModelJudge = False,
    jobs: Jobs = 1,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Run one suite on a folder of data."""
    from evals.running import measure
    from evals.values import Options

    with usage(as_json):
        options = Options(limit, seed, generations, timeout, fresh, system, judge, jobs)
        result = measure(settings_for(home), suite, data, split, options, note)
    if as_json:
        emit(result.to_json())
    else:
        _print(result)


@app.command()
def compare(
    first: Annotated[str, typer.Argument(help="A stored run.", show_default=False)],
    second: Annotated[str, typer.Argument(help="Another one.", show_default=False)],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Compare two runs of the same data, case by case."""
    from evals.compare import compare as differences
    from evals.store import load_run, opened

    with usage(as_json), opened(settings_for(home)) as engine:
        document = differences(load_run(engine, first), load_run(engine, second))
    if as_json:
        emit(document)
        return
    say(f"{document['suite']}, {document['n']} cases of both runs")
    for name, figures in document["metrics"].items():
        if figures is not None:
            pair = figures["interval"]
            between = f" [{pair[0]:+.4f}, {pair[1]:+.4f}]" if pair else ""
            say(
                f"{name:20}{figures['a']:9.4f} → {figures['b']:9.4f}   "
                f"{figures['difference']:+.4f}{between}  p = {figures['p']:.3f}"
            )


@app.command()
def report(
    runs: Annotated[
        list[str] | None, typer.Argument(help="Stored runs; default the latest.")
    ] = None,
    pair: Annotated[
        bool, typer.Option("--pair", help="Show two runs of the same data side by side.")
    ] = False,
    out: Annotated[Path, typer.Option("--out", help="Folder to write into.")] = Path(),
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write a report of runs, with their worst cases, as HTML, Markdown and JSON."""
    from evals.report import write_report
    from evals.running import chosen_runs
    from evals.store import opened

    with usage(as_json), opened(settings_for(home)) as engine:
        if pair and len(runs or ()) != 2:
            raise typer.BadParameter("--pair needs the names of two runs")
        chosen = chosen_runs(engine, runs)
        paths = write_report(chosen, out, pair=pair)
    if as_json:
        emit({"files": [str(p) for p in paths], "runs": [r.config.get("run") for r in chosen]})
    else:
        for path in paths:
            say(str(path))


@app.command()
def gate(
    runs: Annotated[
        list[str] | None, typer.Argument(help="Stored runs; default the latest.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Fail when a figure is worse than its committed baseline allows."""
    from evals.running import chosen_runs, held
    from evals.store import opened

    with usage(as_json), opened(settings_for(home)) as engine:
        checks, refused = held(chosen_runs(engine, runs))
    good = bool(checks) and not refused and all(check.ok for check in checks)
    for reason in refused:
        note(reason)
    if as_json:
        found = [check.to_json() for check in checks]
        emit({"ok": good, "checks": found, "refused": refused})
    else:
        for check in checks:
            value = "none" if check.value is None else f"{check.value:.4f}"
            verdict = "ok" if check.ok else "WORSE"
            say(
                f"{verdict:6}{check.suite} {check.metric}: {value}, "
                f"baseline {check.baseline:.4f} ± {check.tolerance:.4f}"
            )
        if not checks and not refused:
            note("No baseline is kept for these runs.")
    if not good:
        raise typer.Exit(1)


@app.command()
def baseline(
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder with one folder a suite.")
    ] = None,
    suite: Annotated[
        list[str] | None, typer.Option("--suite", help="Only this suite; repeatable.")
    ] = None,
    limit: Limit = None,
    generations: Generations = None,
    latest: Annotated[
        bool, typer.Option("--latest", help="Run nothing; take the latest stored runs.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep figures of the small sets, too.")
    ] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Keep figures that are worse than before, too.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Measure suites that have a folder below DATA, keep their figures as baselines for the gate,
    and write the table evals/BASELINE.md of all that are kept.

    One suite at a time may be refreshed; the figures of the others stay. Without --data the small
    sets are run, and nothing is kept unless --keep says so; with both, suites that have no folder
    there are measured on their small sets.
    """
    from evals.baseline import table
    from evals.running import refreshed
    from evals.suite import NAMES
    from evals.values import Options

    small = keep or data is None
    keep = keep or latest or data is not None
    with usage(as_json):
        options = Options(limit=limit, generations=generations)
        results, good = refreshed(
            settings_for(home), suite or NAMES, data, options, note,
            latest=latest, small=small, keep=keep, accept=accept,
        )  # fmt: skip
    if as_json:
        emit({"ok": good, "runs": [result.to_json() for result in results]})
    elif keep:
        say(table())
    else:
        for result in results:
            _print(result)
    if not good:
        raise typer.Exit(1)


def _print(result: Result) -> None:
    say(f"{result.suite}, {result.split}: {result.n} cases in {result.seconds:.0f} s")
    absent = result.config.get("unavailable", {})
    for name, value in result.metrics.items():
        pair = result.intervals[name]
        if value is None:
            say(f"{name:20}–  {absent.get(name, 'no case')}")
        else:
            between = f"  [{pair[0]:.3f}, {pair[1]:.3f}]" if pair else ""
            say(f"{name:20}{value:8.3f}{between}")


cli_cases.register(app)
