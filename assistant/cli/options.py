"""Options and output that every command shares: home, library, JSON, sentences for errors.

Imports nothing heavy; settings and the assistant are built inside the functions.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from assistant.config import Settings
    from assistant.service import Assistant

Home = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of the database, files and models.", show_default=False),
]
User = Annotated[
    str | None,
    typer.Option("--user", help="Whose library to use.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def settings_for(home: Path | None, user: str | None = None, **overrides: Any) -> Settings:
    """Read the settings with what the command line gave, and prepare the process for them."""
    from assistant.config import apply_process_defaults, load_settings

    settings = load_settings(home=home, library=user, **overrides)
    apply_process_defaults(settings)
    return settings


@contextmanager
def open_assistant(
    home: Path | None, user: str | None = None, **overrides: Any
) -> Iterator[Assistant]:
    """Build the assistant for one command and close it after."""
    from assistant.build import build_assistant

    assistant = build_assistant(settings_for(home, user, **overrides))
    try:
        yield assistant
    finally:
        assistant.close()


def emit(document: Any) -> None:
    """Print one JSON document on stdout."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def say(line: str = "") -> None:
    """Print a line for a person on stdout."""
    typer.echo(line)


def note(line: str) -> None:
    """Print progress or a remark on stderr."""
    typer.echo(line, err=True)
