"""The pages over the real service: real database, files and search; the chat model is scripted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from assistant.config import Settings
from assistant.demo import demo_files
from assistant.service import Assistant
from ui import runtime

APP = str(Path(__file__).resolve().parent.parent / "ui" / "app.py")
NOTES = "# Boathouse\n\nThe key of the boathouse hangs behind the blue door."


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[Assistant]:
    """One assistant for all tests here: its embedders take a second to load."""
    home = tmp_path_factory.mktemp("pages") / "home"
    runtime.configure(Settings(home=home, models_dir=models_dir, threads=1, chat_model="scripted"))
    yield runtime.assistant()
    runtime.close()


@pytest.fixture
def assistant(shared: Assistant, request: pytest.FixtureRequest) -> Assistant:
    """The assistant behind the pages, over an empty library of the test's own."""
    runtime.configure(shared.settings.model_copy(update={"library": request.node.name}))
    return shared


def mine() -> str:
    """Return the library of this test."""
    return runtime.settings().library


def page(name: str = "chat") -> AppTest:
    """Return one page of the app, not yet run."""
    if name == "chat":
        return AppTest.from_file(APP, default_timeout=60)
    return AppTest.from_string(f"from ui import {name}\n{name}.page()", default_timeout=60)


def words(app: AppTest) -> str:
    """Return all text on the page."""
    shown = [*app.title, *app.markdown, *app.caption, *app.text, *app.error, *app.info]
    return "\n".join(str(element.value) for element in shown)


def wait_for_answer(app: AppTest) -> AppTest:
    """Run the page until nothing is being written any more."""
    deadline = time.monotonic() + 60
    while any(button.key == "stop" for button in app.button):
        assert time.monotonic() < deadline
        time.sleep(0.2)
        app.run()
    return app


def add(assistant: Assistant, folder: Path, name: str, text: str) -> None:
    """Take a text file into the library."""
    (folder / name).write_text(text, encoding="utf-8")
    (outcome,) = assistant.ingest([folder / name], library=mine())
    assert outcome.status == "indexed", outcome.reason()


def test_an_empty_library_offers_the_sample_files(assistant: Assistant) -> None:
    app = page().run()
    assert not app.exception
    assert "Ask about your own files" in words(app)
    assert any(button.label == "Try with sample files" for button in app.button)


def test_a_question_is_answered_stored_and_listed(assistant: Assistant, tmp_path: Path) -> None:
    add(assistant, tmp_path, "notes.md", NOTES)
    app = page().run()
    app.chat_input[0].set_value("Where does the key of the boathouse hang?").run()
    wait_for_answer(app)
    assert not app.exception
    (kept,) = assistant.conversations(library=mine())
    messages = assistant.conversation(kept.id).messages
    assert [m.role for m in messages] == ["user", "assistant"]
    assert messages[1].status in ("complete", "abstained")
    assert app.query_params["c"] == kept.id
    assert any(b.key == f"conversation-{kept.id}" for b in app.button)
    again = page()
    again.query_params["c"] = kept.id
    assert "Where does the key of the boathouse hang?" in words(again.run())


def test_a_question_that_is_too_long_leaves_its_sentence(assistant: Assistant) -> None:
    app = page().run()
    app.chat_input[0].set_value("x" * 100_000).run()
    assert "Shorten it" in words(app).replace("\\", "")
    assert not app.exception


def test_an_unknown_conversation_in_the_address_is_said(assistant: Assistant) -> None:
    app = page()
    app.query_params["c"] = "nothing-here"
    app.run()
    assert "There is no conversation" in words(app)
    assert not app.exception


def test_the_language_of_the_address_is_used(assistant: Assistant) -> None:
    app = page()
    app.query_params["lang"] = "zh"
    assert "向你自己的文件提问" in words(app.run())


def test_the_library_lists_filters_and_opens_a_file(assistant: Assistant, tmp_path: Path) -> None:
    add(assistant, tmp_path, "notes.md", NOTES)
    app = page("library").run()
    assert not app.exception
    (asset,) = assistant.assets(library=mine())
    assert any(b.key == f"asset-{asset.id}" for b in app.button)
    app.text_input(key="library-words").set_value("nothing like it").run()
    assert "Nothing found" in words(app)
    app.text_input(key="library-words").set_value("note").run()
    app.button(key=f"asset-{asset.id}").click().run()
    assert "boathouse hangs" in words(app)


def test_an_upload_that_cannot_be_read_says_why(assistant: Assistant) -> None:
    app = page("library").run()
    app.file_uploader[0].set_value([("empty.txt", b"", "text/plain")]).run()
    deadline = time.monotonic() + 60
    while "failed" not in words(app) and time.monotonic() < deadline:
        time.sleep(0.3)
        app.run()
    assert "empty.txt is empty" in words(app).replace("\\", "")


def test_search_shows_the_place_and_marks_the_words(assistant: Assistant, tmp_path: Path) -> None:
    add(assistant, tmp_path, "notes.md", NOTES)
    app = page("find").run()
    app.text_input(key="search-words").set_value("boathouse key")
    app.button[0].click().run()
    assert not app.exception
    assert ":primary[**boathouse**]" in words(app)


def test_the_models_page_tells_tier_licences_and_settings(assistant: Assistant) -> None:
    app = page("models").run()
    assert not app.exception
    shown = words(app).replace("\\", "")
    for expected in ("embedded", "whisper", "MIT", str(assistant.settings.home)):
        assert expected.lower() in shown.lower()


def test_the_sample_files_can_be_asked_about(assistant: Assistant, tmp_path: Path) -> None:
    from ui.chat import suggested

    files = [p for p in demo_files(tmp_path / "demo") if p.name == "spring-meeting-zh.docx"]
    assert [o.status for o in assistant.ingest(files, library=mine())] == ["indexed"]
    assert any("spring staff meeting" in question for question in suggested())


def test_a_complaint_becomes_a_case_on_the_page(assistant: Assistant, tmp_path: Path) -> None:
    add(assistant, tmp_path, "notes.md", NOTES)
    *_, last = assistant.ask("Where does the key hang?", library=mine())
    assistant.feedback(last.message, "down", "behind the door")  # type: ignore[union-attr]
    app = page("cases").run()
    assert not app.exception
    assert "Where does the key hang?" in words(app).replace("\\", "")
    app.button(key=f"complaint-add-{last.message}").click().run()  # type: ignore[union-attr]
    (case,) = assistant.cases.all(mine())
    assert case.status == "draft"
    app.button(key=f"case-ok-{case.id}").click().run()  # nothing is expected yet
    assert assistant.cases.all(mine(), "ready") == []
    assert "Say what you expect" in words(app).replace("\\", "")
    app.text_area(key=f"case-a-{case.id}").set_value("behind the blue door")
    app.text_input(key=f"case-f-{case.id}").set_value("notes.md")
    app.button(key=f"case-ok-{case.id}").click().run()
    assert not app.exception
    (ready,) = assistant.cases.all(mine(), "ready")
    assert (ready.answers, ready.asset) == (("behind the blue door",), "notes.md")
    app.button(key=f"case-del-{case.id}").click().run()
    assert assistant.cases.all(mine()) == []


def test_questions_are_drafted_on_the_page(assistant: Assistant, tmp_path: Path) -> None:
    add(assistant, tmp_path, "order.txt", "Order\nCustomer: Ruth Ames\nDeposit: 87.40")
    app = page("cases").run()
    app.button(key="cases-make").click().run()
    deadline = time.monotonic() + 60
    while not assistant.cases.all(mine()) and time.monotonic() < deadline:
        time.sleep(0.2)
    drafts = assistant.cases.all(mine(), "draft")
    assert drafts and drafts[0].asset == "order.txt"
    for worker in [w for w in threading.enumerate() if w.name == "drafting"]:
        worker.join(30)
    app.run()
    assert not app.exception
    assert any(button.key == f"case-ok-{drafts[0].id}" for button in app.button)
