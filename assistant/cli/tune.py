"""Commands of fine-tuning: prepare data, train, evaluate, and put versions into use.

``vlm`` and ``clip`` are what offline users see with; ``hub`` is an adapter for the vision-language
model that ``--model`` names. Data and commands are the same for all three.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.cli.options import AsJson, Home, emit, note, say, settings_for
from assistant.cli.tune_calibrate import calibrate
from assistant.cli.tune_reader import reader

if TYPE_CHECKING:
    from assistant.tuning.control import Tuning
    from assistant.tuning.registry import Version

app = typer.Typer(help="Train what offline users see with, on your own photos.")
app.command()(reader)
app.command()(calibrate)


class What(StrEnum):
    """What can be trained."""

    vlm = "vlm"
    clip = "clip"
    hub = "hub"


class Start(StrEnum):
    """What training begins with."""

    scratch = "scratch"
    shipped = "shipped"


Data = Annotated[
    list[Path],
    typer.Argument(help="Folders with .jsonl files and photos.", show_default=False),
]
Run = Annotated[
    str, typer.Option("--run", help="Name of the run; its folder is below runs/ in the home.")
]
Kind = Annotated[
    What, typer.Option("--what", help="What to train: answers, search, or a hub model's adapter.")
]
Model = Annotated[
    str, typer.Option(help="hub: folder or cached name of the model; default: chat_model.")
]
Limit = Annotated[int, typer.Option(min=1, help="Items of each held-out split.")]
Anew = Annotated[bool, typer.Option("--anew", help="Throw away checkpoints of before.")]
_DEFAULT = "mine"


class Options:
    """Settings of training, as options; which kind knows which is said when it does not."""

    Start = Annotated[
        Start, typer.Option(help="vlm: the weights that ship, or nothing learned yet.")
    ]
    Steps = Annotated[int | None, typer.Option(min=1, help="hub: steps of training.")]
    NameSteps = Annotated[int | None, typer.Option(min=1, help="vlm: steps of learning to name.")]
    SpeakSteps = Annotated[
        int | None, typer.Option(min=0, help="vlm: steps through the language model.")
    ]
    AnswerSteps = Annotated[
        int | None, typer.Option(min=1, help="vlm: steps of the small answer decoder.")
    ]
    Hours = Annotated[
        float | None,
        typer.Option(min=0.001, help="vlm: most time through the language model; hub: most time."),
    ]
    HeadEpochs = Annotated[int | None, typer.Option(min=1, help="clip: epochs of the heads.")]
    Epochs = Annotated[
        int | None, typer.Option(min=0, help="clip: epochs of adapters after those of the heads.")
    ]
    Rank = Annotated[
        int | None, typer.Option(min=1, max=256, help="hub, clip: rank of the adapter.")
    ]
    Rate = Annotated[float | None, typer.Option(min=0.0, help="hub, clip: learning rate.")]
    Batch = Annotated[int | None, typer.Option(min=1, help="hub, clip: examples a step.")]
    Quantization = Annotated[
        str | None, typer.Option(help="hub: auto, none or nf4 (QLoRA; needs a CUDA GPU).")
    ]


@app.command()
def prepare(
    data: Data,
    what: Kind = What.vlm,
    run: Run = _DEFAULT,
    model: Model = "",
    start: Options.Start = Start.scratch,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Check the data, refuse leakage, and compute the photos' features (resumable)."""
    with _tuning(home) as tuning:
        rows = tuning.prepare(run, data, what.value, model=model, start=start.value, show=note)
    emit({"run": run, "splits": rows}) if as_json else _show_splits(rows)


@app.command()
def train(
    run: Run = _DEFAULT,
    steps: Options.Steps = None,
    name_steps: Options.NameSteps = None,
    speak_steps: Options.SpeakSteps = None,
    answer_steps: Options.AnswerSteps = None,
    hours: Options.Hours = None,
    head_epochs: Options.HeadEpochs = None,
    epochs: Options.Epochs = None,
    rank: Options.Rank = None,
    rate: Options.Rate = None,
    batch: Options.Batch = None,
    quantization: Options.Quantization = None,
    anew: Anew = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Train; stopped at any moment, the same command goes on. Ctrl-C saves and stops."""
    given = {
        "steps": steps, "name_steps": name_steps, "speak_steps": speak_steps,
        "answer_steps": answer_steps, "hours": hours, "head_epochs": head_epochs,
        "epochs": epochs, "rank": rank, "rate": rate, "batch": batch, "quantization": quantization,
    }  # fmt: skip
    with _tuning(home) as tuning:
        done = tuning.train(run, _given(given), anew=anew, show=note, stop=_asked_to_stop())
    if as_json:
        emit({"run": run, "done": done})
    elif done:
        say(f"Done. Measure it with `sightline tune evaluate --run {run}`, or use it with `apply`.")
    else:
        say("Stopped; the same command goes on.")


@app.command()
def evaluate(
    run: Run = _DEFAULT, limit: Limit = 200, home: Home = None, as_json: AsJson = False
) -> None:
    """Measure the run's weights on its held-out splits, through the app's own engine."""
    with _tuning(home) as tuning:
        figures = tuning.evaluate(run, limit, show=note)
    if as_json:
        emit({"run": run, "metrics": dict(figures)})
        return
    for name, figure in figures.items():
        say(f"{name:<40} {figure}")


@app.command("run")
def whole_run(
    data: Data,
    what: Kind = What.vlm,
    run: Run = _DEFAULT,
    model: Model = "",
    limit: Limit = 200,
    hours: Options.Hours = None,
    steps: Options.Steps = None,
    home: Home = None,
) -> None:
    """Prepare, train and evaluate in one go; stopped at any moment, the same command goes on."""
    stop = _asked_to_stop()
    with _tuning(home) as tuning:
        tuning.prepare(run, data, what.value, model=model, show=note)
        if not stop() and tuning.train(
            run, _given({"hours": hours, "steps": steps}), show=note, stop=stop
        ):
            tuning.evaluate(run, limit, show=note, stop=stop)


@app.command()
def runs(home: Home = None, as_json: AsJson = False) -> None:
    """Show all runs: what each trains, where it stands, and how long it will take."""
    from assistant.tuning.journal import say_time

    with _tuning(home) as tuning:
        views = tuning.runs()
    if as_json:
        emit({"runs": [vars(view) for view in views]})
        return
    for view in views:
        left = f", {say_time(view.left)} left in this stage" if view.left is not None else ""
        say(f"{view.name:<20} {view.what:<5} {view.state}{left}  {view.told}".rstrip())


@app.command()
def stop(run: Run = _DEFAULT, home: Home = None) -> None:
    """Ask a run that is working elsewhere to save and stop."""
    with _tuning(home) as tuning:
        tuning.stop(run)


@app.command()
def apply(
    version: Annotated[str, typer.Argument(help="A version of the list; empty: the run's.")] = "",
    run: Run = _DEFAULT,
    name: Annotated[str, typer.Option(help="Of which model, where several have it.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Put a version into use; without a name, register the run's weights and use them."""
    with _tuning(home) as tuning:
        found = tuning.apply(version, name=name) if version else tuning.apply(run=run)
    _show([found], as_json)


@app.command()
def rollback(
    name: Annotated[str, typer.Option(help="Of which model, where several are tuned.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Return to the version that was in use before."""
    with _tuning(home) as tuning:
        found = tuning.rollback(name)
    if found or as_json:
        _show([found] if found else [], as_json)
    else:
        say("The version that ships with the program is in use.")


@app.command("list")
def list_versions(home: Home = None, as_json: AsJson = False) -> None:
    """Show all versions, their size and figures, and which is in use."""
    with _tuning(home) as tuning:
        _show(tuning.versions(), as_json)


@contextmanager
def _tuning(home: Path | None) -> Iterator[Tuning]:
    from assistant.build import build_tuning

    with build_tuning(settings_for(home)) as tuning:
        yield tuning


def _asked_to_stop() -> Callable[[], bool]:
    """Let Ctrl-C and a polite kill ask for an end, and return what tells whether they did."""
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda which, _frame: asked.append(which))
    return lambda: bool(asked)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _show_splits(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        use = "learns" if row["learns"] else "measures"
        say(f"{row['split']:<24} {row['photos']:>7} photos {row['rows']:>7} {row['kind']}, {use}")


def _show(versions: list[Version], as_json: bool) -> None:
    if as_json:
        rows = [
            {
                "name": v.name, "version": v.version, "current": v.current, "bytes": v.bytes,
                "card": v.card,
            }
            for v in versions
        ]  # fmt: skip
        emit({"versions": rows})
        return
    for v in versions:
        mark = "*" if v.current else " "
        say(
            f"{mark} {v.name:<16} {v.version:<18} {v.bytes / 1e6:6.1f} MB  {v.card.get('made', '')}"
        )
        say(f"    {v.card.get('licence', '')}")
        figures = [f"{key} {value}" for key, value in v.card.get("metrics", {}).items()]
        if figures:
            say(f"    {'; '.join(figures[:6])}")
    if not versions:
        say("No tuned version yet; the one that ships with the program is in use.")
