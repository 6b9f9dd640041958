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
from evals.context import Context
from evals.errors import EvalRunNotFound
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
