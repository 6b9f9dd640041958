"""The queue from the command line and the service: seen, paused, gone on with, ended, run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from assisting import fake_embedders
from typer.testing import CliRunner

from assistant.build import build_assistant
from assistant.cli.main import app
from assistant.config import Settings
from assistant.errors import JobNotFound
from assistant.service import Assistant
from retrieval.catalog.base import open_engine
from retrieval.catalog.jobs import Jobs
from retrieval.catalog.records import Upload


@pytest.fixture
def assistant(settings: Settings) -> Iterator[Assistant]:
    built = build_assistant(settings, embedders=fake_embedders)
    yield built
    built.close()


@pytest.fixture
def job(assistant: Assistant, settings: Settings, tmp_path: Path) -> int:
    """Two files in the queue, and nobody to take them in; the second is no file at all."""
    (tmp_path / "good.txt").write_text("The boiler is in the cellar.")
    (tmp_path / "empty.txt").write_bytes(b"")
    engine = open_engine(settings.database_url)
    uploads = [Upload(p, tmp_path / p) for p in ("good.txt", "empty.txt")]
    number = Jobs(engine).submit("default", uploads)
    engine.dispose()
    return number


def said(*arguments: object) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["jobs", *map(str, arguments), "--json"])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_queue_is_steered(job: int) -> None:
    (listed,) = said("list")["jobs"]
    assert (listed["id"], listed["status"], listed["progress"]) == (job, "queued", 0.0)
    assert [f["name"] for f in listed["files"]] == ["good.txt", "empty.txt"]
    assert said("pause", job)["status"] == "paused"
    assert said("resume", job)["status"] == "queued"
    assert said("cancel", job)["status"] == "cancelled"
    assert {f["status"] for f in said("list")["jobs"][0]["files"]} == {"cancelled"}
    assert said("retry", job)["status"] == "queued"
    assert "queued" in CliRunner().invoke(app, ["jobs", "list"]).stdout


def test_the_queue_is_worked_off(assistant: Assistant, job: int) -> None:
    assistant.steer_job(job, "pause", wake=False)
    assert assistant.work_off() == 0, "a paused job waits"
    assistant.steer_job(job, "resume", wake=False)
    assert assistant.work_off() == 1
    done = assistant.jobs()[0]
    assert (done.status, done.progress) == ("done", 1.0)
    assert [f.status for f in done.files] == ["indexed", "failed"]
    assert "empty" in done.files[1].reason


def test_a_job_of_another_library_is_not_to_be_seen(assistant: Assistant, job: int) -> None:
    with pytest.raises(JobNotFound):
        assistant.steer_job(job, "cancel", library="somebody else")
    assert assistant.jobs()[0].status == "queued"


def test_a_folder_is_followed_through_the_service(assistant: Assistant, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "a.txt").write_text("Apples.")
    (folder / "b.txt").write_bytes(b"")
    news = {n.path.name: n for n in assistant.keep_in_step(folder, once=True)}
    assert news["a.txt"].sentence("en") == "a.txt: taken into the library"
    assert "is empty" in news["b.txt"].sentence("en")
    assert news["b.txt"].sentence("zh").startswith("b.txt：未能加入")
    assert [a.name for a in assistant.assets()] == ["a.txt"]
