"""The commands ``people``: faces grouped on this machine, named and erased by their owner."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from assistant.cli.options import AsJson, Home, User, emit, note, open_assistant, say

app = typer.Typer(
    help="People in your photos: faces grouped on this machine, if you want it, named by you."
)

Person = Annotated[str, typer.Argument(help="Name or number of a person.", show_default=False)]


@app.command()
def on(user: User = None, home: Home = None, as_json: AsJson = False) -> None:
    """Let faces be found and grouped; says what is kept for it. Off until you do this."""
    with open_assistant(home, user) as assistant:
        assistant.people.switch_on()
        view = assistant.people.view()
        kept = _text(assistant, "people_kept", place=assistant.people.place)
        begin = _text(assistant, "people_begin", count=view.waiting)
    _tell(as_json, view.to_json(), kept, begin)


@app.command()
def look(
    most: Annotated[int | None, typer.Option("--most", min=1, help="Photos at most.")] = None,
    user: User = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Look for faces and group them now. The server does the same in its idle time."""
    with open_assistant(home, user) as assistant:

        def tell(waiting: int) -> None:
            if not as_json and waiting % 25 == 0:
                note(_text(assistant, "people_waiting", count=waiting))

        assistant.people.look(most, on_progress=tell)
        view = assistant.people.view()
        lines = _lines(assistant, view)
    _tell(as_json, view.to_json(), *lines)


@app.command("list")
def list_people(user: User = None, home: Home = None, as_json: AsJson = False) -> None:
    """List the people that were found: number, name, faces, photos."""
    with open_assistant(home, user) as assistant:
        view = assistant.people.view()
        lines = _lines(assistant, view)
    _tell(as_json, view.to_json(), *lines)


@app.command()
def faces(person: Person, user: User = None, home: Home = None, as_json: AsJson = False) -> None:
    """List the faces of a person: number, photo, and where in it."""
    with open_assistant(home, user) as assistant:
        found = assistant.people.faces(assistant.people.find(person).id)
    lines = [f"{f.id:>6}  {f.asset}  {' '.join(f'{side:.2f}' for side in f.box)}" for f in found]
    _tell(as_json, {"faces": [face.to_json() for face in found]}, *lines)


@app.command()
def name(
    person: Person,
    called: Annotated[str, typer.Argument(help="The name; '' for none.", show_default=False)],
    user: User = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Name a person, or rename. Who has that name already becomes the same person."""
    with open_assistant(home, user) as assistant:
        assistant.people.name(assistant.people.find(person).id, called)
        view = assistant.people.view()
        lines = _lines(assistant, view)
    _tell(as_json, view.to_json(), *lines)


@app.command()
def merge(
    person: Person,
    others: Annotated[list[str], typer.Argument(help="Who is the same.", show_default=False)],
    user: User = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make one person of several; the first one's name stays."""
    with open_assistant(home, user) as assistant:
        book = assistant.people
        book.merge(book.find(person).id, [book.find(other).id for other in others])
        view = book.view()
        lines = _lines(assistant, view)
    _tell(as_json, view.to_json(), *lines)


@app.command()
def move(
    face: Annotated[int, typer.Argument(help="Number of a face.", show_default=False)],
    to: Annotated[str, typer.Option("--to", help="Whose face it is.", show_default=False)] = "",
    user: User = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Take a face away from a person for good, or give it to another."""
    with open_assistant(home, user) as assistant:
        assistant.people.move(face, to)
        view = assistant.people.view()
        lines = _lines(assistant, view)
    _tell(as_json, view.to_json(), *lines)


@app.command()
def forget(person: Person, user: User = None, home: Home = None, as_json: AsJson = False) -> None:
    """Remove a person: name and stored faces. The photos stay."""
    with open_assistant(home, user) as assistant:
        assistant.people.forget(assistant.people.find(person).id)
        view = assistant.people.view()
        said = _text(assistant, "people_forgotten")
    _tell(as_json, view.to_json(), said)


@app.command()
def erase(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    user: User = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Remove all faces, groups and names, and turn the grouping off."""
    with open_assistant(home, user) as assistant:
        if not yes:
            typer.confirm(_text(assistant, "people_erase_question"), abort=True, err=True)
        assistant.people.erase()
        view = assistant.people.view()
        said = _text(assistant, "people_erased")
    _tell(as_json, view.to_json(), said)


def _text(assistant: Any, key: str, **params: Any) -> str:
    from assistant.i18n import text

    return text(key, assistant.settings.language, **params)


def _lines(assistant: Any, view: Any) -> list[str]:
    """Say who was found, a line each, and what still waits."""
    if not view.on:
        return [_text(assistant, "people_off")]
    lines = [
        f"{person.id:>6}  {person.name or _text(assistant, 'people_unnamed')}  "
        + _text(assistant, "people_count", faces=person.faces, photos=person.photos)
        for person in view.people
    ]
    if view.waiting:
        lines.append(_text(assistant, "people_waiting", count=view.waiting))
    return lines or [_text(assistant, "people_none")]


def _tell(as_json: bool, document: dict[str, Any], *lines: str) -> None:
    if as_json:
        emit(document)
        return
    for line in lines:
        say(line)
