"""Packing texts about photos into one sequence changes nothing but the cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tuning_tiny import LAYERS, LORA, SHAPE, WORDS, save_qwen, tiny_qwen

from assistant.tuning.lm import LanguageModel, LoRA
from assistant.tuning.packing import Ask, fitting, pack
from assistant.tuning.projector import Projector
from assistant.tuning.speak_train import Speaker, SpeakSettings, ask_losses, run_packed
from assistant.tuning.tasks import Drawn
from assistant.tuning.validate import _write

PREFIX = (1, 2, 3)
LENGTH = 40
CAPTIONS = Ask((5, 6), ((7, 8, 9), (10, 9), (11, 12, 13, 9)))
CHOICE = Ask((14, 15, 16), ((17, 9), (18, 19, 9), (20, 9)), 0, True)
OPEN = Ask((21,), ((22, 23, 9),))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_qwen(tmp_path_factory.mktemp("qwen"))


@pytest.fixture
def speaker() -> Speaker:
    torch.manual_seed(1)
    return Speaker(Projector(SHAPE), LoRA(LORA, LAYERS))


@pytest.fixture
def lm(folder: Path, speaker: Speaker) -> LanguageModel:
    return LanguageModel(folder, speaker.lora, range(WORDS), dtype=torch.float32)


def photo(seed: int, *asks: Ask) -> Drawn:
    features = np.random.default_rng(seed).normal(size=(9, 6)).astype(np.float32)
    return Drawn("t", features, asks, PREFIX)


def alone(
    qwen: Any, speaker: Speaker, item: Drawn, prompt: tuple[int, ...], answer: tuple[int, ...]
) -> float:
    """The log-likelihood of one answer, computed by transformers as one plain sequence."""
    table = qwen.get_input_embeddings().weight
    rows = speaker.projector(torch.from_numpy(item.features)[None])[0]
    texts = (table[list(PREFIX)], rows, table[[*prompt, *answer[:-1]]])
    logits = qwen(inputs_embeds=torch.cat(texts)[None]).logits[0, -len(answer) :]
    chances = logits.log_softmax(-1)
    return float(chances[range(len(answer)), list(answer)].sum().detach())


def test_packed_likelihoods_equal_those_of_transformers(
    lm: LanguageModel, speaker: Speaker
) -> None:
    qwen = tiny_qwen()
    items = [photo(1, CAPTIONS), photo(2, CHOICE, OPEN)]
    packed, chances = run_packed(speaker, lm, items, LENGTH)
    number = 0
    for item in items:
        for ask in item.asks:
            for answer in ask.answers:
                together = float(chances[packed.answer == number].sum().detach())
                wanted = alone(qwen, speaker, item, ask.prompt, answer)
                assert together == pytest.approx(wanted, abs=1e-3)
                number += 1


def test_low_rank_changes_equal_changed_weights(
    folder: Path, lm: LanguageModel, speaker: Speaker
) -> None:
    with torch.no_grad():
        for name in LORA.places:
            speaker.lora.get_parameter(f"{name}_b").normal_()
    qwen = tiny_qwen()
    for layer, (qkv_a, qkv_b, out_a, out_b, down_a, down_b) in zip(
        qwen.model.layers, speaker.lora.rounded(torch.float32), strict=True
    ):
        whole = qkv_b @ qkv_a
        attention = layer.self_attn
        for part, change in zip("qkv", whole.split((16, 8, 8)), strict=True):
            getattr(attention, f"{part}_proj").weight.data += change
        attention.o_proj.weight.data += out_b @ out_a
        layer.mlp.down_proj.weight.data += down_b @ down_a
    item = photo(3, OPEN)
    _, chances = run_packed(speaker, lm, [item], LENGTH)
    wanted = alone(qwen, speaker, item, OPEN.prompt, OPEN.answers[0])
    assert float(chances.sum().detach()) == pytest.approx(wanted, abs=1e-3)


def test_loss_of_an_ask(lm: LanguageModel, speaker: Speaker) -> None:
    qwen = tiny_qwen()
    items = [photo(1, CAPTIONS), photo(2, CHOICE)]
    settings = SpeakSettings(length=LENGTH, choose_weight=0.5)
    described, chosen = (float(x.detach()) for x in ask_losses(speaker, lm, items, settings))
    captions = [alone(qwen, speaker, items[0], CAPTIONS.prompt, a) for a in CAPTIONS.answers]
    assert described == pytest.approx(-sum(captions) / 9, abs=1e-3)
    scores = torch.tensor(
        [alone(qwen, speaker, items[1], CHOICE.prompt, a) for a in CHOICE.answers]
    )
    wanted = -scores[0] / 2 + 0.5 * (scores.logsumexp(0) - scores[0])
    assert chosen == pytest.approx(float(wanted), abs=1e-3)


def test_a_text_sees_its_own_question_and_photo_only() -> None:
    packed = pack([[CAPTIONS], [CHOICE, OPEN]], PREFIX, rows=2, length=30)
    first, second = packed.visible
    at = {token: i for i, token in enumerate(packed.tokens[1].tolist())}
    assert not first.triu(1).any() and not second.triu(1).any()
    assert not second[at[18], at[17]]  # a wrong answer does not see the right one
    assert not second[at[21], at[14]]  # nor a question the one before it
    assert second[at[18], at[14]] and second[at[18], : len(PREFIX) + 2].all()
    captions = {token: i for i, token in enumerate(packed.tokens[0].tolist())}
    assert not first[captions[10], captions[7]]  # nor another caption
    assert int(second[-1].sum()) == 1  # an unused place sees itself only


def test_positions_count_along_the_path() -> None:
    packed = pack([[CAPTIONS]], PREFIX, rows=2, length=20)
    at = {token: i for i, token in enumerate(packed.tokens[0].tolist())}
    places = packed.positions[0]
    assert places[at[1]] == 0 and places[at[5]] == 5
    assert places[at[7]] == places[at[11]] == 7 and places[at[12]] == 8


def test_what_does_not_fit_is_left_out() -> None:
    assert fitting([CAPTIONS], CAPTIONS.size) == (CAPTIONS,)
    (cut,) = fitting([CAPTIONS], CAPTIONS.size - 1)
    assert cut.answers == CAPTIONS.answers[:2]  # captions are cut to those that fit
    assert fitting([CHOICE, OPEN], CHOICE.size - 1) == (OPEN,)  # a choice is whole or not at all


class Letters:
    """Codes every character as a number; 3 ends."""

    prefix, end = PREFIX, 3

    def text(self, tokens: list[int]) -> str:
        return " ".join(map(str, tokens))


def test_validation_writes_what_transformers_writes(
    folder: Path, lm: LanguageModel, speaker: Speaker
) -> None:
    qwen = tiny_qwen()
    speaker.eval()
    prompts, cells = [(5, 6), (7,), (8, 9, 10)], [photo(i).features for i in range(3)]
    lines = list(_write(speaker, lm, Letters(), cells, prompts, 5))  # type: ignore[arg-type]
    table = qwen.get_input_embeddings().weight
    for line, prompt, own in zip(lines, prompts, cells, strict=True):
        rows = speaker.projector(torch.from_numpy(own)[None])[0]
        wanted: list[int] = []
        for _ in range(len(line) + 1):
            texts = (table[list(PREFIX)], rows, table[[*prompt, *wanted]])
            wanted.append(int(qwen(inputs_embeds=torch.cat(texts)[None]).logits[0, -1].argmax()))
        assert line == wanted[:-1]
        assert wanted[-1] == Letters.end or len(line) == 5


def test_gradient_reaches_what_learns_and_nothing_else(lm: LanguageModel, speaker: Speaker) -> None:
    settings = SpeakSettings(length=LENGTH)
    items = [photo(1, CAPTIONS), photo(2, CHOICE)]
    torch.stack(ask_losses(speaker, lm, items, settings)).sum().backward()
    for name, parameter in speaker.named_parameters():
        gradient = parameter.grad
        assert gradient is not None, name
        if not name.endswith("_a"):  # A has no gradient while B is zero
            assert float(gradient.abs().sum()) > 0, name
    assert not any(weight.requires_grad for layer in lm._layers for weight in layer)
