"""Commands that speak and listen: ask, transcribe."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.cli.options import AsJson, Home, User, emit, note, open_assistant, say

if TYPE_CHECKING:
    from assistant.i18n import Language
    from assistant.messages import Event, Failed


def ask(
    question: Annotated[str, typer.Argument(help="The question.", show_default=False)] = "",
    image: Annotated[
        list[Path] | None, typer.Option("--image", help="A picture to ask about; repeatable.")
    ] = None,
    audio: Annotated[Path | None, typer.Option("--audio", help="A spoken question.")] = None,
    conversation: Annotated[
        str | None, typer.Option("--conversation", help="Go on with this conversation.")
    ] = None,
    no_library: Annotated[
        bool, typer.Option("--no-library", help="Do not look into the library.")
    ] = False,
    user: User = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Ask a question; the answer cites the page, region or second it came from."""
    from assistant.messages import AttachmentFile

    with open_assistant(home, user) as assistant:
        events = assistant.ask(
            question,
            images=[AttachmentFile(path.name, path) for path in image or []],
            audio=AttachmentFile(audio.name, audio) if audio else None,
            conversation=conversation,
            use_library=not no_library,
        )
        document = _follow(events, quiet=as_json, language=assistant.settings.language)
    if as_json:
        emit(document)
    if "error" in document:
        raise typer.Exit(1)


def _follow(events: Iterable[Event], quiet: bool, language: Language) -> dict[str, Any]:
    """Drain the events into the document of the contract, printing the answer as it comes."""
    from assistant.i18n import text
    from assistant.messages import (
        Abstained,
        Answered,
        Failed,
        Revised,
        Status,
        Token,
        ToolFinished,
    )

    steps: list[dict[str, Any]] = []
    printed = ""
    for event in events:
        if isinstance(event, Token | Revised):
            printed = event.text if isinstance(event, Revised) else printed + event.text
            if isinstance(event, Token) and not quiet:
                sys.stdout.write(event.text)
                sys.stdout.flush()
        elif isinstance(event, Status) and not quiet:
            note(text(event.key, language, **event.params))
        elif isinstance(event, ToolFinished):
            steps.append(
                {"tool": event.tool, "summary": event.summary, "seconds": round(event.seconds, 3)}
            )
        elif isinstance(event, Answered | Abstained):
            return _document(event, steps, printed, quiet)
        elif isinstance(event, Failed):
            return _failure(event, steps, language)
    return {"error": {"code": "unexpected", "message": "The answer broke off."}}


def _document(event: Any, steps: list[dict[str, Any]], printed: str, quiet: bool) -> dict[str, Any]:
    citations, nearest = getattr(event, "citations", ()), getattr(event, "nearest", ())
    if not quiet:
        say("" if printed == event.text else f"\n{event.text}" if printed else event.text)
        for citation in citations:
            say(f"  [{citation.number}] {citation.asset} {citation.locator.to_json()}")
        for miss in nearest:
            say(f"  ? {miss.asset} {miss.locator.to_json()}")
            if miss.snippet:
                say(f"    “{miss.snippet}”")
        note(f"conversation {event.conversation}, message {event.message}")
    return {
        "answer": event.text,
        "abstained": not hasattr(event, "citations"),
        "unable": getattr(event, "unable", False),
        "citations": [citation.to_json() for citation in citations],
        "nearest": [miss.to_json() for miss in nearest],
        "conversation": event.conversation,
        "message": event.message,
        "steps": steps,
        "timings": event.timings.to_json(),
    }


def _failure(event: Failed, steps: list[dict[str, Any]], language: Language) -> dict[str, Any]:
    from assistant.i18n import explain_code

    sentence = explain_code(event.code, dict(event.params), language)
    note(sentence)
    return {
        "answer": event.text,
        "abstained": False,
        "citations": [],
        "conversation": event.conversation,
        "steps": steps,
        "error": {"code": event.code, "message": sentence},
    }


def replay(
    message: Annotated[str, typer.Argument(help="Id of an answer.", show_default=False)],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Answer a stored question again, and say whether the answer is the same and what differs."""
    with open_assistant(home) as assistant:
        found = assistant.replay(message)
    if as_json:
        emit(found.to_json())
        return
    say("The answer is the same." if found.same else "The answer differs.")
    for change in found.changes:
        say(f"  {change.what}: {change.was} → {change.now}")


def transcribe(
    file: Annotated[Path, typer.Argument(help="A recording.", show_default=False)],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write down what is said in a recording, with times."""
    with open_assistant(home) as assistant:
        transcript = assistant.transcribe(file)
    if as_json:
        segments = [
            {
                "start": round(s.start, 2),
                "end": round(s.end, 2),
                "text": s.text,
                "confidence": round(s.confidence, 3),
            }
            for s in transcript.segments
        ]
        emit(
            {
                "text": transcript.text,
                "language": transcript.language,
                "segments": segments,
                "seconds": round(transcript.seconds, 3),
            }
        )
        return
    for segment in transcript.segments:
        say(f"[{segment.start:7.2f} – {segment.end:7.2f}] {segment.text}")
    if not transcript.segments:
        say("No speech was heard.")
