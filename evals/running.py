"""Runs a suite from settings and names, and finds stored runs: what the commands share.

Prints nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Engine

from assistant.config import Settings
from assistant.store.cases import Cases
from evals.baseline import keep as keep_baseline
from evals.context import Context
from evals.errors import BaselineWorse, EvalRunNotFound
from evals.runner import run_suite
from evals.smoke import make_smoke
from evals.store import latest_run, load_run, opened
from evals.suite import NAMES, OWN, load_suite
from evals.systems import known
from evals.values import Options, Result
from retrieval.blobs import BlobStore


def measure(
    settings: Settings,
    name: str,
    data: Path | None,
    split: str | None,
    options: Options,
    note: Callable[[str], None],
) -> Result:
    """Run one suite and store the run.

    Args:
        data: folder of the data set; None for a small generated one (or, for the suite ``own``,
            the home's own cases).
        note: told progress and remarks, one line each.

    Raises:
        EvalError: the suite or the data cannot be used, or the run is under way elsewhere.
    """
    suite = load_suite(name)
    known(options.system)
    context = Context(settings, options, note)
    with tempfile.TemporaryDirectory(prefix="sightline-eval-") as folder:
        place = data
        if place is None and suite.own_library:
            place = Path(folder)
            with opened(settings) as engine:
                Cases(engine, BlobStore(settings.home / "blobs")).export(place)
        elif place is None:
            place = make_smoke(name, Path(folder))
        try:
            return run_suite(suite, place, split, context, note)
        finally:
            context.close()


def refreshed(
    settings: Settings,
    names: Sequence[str],
    data: Path | None,
    options: Options,
    note: Callable[[str], None],
    *,
    latest: bool,
    keep: bool,
    accept: bool,
) -> tuple[list[Result], bool]:
    """Measure suites and keep them as baselines; returns the runs, and whether none got worse.

    Args:
        data: folder with a folder a suite, which are measured; None: the small sets.
        latest: measure nothing, take the latest stored runs.
        keep: write the baselines and the table; accept: figures that got worse, too. What got
            worse and is not accepted is told, and the other suites go on.
    """
    runs: list[Result] = []
    good = True
    for name in names:
        found: Result | None = None
        if latest:
            with opened(settings) as engine:
                found = latest_run(engine, name, options.system)
        elif data is None or (data / name).is_dir():
            found = measure(settings, name, data / name if data else None, None, options, note)
        if found is None:
            continue
        runs.append(found)
        if keep:
            try:
                keep_baseline(found, accept)
            except BaselineWorse as error:
                note(str(error))
                good = False
    return runs, good


def chosen_runs(engine: Engine, names: Sequence[str] | None) -> list[Result]:
    """Return the named runs, or the latest of each suite.

    Raises:
        EvalRunNotFound: a named run, or any run at all, is not there.
    """
    if names:
        return [load_run(engine, name) for name in names]
    every = (*NAMES, OWN)
    found = [run for name in every if (run := latest_run(engine, name)) is not None]
    if not found:
        raise EvalRunNotFound(run="at all")
    return found
