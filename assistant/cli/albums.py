"""The commands ``tag`` (albums by another name) and ``describe``. Imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.options import AsJson, Home, User, emit, open_assistant, say

if TYPE_CHECKING:
    from assistant.album import Album
    from assistant.i18n import Language
    from assistant.messages import AssetView
    from assistant.service import Assistant

_MOST = 100_000


def tag(
    name: Annotated[str, typer.Argument(help="The tag.", show_default=False)] = "",
    files: Annotated[
        list[str] | None,
        typer.Argument(help="Files of the library, by name or number.", show_default=False),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the files out.")] = False,
    summary: Annotated[
        bool, typer.Option("--summary", help="Tell what is under it: when, where, a line a file.")
    ] = False,
    user: User = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Put files under a tag, as in an album. Without files list those under it, alone all tags."""
    from retrieval.values import Filters

    with open_assistant(home, user) as assistant:
        if files:
            found = [_file(assistant, file) for file in files]
            assistant.tag([asset.id for asset in found], [name], remove=remove)
        if not name:
            _show_tags(assistant.tags(), as_json)
            return
        if summary:
            _show_summary(assistant.album(name), assistant.settings.language, as_json)
            return
        from assistant.shelf import tag_name

        under = Filters(tags=frozenset({tag_name(name)}))
        _show_files(tag_name(name), assistant.assets(filters=under, limit=_MOST), as_json)


def describe(
    most: Annotated[
        int | None, typer.Option("--most", min=1, help="How many photos at most.")
    ] = None,
    user: User = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let the chat model describe photos that were not yet, so that words find them too.

    The server does the same in its idle time. May be stopped at any moment and run again.
    """
    with open_assistant(home, user) as assistant:
        count = assistant.describe_photos(most)
    if as_json:
        emit({"described": count})
    else:
        say(f"{count} photos described.")


def _file(assistant: Assistant, wanted: str) -> AssetView:
    """Return the file of that number or name.

    Raises:
        AssetNotFound: there is none.
    """
    from assistant.errors import AssetNotFound

    if wanted.isdigit():
        return assistant.asset(int(wanted))
    for asset in assistant.assets(query=wanted, limit=_MOST):
        if asset.name.casefold() == wanted.casefold():
            return asset
    raise AssetNotFound(asset=wanted)


def _show_tags(tags: dict[str, int], as_json: bool) -> None:
    if as_json:
        emit({"tags": [{"tag": tag, "files": count} for tag, count in tags.items()]})
        return
    for tag, count in tags.items():
        say(f"{count:>6}  {tag}")
    if not tags:
        say("There are no tags yet. Make one with `sightline tag NAME FILE…`.")


def _show_summary(album: Album, language: Language, as_json: bool) -> None:
    if as_json:
        lines = [
            {"id": line.asset.id, "asset": line.asset.name, "words": line.words, "seen": line.seen}
            for line in album.lines
        ]
        first, last = (t.isoformat() if t else None for t in (album.first, album.last))
        when = {"first": first, "last": last, "places": list(album.places)}
        emit({"tag": album.name, "kinds": album.kinds, **when, "files": lines})
        return
    if not album.files:
        say("No file is under this tag.")
        return
    say(album.head(language))
    for line in album.lines:
        say(f"- {line.asset.name}" + (f": {line.words}" if line.words else ""))


def _show_files(tag: str, found: list[AssetView], as_json: bool) -> None:
    if as_json:
        rows = [{"id": a.id, "asset": a.name, "tags": list(a.tags)} for a in found]
        emit({"tag": tag, "assets": rows})
        return
    for asset in found:
        say(f"{asset.id:>6}  {asset.name}")
    if not found:
        say("No file is under this tag.")
