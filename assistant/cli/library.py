"""Commands on the library: ingest, search, demo, doctor."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from assistant.cli.filters import (
    AddedFrom,
    AddedTo,
    Folder,
    Kind,
    Tags,
    TakenFrom,
    TakenTo,
    Types,
    filters_of,
)
from assistant.cli.options import AsJson, Home, User, emit, note, open_assistant, say

if TYPE_CHECKING:
    from assistant.service import FileOutcome
    from assistant.views import SyncNews
    from retrieval.values import SearchResult


def ingest(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files and folders.", show_default=False)
    ] = None,
    watch: Annotated[
        Path | None,
        typer.Option("--watch", help="Keep the library in step with this folder until Ctrl-C."),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="With --watch: bring it in step once and end.")
    ] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Read files of the library again, by name (all without one): after an upgrade.",
        ),
    ] = False,
    user: User = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Take photos, documents and recordings into the library.

    Folders are walked; hidden files are passed over. Ends with 1 when a file failed. A folder
    that is watched is followed both ways: new and changed files are read, moved ones renamed, and
    those deleted there leave the library if they came from there. `.sightlineignore` in it lists
    patterns of names to leave out.

    With --again files that are there already are read anew, for what a newer version reads in them
    ("*.docx" for all Word files); until one is read wholly, what was read before stays.
    """
    if again and watch is not None:
        raise typer.BadParameter("--again reads what is in the library, --watch a folder")
    if again:
        _again([str(path) for path in paths or []], user, home, as_json)
        return
    if bool(paths) == (watch is not None):
        raise typer.BadParameter("give files and folders, or --watch FOLDER")
    if watch is not None:
        _follow(watch, once, user, home, as_json)
        return
    started = time.perf_counter()
    with open_assistant(home, user) as assistant:
        outcomes = assistant.ingest(
            paths or [],
            on_progress=None if as_json else _show_progress,
        )
        _report_outcomes(
            outcomes, assistant.settings.language, time.perf_counter() - started, as_json
        )


def _again(names: list[str], user: str | None, home: Path | None, as_json: bool) -> None:
    started = time.perf_counter()
    with open_assistant(home, user) as assistant:
        progress = None if as_json else _show_progress
        outcomes = assistant.read_again(names, on_progress=progress)
        language = assistant.settings.language
        _report_outcomes(outcomes, language, time.perf_counter() - started, as_json)


def _follow(folder: Path, once: bool, user: str | None, home: Path | None, as_json: bool) -> None:
    """Keep in step; Ctrl-C is the usual end. JSON is one document, printed at the end."""
    told: list[SyncNews] = []
    started = time.perf_counter()
    with open_assistant(home, user) as assistant:
        language = assistant.settings.language
        if not once:
            note(f"Watching {folder.absolute()}. Ctrl-C ends it.")
        try:
            for news in assistant.keep_in_step(folder, once=once):
                told.append(news)
                if not as_json:
                    say(news.sentence(language))
        except KeyboardInterrupt:
            note("Stopped watching.")
    if as_json:
        rows = [{"what": n.what, "path": str(n.path), "reason": n.sentence(language)} for n in told]
        emit({"changes": rows, "seconds": round(time.perf_counter() - started, 3)})
    elif once and not told:
        say("The library is in step with the folder.")
    if any(news.what in ("failed", "gone") for news in told):
        raise typer.Exit(1)


def _show_progress(done: int, total: int, name: str) -> None:
    note(f"[{done}/{total}] {name}")


def _report_outcomes(
    outcomes: list[FileOutcome], language: Literal["en", "zh"], seconds: float, as_json: bool
) -> None:
    if as_json:
        rows = [
            {
                "path": str(o.path),
                "id": o.asset_id,
                "status": o.status,
                "modality": o.modality,
                "chunks": o.chunks,
                "reason": o.reason(language),
            }
            for o in outcomes
        ]
        emit({"assets": rows, "seconds": round(seconds, 3)})
    else:
        for o in outcomes:
            read = f"{o.modality}, {o.chunks} passages" if o.modality else ""  # not if cancelled
            say(f"{o.status:<10} {o.name}  {o.reason(language) or read}".rstrip())
        if not outcomes:
            say("There was no file to take in.")
    if any(o.status not in ("indexed", "duplicate") for o in outcomes):
        raise typer.Exit(1)


def search(
    query: Annotated[str, typer.Argument(help="Words to look for.", show_default=False)] = "",
    image: Annotated[
        Path | None,
        typer.Option("--image", help="A picture to look for, alone or with words."),
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many results.")] = 10,
    modality: Kind = "any",
    taken_from: TakenFrom = None,
    taken_to: TakenTo = None,
    added_from: AddedFrom = None,
    added_to: AddedTo = None,
    types: Types = None,
    tags: Tags = None,
    folder: Folder = None,
    unfold: Annotated[
        bool, typer.Option("--unfold", help="Show near-duplicate photos one by one.")
    ] = False,
    conversation: Annotated[
        str | None,
        typer.Option("--conversation", help="Files attached to this conversation or cited in it."),
    ] = None,
    user: User = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Find photos, pages and recordings by words, by a picture, or by both."""
    if not query.strip() and image is None:
        raise typer.BadParameter("give words, --image, or both")
    filters = filters_of(
        modality=modality,
        taken_from=taken_from,
        taken_to=taken_to,
        added_from=added_from,
        added_to=added_to,
        types=types,
        tags=tags,
        folder=folder,
    )
    with open_assistant(home, user) as assistant:
        result = assistant.search(
            query, image=image, k=k, filters=filters, conversation=conversation, fold=not unfold
        )
    if as_json:
        emit(_search_document(result))
        return
    if not result.library_size:
        say("The library is empty. Add files with `sightline ingest PATH…`.")
    elif not result.confident:
        say("Nothing in the library matches this well. The nearest:")
    misses = False
    for number, passage in enumerate(result.passages, 1):
        if result.confident and not passage.likely and not misses:
            misses = True
            say("     Less likely:")
        snippet = " ".join(passage.text.split())[:120]
        where = passage.locator.to_json()
        more = f"  (+{len(passage.alike)} alike)" if passage.alike else ""
        chance = f"{passage.probability:.0%}"
        say(f"{number:>3}. {passage.asset}{more}  {chance}  {where}\n     {snippet}")


def _search_document(result: SearchResult) -> dict[str, object]:
    rows = [
        {
            "asset": p.asset,
            "id": p.asset_id,
            "modality": p.modality,
            "score": round(p.score, 6),
            "probability": round(p.probability, 4),
            "likely": p.likely,
            "alike": list(p.alike),
            "locator": p.locator.to_json(),
            "snippet": p.text[:300],
        }
        for p in result.passages
    ]
    return {
        "results": rows,
        "confident": result.confident,
        "seconds": round(result.seconds, 4),
    }


def demo(user: User = None, home: Home = None, as_json: AsJson = False) -> None:
    """Fill an empty library with sample photos, documents and a voice note."""
    from assistant.demo import fill_demo

    started = time.perf_counter()
    with open_assistant(home, user) as assistant:
        outcomes = fill_demo(assistant, None if as_json else _show_progress)
        _report_outcomes(
            outcomes, assistant.settings.language, time.perf_counter() - started, as_json
        )


def doctor(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended.")] = False,
    user: User = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Check that database, files and indexes agree. Ends with 1 when something is left wrong."""
    with open_assistant(home, user) as assistant:
        findings = assistant.doctor(repair=repair)
    if as_json:
        emit({"findings": [f.to_json() for f in findings], "healthy": not findings})
    else:
        for finding in findings:
            say(f"{'mended' if finding.repaired else 'found':<7} {finding.sentence}")
        if not findings:
            say("Everything agrees.")
    if any(not f.repaired for f in findings):
        raise typer.Exit(1)
