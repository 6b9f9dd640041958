"""Runs a suite from settings and names, and finds stored runs: what the commands share.

Knows where things lie below ``<home>/evals``; prints nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.config import Settings
from evals.context import Context
from evals.errors import EvalRunNotFound
from evals.runner import run_suite
from evals.smoke import make_smoke
from evals.store import latest_run, load_run, save_run
from evals.suite import NAMES, OWN, load_suite
from evals.values import Options, Result


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
    context = Context(settings, options, note)
    with tempfile.TemporaryDirectory(prefix="sightline-eval-") as folder:
        place = data
        if place is None and suite.own_library:
            place = context.folder / OWN
        elif place is None:
            place = make_smoke(name, Path(folder))
        try:
            result = run_suite(suite, place, split, context, note)
        finally:
            context.close()
    return save_run(runs_folder(settings), result)


def runs_folder(settings: Settings) -> Path:
    """Return where finished runs are kept."""
    return settings.home / "evals" / "runs"


def chosen_runs(settings: Settings, names: Sequence[str] | None) -> list[Result]:
    """Return the named runs, or the latest of each suite.

    Raises:
        EvalRunNotFound: a named run, or any run at all, is not there.
    """
    folder = runs_folder(settings)
    if names:
        return [load_run(folder, name) for name in names]
    found = [run for name in NAMES if (run := latest_run(folder, name)) is not None]
    if not found:
        raise EvalRunNotFound(run=str(folder))
    return found
