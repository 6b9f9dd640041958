"""Commands of fine-tuning: prepare data, train, evaluate, and put versions into use."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.options import AsJson, Home, emit, note, say, settings_for

if TYPE_CHECKING:
    from assistant.tuning.registry import Version

app = typer.Typer(help="Train what offline users see with, on your own photos.")
NAME = "sightline-vlm"

Data = Annotated[
    list[Path],
    typer.Argument(help="Folders with .jsonl files and photos.", show_default=False),
]
Run = Annotated[
    str, typer.Option("--run", help="Name of the run; its folder is below runs/ in the home.")
]


@app.command()
def prepare(data: Data, run: Run = NAME, home: Home = None, as_json: AsJson = False) -> None:
    """Check the data, refuse leakage, and compute the photos' features (resumable)."""
    from assistant.tuning.pipeline import prepare as prepare_run
    from retrieval.embed.efficientnet import EfficientNetLite2
    from retrieval.weights import ModelStore

    settings = settings_for(home)
    store = ModelStore(settings.models_folder)
    encoder = EfficientNetLite2(store.path("efficientnet-lite2"), settings.threads)
    rows = prepare_run(data, settings.home / "runs" / run, encoder, note)
    if as_json:
        emit({"run": run, "splits": rows})
        return
    for row in rows:
        use = "learns" if row["learns"] else "measures"
        say(f"{row['split']:<24} {row['photos']:>7} photos {row['rows']:>7} {row['kind']}, {use}")


@app.command()
def train(
    run: Run = NAME,
    see_steps: Annotated[int, typer.Option(min=1, help="Steps of naming and drafting.")] = 1100,
    answer_steps: Annotated[int, typer.Option(min=1, help="Steps of drafting answers.")] = 1000,
    hours: Annotated[
        float, typer.Option(min=0.001, help="Time of learning through the language model.")
    ] = 4.0,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Train all stages; stopped at any moment, the same command goes on.

    Ctrl-C saves and stops.
    """
    from assistant.tuning.pipeline import Budget
    from assistant.tuning.pipeline import train as train_run
    from retrieval.weights import ModelStore

    settings = settings_for(home)
    asked: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _frame: asked.append(number))
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    folder = train_run(
        settings.home / "runs" / run,
        ModelStore(settings.models_folder),
        Budget(see_steps, answer_steps, hours),
        note,
        lambda: bool(asked),
    )
    emit({"run": run, "folder": str(folder)}) if as_json else say(f"Weights and card: {folder}")


@app.command()
def evaluate(
    run: Run = NAME,
    limit: Annotated[int, typer.Option(min=1, help="Items of each held-out split.")] = 200,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Measure the run's weights on its held-out splits, through the app's own engine."""
    from assistant.tuning.measure import measure_run
    from retrieval.weights import ModelStore

    settings = settings_for(home)
    folder = settings.home / "runs" / run
    figures = measure_run(folder, ModelStore(settings.models_folder), limit, settings.threads, note)
    if as_json:
        emit({"run": run, "metrics": figures})
        return
    for name, figure in figures.items():
        say(f"{name:<32} {figure}")


@app.command()
def apply(
    version: Annotated[str, typer.Argument(help="A version of the list; empty: the run's.")] = "",
    run: Run = NAME,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Put a version into use; without a name, register the run's weights and use them."""
    from assistant.tuning.registry import TunedModels

    settings = settings_for(home)
    models = TunedModels(settings.models_folder)
    if not version:
        version = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        models.add(NAME, version, settings.home / "runs" / run / "out")
    _show([models.apply(NAME, version)], as_json)


@app.command()
def rollback(home: Home = None, as_json: AsJson = False) -> None:
    """Return to the version that was in use before."""
    from assistant.tuning.registry import TunedModels

    found = TunedModels(settings_for(home).models_folder).rollback(NAME)
    if found:
        _show([found], as_json)
    elif as_json:
        emit({"versions": []})
    else:
        say("The built-in version is in use.")


@app.command("list")
def list_versions(home: Home = None, as_json: AsJson = False) -> None:
    """Show all versions and which is in use."""
    from assistant.tuning.registry import TunedModels

    _show(TunedModels(settings_for(home).models_folder).versions(), as_json)


def _show(versions: list[Version], as_json: bool) -> None:
    if as_json:
        rows = [
            {"name": v.name, "version": v.version, "current": v.current, "card": v.card}
            for v in versions
        ]
        emit({"versions": rows})
        return
    for v in versions:
        mark = "*" if v.current else " "
        say(f"{mark} {v.name} {v.version}  {v.card.get('licence', '')}  {v.card.get('made', '')}")
    if not versions:
        say("No tuned version yet; the built-in one is in use.")
