"""Training: losses fall, a killed run goes on as if never stopped, other settings are refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from assistant.errors import CheckpointDamaged, CheckpointMismatch
from assistant.models.sight import AnswerShape, Shape, SightProjector
from assistant.tuning.answerer import (
    Answerer,
    AnswerSet,
    AnswerSettings,
    Line,
    line_batch,
    line_scores,
    train_answerer,
)
from assistant.tuning.export import Parts, export_projector
from assistant.tuning.features import Features
from assistant.tuning.lm import FrozenLM
from assistant.tuning.packing import Ask
from assistant.tuning.projector import Projector
from assistant.tuning.see_train import SeePhoto, SeeSet, SeeSettings, train_see
from assistant.tuning.tasks import Sampler, Task, TaskPhoto
from assistant.tuning.vlm_train import Run, VlmSettings, train_vlm
from assistant.tuning.vocabulary import Vocabulary

SHAPE = Shape(
    vocabulary=14, concepts=5, channels=6, cells=4, width=8, heads=2, layers=1, lm_width=16,
    text_rows=5, draft_length=3, soft_rows=2,
)  # fmt: skip
ANSWERS = AnswerShape(
    vocabulary=12, channels=6, cells=4, width=8, heads=2, layers=1, length=20
)  # fmt: skip
RNG = np.random.default_rng(0)
FEATURES = Features(
    RNG.normal(size=(8, 4, 6)).astype(np.float16),
    tuple(f"{i}.jpg" for i in range(8)),
    {f"{i}.jpg": i for i in range(8)},
)


def see_set() -> SeeSet:
    """Photo i shows concept i % 2, and its captions say so."""
    photos = tuple(
        SeePhoto(i, ((2 + i % 2, 4, 5),) * 2, {i % 2: 1.0}, labelled=True) for i in range(8)
    )
    return SeeSet(photos, (FEATURES,))


def see(folder: Path, steps: int, **changed: float) -> tuple[dict[str, torch.Tensor], list[float]]:
    torch.manual_seed(0)
    model = Projector(SHAPE, dropout=0.1)
    losses: list[float] = []
    settings = dataclasses.replace(
        SeeSettings(steps=24, photos=4, other_photos=2, warmup=2, lr=0.01), **changed
    )
    state = train_see(
        model, see_set(), [see_set()], settings, folder, lambda _s, m: losses.append(m["draft"]),
        every=1, save_every=4, stop=lambda: len(losses) >= steps,
    )  # fmt: skip
    return state, losses


def test_stage_one_learns_and_resumes_exactly(tmp_path: Path) -> None:
    whole, losses = see(tmp_path / "whole", 24)
    assert losses[-1] < losses[0] - 0.3
    see(tmp_path / "cut", 10)
    resumed, _ = see(tmp_path / "cut", 24)
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name


def test_a_checkpoint_of_other_settings_or_a_damaged_one_is_refused(tmp_path: Path) -> None:
    see(tmp_path, 4)
    with pytest.raises(CheckpointMismatch):
        see(tmp_path, 8, lr=0.02)
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointDamaged):
        see(tmp_path, 8)


def answer_set() -> AnswerSet:
    lines = tuple((Line((4, 5), ((6 + i % 2, 1), (7 - i % 2, 1))),) for i in range(8))
    return AnswerSet(tuple(range(8)), lines, (FEATURES,))


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
        score, _ = line_scores(model(features, words), targets)
        right += int(score.argmax() == 0)
    assert right >= 7


class WordReader:
    """Reads fixed words and drafts nothing."""

    def words(self, features: NDArray[np.float32]) -> NDArray[np.int64]:
        return np.array([4, 5, 6])

    def hint(self, features: NDArray[np.float32], question: str) -> str:
        return ""


@pytest.fixture(scope="module")
def lm() -> FrozenLM:
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=30, hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=False,
    )  # fmt: skip
    return FrozenLM(Qwen2ForCausalLM(config).requires_grad_(False).eval(), [1, 2], range(30))


def make_run(folder: Path, **changed: float) -> Run:
    torch.manual_seed(0)
    photos = tuple(TaskPhoto(i, (Ask((7,), ((8 + i % 2, 3),)),)) for i in range(8))
    sampler = Sampler([Task("t", photos, FEATURES, 1.0, 1)], WordReader(), None, 5)  # type: ignore[arg-type]
    settings = dataclasses.replace(
        VlmSettings(steps=30, photos=4, lr=0.1, warmup=2, ema=0.9), **changed
    )
    return Run(Projector(SHAPE), settings, sampler, folder)


def test_stage_two_learns_through_the_frozen_model_and_resumes_exactly(
    lm: FrozenLM, tmp_path: Path
) -> None:
    before = {n: p.clone() for n, p in lm.model.named_parameters()}
    losses: list[float] = []
    whole = make_run(tmp_path / "whole")
    train_vlm(whole, lm, lambda p: losses.append(p.loss), every=5)
    assert losses[-1] < losses[0]
    assert all(torch.equal(p, before[n]) for n, p in lm.model.named_parameters())

    cut = make_run(tmp_path / "cut")
    train_vlm(cut, lm, lambda _: None, stop=lambda: cut.learner.step == 11)
    resumed = make_run(tmp_path / "cut")
    assert resumed.learner.step == 11
    train_vlm(resumed, lm, lambda _: None)
    assert resumed.learner.step == whole.learner.step == 30
    for name, value in whole.learner.averaged_state().items():
        assert torch.equal(value, resumed.learner.averaged_state()[name]), name
    with pytest.raises(CheckpointMismatch):
        make_run(tmp_path / "cut", lr=0.03)


def test_inference_in_numpy_equals_training_in_torch(tmp_path: Path) -> None:
    torch.manual_seed(3)
    model, answerer = Projector(SHAPE), Answerer(ANSWERS)
    for module in (model, answerer):
        for parameter in module.parameters():  # float16 is what the file keeps
            parameter.data = (parameter.data + 0.05 * torch.randn_like(parameter)).half().float()
    vocabulary = Vocabulary(tuple(range(14)), (2, 3, 4, 5, 6))
    state = model.state_dict() | {f"answer.{k}": v for k, v in answerer.state_dict().items()}
    table = torch.randn(14, 16).half().float()
    path = tmp_path / "model.safetensors"
    parts = Parts(SHAPE, vocabulary, ANSWERS, tuple(range(12)))
    export_projector(path, state, parts, table)
    sight = SightProjector.load(path)
    features = FEATURES.get(FEATURES.names)
    tensor = torch.from_numpy(features)
    with torch.no_grad():
        seen = model.see(tensor)
        cells, concepts = sight.see(features)
        assert np.allclose(cells, seen.cells, atol=1e-4)
        assert np.allclose(concepts, seen.concepts, atol=1e-4)
        assert np.allclose(sight.soft_rows(features), model.soft_rows(tensor), atol=1e-3)
        greedy = sight._drafter.write(cells[:1], beams=1)
        line = [0, *greedy]
        for i in range(len(greedy)):
            states = model.draft_states(torch.tensor([line[: i + 1]]), seen.cells[:1])
            logits = model.word_logits(states)[0, -1]
            logits[0] = -torch.inf
            assert int(logits[torch.arange(14) != 1].argmax()) >= 0
        maps = features.transpose(0, 2, 1).reshape(8, 6, 2, 2)
        rows = sight.image_tokens(maps)
        assert rows.shape == (8, SHAPE.rows, 16)
        drafted = sight.answer_scores(maps[0], [4, 5, 6, 7], [[6, 7], [8]])
        words, targets = line_batch([(4, 5, 6, 7)] * 2, [(6, 7, 1), (8, 1)])
        logp = answerer(tensor[:1], words)
        logp = logp - torch.log1p(-logp[..., :1].exp())  # the numpy writer never writes START
        score, _ = line_scores(logp, targets)
        assert np.allclose(drafted, score, atol=1e-3)


def test_a_question_of_unknown_words_gets_no_draft(tmp_path: Path) -> None:
    model, answerer = Projector(SHAPE), Answerer(ANSWERS)
    state = model.state_dict() | {f"answer.{k}": v for k, v in answerer.state_dict().items()}
    path = tmp_path / "model.safetensors"
    parts = Parts(SHAPE, Vocabulary(tuple(range(14)), (2, 3, 4, 5, 6)), ANSWERS, tuple(range(12)))
    export_projector(path, state, parts, torch.zeros(14, 16))
    sight = SightProjector.load(path)
    maps = np.zeros((6, 2, 2), np.float32)
    assert sight.hint(maps, [100, 101, 4]) == []
    assert sight.hint(maps, [4] * 50) == []
    assert sight.answer_scores(maps, [100, 101, 4], [[5], [6]]) == [0.0, 0.0]
