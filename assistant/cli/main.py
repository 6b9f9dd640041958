"""Entry point of ``sightline``: the table of commands and the one place that ends on errors.

Exit codes: 0 done, 1 the work failed, 2 bad usage. Command modules import nothing heavy at the
top, so that ``sightline --help`` answers at once.
"""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import Annotated

import typer

from assistant.cli import albums, jobs, library, models, people, system, talk

app = typer.Typer(
    name="sightline",
    help="Ask about your own photos, documents and voice notes, on your own machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for function in (
    system.serve,
    library.ingest,
    library.search,
    albums.tag,
    albums.describe,
    talk.ask,
    talk.replay,
    talk.transcribe,
    library.demo,
    library.doctor,
    system.migrate,
    system.backup,
    system.restore,
):
    app.command()(function)
app.add_typer(jobs.app, name="jobs")
app.add_typer(models.app, name="models")
app.add_typer(people.app, name="people")
# evals stands above this package, so it is found by name and not imported by it.
for name, module in (("eval", "evals.cli"), ("tune", "assistant.cli.tune")):
    app.add_typer(import_module(module).app, name=name)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("sightline"))
        raise typer.Exit


@app.callback()
def _root(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the log.")] = False,
    _show_version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    logging.basicConfig(
        level=logging.INFO if verbose else logging.ERROR,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )


def main() -> None:
    """Run the command line; every failure ends in one sentence on stderr."""
    try:
        app()
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)
        raise SystemExit(130) from None
    except Exception as error:
        raise SystemExit(_report(error)) from None


def _report(error: Exception) -> int:
    """Say an error, as JSON on stdout too when that was asked for; return the exit code."""
    from assistant.errors import QuestionRejected, SettingsInvalid
    from retrieval.errors import FileNotFound, SightlineError

    logging.getLogger("sightline").info("the command failed", exc_info=error)
    if isinstance(error, SightlineError):
        code, sentence = error.code, _in_users_language(error)
        status = 2 if isinstance(error, QuestionRejected | SettingsInvalid | FileNotFound) else 1
    else:
        code, status = "unexpected", 1
        sentence = f"Something unexpected went wrong ({type(error).__name__}: {error}). "
        sentence += "Run the command again with `sightline --verbose …` to see the log."
    typer.echo(sentence, err=True)
    if "--json" in sys.argv:
        from assistant.cli.options import emit

        emit({"error": {"code": code, "message": sentence}})
    return status


def _in_users_language(error: Exception) -> str:
    from assistant.config import load_settings
    from assistant.errors import SettingsInvalid
    from assistant.i18n import explain
    from retrieval.errors import SightlineError

    assert isinstance(error, SightlineError)
    if isinstance(error, SettingsInvalid):
        return str(error)
    return explain(error, load_settings().language)
