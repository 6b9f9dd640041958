"""Trains the reader's adapter: low-rank changes of the language model's upper layers.

LoRA (Hu et al. 2021) on every matrix of the layers from ``first`` on, on the dequantized 4-bit
model; the layers below run without gradients. A text is read once for all its questions
(``packing``). The loss is the cross-entropy of the answers' tokens and of their end. The result is
an adapter file that llama.cpp adds to the 4-bit model at run time.

Knows nothing of where examples come from.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from assistant.tuning.adapter import write_adapter
from assistant.tuning.learner import Learner, cosine, fast_type
from assistant.tuning.packing import Packed
from assistant.tuning.reader_pages import Page, batches, packed_of

_MATRICES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""Matrices that are changed: their names in transformers, and in a GGUF."""

_SAVED, _MEASURED = 40, 120
"""Steps after which a checkpoint is written, and the held-out pages are read."""


@dataclass(frozen=True)
class ReaderSettings:
    """Hyper-parameters.

    ``batch`` is texts a step, ``first`` the lowest layer that is changed, ``longest`` the places
    that a text with its questions may take.
    """

    steps: int = 590
    batch: int = 2
    rank: int = 8
    alpha: float = 16.0
    first: int = 10
    lr: float = 5e-4
    warmup: int = 12
    weight_decay: float = 0.01
    ema: float = 0.97
    longest: int = 640
    seed: int = 5


class LowRank(nn.Module):
    """A frozen linear map plus a learned one of low rank: W x + (alpha / r) B A x."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.base, self.scale = base, alpha / rank
        self.a = nn.Parameter(torch.randn(rank, base.in_features) / math.sqrt(base.in_features))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        """Return the changed map of x [..., in]."""
        low = functional.linear(x, self.a.to(x.dtype))
        changed: Tensor = self.base(x) + functional.linear(low, self.b.to(x.dtype)) * self.scale
        return changed


class Reader(nn.Module):
    """A causal language model whose upper layers learn."""

    def __init__(self, model: Any, settings: ReaderSettings) -> None:
        super().__init__()
        self.model = model.requires_grad_(False)
        self.first = settings.first
        self.layers = model.model.layers
        for layer in self.layers[self.first :]:
            for name in _MATRICES:
                owner, last = name.split(".")
                part = getattr(layer, owner)
                setattr(part, last, LowRank(getattr(part, last), settings.rank, settings.alpha))

    def states(self, tokens: Tensor, positions: Tensor, visible: Tensor) -> Tensor:
        """Return the final states [n, t, width].

        Args:
            tokens: int64 [n, t].
            positions: int64 [n, t].
            visible: bool [n, t, t], whether place i sees place j.
        """
        body = self.model.model
        mask = visible[:, None]
        with torch.no_grad():
            x = body.embed_tokens(tokens)
            turn = body.rotary_emb(x, positions)
            for layer in self.layers[: self.first]:
                x = _through(layer, x, turn, positions, mask)
        for layer in self.layers[self.first :]:
            x = _through(layer, x, turn, positions, mask)
        final: Tensor = body.norm(x)
        return final

    def losses(self, packed: Packed) -> tuple[Tensor, Tensor]:
        """Return the mean cross-entropy of each answer, and whether greedy writing would give it.

        Returns:
            float32 [answers] and bool [answers].
        """
        states = self.states(packed.tokens, packed.positions, packed.visible)
        states = states[packed.sequence, packed.predictor]
        logits = functional.linear(states, self.model.lm_head.weight).float()
        each = functional.cross_entropy(logits, packed.target, reduction="none")
        count = torch.bincount(packed.answer)
        # Every answer counts alike, however long it is.
        mean = torch.zeros(len(count)).index_add(0, packed.answer, each) / count
        hit = (logits.argmax(1) == packed.target).float()
        return mean, torch.zeros(len(count)).index_add(0, packed.answer, hit) == count


def _through(layer: Any, x: Tensor, turn: Any, positions: Tensor, mask: Tensor) -> Tensor:
    out = layer(x, position_embeddings=turn, position_ids=positions, attention_mask=mask)
    found: Tensor = out[0] if isinstance(out, tuple) else out
    return found


def train(
    lm: Path,
    pages: Sequence[Page],
    held: Sequence[Page],
    refusal: tuple[int, ...],
    run: Path,
    settings: ReaderSettings,
    report: Callable[[str], None],
    start: Path | None = None,
) -> Path:
    """Train on pages, going on from the run's checkpoint; returns the adapter file.

    Args:
        held: pages that are only measured, now and then.
        refusal: the answer that says there is none.
        start: the run whose weights a new run begins with; without, with none learned.

    Raises:
        CheckpointMismatch: the run was begun with other settings or data, or ``start`` is of
            other settings.
        CheckpointDamaged: a checkpoint cannot be read.
    """
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(lm, dtype=fast_type())
    torch.manual_seed(settings.seed)
    reader = Reader(model, settings)
    learner = Learner(reader, settings.weight_decay, settings.ema)
    text = json.dumps(asdict(settings), sort_keys=True)
    mark = hashlib.sha256(f"{text}{pages!r}{start or ''}".encode()).hexdigest()[:16]
    if not learner.load(run, mark) and start is not None:
        learner.begin_with(start)
    stream: list[list[Page]] = []
    passes = 0
    while len(stream) < settings.steps:
        stream += batches(pages, settings.batch, random.Random(settings.seed + passes))
        passes += 1
    mean = None
    for step in range(learner.step, settings.steps):
        began = time.monotonic()
        loss = reader.losses(packed_of(stream[step]))[0].mean()
        rate = cosine(settings.lr, step, step / settings.steps, settings.warmup)
        learner.update(learner.gradient(loss), rate)
        learner.seconds += time.monotonic() - began
        now = float(loss.detach())
        mean = now if mean is None else 0.9 * mean + 0.1 * now
        if step % 5 == 4:
            report(f"step {step + 1}/{settings.steps}, loss {mean:.3f}, {learner.seconds:.0f} s")
        last = step + 1 == settings.steps
        if step % _SAVED == _SAVED - 1 or last:
            learner.save(run, mark, text)
            _save_adapter(run / "reader.gguf", learner.average, settings)
        if step % _MEASURED == _MEASURED - 1 or last:
            report(_measured(reader, learner, held, refusal))
    return _save_adapter(run / "reader.gguf", learner.average, settings)


@torch.no_grad()
def _measured(
    reader: Reader, learner: Learner, held: Sequence[Page], refusal: tuple[int, ...]
) -> str:
    """Say how well the averaged weights read pages that do not teach."""
    mine = {name: p.detach().clone() for name, p in learner.trained.items()}
    for name, parameter in learner.trained.items():
        parameter.copy_(learner.average[name])
    losses: list[float] = []
    exact: list[bool] = []
    refusals: list[bool] = []
    for page in held:
        loss, hits = reader.losses(packed_of([page]))
        losses += loss.tolist()
        for ask, hit in zip(page.asks, hits.tolist(), strict=True):
            refuses = ask.answers[0] == refusal
            (refusals if refuses else exact).append(hit)
    for name, parameter in learner.trained.items():
        parameter.copy_(mine[name])
    return (
        f"held-out: loss {sum(losses) / max(1, len(losses)):.3f}, exact {_share(exact)}, "
        f"rightly refused {_share(refusals)}"
    )


def _share(hits: Sequence[bool]) -> str:
    return f"{sum(hits) / len(hits):.3f} of {len(hits)}" if hits else "-"


def _save_adapter(path: Path, weights: dict[str, Tensor], settings: ReaderSettings) -> Path:
    """Write the learned matrices under their names in a GGUF."""
    halves = {}
    for name, value in weights.items():
        number, rest = name.split("layers.", 1)[1].split(".", 1)
        matrix, half = rest.rsplit(".", 1)
        halves[_MATRICES[matrix], int(number), half] = value.detach().float().numpy()
    return write_adapter(path, halves, settings.alpha)
