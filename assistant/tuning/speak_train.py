"""Stage 2 of Sightline-VLM: learn to speak of what is seen, through the frozen language model.

The loss is the cross-entropy of captions and answers given the photo's rows; for questions with
wrong answers also that of choosing the right one by likelihood. Gradients flow through the
language model to the projector (Tsimpoukelli et al. 2021, "Frozen") and to the LoRA matrices
beside its weights (Hu et al. 2021); its own weights never change.

A checkpoint holds weights, their moving average, the optimizer's moments, the step and the time
spent; draws depend on the step alone, so a resumed run equals one that was never stopped.
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
from numpy.typing import NDArray
from torch import Tensor, nn

from assistant.tuning.learner import Learner, cosine
from assistant.tuning.lm import LanguageModel, LoRA
from assistant.tuning.packing import Packed, pack
from assistant.tuning.projector import Projector
from assistant.tuning.tasks import Drawn, Sampler


@dataclass(frozen=True)
class SpeakSettings:
    """Hyper-parameters of stage 2. ``steps`` and ``max_hours`` only say how long it lasts; the
    seed is the sampler's."""

    steps: int = 2000
    max_hours: float | None = None
    photos: int = 8
    length: int = 112
    lr: float = 3e-4
    warmup: int = 20
    weight_decay: float = 0.01
    choose_weight: float = 0.5
    ema: float = 0.98

    def fingerprint(self, sampler: Sampler) -> str:
        """Return a digest of what must agree between a run and its checkpoint."""
        fixed = dataclasses.asdict(self)
        del fixed["steps"], fixed["max_hours"]
        fixed["tasks"] = [(t.name, len(t.photos), t.share) for t in sampler.tasks]
        return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Progress:
    """Where a run is: ``losses`` by task are means since the last report, ``left`` seconds."""

    step: int
    losses: dict[str, float]
    rate: float
    seconds: float
    left: float


class Speaker(nn.Module):
    """What learns in stage 2: the projector, and LoRA beside the language model."""

    def __init__(self, projector: Projector, lora: LoRA) -> None:
        super().__init__()
        self.projector, self.lora = projector, lora


class Run:
    """Stage 2 in progress: what learns, its data, its checkpoint.

    Args:
        model: all of it learns.
        folder: of the checkpoint; one that is there is resumed.

    Raises:
        CheckpointMismatch: the checkpoint is of other settings or data.
        CheckpointDamaged: it cannot be read.
    """

    def __init__(
        self, model: Speaker, settings: SpeakSettings, sampler: Sampler, folder: Path
    ) -> None:
        self.model, self.settings, self.sampler, self.folder = model, settings, sampler, folder
        self.learner = Learner(model, settings.weight_decay, settings.ema)
        self.learner.load(folder, settings.fingerprint(sampler))

    def save(self) -> None:
        """Write the checkpoint."""
        told = json.dumps(dataclasses.asdict(self.settings))
        self.learner.save(self.folder, self.settings.fingerprint(self.sampler), told)


def ask_losses(
    model: Speaker, lm: LanguageModel, drawn: Sequence[Drawn], settings: SpeakSettings
) -> list[Tensor]:
    """Return the loss of every ask of a batch.

    It is the mean negative log-likelihood a token of its right answers; where one is to be chosen,
    the cross-entropy of the answers' summed log-likelihoods is added.
    """
    packed, chances = run_packed(model, lm, drawn, settings.length)
    losses, number = [], 0
    for ask in packed.asks:
        own = range(number, number + len(ask.answers))
        number += len(ask.answers)
        scores = torch.stack([chances[packed.answer == i].sum() for i in own])
        lengths = torch.tensor([float(len(text)) for text in ask.answers])
        if ask.choose:
            loss = -scores[ask.right] / lengths[ask.right]
            chosen = scores.logsumexp(0) - scores[ask.right]
            loss = loss + settings.choose_weight * chosen
        else:
            loss = -scores.sum() / lengths.sum()
        losses.append(loss)
    return losses


def run_packed(
    model: Speaker, lm: LanguageModel, drawn: Sequence[Drawn], length: int
) -> tuple[Packed, Tensor]:
    """Return the packed batch and the log-likelihood of each of its targets, float [k]."""
    seen = see(model, lm, [item.features for item in drawn])
    packed = pack([d.asks for d in drawn], drawn[0].prefix, seen.shape[1], length)
    rows = lay_rows(lm, packed.tokens, seen)
    states = lm.states(rows, packed.positions, packed.visible)
    picked = states[packed.sequence, packed.predictor]
    return packed, lm.log_likelihood(picked, packed.target)


def see(model: Speaker, lm: LanguageModel, features: Sequence[NDArray[np.float32]]) -> Tensor:
    """Return the rows of photos, float [n, rows, lm_width], of features [81, channels] each."""
    cells = torch.from_numpy(np.stack(features))
    with torch.autocast("cpu", torch.bfloat16, enabled=lm.dtype == torch.bfloat16):
        seen: Tensor = model.projector(cells)
    return seen.float()


def lay_rows(lm: LanguageModel, tokens: Tensor, seen: Tensor) -> Tensor:
    """Return float32 [n, t, width]: embeddings of tokens, photos' rows where they are -1."""
    rows = lm.embed(tokens.clamp(min=0)).float()
    return rows.masked_scatter((tokens < 0)[..., None], seen.reshape(-1, seen.shape[-1]))


def train_speaker(
    run: Run,
    lm: LanguageModel,
    report: Callable[[Progress], None],
    every: int = 10,
    save_seconds: float = 240.0,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Train until the steps or the time are used up, or ``stop`` says so; then save."""
    learner, settings = run.learner, run.settings
    began, before = time.monotonic(), learner.seconds
    saved = began
    told: dict[str, list[float]] = {}
    run.model.train()
    while (part := _part(run)) < 1 and not stop():
        torch.manual_seed(run.sampler.seed * 1_000_003 + learner.step)
        drawn = run.sampler.draw(settings.photos, learner.step)
        losses = ask_losses(run.model, lm, drawn, settings)
        rate = cosine(settings.lr, learner.step, part, settings.warmup)
        weights = torch.tensor([1 / len(d.asks) for d in drawn for _ in d.asks])
        loss = (torch.stack(losses) * weights).sum() / len(drawn)
        learner.update(learner.gradient(loss), rate)
        learner.seconds = before + time.monotonic() - began
        names = [d.task for d in drawn for _ in d.asks]
        for name, value in zip(names, losses, strict=True):
            told.setdefault(name, []).append(float(value.detach()))
        if learner.step % every == 0:
            means = {name: sum(v) / len(v) for name, v in sorted(told.items())}
            left = learner.seconds * (1 / max(_part(run), 1e-3) - 1)
            report(Progress(learner.step, means, rate, learner.seconds, left))
            told = {}
        if time.monotonic() - saved > save_seconds:
            run.save()
            saved = time.monotonic()
    run.save()


def _part(run: Run) -> float:
    """Return the part of the budget that is used (0..1)."""
    part = run.learner.step / run.settings.steps
    if run.settings.max_hours:
        part = max(part, run.learner.seconds / (run.settings.max_hours * 3600))
    return part
