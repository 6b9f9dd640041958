"""Fine-tuning as the screen and the command line ask for it: runs and versions of one home.

A run is worked on by one process at a time, which holds a lock on its folder for as long as it
lives; whoever looks from outside sees by the lock whether that process is still there, also after
a kill. The screen starts such a process and needs not stay for it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.config import Settings
from assistant.errors import RunBusy, TuningError, TuningUsage
from assistant.store.tuning import Figure, RunRow, TuningRuns
from assistant.tuning import pipeline, trainers
from assistant.tuning.hold import held, holder_of, said
from assistant.tuning.journal import Journal
from assistant.tuning.pipeline import Plan, Start, What
from assistant.tuning.plot import draw, write_plot
from assistant.tuning.registry import CARD, TunedModels, Version, new_version, sha256_of
from assistant.tuning.trainers import Bench
from retrieval.errors import SightlineError
from retrieval.weights import ModelStore

_WORKING = ("preparing", "training", "evaluating")
_NAME = re.compile(r"\w[\w.-]{0,63}")
LOG = "log.txt"
Show = Callable[[str], None]


@dataclass(frozen=True)
class RunView:
    """A run for a person. ``state``: preparing, prepared, training, trained, evaluating, evaluated,
    stopped, failed, or interrupted (its process was killed). ``left`` in seconds."""

    name: str
    what: What
    state: str
    stage: str
    told: str
    left: float | None
    error: tuple[str, Mapping[str, Any]] | None
    data: tuple[str, ...]
    has_weights: bool

    @property
    def active(self) -> bool:
        """Whether a process works on it now."""
        return self.state in _WORKING


class Tuning:
    """Runs and versions of a home folder.

    Args:
        applied: called with the name of a model whose version in use has changed.
    """

    def __init__(
        self,
        settings: Settings,
        runs: TuningRuns,
        store: ModelStore,
        applied: Callable[[str], None] = lambda _name: None,
    ) -> None:
        self._settings, self._rows, self._store = settings, runs, store
        self._models = TunedModels(settings.models_folder)
        self._applied = applied

    # --- working on a run --------------------------------------------------------------------

    def prepare(
        self,
        run: str,
        data: Sequence[Path],
        what: What,
        *,
        model: str = "",
        start: Start = "scratch",
        show: Show = print,
    ) -> list[dict[str, Any]]:
        """Check the data and compute what training needs; return what the splits are.

        Raises:
            TuningError: with file, line or photo.
        """
        if what == "hub":
            model = model or self._settings.chat_model
        begun = {"what": what, "data": [str(path) for path in data], "model": model}
        with self._work(run, "preparing", show, lambda: False, begun) as (folder, journal):
            splits = pipeline.check_data(data)
            files = tuple((str(s.path), sha256_of(s.path)) for s in splits)
            plan = Plan(what, files, model, start)
            bench = self._bench(folder, plan, pipeline.arrange(splits), journal, lambda: False)
            rows = trainers.prepare(bench)
            journal.carry(state="prepared")
        return rows

    def train(
        self,
        run: str,
        given: Mapping[str, Any],
        *,
        anew: bool = False,
        show: Show = print,
        stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Train until done (True) or stopped (False); the next call goes on.

        Raises:
            TuningError: not prepared, data changed, other settings, memory or disk too small.
        """
        pipeline.read_plan(self._folder(run))
        with self._work(run, "training", show, stop) as (folder, journal):
            bench = self._open(folder, journal, stop)
            done = trainers.train(bench, given, anew)
            journal.carry(state="trained" if done else "stopped", eta=None)
            write_plot(folder / "plot.svg", self._rows.figures(run))
        return done

    def evaluate(
        self,
        run: str,
        limit: int,
        *,
        show: Show = print,
        stop: Callable[[], bool] = lambda: False,
    ) -> Mapping[str, Any]:
        """Measure the weights of a trained run, and write the figures into their card.

        Raises:
            TuningError: it was not trained to its end.
        """
        pipeline.read_plan(self._folder(run))
        with self._work(run, "evaluating", show, stop) as (folder, journal):
            bench = self._open(folder, journal, stop)
            figures = trainers.evaluate(bench, limit)
            journal.carry(state="evaluated", eta=None)
        return figures

    def start(self, run: str, arguments: Sequence[str]) -> None:
        """Begin a process of its own that works on a run: ``sightline tune`` with arguments.

        It outlives this one; what it says goes into the run's ``log.txt``.

        Raises:
            RunBusy: there is one already.
        """
        folder = self._folder(run)
        if holder_of(folder) is not None:
            raise RunBusy(run=run)
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "assistant.cli", "tune", *arguments]
        told = {"SIGHTLINE_MODELS_DIR": str(self._settings.models_folder)}
        told["SIGHTLINE_DATABASE_URL"] = self._settings.database_url
        with (folder / LOG).open("ab") as log:
            subprocess.Popen(
                [*command, "--run", run, "--home", str(self._settings.home)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, env={**os.environ, **told},
            )  # fmt: skip

    def stop(self, run: str) -> None:
        """Ask the process that works on a run to save and stop."""
        holder = holder_of(self._folder(run))
        if holder:
            os.kill(holder, signal.SIGTERM)

    # --- looking -----------------------------------------------------------------------------

    def runs(self) -> list[RunView]:
        """Return all runs, the latest first."""
        return [self._view(row) for row in self._rows.all()]

    def figures(self, run: str) -> list[Figure]:
        """Return what a run measured so far."""
        return self._rows.figures(run)

    def plot(self, run: str) -> str:
        """Return what a run measured so far as SVG, or nothing."""
        return draw(self._rows.figures(run))

    def _view(self, row: RunRow) -> RunView:
        folder = self._folder(row.name)
        gone = row.state in _WORKING and holder_of(folder) is None
        error = (row.error_code, row.error_params) if row.error_code else None
        what: Any = row.what
        return RunView(
            name=row.name,
            what=what,
            state="interrupted" if gone else row.state,
            stage=row.stage,
            told=row.told,
            left=None if gone else row.eta,
            error=error,
            data=tuple(row.plan.get("data", ())),
            has_weights=(folder / trainers.OUT / CARD).is_file(),
        )

    # --- versions ----------------------------------------------------------------------------

    def versions(self) -> list[Version]:
        """Return all registered versions, oldest first."""
        return self._models.versions()

    def apply(self, version: str = "", *, run: str = "", name: str = "") -> Version:
        """Put a version into use; with ``run``, register that run's weights and use them.

        Raises:
            VersionNotFound, TuningError: nothing was changed.
        """
        if run:
            folder = self._folder(run)
            plan = pipeline.read_plan(folder)
            name = trainers.trainer_class(plan.what)(
                self._bench(folder, plan, (), Journal(folder), lambda: False)
            ).version_name()
            version = version or new_version()
            self._models.add(name, version, folder / trainers.OUT)
        applied = self._models.apply(name or self._name_of(version), version)
        self._applied(applied.name)
        return applied

    def rollback(self, name: str = "") -> Version | None:
        """Return to the version before; None when that is the built-in one.

        Raises:
            VersionNotFound: no version is in use.
            TuningUsage: versions of several models are, and ``name`` was not given.
        """
        used = sorted({v.name for v in self._models.versions() if v.current})
        if not name and len(used) > 1:
            raise TuningUsage(detail=f"Say which with --name: {', '.join(used)}")
        name = name or (used[0] if used else "any model")
        before = self._models.rollback(name)
        self._applied(name)
        return before

    def _name_of(self, version: str) -> str:
        names = sorted({v.name for v in self._models.versions() if v.version == version})
        if len(names) > 1:
            raise TuningUsage(detail=f"Say which with --name: {', '.join(names)}")
        return names[0] if names else "any model"

    # --- inside ------------------------------------------------------------------------------

    def _folder(self, run: str) -> Path:
        if not _NAME.fullmatch(run):
            raise TuningUsage(detail=f"{run!r} cannot be the name of a run")
        return self._settings.home / "runs" / run

    def _open(self, folder: Path, journal: Journal, stop: Callable[[], bool]) -> Bench:
        plan = pipeline.read_plan(folder)
        return self._bench(folder, plan, pipeline.open_run(folder), journal, stop)

    def _bench(
        self,
        folder: Path,
        plan: Plan,
        parts: Sequence[pipeline.Part],
        journal: Journal,
        stop: Callable[[], bool],
    ) -> Bench:
        threads = self._settings.threads
        return Bench(folder, plan, parts, self._store, threads, journal, stop, {})

    @contextmanager
    def _work(
        self,
        run: str,
        state: str,
        show: Show,
        stop: Callable[[], bool],
        begun: Mapping[str, Any] | None = None,
    ) -> Iterator[tuple[Path, Journal]]:
        """Hold a run while working on it; an error is written down and told in one sentence."""
        folder = self._folder(run)
        folder.mkdir(parents=True, exist_ok=True)
        with held(folder):
            row = self._rows.get(run)
            if begun is not None or row is None:
                plan = begun or {"what": pipeline.read_plan(folder).what}
                self._rows.begin(run, str(plan["what"]), plan)
            self._rows.change(run, state=state, error_code=None, error_params={}, eta=None)
            journal = Journal(folder, self._rows, show)
            try:
                yield folder, journal
            except BaseException as error:
                told = said(error, folder)
                state = "stopped" if stop() or isinstance(error, KeyboardInterrupt) else "failed"
                named = told if isinstance(told, SightlineError) else TuningError(detail=str(told))
                params = {key: str(value) for key, value in named.params.items()}
                with suppress(SightlineError):  # where the disk is full, the lock still tells
                    journal.carry(state=state, error_code=named.code, error_params=params, eta=None)
                if told is error:
                    raise
                raise told from error
