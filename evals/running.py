"""Runs a suite from settings and names, and finds stored runs: what the commands share.

Prints nothing.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Engine

from assistant.config import Settings
from assistant.store.cases import Cases
from evals.baseline import Check, gate
from evals.baseline import keep as keep_baseline
from evals.context import Context
from evals.errors import BaselineMismatch, BaselineWorse, EvalRunNotFound
from evals.runner import run_suite
from evals.smoke import make_smoke
from evals.store import latest_run, load_run, opened
from evals.suite import NAMES, OWN, load_suite
from evals.systems import PRODUCT, known
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
    small = data is None and not suite.own_library
    context = Context(settings, options, note, small_set=small)
    with tempfile.TemporaryDirectory(prefix="sightline-eval-") as folder:
        place = data
        if small:
            place = small_set(name, context.folder)
        elif place is None:
            place = Path(folder)
            with opened(settings) as engine:
                Cases(engine, BlobStore(settings.home / "blobs")).export(place)
        try:
            return run_suite(suite, place, split, context, note)
        finally:
            context.close()


def small_set(name: str, folder: Path) -> Path:
    """Make the small set of a suite, where it stays for reports to show its pictures.

    The place is named by the content, so runs that go on at once, or of another version, do not
    disturb each other.
    """
    made = Path(tempfile.mkdtemp(prefix="making-", dir=_there(folder / "small")))
    make_smoke(name, made)
    total = hashlib.sha256()
    for path in sorted(path for path in made.rglob("*") if path.is_file()):
        total.update(str(path.relative_to(made)).encode() + path.read_bytes())
    place = made.with_name(f"{name}-{total.hexdigest()[:12]}")
    try:
        made.rename(place)
    except OSError:  # it is there already
        shutil.rmtree(made)
    return place


def _there(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def data_of(name: str, folder: Path) -> Path | None:
    """Return where the data of a suite is below a folder of data sets, or None."""
    names = (name, load_suite(name).reads)
    return next((folder / n for n in names if n and (folder / n).is_dir()), None)


def refreshed(
    settings: Settings,
    names: Sequence[str],
    data: Path | None,
    options: Options,
    note: Callable[[str], None],
    *,
    latest: bool,
    small: bool,
    keep: bool,
    accept: bool,
) -> tuple[list[Result], bool]:
    """Measure suites and keep them as baselines; returns the runs, and whether none got worse.

    Args:
        data: folder with a folder a suite, which are measured; None: the small sets.
        small: also measure suites without a folder there, on their small sets.
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
        else:
            place = None if data is None else data_of(name, data)
            if place is not None or small:
                found = measure(settings, name, place, None, options, note)
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
    """Return the named runs, or the product's latest of each suite.

    Raises:
        EvalRunNotFound: a named run, or any run at all, is not there.
    """
    if names:
        return [load_run(engine, name) for name in names]
    every = (*NAMES, OWN)
    found = [run for name in every if (run := latest_run(engine, name, PRODUCT))]
    if not found:
        raise EvalRunNotFound(run="at all")
    return found


def held(runs: Sequence[Result]) -> tuple[list[Check], list[str]]:
    """Hold runs against their baselines; returns the checks, and why some runs are not judged."""
    checks: list[Check] = []
    refused: list[str] = []
    for run in runs:
        try:
            checks += gate(run)
        except BaselineMismatch as error:
            refused.append(str(error))
    return checks, refused
