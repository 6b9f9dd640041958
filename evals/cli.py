"""Commands of ``sightline eval``: list, run, compare, report, gate, add, baseline.

Thin: options in, a document or a few lines out. Imports nothing heavy at the top.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.options import AsJson, Home, emit, note, say, settings_for

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


@app.command("list")
def list_(home: Home = None, as_json: AsJson = False) -> None:
    """List the suites, what they measure, and the runs that are stored."""
    from evals.running import runs_folder
    from evals.store import list_runs
    from evals.suite import NAMES, OWN, load_suite

    suites = [load_suite(name) for name in (*NAMES, OWN)]
    runs = list_runs(runs_folder(settings_for(home)))
    if as_json:
        rows = [
            {"suite": s.name, "about": s.about, "metrics": [m.name for m in s.metrics]}
            for s in suites
        ]
        emit({"suites": rows, "runs": runs})
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
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Run one suite on a folder of data."""
    from evals.running import measure
    from evals.values import Options

    with _usage(as_json):
        options = Options(limit, seed, generations, timeout, fresh)
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
    from evals.running import runs_folder
    from evals.store import load_run

    with _usage(as_json):
        folder = runs_folder(settings_for(home))
        document = differences(load_run(folder, first), load_run(folder, second))
    if as_json:
        emit(document)
        return
    say(f"{document['suite']}, {document['n']} cases of both runs")
    for name, figures in document["metrics"].items():
        if figures is not None:
            low, high = figures["interval"]
            say(
                f"{name:18}{figures['a']:9.4f} → {figures['b']:9.4f}   "
                f"{figures['difference']:+.4f} [{low:+.4f}, {high:+.4f}]  p = {figures['p']:.3f}"
            )


@app.command()
def report(
    runs: Annotated[
        list[str] | None, typer.Argument(help="Stored runs; default the latest.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder to write into.")] = Path(),
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write a report of runs, with their worst cases, as HTML and Markdown."""
    from evals.report import write_report
    from evals.running import chosen_runs

    with _usage(as_json):
        chosen = chosen_runs(settings_for(home), runs)
        paths = write_report(chosen, out)
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
    from evals.baseline import gate as hold
    from evals.running import chosen_runs

    with _usage(as_json):
        chosen = chosen_runs(settings_for(home), runs)
        checks = [check for run in chosen for check in hold(run)]
    good = bool(checks) and all(check.ok for check in checks)
    if as_json:
        emit({"ok": good, "checks": [check.to_json() for check in checks]})
    else:
        for check in checks:
            value = "none" if check.value is None else f"{check.value:.4f}"
            verdict = "ok" if check.ok else "WORSE"
            say(
                f"{verdict:6}{check.suite} {check.metric}: {value}, "
                f"baseline {check.baseline:.4f} ± {check.tolerance:.4f}"
            )
        if not checks:
            note("No baseline is kept for these runs.")
    if not good:
        raise typer.Exit(1)


@app.command()
def add(
    message: Annotated[
        str | None, typer.Option("--message", help="Id of an answer; without it they are listed.")
    ] = None,
    expected: Annotated[
        list[str] | None, typer.Option("--expected", help="A right answer; repeatable.")
    ] = None,
    asset: Annotated[
        str | None, typer.Option("--asset", help="The file that should be cited.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a case of an answer that was marked as bad; `eval run own` asks it again."""
    from assistant.store.migrate import migrate
    from evals.complaints import add_case, complaints
    from evals.suite import OWN
    from retrieval.catalog.base import open_engine

    settings = settings_for(home)
    settings.home.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.database_url)
    try:
        migrate(engine, settings.home / "backups")
        with _usage(as_json):
            if message is None:
                marked = complaints(engine)
            else:
                folder = settings.home / "evals" / OWN
                case = add_case(engine, folder, message, expected or (), asset)
    finally:
        engine.dispose()
    if message is not None:
        emit({"case": case}) if as_json else say(f"{case['question']}  →  {case['answers']}")
    elif as_json:
        emit({"complaints": [complaint.to_json() for complaint in marked]})
    else:
        for one in marked:
            say(f"{one.message}  {one.verdict:20}{one.question}")


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
    remark: Annotated[
        list[str] | None, typer.Option("--remark", help="A sentence above the table; repeatable.")
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Keep the figures as baselines for the gate.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Run every suite that has a folder below DATA, and write the table evals/BASELINE.md.

    Without --data the small generated sets are run and nothing is written.
    """
    from evals.baseline import TABLE, table, write_baseline
    from evals.running import chosen_runs, measure
    from evals.suite import NAMES
    from evals.values import Options

    with _usage(as_json):
        settings = settings_for(home)
        names = suite or list(NAMES)
        if latest:
            results = chosen_runs(settings, None)
        else:
            options = Options(limit=limit, generations=generations)
            present = [n for n in names if data is None or (data / n).is_dir()]
            results = [
                measure(settings, n, data / n if data else None, None, options, note)
                for n in present
            ]
        page = table(results, remark or ())
    if data is not None or latest:
        TABLE.write_text(page, encoding="utf-8")
    if accept:
        for result in results:
            write_baseline(result)
    if as_json:
        emit({"runs": [result.to_json() for result in results]})
    else:
        say(page)


@contextmanager
def _usage(as_json: bool) -> Iterator[None]:
    """End with exit code 2 and a sentence when what was asked for does not exist."""
    from evals.errors import EvalUsage

    try:
        yield
    except EvalUsage as error:
        note(str(error))
        if as_json:
            emit({"error": {"code": error.code, "message": str(error)}})
        raise typer.Exit(2) from None


def _print(result: Result) -> None:
    say(f"{result.suite}, {result.split}: {result.n} cases in {result.seconds:.0f} s")
    absent = result.config.get("unavailable", {})
    for name, value in result.metrics.items():
        pair = result.intervals[name]
        if value is None:
            say(f"{name:18}–  {absent.get(name, 'no case')}")
        else:
            between = f"  [{pair[0]:.3f}, {pair[1]:.3f}]" if pair else ""
            say(f"{name:18}{value:8.3f}{between}")
