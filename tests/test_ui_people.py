"""The people page over the real service: switched on, named, merged by name, erased; in Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from faces import changed, real_encoder, side_by_side
from streamlit.testing.v1 import AppTest

from assistant.config import Settings
from assistant.service import Assistant
from retrieval.weights import ModelStore
from ui import runtime


@pytest.fixture
def assistant(settings: Settings, model_store: ModelStore, tmp_path: Path) -> Iterator[Assistant]:
    """The assistant behind the page, with a photo of each of two women and one of both."""
    real_encoder(model_store)
    runtime.configure(Settings(**{**settings.model_dump(), "chat_model": "scripted"}))
    photos = {
        "eileen.png": changed("eileen"),
        "grace.png": changed("grace"),
        "both.png": side_by_side(changed("grace", "dark"), changed("eileen", "mirrored")),
    }
    for name, photo in photos.items():
        photo.save(tmp_path / name)
    runtime.assistant().ingest([tmp_path / name for name in photos])
    yield runtime.assistant()
    runtime.close()


def page() -> AppTest:
    return AppTest.from_string("from ui import people\npeople.page()", default_timeout=60)


def words(app: AppTest) -> str:
    shown = [*app.title, *app.markdown, *app.caption, *app.info, *app.warning]
    return "\n".join(str(element.value) for element in shown)


def press(app: AppTest, label: str) -> AppTest:
    app = next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def test_people_are_grouped_named_and_erased_on_the_page(assistant: Assistant) -> None:
    app = page().run()
    assert "Nothing about faces is computed or stored" in words(app)
    assert "never leave this machine" in words(app)
    app = press(app, "Group faces")
    assert "Photos still to look at: 3" in words(app) and not app.text_input
    assistant.people.look()
    app = app.run()
    first, second = app.text_input
    assert (first.value, second.value) == ("", "") and "faces: 2, photos: 2" in words(app)
    app = first.set_value("Anna").run()
    assert [p.name for p in assistant.people.view().people] == ["Anna", ""]
    app = press(app, "Faces")
    assert any(button.label == "Not this person" for button in app.button)
    app = next(field for field in app.text_input if not field.value).set_value("anna").run()
    (anna,) = assistant.people.view().people
    assert (anna.name, anna.faces) == ("Anna", 4)
    app = press(app, "Erase everything now")
    assert not assistant.people.view().on
    assert "are erased" in app.success[0].value and not app.error
    assert "Nothing about faces is computed or stored" in words(app)


def test_the_page_speaks_chinese(assistant: Assistant) -> None:
    app = page()
    app.session_state["language"] = "zh"
    app.run()
    assert "不会离开本机" in words(app)
    app = press(app, "对人脸分组")
    assistant.people.look()
    assert "人脸 2 张，照片 2 张" in words(app.run())
