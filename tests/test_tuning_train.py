"""Training: losses fall, a killed run goes on as if never stopped, other settings are refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from tuning_tiny import FEATURES, LAYERS, LORA, SHAPE, WORDS, save_qwen

from assistant.errors import CheckpointDamaged, CheckpointMismatch
from assistant.models.second_opinion import AnswerShape, SecondOpinion
from assistant.models.sight import SightProjector
from assistant.tuning.answer_train import (
    AnswerSet,
    AnswerSettings,
    Line,
    line_batch,
    train_answerer,
)
from assistant.tuning.answerer import Answerer
from assistant.tuning.export import Parts, export_weights
from assistant.tuning.features import mirrored
from assistant.tuning.lm import LanguageModel, LoRA
from assistant.tuning.name_train import NamedPhoto, NamedSet, NameSettings, train_namer, word_shares
from assistant.tuning.packing import Ask
from assistant.tuning.projector import Namer, Projector
from assistant.tuning.speak_train import Run, Speaker, SpeakSettings, train_speaker
from assistant.tuning.tasks import Sampler, Task, TaskPhoto

ANSWERS = AnswerShape(
    vocabulary=12, channels=6, cells=9, width=8, heads=2, layers=1, length=20
)  # fmt: skip


def named_set() -> NamedSet:
    """Photo i shows word i % 2."""
    photos = tuple(NamedPhoto(i, {i % 2: 1.0}, described=True) for i in range(8))
    return NamedSet(photos, FEATURES)


def name(folder: Path, steps: int, **changed: float) -> tuple[dict[str, torch.Tensor], list[float]]:
    torch.manual_seed(0)
    projector, table = Projector(SHAPE, dropout=0.1), torch.randn(5, 16)
    projector.begin_as_words(table)
    model = Namer(projector, table, word_shares([named_set()], 5))
    losses: list[float] = []
    settings = dataclasses.replace(
        NameSettings(steps=24, photos=4, other_photos=2, warmup=2, lr=0.03), **changed
    )
    state = train_namer(
        model, named_set(), [named_set()], settings, folder,
        lambda _s, m: losses.append(m["naming"]),
        every=1, save_every=4, stop=lambda: len(losses) >= steps,
    )  # fmt: skip
    return state, losses


def test_naming_learns_and_resumes_exactly(tmp_path: Path) -> None:
    whole, losses = name(tmp_path / "whole", 24)
    assert sum(losses[-4:]) < sum(losses[:4]) * 0.8
    name(tmp_path / "cut", 10)
    resumed, _ = name(tmp_path / "cut", 24)
    for key, value in whole.items():
        assert torch.equal(value, resumed[key]), key


def test_a_checkpoint_of_other_settings_or_a_damaged_one_is_refused(tmp_path: Path) -> None:
    name(tmp_path, 4)
    with pytest.raises(CheckpointMismatch):
        name(tmp_path, 8, lr=0.02)
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointDamaged):
        name(tmp_path, 8)


def answer_set() -> AnswerSet:
    lines = tuple((Line((4, 5), ((6 + i % 2, 1), (7 - i % 2, 1))),) for i in range(8))
    return AnswerSet(tuple(range(8)), lines, FEATURES)


def test_the_answerer_learns_to_tell_right_from_wrong_by_the_photo(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Answerer(ANSWERS)
    losses: list[float] = []
    settings = AnswerSettings(steps=120, photos=8, warmup=5, lr=0.02, ema=0.9)
    state = train_answerer(
        model, [answer_set()], settings, tmp_path, lambda _s, loss, _t: losses.append(loss), every=1
    )
    assert losses[-1] < losses[0] / 2
    model.load_state_dict(state)
    model.eval()
    right = 0
    for row, lines in zip(answer_set().rows, answer_set().lines, strict=True):
        words, targets = line_batch([lines[0].question] * 2, list(lines[0].answers))
        features = torch.from_numpy(FEATURES.maps[row].astype(np.float32))[None]
        score, _ = model.line_scores(features, words, targets)
        right += int(score.argmax() == 0)
    assert right >= 7


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_qwen(tmp_path_factory.mktemp("qwen"))


def make_run(folder: Path, **changed: float) -> Run:
    torch.manual_seed(0)
    photos = tuple(TaskPhoto(i, (Ask((7,), ((8 + i % 2, 3),)),)) for i in range(8))
    task = Task("t", photos, FEATURES, 1.0, mirrored=False)
    sampler = Sampler([task], [1, 2], 6, 5)
    settings = dataclasses.replace(
        SpeakSettings(steps=30, photos=4, length=12, lr=0.1, warmup=2, ema=0.9), **changed
    )
    return Run(Speaker(Projector(SHAPE), LoRA(LORA, LAYERS)), settings, sampler, folder)


def lm_of(run: Run, folder: Path, dtype: torch.dtype = torch.float32) -> LanguageModel:
    return LanguageModel(folder, run.model.lora, range(WORDS), dtype)


def test_speaking_is_learned_through_the_frozen_model_and_resumes_exactly(
    folder: Path, tmp_path: Path
) -> None:
    losses: list[float] = []
    whole = make_run(tmp_path / "whole")
    train_speaker(whole, lm_of(whole, folder), lambda p: losses.append(p.losses["t"]), every=5)
    assert losses[-1] < losses[0]
    cut = make_run(tmp_path / "cut")
    train_speaker(cut, lm_of(cut, folder), lambda _: None, stop=lambda: cut.learner.step == 11)
    resumed = make_run(tmp_path / "cut")
    assert resumed.learner.step == 11
    train_speaker(resumed, lm_of(resumed, folder), lambda _: None)
    assert resumed.learner.step == whole.learner.step == 30
    for key, value in whole.learner.averaged_state().items():
        assert torch.equal(value, resumed.learner.averaged_state()[key]), key
    with pytest.raises(CheckpointMismatch):
        make_run(tmp_path / "cut", lr=0.03)


def test_bfloat16_learns_as_float32_does(folder: Path, tmp_path: Path) -> None:
    ends = []
    for dtype in (torch.float32, torch.bfloat16):
        losses: list[float] = []
        run = make_run(tmp_path / str(dtype))
        train_speaker(
            run, lm_of(run, folder, dtype), lambda p, own=losses: own.append(p.losses["t"]), every=5
        )  # type: ignore[misc]  # noqa: E501
        ends.append(losses)
    for wide, narrow in zip(*ends, strict=True):
        assert narrow == pytest.approx(wide, rel=0.15, abs=0.1)


def test_inference_in_numpy_equals_training_in_torch(tmp_path: Path) -> None:
    torch.manual_seed(3)
    model, answerer = Projector(SHAPE), Answerer(ANSWERS)
    for module in (model, answerer):
        for parameter in module.parameters():  # float16 is what the file keeps
            parameter.data = (parameter.data + 0.05 * torch.randn_like(parameter)).half().float()
    path = tmp_path / "model.safetensors"
    state = {f"projector.{k}": v for k, v in model.state_dict().items()}
    state |= {f"answer.{k}": v for k, v in answerer.state_dict().items()}
    export_weights(path, state, Parts(SHAPE, LORA, ANSWERS, tuple(range(12))))
    features = FEATURES.get(FEATURES.names)
    maps = features.transpose(0, 2, 1).reshape(8, 6, 3, 3)
    tensor = torch.from_numpy(features)
    with torch.no_grad():
        rows = SightProjector.load(path).image_tokens(maps)
        assert rows.shape == (8, SHAPE.rows, 16)
        assert np.allclose(rows, model(tensor), atol=1e-4)
        second = SecondOpinion.load(path)
        weighed = second.scores(maps[0], [4, 5, 6, 7], [[6, 7], [8]])
        words, targets = line_batch([(4, 5, 6, 7)] * 2, [(6, 7, 1), (8, 1)])
        logp = answerer(tensor[:1], words)
        picked = logp.gather(-1, targets.clamp(min=0)[..., None])[..., 0] * (targets >= 0)
        assert torch.allclose(answerer.line_scores(tensor[:1], words, targets)[0], picked.sum(-1))
        picked -= torch.log1p(-logp[..., 0].exp()) * (targets >= 0)  # numpy never writes START
        assert np.allclose(weighed, picked.sum(-1), atol=1e-3)
    drafts = second.drafts(maps[0], [4, 5, 6, 7], beams=4, wanted=4)
    lengths = [len(draft) + 1 for draft in drafts]
    means = np.array(second.scores(maps[0], [4, 5, 6, 7], drafts)) / lengths
    assert len(drafts) == 4 and np.array_equal(means, np.sort(means)[::-1])
    every = [[a, b] for a in range(2, 12) for b in range(2, 12)]
    best = max(second.scores(maps[0], [4, 5, 6, 7], every)) / 3
    assert means[0] >= best - 1e-6  # no line of two words is better than what the beam found
    assert second.drafts(maps[0], [])[0]  # a caption answers no question
    assert second.scores(maps[0], [100, 101, 4], [[5], [6]]) == [0.0, 0.0]  # unknown words
    assert second.scores(maps[0], [4] * 50, [[5], [6]]) == [0.0, 0.0]  # too long a question


def test_windows_are_those_of_adaptive_pooling() -> None:
    cells = torch.from_numpy(FEATURES.get(FEATURES.names))
    grid = cells.transpose(1, 2).reshape(8, 6, 3, 3)
    wanted = torch.nn.functional.adaptive_avg_pool2d(grid, 2).flatten(2).transpose(1, 2)
    assert torch.allclose(Projector(SHAPE).windows @ cells, wanted, atol=1e-6)


def test_mirrored_twice_is_the_photo_again() -> None:
    cells = FEATURES.get(FEATURES.names)
    once = mirrored(cells)
    assert np.array_equal(once[:, 0], cells[:, 2]) and np.array_equal(mirrored(once), cells)
