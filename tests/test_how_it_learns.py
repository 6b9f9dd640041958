"""The worked numbers of docs/how-it-learns.md, computed by the code they explain."""

from __future__ import annotations

from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from assistant.models.hub_plan import _NF4_BYTES
from assistant.tuning.learner import Learner
from retrieval.calibration import auroc, calibration_error

PAGE = (Path(__file__).parent.parent / "docs" / "how-it-learns.md").read_text(encoding="utf-8")
COSINES = torch.tensor([[0.8, 0.6, 0.1], [0.5, 0.7, 0.2], [0.0, 0.3, 0.6]])


def contrast(cosines: torch.Tensor, temperature: float) -> float:
    """Return InfoNCE in both directions."""
    scores, truth = cosines / temperature, torch.arange(len(cosines))
    one, other = (functional.cross_entropy(side, truth) for side in (scores, scores.T))
    return float(one + other) / 2


def section(title: str) -> str:
    """Return the text of one section, its lines joined."""
    return " ".join(PAGE.split(f"## {title}\n")[1].split("\n## ")[0].split())


def stands(title: str, *numbers: str) -> None:
    """Check that the section says these numbers."""
    for number in numbers:
        assert number in section(title), f"{number} in {title}"


def test_softmax_and_surprise() -> None:
    scores = torch.tensor([2.0, 1.0, 0.0], requires_grad=True)
    loss = functional.cross_entropy(scores, torch.tensor(0))
    (gradient,) = torch.autograd.grad(loss, scores)
    other = functional.cross_entropy(scores, torch.tensor(2))
    title = "Scores, softmax, cross-entropy"
    stands(title, ", ".join(f"{p:.3f}" for p in scores.detach().softmax(0)))
    stands(title, f"{loss.item():.3f}", f"{other.item():.3f}")
    stands(title, ", ".join(f"{g:.3f}" for g in gradient))


def test_attention_by_hand() -> None:
    query, keys = torch.tensor([[[1.0, 0.0]]]), torch.eye(2)[None]
    found = functional.scaled_dot_product_attention(query, keys, 10 * keys)[0, 0]
    shares = (torch.tensor([1.0, 0.0]) / 2**0.5).softmax(0)
    stands("Attention, by hand", f"{2**-0.5:.3f}", *(f"{s:.3f}" for s in shares))
    stands("Attention, by hand", f"({found[0]:.2f}, {found[1]:.2f})")
    gap = float(
        (torch.randn(20000, 2, generator=torch.Generator().manual_seed(0)) * 8).diff().std()
    )
    assert round(gap) == 11
    assert "eleven apart" in section("Attention, by hand")


def test_contrast_and_temperature() -> None:
    title = "Contrast and temperature, three photos and three captions"
    for temperature in (1.0, 0.1):
        loss = contrast(COSINES, temperature)
        stands(title, f"At T = {temperature:g} it is {loss:.3f}")
    stands(title, f"log 3 = {np.log(3):.3f}")
    shares = (COSINES / 0.1).softmax(1)
    surprise = -shares.diagonal().log()
    stands(title, f"{surprise[0]:.3f}", f"{surprise[2]:.3f}", f"1 - {shares[0, 0]:.3f}")
    stands(title, f"caption 2 gets {shares[0, 1]:.3f} and caption 3 {shares[0, 2]:.3f}")
    for row in COSINES:
        assert " | ".join(f"{value:.1f}" for value in row) in PAGE


def test_lora_merges_to_the_same() -> None:
    import peft

    base = nn.Sequential(nn.Linear(2, 2, bias=False))
    base[0].weight.data = torch.eye(2)
    config = peft.LoraConfig(r=1, lora_alpha=2, target_modules=["0"])
    tuned = peft.get_peft_model(base, config)  # type: ignore[arg-type]
    layer = tuned.base_model.model[0]  # type: ignore[index, union-attr]
    layer.lora_A["default"].weight.data = torch.tensor([[0.5, -0.5]])
    layer.lora_B["default"].weight.data = torch.tensor([[1.0], [2.0]])
    x = torch.tensor([[3.0, 1.0]])
    beside = tuned(x)
    merged = tuned.merge_and_unload()  # type: ignore[operator]
    assert torch.equal(merged[0].weight, torch.tensor([[2.0, -1.0], [2.0, -1.0]]))
    assert torch.equal(merged(x), beside)
    assert beside.tolist() == [[5.0, 5.0]]
    title = "A low rank beside a frozen matrix (LoRA)"
    thin = 16 * (896 + 896)
    stands(
        title, f"{896 * 896:,}", f"{thin:,}", f"{thin / 896**2:.1%}".replace("%", " %"), "(5, 5)"
    )


def test_nf4_levels_are_quantiles() -> None:
    normal, offset = NormalDist().inv_cdf, 0.9677083  # (1 - 1/30 + 1 - 1/32) / 2
    above = [normal(p) for p in np.linspace(offset, 0.5, 9)[:-1]]
    below = [-normal(p) for p in np.linspace(offset, 0.5, 8)[:-1]]
    levels = np.array(sorted([*above, 0.0, *below])) / max(above)
    stands("Four bits: NF4", " ".join(f"{level:.3f}" for level in levels))
    nearest = levels[np.abs(levels - 0.009 / 0.02).argmin()]
    stands("Four bits: NF4", f"{nearest:.3f}", f"{nearest * 0.02:.5f}")
    bits = 4 + 8 / 64 + 32 / (64 * 256)
    stands("Four bits: NF4", f"{bits:.3f} bits")
    assert bits / 8 <= _NF4_BYTES < bits / 8 * 1.05  # what the plan of loading reckons with


def test_nf4_of_the_library_has_these_levels() -> None:
    library = pytest.importorskip("bitsandbytes", reason="bitsandbytes is of the gpu extra")
    levels = library.functional.get_4bit_type("nf4", device="cpu")
    stands("Four bits: NF4", " ".join(f"{level + 0.0:.3f}" for level in levels.tolist()))


def test_int8_of_a_matrix() -> None:
    weights = torch.tensor([0.5, -1.27, 0.1])
    scale = float(weights.abs().max()) / 127
    quantized = torch.quantize_per_tensor(weights, scale, 0, torch.qint8)
    stands("Eight bits: int8", f"s = {scale:g}", ", ".join(map(str, quantized.int_repr().tolist())))


@pytest.mark.parametrize("size", [0.01, 100.0])
def test_a_first_step_has_the_length_of_the_rate(size: float) -> None:
    model = nn.Linear(1, 1)
    for parameter in model.parameters():
        parameter.data.fill_(1.0)
    learner = Learner(model, weight_decay=0.05, ema=0.9)
    learner.update([torch.full_like(p, size) for p in model.parameters()], 0.1)
    assert model.bias.item() == pytest.approx(0.9, abs=1e-5)
    assert model.weight.item() == pytest.approx(0.895, abs=1e-5)  # a matrix decays
    stands("A step of AdamW", "goes to 0.9,", "0.995", "0.895")


def test_chances_and_their_error() -> None:
    chances, truth = [0.9, 0.8, 0.3, 0.2], [1, 1, 0, 1]
    title = "A score becomes a chance"
    stands(title, f"= {calibration_error(chances, truth):.2f}", f"{auroc(chances, truth):.3f}")
    stands(title, f"z = 2 is {1 / (1 + np.exp(-2)):.3f}", f"z = -2 is {1 / (1 + np.exp(2)):.3f}")
