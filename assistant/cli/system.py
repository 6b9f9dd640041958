"""Commands on the installation: serve, migrate, backup, restore."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from assistant.cli.options import AsJson, Home, emit, say, settings_for


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    home: Home = None,
) -> None:
    """Open the chat in the browser; stop it with Ctrl-C."""
    settings = settings_for(home, host=host, port=port)
    arguments = [
        "--host",
        settings.host,
        "--port",
        str(settings.port),
        "--home",
        str(settings.home),
    ]
    # The page stands above this package, so it is started by name, in this very process.
    os.execv(sys.executable, [sys.executable, "-m", "ui.serve", *arguments])


def migrate(home: Home = None, as_json: AsJson = False) -> None:
    """Bring the database to this version's schema; a snapshot is taken first."""
    from assistant.store.migrate import migrate as run
    from retrieval.catalog.base import open_engine

    settings = settings_for(home)
    settings.home.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.database_url)
    revision = run(engine, settings.home / "backups")
    engine.dispose()
    if as_json:
        emit({"revision": revision})
    else:
        say(f"The database is at revision {revision}.")


def backup(
    target: Annotated[Path, typer.Argument(help="The archive to write.", show_default=False)],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write database and files into one archive; the program may run meanwhile."""
    from assistant.store.backup import write_backup

    count = write_backup(settings_for(home), target)
    if as_json:
        emit({"path": str(target), "files": count})
    else:
        say(f"{target}: database and {count} files.")


def restore(
    source: Annotated[Path, typer.Argument(help="An archive of `backup`.", show_default=False)],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Bring back an archive into an empty home folder; indexes are rebuilt when first used."""
    from assistant.store.backup import read_backup

    count = read_backup(settings_for(home), source)
    if as_json:
        emit({"path": str(source), "files": count})
    else:
        say(f"Restored the database and {count} files.")
