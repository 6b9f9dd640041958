"""An answer as it is written: a thread buffers a run's events, pages look at the buffer.

Streamlit may not be called from other threads, so the follower only collects; the page folds what
is there into a ``Live`` each time it looks. Knows nothing of widgets.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from assistant.messages import (
    Abstained,
    Answered,
    Citation,
    Cited,
    Event,
    Failed,
    Heard,
    Outcome,
    Revised,
    Status,
    Token,
    ToolFinished,
    ToolStarted,
    Understood,
)

if TYPE_CHECKING:
    from assistant.service import Assistant

_KEPT = 32


@dataclass(frozen=True)
class Step:
    """A tool that runs (``summary`` is None) or ran."""

    tool: str
    summary: str | None = None
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True)
class Live:
    """What is known of a run so far."""

    status: Status | None = None
    steps: tuple[Step, ...] = ()
    heard: str = ""
    text: str = ""
    citations: tuple[Citation, ...] = ()
    outcome: Outcome | None = None


def fold(events: Iterable[Event], live: Live | None = None) -> Live:
    """Return what is known after further events."""
    state = live or Live()
    for event in events:
        state = _after(state, event)
    return state


def _after(live: Live, event: Event) -> Live:
    match event:
        case Status():
            return replace(live, status=event)
        case Heard():
            return replace(live, heard=event.text)
        case Understood():
            return live
        case ToolStarted():
            return replace(live, steps=(*live.steps, Step(event.tool)))
        case ToolFinished():
            return replace(live, steps=_finished(live.steps, event))
        case Token():
            return replace(live, text=live.text + event.text)
        case Revised():
            return replace(live, text=event.text)
        case Cited():
            return replace(live, citations=(*live.citations, event.citation))
        case Answered() | Abstained() | Failed():
            return replace(live, outcome=event, text=event.text or live.text)


def _finished(steps: tuple[Step, ...], event: ToolFinished) -> tuple[Step, ...]:
    """Put the result in the place of the latest step of that tool that still runs."""
    done = Step(event.tool, event.summary, event.seconds, event.error)
    for at in range(len(steps) - 1, -1, -1):
        if steps[at].tool == event.tool and steps[at].summary is None:
            return (*steps[:at], done, *steps[at + 1 :])
    return (*steps, done)


@dataclass
class _Follower:
    events: list[Event] = field(default_factory=list)
    done: bool = False


_followers: OrderedDict[str, _Follower] = OrderedDict()
_lock = threading.Lock()


def look(assistant: Assistant, run_id: str) -> Live:
    """Return the state of a run without waiting; the first look starts to follow it.

    A run that can no longer be followed comes back with a ``Failed`` outcome.
    """
    with _lock:
        follower = _followers.get(run_id)
        if follower is None:
            follower = _followers[run_id] = _Follower()
            threading.Thread(
                target=_collect, args=(assistant, run_id, follower), daemon=True
            ).start()
        for old in [k for k, f in _followers.items() if f.done][:-_KEPT]:
            del _followers[old]
    state = fold(list(follower.events))
    if follower.done and state.outcome is None:
        gone = Failed("", "", "error", {"detail": "the answer can no longer be followed"})
        return replace(state, outcome=gone)
    return state


def _collect(assistant: Assistant, run_id: str, follower: _Follower) -> None:
    try:
        for _position, event in assistant.follow(run_id):
            follower.events.append(event)
    finally:
        follower.done = True
