"""Packing texts about photos into one sequence changes nothing but the cost."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from assistant.models.sight import Shape
from assistant.tuning.lm import FrozenLM
from assistant.tuning.packing import Ask, pack
from assistant.tuning.projector import Projector
from assistant.tuning.tasks import Drawn
from assistant.tuning.vlm_train import batch_loss, run_packed

SHAPE = Shape(
    vocabulary=12, concepts=5, channels=6, cells=4, width=8, heads=2, layers=1, lm_width=16,
    text_rows=3, draft_length=2, soft_rows=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def lm() -> FrozenLM:
    """A random two-layer Qwen2 with grouped-query attention."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=40, hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=False,
    )  # fmt: skip
    model = Qwen2ForCausalLM(config).requires_grad_(False).eval()
    return FrozenLM(model, [1, 2, 3], range(40))


@pytest.fixture
def projector() -> Projector:
    torch.manual_seed(1)
    return Projector(SHAPE)


def photo(seed: int, *asks: Ask) -> Drawn:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(4, 6)).astype(np.float32)
    return Drawn(features, rng.integers(40, size=3), asks)


CAPTIONS = Ask((5, 6), ((7, 8, 9), (10, 9), (11, 12, 13, 9)))
CHOICE = Ask((14, 15, 16), ((17, 9), (18, 19, 9), (20, 9)), 0, True)
OPEN = Ask((21,), ((22, 23, 9),))


def alone(
    model: Projector, lm: FrozenLM, item: Drawn, prompt: tuple[int, ...], answer: tuple[int, ...]
) -> float:
    """The log-likelihood of one answer, computed plainly as one sequence."""
    rows = torch.cat(
        (
            lm.embed(torch.tensor(lm.prefix)),
            lm.embed(torch.from_numpy(item.words)),
            model.soft_rows(torch.from_numpy(item.features)[None])[0],
            lm.embed(torch.tensor([*prompt, *answer[:-1]])),
        )
    )
    logits = lm.model(inputs_embeds=rows[None]).logits[0, -len(answer) :]
    chances = logits.log_softmax(-1)
    return float(chances[range(len(answer)), list(answer)].sum().detach())


def test_packed_likelihoods_equal_those_of_single_sequences(
    lm: FrozenLM, projector: Projector
) -> None:
    items = [photo(1, CAPTIONS), photo(2, CHOICE, OPEN)]
    packed, states = run_packed(projector, lm, items)
    chances = lm.log_likelihood(states[packed.predictor], packed.target)
    number = 0
    for item in items:
        for ask in item.asks:
            for answer in ask.answers:
                together = float(chances[packed.answer == number].sum().detach())
                assert together == pytest.approx(
                    alone(projector, lm, item, ask.prompt, answer), abs=1e-3
                )
                number += 1


def test_loss_of_a_batch_is_the_mean_over_asks(lm: FrozenLM, projector: Projector) -> None:
    items = [photo(1, CAPTIONS), photo(2, CHOICE)]
    loss = float(batch_loss(projector, lm, items, 1.0).detach())
    captions = [alone(projector, lm, items[0], CAPTIONS.prompt, a) for a in CAPTIONS.answers]
    scores = torch.tensor(
        [alone(projector, lm, items[1], CHOICE.prompt, a) for a in CHOICE.answers]
    )
    wanted = (-sum(captions) / 9 + (-scores[0] / 2 + scores.logsumexp(0) - scores[0])) / 2
    assert loss == pytest.approx(float(wanted), abs=1e-3)


def test_a_text_sees_its_own_photo_and_question_only() -> None:
    packed = pack([[CAPTIONS], [CHOICE, OPEN]], rows=2, offset=10)
    tokens, visible = packed.tokens.tolist(), packed.visible
    at = {token: i for i, token in enumerate(tokens)}
    assert not visible.triu(1).any()
    assert not visible[at[10], at[7]]  # another caption of the same photo
    assert not visible[at[18], at[17]]  # a wrong answer does not see the right one
    assert not visible[at[21], at[14]]  # nor a question the one before it
    assert visible[at[18], at[14]]
    own = packed.photo[:, None] == packed.photo[None, :]
    assert not (visible & ~own).any()


def test_positions_count_along_the_path() -> None:
    packed = pack([[CAPTIONS]], rows=2, offset=10)
    at = {token: i for i, token in enumerate(packed.tokens.tolist())}
    assert packed.positions[0] == 10
    assert packed.positions[at[5]] == 12
    assert packed.positions[at[7]] == packed.positions[at[10]] == packed.positions[at[11]] == 14


def test_gradient_reaches_every_learned_weight(lm: FrozenLM, projector: Projector) -> None:
    batch_loss(projector, lm, [photo(1, CAPTIONS), photo(2, CHOICE)], 1.0).backward()
    learned = dict(projector.named_parameters())
    for name in ("queries", "look.query.weight", "soft.weight", "soft_bias", "view.weight"):
        gradient = learned[name].grad
        assert gradient is not None
        assert float(gradient.abs().sum()) > 0, name
    assert all(p.grad is None for p in lm.model.parameters())
