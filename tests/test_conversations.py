"""Conversations in SQL: what is written comes back, in order, after a restart."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from assistant.config import Settings
from assistant.errors import ConversationNotFound
from assistant.messages import AttachmentView, Citation
from assistant.store.conversations import Conversations, title_of
from retrieval.catalog.base import open_engine
from retrieval.values import PageLocator, TimeLocator

PAGE = Citation(1, "report.pdf", "a" * 64, "text", PageLocator(3, ((0.1, 0.2, 0.3, 0.4),)), "42", 7)
VOICE = Citation(2, "note.m4a", "b" * 64, "audio", TimeLocator(1.5, 4.0), "call Anna", 8)


@pytest.fixture
def store(engine: Engine) -> Conversations:
    return Conversations(engine)


def test_a_conversation_survives_a_restart(settings: Settings, store: Conversations) -> None:
    made = store.create("default")
    photo = AttachmentView("cat.jpg", "c" * 64, "image/jpeg")
    store.add_question(made.id, "What is this?", [photo])
    answer = store.begin_answer(made.id, {"model": "m"})
    store.finish_answer(
        answer, "complete", "A cat [1] [2].", citations=[PAGE, VOICE], trace={"steps": 2}
    )
    store.add_question(made.id, "And its name?")

    reopened = open_engine(settings.database_url)
    view = Conversations(reopened).get(made.id)
    reopened.dispose()
    assert view.title == "What is this?"
    assert [(m.role, m.text) for m in view.messages] == [
        ("user", "What is this?"),
        ("assistant", "A cat [1] [2]."),
        ("user", "And its name?"),
    ]
    assert view.messages[0].attachments == (photo,)
    assert view.messages[1].citations == (PAGE, VOICE)
    assert view.messages[1].trace == {"model": "m", "steps": 2}


def test_partial_text_is_kept_and_marked_stopped(store: Conversations) -> None:
    made = store.create("default")
    store.add_question(made.id, "Tell me")
    answer = store.begin_answer(made.id, {})
    store.save_partial(answer, "Once upon")
    assert store.mark_interrupted() == 1
    assert store.mark_interrupted() == 0
    last = store.get(made.id).messages[-1]
    assert (last.status, last.text) == ("stopped", "Once upon")
    store.save_partial(answer, "too late")
    assert store.get(made.id).messages[-1].text == "Once upon"


def test_libraries_do_not_see_each_other(store: Conversations) -> None:
    mine, theirs = store.create("anna"), store.create("ben")
    assert [c.id for c in store.all("anna")] == [mine.id]
    with pytest.raises(ConversationNotFound):
        store.get(theirs.id, library="anna")
    assert store.library_of(theirs.id) == "ben"


def test_delete_returns_only_blobs_nobody_else_attached(store: Conversations) -> None:
    first, second = store.create("default"), store.create("default")
    shared, own = AttachmentView("a", "a" * 64, "x/y"), AttachmentView("b", "b" * 64, "x/y")
    store.add_question(first.id, "one", [shared, own])
    store.add_question(second.id, "two", [shared])
    assert store.delete(first.id) == ["b" * 64]
    assert store.attached("a" * 64) and not store.attached("b" * 64)
    with pytest.raises(ConversationNotFound):
        store.get(first.id)


def test_failures_keep_their_code_and_plain_parameters(store: Conversations) -> None:
    made = store.create("default")
    answer = store.begin_answer(made.id, {})
    store.finish_answer(
        answer, "failed", "", error=("model", {"model": "m", "detail": OSError("x")})
    )
    last = store.get(made.id).messages[-1]
    assert (last.error_code, last.error_params) == ("model", {"model": "m", "detail": "x"})


def test_finishing_after_deletion_is_passed_over(store: Conversations) -> None:
    made = store.create("default")
    answer = store.begin_answer(made.id, {})
    store.delete(made.id)
    store.finish_answer(answer, "complete", "late")


def test_rename_and_feedback(store: Conversations) -> None:
    made = store.create("default")
    store.rename(made.id, "  Receipts \n of June ")
    assert store.get(made.id).title == "Receipts of June"
    answer = store.begin_answer(made.id, {})
    store.add_feedback(answer, "down", "wrong month")
    with pytest.raises(ConversationNotFound):
        store.add_feedback("nothing", "up")


def test_titles_fit_a_list() -> None:
    assert title_of("short") == "short"
    long = title_of("What was the total amount of the very long invoice from Northwind Traders")
    assert long.endswith("…") and len(long) <= 61
    assert title_of("问" * 200) == "问" * 60 + "…"
