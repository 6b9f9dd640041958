"""Runs: followed from any position, one a conversation, stopped, never without an outcome."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from assistant.errors import ConversationBusy, QuestionEmpty, RunNotFound
from assistant.messages import Answered, Event, Failed, Status, Timings, Token
from assistant.runs import RunManager

DONE = Answered("c", "m", "hi", (), Timings(None, 0.1, 1, None))


@pytest.fixture
def runs() -> Iterator[RunManager]:
    manager = RunManager(at_once=1)
    yield manager
    manager.close()


def test_events_are_followed_from_any_position(runs: RunManager) -> None:
    gate = threading.Event()

    def work(_cancelled: Callable[[], bool]) -> Iterator[Event]:
        yield Token("a")
        gate.wait(5)
        yield Token("b")
        yield DONE

    run = runs.start("c", work)
    first = next(runs.follow(run))
    assert first == (1, Token("a"))
    assert runs.active("c") == run
    gate.set()
    assert list(runs.follow(run, after=1)) == [(2, Token("b")), (3, DONE)]
    assert list(runs.follow(run)) == [(1, Token("a")), (2, Token("b")), (3, DONE)]
    assert runs.active("c") is None


def test_one_run_a_conversation(runs: RunManager) -> None:
    gate = threading.Event()

    def work(_cancelled: Callable[[], bool]) -> Iterator[Event]:
        gate.wait(5)
        yield DONE

    run = runs.start("c", work)
    with pytest.raises(ConversationBusy):
        runs.start("c", work)
    gate.set()
    list(runs.follow(run))
    list(runs.follow(runs.start("c", work)))


def test_waiting_runs_say_so_keep_order_and_can_be_stopped(runs: RunManager) -> None:
    gate, order = threading.Event(), list[str]()

    def work(name: str) -> Callable[[Callable[[], bool]], Iterator[Event]]:
        def run(_cancelled: Callable[[], bool]) -> Iterator[Event]:
            order.append(name)
            gate.wait(5)
            yield DONE

        return run

    first, second, third = (runs.start(name, work(name)) for name in "abc")
    assert next(runs.follow(second))[1] == Status("status_waiting")
    runs.cancel(second)
    last = list(runs.follow(second))[-1][1]
    assert isinstance(last, Failed) and last.code == "answer_cancelled"
    gate.set()
    list(runs.follow(first))
    list(runs.follow(third))
    assert order == ["a", "c"]


def test_errors_become_outcomes(runs: RunManager) -> None:
    def known(_cancelled: Callable[[], bool]) -> Iterator[Event]:
        yield Token("a")
        raise QuestionEmpty

    def unknown(_cancelled: Callable[[], bool]) -> Iterator[Event]:
        yield Token("a")
        raise ZeroDivisionError

    def silent(_cancelled: Callable[[], bool]) -> Iterator[Event]:
        yield Token("a")

    for work, code in ((known, "question_empty"), (unknown, "error"), (silent, "error")):
        events = [event for _, event in runs.follow(runs.start("c", work))]
        assert events[0] == Token("a")
        assert isinstance(events[1], Failed) and events[1].code == code


def test_a_run_sees_that_it_is_cancelled(runs: RunManager) -> None:
    def work(cancelled: Callable[[], bool]) -> Iterator[Event]:
        yield Token("a")
        while not cancelled():
            time.sleep(0.005)
        yield Failed("c", "m", "answer_cancelled", {}, "a")

    run = runs.start("c", work)
    runs.cancel(run)
    assert isinstance(list(runs.follow(run))[-1][1], Failed)
    runs.cancel("nothing")
    with pytest.raises(RunNotFound):
        next(runs.follow("nothing"))
