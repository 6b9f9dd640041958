"""Stage 2 of Sightline-VLM: learn the soft rows through the frozen language model.

The loss is the cross-entropy of captions and answers given the photo's rows; for questions with
wrong answers also that of choosing the right one by likelihood. Gradients flow through the
language model to the rows, its own weights never change (Tsimpoukelli et al. 2021, "Frozen").

Processes share the work by averaging the small gradient (gloo). A checkpoint holds weights, their
moving average, the optimizer's moments, the step and the time spent; draws depend on the step
alone, so a resumed run equals one that was never stopped.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from assistant.tuning.learner import Learner, cosine
from assistant.tuning.lm import FrozenLM
from assistant.tuning.packing import Packed, pack
from assistant.tuning.projector import STAGE_TWO, Projector
from assistant.tuning.tasks import Drawn, Sampler


@dataclass(frozen=True)
class VlmSettings:
    """Hyper-parameters of stage 2. All but ``steps`` and ``max_hours`` fix what a run is; the seed
    is the sampler's."""

    steps: int = 2000
    max_hours: float | None = None
    photos: int = 2
    lr: float = 1.5e-3
    warmup: int = 15
    weight_decay: float = 0.01
    choose_weight: float = 1.0
    ema: float = 0.98

    def fingerprint(self, sampler: Sampler) -> str:
        """Return a digest of what must agree between a run and its checkpoint."""
        fixed = dataclasses.asdict(self)
        del fixed["steps"], fixed["max_hours"]
        fixed["hints"] = sampler.hint_share
        fixed["tasks"] = [(t.name, len(t.photos), t.share, t.asks) for t in sampler.tasks]
        return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Progress:
    """Where a run is: ``loss`` is the mean since the last report, ``left`` seconds to go."""

    step: int
    loss: float
    rate: float
    seconds: float
    left: float


class Run:
    """Stage 2 in progress: the projector's soft part, its data, its checkpoint.

    Args:
        model: the projector; all but its soft part is frozen here.
        folder: of the checkpoint; one that is there is resumed.

    Raises:
        CheckpointMismatch: the checkpoint is of other settings or data.
        CheckpointDamaged: it cannot be read.
    """

    def __init__(
        self, model: Projector, settings: VlmSettings, sampler: Sampler, folder: Path
    ) -> None:
        self.model, self.settings, self.sampler, self.folder = model, settings, sampler, folder
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name.startswith(STAGE_TWO))
        self.learner = Learner(model, settings.weight_decay, settings.ema)
        self.learner.load(folder, settings.fingerprint(sampler))

    def save(self) -> None:
        """Write the checkpoint."""
        told = json.dumps(dataclasses.asdict(self.settings))
        self.learner.save(self.folder, self.settings.fingerprint(self.sampler), told)


def batch_loss(
    model: Projector, lm: FrozenLM, drawn: Sequence[Drawn], choose_weight: float
) -> Tensor:
    """Return the mean loss a photo of a batch.

    An ask's loss is the mean negative log-likelihood a token of its right answers; where one is
    to be chosen, the cross-entropy of the answers' summed log-likelihoods is added.
    """
    packed, states = run_packed(model, lm, drawn)
    chances = lm.log_likelihood(states[packed.predictor], packed.target)
    losses, number = [], 0
    for ask in packed.asks:
        own = range(number, number + len(ask.answers))
        number += len(ask.answers)
        scores = torch.stack([chances[packed.answer == i].sum() for i in own])
        lengths = torch.tensor([float(len(text)) for text in ask.answers])
        if ask.choose:
            loss = -scores[ask.right] / lengths[ask.right]
            loss = loss + choose_weight * (scores.logsumexp(0) - scores[ask.right])
        else:
            loss = -scores.sum() / lengths.sum()
        losses.append(loss)
    return torch.stack(losses).mean()


def run_packed(model: Projector, lm: FrozenLM, drawn: Sequence[Drawn]) -> tuple[Packed, Tensor]:
    """Return the packed batch and the language model's states [t, lm_width] over it."""
    words = torch.from_numpy(np.stack([item.words for item in drawn]))
    past = lm.read_words(lm.embed(words))
    length = words.shape[1]
    soft = model.soft_rows(torch.from_numpy(np.stack([item.features for item in drawn])))
    packed = pack([item.asks for item in drawn], model.shape.soft_rows, lm.prefix_length + length)
    rows = lm.embed(packed.tokens.clamp(min=0))
    rows = rows.masked_scatter((packed.tokens < 0)[:, None], soft.reshape(-1, soft.shape[-1]))
    before = torch.arange(len(drawn)).repeat_interleave(length)
    own_words = packed.photo[:, None] == before[None, :]
    prefix = torch.ones(len(packed.tokens), lm.prefix_length, dtype=torch.bool)
    visible = torch.cat((prefix, own_words, packed.visible), dim=1)
    return packed, lm.states(rows, visible, packed.positions, past)


def train_vlm(
    run: Run,
    lm: FrozenLM,
    report: Callable[[Progress], None],
    every: int = 10,
    save_seconds: float = 300.0,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Train until the steps or the time are used up, or ``stop`` says so; then save.

    With ``torch.distributed`` initialised each process draws its own photos and the gradients are
    averaged; process 0 keeps the clock, reports and saves.
    """
    rank, world = _place()
    learner, settings = run.learner, run.settings
    began, before = time.monotonic(), learner.seconds
    saved, total, counted = began, 0.0, 0
    while learner.step < settings.steps:
        part, stopping = _agree(*_clock(run, stop))
        if part >= 1 or stopping:
            break
        drawn = run.sampler.draw(settings.photos, learner.step, rank)
        loss = batch_loss(run.model, lm, drawn, settings.choose_weight)
        rate = cosine(settings.lr, learner.step, part, settings.warmup)
        learner.update(_average(learner.gradient(loss), world), rate)
        learner.seconds = before + time.monotonic() - began
        total, counted = total + loss.item(), counted + 1
        if rank == 0 and learner.step % every == 0:
            left = learner.seconds * (1 / max(part, 1e-3) - 1)
            report(Progress(learner.step, total / counted, rate, learner.seconds, left))
            total, counted = 0.0, 0
        if rank == 0 and time.monotonic() - saved > save_seconds:
            run.save()
            saved = time.monotonic()
    if rank == 0:
        run.save()


def _clock(run: Run, stop: Callable[[], bool]) -> tuple[float, bool]:
    """Return the part of the budget that is used (0..1), and whether to stop."""
    part = run.learner.step / run.settings.steps
    if run.settings.max_hours:
        part = max(part, run.learner.seconds / (run.settings.max_hours * 3600))
    return part, stop()


def _place() -> tuple[int, int]:
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return 0, 1


def _agree(part: float, stopping: bool) -> tuple[float, bool]:
    """Let every process follow the clock of process 0."""
    if _place()[1] == 1:
        return part, stopping
    told = torch.tensor([part, float(stopping)], dtype=torch.float64)
    torch.distributed.broadcast(told, 0)
    return float(told[0]), bool(told[1])


def _average(gradient: Sequence[Tensor], world: int) -> list[Tensor]:
    if world == 1:
        return list(gradient)
    flat = torch.cat([g.reshape(-1) for g in gradient])
    torch.distributed.all_reduce(flat)
    parts = torch.split(flat / world, [g.numel() for g in gradient])
    return [part.view_as(g) for part, g in zip(parts, gradient, strict=True)]
