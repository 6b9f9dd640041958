"""An adapter for a hub model, on a tiny checkpoint: learned, resumed, applied, rolled back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hub_checkpoints import llava
from langchain_core.messages import HumanMessage
from PIL import Image
from sqlalchemy import Engine

from assistant.config import Settings
from assistant.errors import CheckpointMismatch, ModelUnavailable, TuningError, TuningUsage
from assistant.models.hub_loading import load
from assistant.models.hub_plan import LoadPlan
from assistant.models.protocol import SightlineChatModel
from assistant.models.registry import build_chat_model
from assistant.store.tuning import TuningRuns
from assistant.tuning.control import Tuning
from assistant.tuning.hub_run import ADAPTER, last_whole
from assistant.tuning.journal import read_figures
from retrieval.weights import ModelStore

STEPS = 24
GIVEN = {"steps": STEPS, "rank": 4, "rate": 0.03, "batch": 4}
QUESTION = [HumanMessage("What colour is this?")]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LLaVA of a few thousand weights, all random."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("hub") / "tiny-llava"
    llava(folder)
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve red and blue photos with a question, and two to measure on."""
    folder = tmp_path_factory.mktemp("data") / "colours"
    folder.mkdir()
    for split, count, base in (("train", 12, 200), ("val", 2, 100)):
        rows = []
        for number in range(count):
            colour = ("red", "blue")[number % 2]
            shade = (base + number, 0, 0) if colour == "red" else (0, 0, base + number)
            name = f"{split}{number}.png"
            Image.new("RGB", (28, 28), shade).save(folder / name)
            rows.append({"image": name, "question": "What colour is this", "answer": "red"})
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    return folder


@pytest.fixture
def home(tmp_path: Path, checkpoint: Path) -> Settings:
    return Settings(
        home=tmp_path / "home", models_dir=tmp_path / "models", threads=1, tier="hub",
        chat_model=str(checkpoint), quantization="none",
    )  # fmt: skip


@pytest.fixture
def tuning(home: Settings, engine: Engine) -> Tuning:
    return Tuning(home, TuningRuns(engine), ModelStore(home.models_folder))


def quiet(_sentence: str) -> None:
    """Say nothing."""


def chat(settings: Settings) -> SightlineChatModel:
    return build_chat_model(settings, ModelStore(settings.models_folder))


def after(steps: int) -> Callable[[], bool]:
    """Ask for an end after so many questions whether there should be one."""
    asked = iter(range(10_000))
    return lambda: next(asked) >= steps


def test_an_adapter_is_learned_stopped_resumed_used_and_rolled_back(
    tuning: Tuning, home: Settings, photos: Path
) -> None:
    before = chat(home).score(QUESTION, ["red"])[0]
    tuning.prepare("colours", [photos], "hub", show=quiet)
    assert tuning.train("colours", GIVEN, show=quiet, stop=after(10)) is False  # before step 12
    assert [view.state for view in tuning.runs()] == ["stopped"]
    with pytest.raises(TuningError, match="train it first"):
        tuning.apply(run="colours")
    with pytest.raises(CheckpointMismatch, match="rate"):
        tuning.train("colours", {"rate": 0.5}, show=quiet)

    folder = home.home / "runs" / "colours"
    half = folder / "adapter" / "checkpoint-99"
    half.mkdir()
    (half / "trainer_state.json").write_text('{"global')  # as a kill leaves it
    assert Path(str(last_whole(folder / "adapter"))).name == "checkpoint-11"
    assert tuning.train("colours", {}, show=quiet) is True
    figures, _ = read_figures(folder)
    steps = [figure.step for figure in figures]
    assert steps == sorted(set(steps))  # what was learned before the stop was not learned again
    assert figures[-1].values["loss"] < figures[0].values["loss"] - 0.5
    assert tuning.figures("colours") == figures
    assert "adapter: loss" in (folder / "plot.svg").read_text()

    found = tuning.evaluate("colours", 2, show=quiet)
    assert "colours/val exact, without the adapter" in found
    applied = tuning.apply(run="colours")
    assert applied.card["metrics"] == dict(found)
    assert applied.card["settings"]["rank"] == 4
    assert {d["use"] for d in applied.card["data"]} == {"training", "measuring"}
    tuned = chat(home)
    assert applied.version in tuned.model_id
    learned = tuned.score(QUESTION, ["red"])[0]
    assert learned > before + 0.5
    assert tuning.rollback() is None
    assert chat(home).score(QUESTION, ["red"])[0] == pytest.approx(before, abs=1e-5)

    with_adapter(home, applied.folder)
    (applied.folder / ADAPTER[0]).write_bytes(b"damaged")
    with pytest.raises(TuningError, match="checksum"):
        tuning.apply(applied.version)


def with_adapter(home: Settings, folder: Path) -> None:
    """A merged adapter computes what the adapter beside the weights computes."""
    from peft import PeftModel

    plan = LoadPlan("cpu", "none", 0, 0)
    base = Path(home.chat_model)
    merged = load(base, "tiny", plan, 1, folder)
    beside = PeftModel.from_pretrained(load(base, "tiny", plan, 1, None).model, str(folder))
    inputs = merged.tokenizer("What colour is this?", return_tensors="pt")
    with torch.no_grad():
        one, other = merged.model(**inputs).logits, beside(**inputs).logits
    assert torch.allclose(one, other, atol=1e-4)


def test_what_cannot_be_trained_is_said(tuning: Tuning, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="neither a folder"):
        tuning.prepare("a", [photos], "hub", model="nobody/nothing", show=quiet)
    gguf = tmp_path / "model.gguf"
    gguf.write_bytes(b"GGUF")
    with pytest.raises(TuningUsage, match="GGUF"):
        tuning.prepare("b", [photos], "hub", model=str(gguf), show=quiet)
    tuning.prepare("c", [photos], "hub", show=quiet)
    with pytest.raises(TuningUsage, match="--name-steps is not a setting of `hub`"):
        tuning.train("c", {"name_steps": 5}, show=quiet)
    assert tuning.runs()[0].error is not None


def test_nf4_without_a_gpu_is_said(tuning: Tuning, photos: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    tuning.prepare("q", [photos], "hub", show=quiet)
    with pytest.raises(TuningUsage, match="CUDA"):
        tuning.train("q", {"quantization": "nf4"}, show=quiet)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="QLoRA needs a CUDA GPU")
def test_qlora_on_a_gpu_learns(tuning: Tuning, photos: Path, home: Settings) -> None:
    tuning.prepare("q", [photos], "hub", show=quiet)
    assert tuning.train("q", {**GIVEN, "quantization": "nf4"}, show=quiet)
    figures = tuning.figures("q")
    assert figures[-1].values["loss"] < figures[0].values["loss"]
