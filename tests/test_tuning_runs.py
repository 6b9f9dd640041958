"""Runs of fine-tuning as they are kept: one process at a time, kills, bad data, full machines."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from PIL import Image
from sqlalchemy import Engine

from assistant.config import Settings
from assistant.errors import (
    DataChanged,
    DataInvalid,
    DataLeaks,
    DataTooSmall,
    RunBusy,
    RunNotPrepared,
    TrainingTooLarge,
    TuningError,
)
from assistant.store.tuning import TuningRuns
from assistant.tuning import pipeline
from assistant.tuning.card import OWN, RESEARCH, DataUsed, licence_of
from assistant.tuning.control import Tuning
from assistant.tuning.hold import holder_of, said
from assistant.tuning.journal import METRICS, Journal, read_figures
from assistant.tuning.plot import series
from assistant.tuning.registry import TunedModels, sha256_of
from retrieval.errors import DiskFull
from retrieval.weights import ModelStore

HOLD = """
import sys, time
from pathlib import Path
from assistant.tuning.hold import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def tuning(settings: Settings, engine: Engine) -> Tuning:
    return Tuning(settings, TuningRuns(engine), ModelStore(settings.models_folder))


def quiet(_sentence: str) -> None:
    """Say nothing."""


def photos(folder: Path, count: int, split: str = "train", first: int = 0) -> Path:
    """Write a set of photos, each of its own colour, with one caption each."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(first, first + count):
        name = f"{split}{number}.png"
        Image.new("RGB", (16, 16), (number, 99, 7)).save(folder / name)
        rows.append({"image": name, "captions": ["A plain colour."]})
    (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_bad_data_is_refused_and_the_reason_kept(tuning: Tuning, tmp_path: Path) -> None:
    one = photos(tmp_path / "one", 1)
    with pytest.raises(DataTooSmall, match="1 photos"):
        tuning.prepare("one", [one], "vlm", show=quiet)
    bad = photos(tmp_path / "bad", 9)
    with (bad / "train.jsonl").open("a") as out:
        out.write('{"image": "train0.png", "captions": [" "]}\n')
    with pytest.raises(DataInvalid, match="line 10"):
        tuning.prepare("bad", [bad], "vlm", show=quiet)
    views = {view.name: view for view in tuning.runs()}
    assert views["one"].state == views["bad"].state == "failed"
    error = views["bad"].error
    assert error is not None
    assert error[0] == "data_invalid"
    assert error[1]["line"] == "10"
    with pytest.raises(RunNotPrepared):
        tuning.train("bad", {}, show=quiet)


def test_the_same_photo_under_another_name_is_a_leak(tmp_path: Path) -> None:
    folder = photos(tmp_path / "set", 9)
    photos(folder, 3, "val", first=100)
    pipeline.check_data([folder])
    (folder / "val101.png").write_bytes((folder / "train4.png").read_bytes())
    with pytest.raises(DataLeaks, match=r"val101\.png"):
        pipeline.check_data([folder])


def test_data_that_changed_after_it_was_prepared_is_noticed(tmp_path: Path) -> None:
    folder = photos(tmp_path / "set", 9)
    run = tmp_path / "run"
    path = folder / "train.jsonl"
    plan = pipeline.Plan("hub", ((str(path), sha256_of(path)),), "model")
    pipeline.write_plan(run, plan, pipeline.arrange(pipeline.check_data([folder])))
    assert pipeline.read_plan(run) == plan
    assert len(pipeline.open_run(run)[0].split.rows) == 9
    path.write_text(path.read_text().replace("plain", "nice"))
    with pytest.raises(DataChanged):
        pipeline.open_run(run)


def test_a_run_has_one_worker_and_a_killed_one_is_seen(
    tuning: Tuning, settings: Settings, engine: Engine
) -> None:
    folder = settings.home / "runs" / "mine"
    folder.mkdir(parents=True)
    rows = TuningRuns(engine)
    rows.begin("mine", "vlm", {})
    rows.change("mine", state="training", eta=12.0)
    worker = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "held\n"
    assert tuning.runs()[0].active
    assert holder_of(folder) == worker.pid
    with pytest.raises(RunBusy):
        tuning.start("mine", ["train"])
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    view = tuning.runs()[0]
    assert (view.state, view.left, view.active) == ("interrupted", None, False)


def test_figures_reach_sql_once_whatever_was_cut_off(tmp_path: Path, engine: Engine) -> None:
    rows = TuningRuns(engine)
    rows.begin("run", "clip", {})
    folder = tmp_path / "run"
    folder.mkdir()
    journal = Journal(folder, rows, quiet)
    journal.record("heads", 1, {"loss": 2.0}, steps=4, seconds=10.0)
    with (folder / METRICS).open("a") as out:
        out.write('{"stage": "heads", "st')  # as a kill leaves it
    journal.record("heads", 2, {"loss": 1.5, "broken": float("nan")}, steps=4, seconds=20.0)
    Journal(folder, rows, quiet).carry()
    journal.carry(told="half")
    figures, last = read_figures(folder)
    assert [(f.step, dict(f.values)) for f in figures] == [(1, {"loss": 2.0}), (2, {"loss": 1.5})]
    assert rows.figures("run") == figures
    assert last["left"] == 20.0  # two steps of four took twenty seconds
    run = rows.get("run")
    assert run is not None
    assert (run.stage, run.eta, run.told) == ("heads", 20.0, "half")
    assert series(figures) == {"heads: loss": [(1, 2.0), (2, 1.5)]}


def test_a_full_machine_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 50)
    assert isinstance(said(caught.value, tmp_path), TrainingTooLarge)
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "x"))
    assert isinstance(said(full, tmp_path), DiskFull)
    bug = ValueError("a bug")
    assert said(bug, tmp_path) is bug


def test_a_version_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    from test_tuning_registry import made

    models = TunedModels(tmp_path / "models")
    models.add("vlm", "1", made(tmp_path / "a"))
    models.apply("vlm", "1")
    (tmp_path / "models" / "tuned" / "clip").write_text("a file where a folder should be")
    with pytest.raises(TuningError, match="nothing was changed"):
        models.add("clip", "2", made(tmp_path / "b"))
    half = tmp_path / "models" / "tuned" / "vlm" / ".2.99"
    made(half)  # what a kill leaves of a copy
    assert [v.version for v in models.versions()] == ["1"]


def test_the_licence_follows_from_what_was_learned() -> None:
    own = DataUsed("holiday/train", 9, 9, "training")
    flickr = DataUsed("flickr8k/train", 9, 9, "training")
    measured = DataUsed("flickr8k/val", 9, 9, "measuring")
    assert licence_of([own, measured]) == OWN
    assert licence_of([own, flickr]) == RESEARCH
    assert licence_of([own], "research use only") == RESEARCH
    assert licence_of([DataUsed("visual7w/train", 9, 9, "training")]).startswith("CC BY")


def test_the_command_line_says_the_line(tmp_path: Path, settings: Settings) -> None:
    folder = photos(tmp_path / "set", 9)
    with (folder / "train.jsonl").open("a") as out:
        out.write("{nonsense\n")
    ran = subprocess.run(
        [sys.executable, "-m", "assistant.cli", "tune", "prepare", str(folder), "--json",
         "--home", str(settings.home)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 1
    assert "line 10" in ran.stderr
    assert json.loads(ran.stdout)["error"]["code"] == "data_invalid"


def test_a_run_goes_on_without_its_parent(tuning: Tuning, tmp_path: Path) -> None:
    """The screen starts a process; what that says and how it ends is seen from here."""
    folder = photos(tmp_path / "set", 1)
    tuning.start("mine", ["run", str(folder)])
    deadline = time.monotonic() + 60
    while not (tuning.runs() and tuning.runs()[0].state == "failed"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    error = tuning.runs()[0].error
    assert error is not None
    assert error[0] == "data_too_small"
