"""Commands of ``sightline eval`` over the user's own cases: add, make, cases, export, judge.

Thin: options in, a document or a few lines out. Imports nothing heavy at the top.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.cli.options import AsJson, Home, User, emit, note, open_assistant, say, settings_for


@contextmanager
def usage(as_json: bool) -> Iterator[None]:
    """End with exit code 2 and a sentence when what was asked for does not exist."""
    from assistant.errors import CaseUnknown, MessageUnknown
    from evals.errors import EvalUsage

    try:
        yield
    except (EvalUsage, MessageUnknown, CaseUnknown) as error:
        note(str(error))
        if as_json:
            emit({"error": {"code": error.code, "message": str(error)}})
        raise typer.Exit(2) from None


def add(
    message: Annotated[
        str | None, typer.Option("--message", help="Id of an answer; without it they are listed.")
    ] = None,
    expected: Annotated[
        list[str] | None, typer.Option("--expected", help="A right answer; repeatable.")
    ] = None,
    asset: Annotated[
        str | None, typer.Option("--asset", help="The file that should be cited.")
    ] = None,
    user: User = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a case of an answer that was marked as bad; `eval run own` asks it again."""
    from assistant.own_case import export_row

    with usage(as_json), open_assistant(home, user) as assistant:
        if message is not None:
            case = assistant.cases.from_message(message, expected or (), asset)
            row = {**export_row(case), "message": case.message, "status": case.status}
            emit({"case": row}) if as_json else say(f"{case.question}  →  {_wanted(row)}")
            return
        marked = assistant.cases.complaints(assistant.settings.library)
    if as_json:
        emit({"complaints": [asdict(one) for one in marked]})
    else:
        for one in marked:
            say(f"{one.message}  {one.verdict:20}{one.question}")


def make(
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Questions to draft.")] = 20,
    user: User = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Draft questions about the library, with the place that answers each; confirm them on the
    page "Cases" (or with `eval cases --confirm`)."""
    written = []
    with usage(as_json), open_assistant(home, user) as assistant:
        for case in assistant.cases.draft(assistant.settings.library, count):
            written.append(asdict(case))
            note(f"{len(written)}/{count}  {case.question}  →  {case.answers[0]}")
    if as_json:
        emit({"drafts": written})
    elif not written:
        say("Nothing in the library could be asked about. Add documents, forms or recordings.")
    else:
        say(f"{len(written)} drafts. Open the page Cases to confirm, mend or drop them.")


def cases(
    confirm: Annotated[
        list[str] | None, typer.Option("--confirm", help="Id of a draft that is right; repeatable.")
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option("--drop", help="Id of a case to remove; repeatable.")
    ] = None,
    user: User = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List your own cases; confirm drafts, remove cases."""
    with usage(as_json), open_assistant(home, user) as assistant:
        for case in confirm or ():
            assistant.cases.change(case, status="ready")
        for case in drop or ():
            assistant.cases.delete(case)
        kept = assistant.cases.all(assistant.settings.library)
    if as_json:
        emit({"cases": [asdict(case) for case in kept]})
        return
    for one in kept:
        say(f"{one.id}  {one.status:6}{one.origin:10}{one.question}  →  {_wanted(asdict(one))}")


def export(
    folder: Annotated[Path, typer.Argument(help="Folder to write.", show_default=False)],
    redacted: Annotated[
        bool, typer.Option("--redacted", help="Hide names, numbers and words of the files.")
    ] = False,
    user: User = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write the confirmed cases as a data folder that `eval run own --data FOLDER` reads."""
    from assistant.store.cases import Cases
    from evals.store import opened
    from retrieval.blobs import BlobStore

    settings = settings_for(home, user)
    with usage(as_json), opened(settings) as engine:
        kept = Cases(engine, BlobStore(settings.home / "blobs"))
        count = kept.export(folder, redacted=redacted, library=settings.library)
    emit({"folder": str(folder), "cases": count}) if as_json else say(f"{count} cases in {folder}")


def judge(home: Home = None, as_json: AsJson = False) -> None:
    """Measure how far the judges agree with people, on answers that people judged."""
    from evals.context import Context
    from evals.judges import agreement
    from evals.values import Options

    with usage(as_json):
        context = Context(settings_for(home), Options(), note)
        found = agreement(context.chat_model, note)
    if as_json:
        emit(found)
        return
    say(f"{found['n']} answers judged by people, {found['right']} of them right")
    for name, figures in found["judges"].items():
        say(f"{name:8}agreement {figures['agreement']:.3f}   kappa {figures['kappa']:.3f}")


def _wanted(row: dict[str, Any]) -> str:
    return ", ".join(row["answers"]) or row["asset"] or ("?" if row["answerable"] else "no answer")


def register(app: typer.Typer) -> None:
    """Hang these commands into ``sightline eval``."""
    for command in (add, make, cases, export, judge):
        app.command()(command)
