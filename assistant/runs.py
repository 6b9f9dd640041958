"""Runs: answers that are written in threads of their own, and can be followed, left and stopped.

A run buffers its events, so that any number of followers may attach, at any time, from any
position. One conversation has at most one active run; a few runs work at once, the others wait
their turn in order. Knows nothing of what a run does, only that it yields events and ends with
an outcome.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import uuid4

from assistant.errors import AnswerCancelled, ConversationBusy, RunNotFound
from assistant.messages import Abstained, Answered, Event, Failed, Status
from retrieval.errors import SightlineError

log = logging.getLogger("sightline.runs")
Work = Callable[[Callable[[], bool]], Iterator[Event]]
KEPT = 64
"""Finished runs that can still be followed from the start."""


@dataclass
class _Run:
    id: str
    conversation: str
    events: list[Event] = field(default_factory=list)
    cancelled: bool = False
    done: bool = False


class RunManager:
    """Starts, follows and stops runs."""

    def __init__(self, at_once: int = 2) -> None:
        self._runs: OrderedDict[str, _Run] = OrderedDict()
        self._active: dict[str, str] = {}
        self._waiting: list[str] = []
        self._working = 0
        self._at_once = at_once
        self._changed = threading.Condition()
        self._closed = False

    def start(self, conversation: str, work: Work) -> str:
        """Begin a run and return its id.

        Args:
            work: given a function that tells whether to stop, yields events and ends with one
                outcome. It runs in a thread of its own.

        Raises:
            ConversationBusy: this conversation is still being answered.
        """
        run = _Run(uuid4().hex, conversation)
        with self._changed:
            if conversation in self._active or self._closed:
                raise ConversationBusy(conversation=conversation)
            self._runs[run.id] = run
            self._active[conversation] = run.id
            self._waiting.append(run.id)
            self._forget_old()
        threading.Thread(
            target=self._drive, args=(run, work), name=f"run-{run.id[:8]}", daemon=True
        ).start()
        return run.id

    def follow(self, run_id: str, after: int = 0) -> Iterator[tuple[int, Event]]:
        """Yield (position, event) of a run, waiting for new ones, until its outcome.

        Args:
            after: the last position already seen; positions start at 1.

        Raises:
            RunNotFound: no such run, or it ended long ago.
        """
        with self._changed:
            run = self._runs.get(run_id)
        if run is None:
            raise RunNotFound(run=run_id)
        position = max(0, after)
        while True:
            with self._changed:
                while position >= len(run.events) and not run.done:
                    self._changed.wait()
                fresh = run.events[position:]
            for event in fresh:
                position += 1
                yield position, event
            if not fresh:
                return

    def cancel(self, run_id: str) -> None:
        """Ask a run to stop; a run that is not there or is done is passed over."""
        with self._changed:
            run = self._runs.get(run_id)
            if run is not None:
                run.cancelled = True
                self._changed.notify_all()

    def active(self, conversation: str) -> str | None:
        """Return the run that is answering in a conversation, if any."""
        with self._changed:
            return self._active.get(conversation)

    @property
    def busy(self) -> bool:
        """Whether anybody waits for an answer."""
        with self._changed:
            return bool(self._active)

    def close(self, timeout: float = 5.0) -> None:
        """Stop every run and wait for them to end."""
        with self._changed:
            self._closed = True
            for run in self._runs.values():
                run.cancelled = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._active, timeout)

    def _drive(self, run: _Run, work: Work) -> None:
        try:
            self._take_turn(run)
            for event in work(lambda: run.cancelled):
                self._add(run, event)
        except SightlineError as error:
            self._add(run, _failed(run, error.code, error.params))
        except Exception as error:
            log.exception("a run broke off")
            self._add(run, _failed(run, "error", {"detail": f"{type(error).__name__}: {error}"}))
        finally:
            self._end(run)

    def _take_turn(self, run: _Run) -> None:
        """Wait, first come first served, until few enough runs are working."""
        with self._changed:
            told = False
            while self._waiting[0] != run.id or self._working >= self._at_once:
                if run.cancelled:
                    break
                if not told:
                    told = True
                    run.events.append(Status("status_waiting"))
                    self._changed.notify_all()
                self._changed.wait()
            self._waiting.remove(run.id)
            self._working += 1
            self._changed.notify_all()
        if run.cancelled and told:
            raise AnswerCancelled

    def _add(self, run: _Run, event: Event) -> None:
        with self._changed:
            run.events.append(event)
            self._changed.notify_all()

    def _end(self, run: _Run) -> None:
        with self._changed:
            if not any(isinstance(e, Answered | Abstained | Failed) for e in run.events[-1:]):
                run.events.append(
                    _failed(run, "error", {"detail": "the run ended without a result"})
                )
            run.done = True
            self._working -= 1
            self._active.pop(run.conversation, None)
            self._changed.notify_all()

    def _forget_old(self) -> None:
        finished = [run.id for run in self._runs.values() if run.done]
        for run_id in finished[: max(0, len(self._runs) - KEPT)]:
            del self._runs[run_id]


def _failed(run: _Run, code: str, params: dict[str, object]) -> Failed:
    return Failed(run.conversation, "", code, params)
