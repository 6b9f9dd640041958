"""Options that narrow a search or a listing, and what they mean; shared by commands.

Imports nothing heavy.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

if TYPE_CHECKING:
    from assistant.periods import Period
    from retrieval.values import Filters, Modality

_DATE = "as 2023, 2023-05 or 2023-05-14"
Kind = Annotated[
    Literal["image", "text", "audio", "any"],
    typer.Option("--modality", help="What kind of files."),
]
TakenFrom = Annotated[
    str | None, typer.Option("--from", help=f"Photos taken then or later, {_DATE}.")
]
TakenTo = Annotated[
    str | None, typer.Option("--to", help=f"Photos taken then or earlier, {_DATE}.")
]
AddedFrom = Annotated[
    str | None, typer.Option("--added-from", help="Files added then or later, likewise.")
]
AddedTo = Annotated[
    str | None, typer.Option("--added-to", help="Files added then or earlier, likewise.")
]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", help="Files of this ending, such as pdf; may be repeated."),
]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", help="Files under this tag; with several, under any of them."),
]
Folder = Annotated[
    Path | None, typer.Option("--folder", help="Files taken in from below this folder.")
]


def filters_of(
    *,
    modality: str = "any",
    taken_from: str | None = None,
    taken_to: str | None = None,
    added_from: str | None = None,
    added_to: str | None = None,
    types: list[str] | None = None,
    tags: list[str] | None = None,
    folder: Path | None = None,
) -> Filters:
    """Return the restrictions that the options mean.

    Raises:
        typer.BadParameter: a date or an ending that means nothing, with the option's name.
    """
    from assistant.shelf import tag_name
    from retrieval.values import Filters

    taken = (_period(taken_from, "--from"), _period(taken_to, "--to"))
    added = (_period(added_from, "--added-from"), _period(added_to, "--added-to"))
    return Filters(
        modality=_modality(modality),
        media_types=frozenset(_media_type(ending) for ending in types or ()),
        tags=frozenset(filter(None, map(tag_name, tags or ()))),
        folder=_folder(folder),
        taken_from=taken[0].first if taken[0] else None,
        taken_to=taken[1].last if taken[1] else None,
        added_from=added[0].here().first if added[0] else None,
        added_to=added[1].here().last if added[1] else None,
    )


def _modality(name: str) -> Modality | None:
    from retrieval.values import Modality

    return next((kind for kind in get_args(Modality) if kind == name), None)


def _period(text: str | None, option: str) -> Period | None:
    from assistant.periods import parse_period

    try:
        return parse_period(text) if text else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def _media_type(ending: str) -> str:
    from retrieval.sniff import EXTENSIONS

    known = EXTENSIONS.get("." + ending.lower().removeprefix("."))
    if known is None:
        endings = ", ".join(sorted(e[1:] for e in EXTENSIONS))
        raise typer.BadParameter(f"{ending!r} is none of {endings}", param_hint="--type")
    return known


def _folder(folder: Path | None) -> str:
    """Return a folder that is there as a whole path; else the name means any folder so called."""
    if folder is None:
        return ""
    return str(folder.absolute()) if folder.is_dir() else str(folder)
