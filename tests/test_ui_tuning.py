"""The training page over the real service: start, watch, stop, apply, roll back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest
from test_tuning_registry import made

from assistant.config import Settings
from assistant.service import Assistant
from assistant.store.tuning import Figure, TuningRuns
from assistant.tuning.registry import TunedModels
from retrieval.catalog.base import open_engine
from ui import runtime


@pytest.fixture
def assistant(settings: Settings) -> Iterator[Assistant]:
    home = settings.home
    runtime.configure(Settings(home=home, models_dir=home / "models", chat_model="scripted"))
    yield runtime.assistant()
    runtime.close()


def page() -> AppTest:
    return AppTest.from_string("from ui import tuning\ntuning.page()", default_timeout=60).run()


def words(app: AppTest) -> str:
    shown = [*app.title, *app.markdown, *app.caption, *app.success, *app.error, *app.info]
    return "\n".join(str(element.value) for element in shown).replace("\\", "")


def test_a_version_is_used_and_taken_back(assistant: Assistant, tmp_path: Path) -> None:
    models = TunedModels(assistant.settings.models_folder)
    models.add("sightline-vlm", "one", made(tmp_path / "a"))
    models.add("sightline-vlm", "two", made(tmp_path / "b"))
    app = page()
    app.button(key="apply-sightline-vlm-one").click().run()
    app.button(key="apply-sightline-vlm-two").click().run()
    assert "In use now: sightline-vlm two." in words(app)
    app.button(key="back-sightline-vlm-two").click().run()
    assert "Back to one." in words(app)
    used = models.current("sightline-vlm")
    assert used is not None
    assert used.version == "one"
    (models.versions()[1].folder / "model.safetensors").write_bytes(b"damaged")
    app.button(key="apply-sightline-vlm-two").click().run()
    assert "checksum" in words(app)
    assert models.current("sightline-vlm") == used


def test_a_run_that_fails_says_why_on_the_page(assistant: Assistant, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.new("RGB", (8, 8)).save(folder / "a.png")
    (folder / "train.jsonl").write_text(json.dumps({"image": "a.png", "captions": [""]}))
    app = page()
    assert app.button(key="tuning-start").disabled
    app.text_input(key="tuning-data").set_value(str(folder)).run()
    app.button(key="tuning-start").click().run()
    deadline = time.monotonic() + 90
    while not (assistant.tuning.runs() and assistant.tuning.runs()[0].state == "failed"):
        assert time.monotonic() < deadline
        time.sleep(0.3)
    app.run()
    assert "train.jsonl, line 1" in words(app)
    assert app.button(key="go-on-mine")


def test_a_killed_run_is_shown_with_its_plot_and_can_go_on(assistant: Assistant) -> None:
    rows = TuningRuns(open_engine(assistant.settings.database_url))
    rows.begin("mine", "hub", {"data": ["/photos"]})
    rows.add_figures("mine", [Figure(0, "adapter", 1, 1.0, {"loss": 2.0})])
    rows.change("mine", state="training", told="adapter 1/9: loss 2; 9 s left", eta=9.0)
    app = page()
    assert "interrupted" in words(app)
    assert "adapter 1/9: loss 2" in words(app)
    assert app.button(key="go-on-mine")
    assert "adapter: loss" in assistant.tuning.plot("mine")


def test_training_is_not_offered_from_elsewhere(assistant: Assistant) -> None:
    runtime.configure(assistant.settings.model_copy(update={"host": "0.0.0.0"}))
    app = page()
    assert "only to the person at this machine" in words(app)
    assert not app.text_input
