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
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from assistant.errors import CheckpointDamaged, CheckpointMismatch
from assistant.tuning.lm import FrozenLM
from assistant.tuning.packing import Packed, pack
from assistant.tuning.projector import Projector
from assistant.tuning.tasks import Drawn, Sampler

STAGE_TWO = ("norm_view.", "view.", "queries", "look.", "norm_soft.", "soft.", "soft_bias")
_CHECKPOINT = "checkpoint.safetensors"


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
    """The changing state of a training run.

    Args:
        model: the projector; only its soft part learns.
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
        self.trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
        self.average = {n: p.detach().clone() for n, p in self.trained.items()}
        self.moments = {
            n: (torch.zeros_like(p), torch.zeros_like(p)) for n, p in self.trained.items()
        }
        self.step, self.seconds = 0, 0.0
        self._fingerprint = settings.fingerprint(sampler)
        if (folder / _CHECKPOINT).is_file():
            self._load()

    def averaged_state(self) -> dict[str, Tensor]:
        """Return all weights, those that learn as their moving average."""
        return {**self.model.state_dict(), **self.average}

    def save(self) -> None:
        """Write the checkpoint under a temporary name, then rename it."""
        from safetensors.torch import save_file

        tensors = {f"model.{n}": p.detach() for n, p in self.trained.items()}
        tensors |= {f"average.{n}": p for n, p in self.average.items()}
        for name, (first, second) in self.moments.items():
            tensors[f"first.{name}"], tensors[f"second.{name}"] = first, second
        about = {
            "step": str(self.step),
            "seconds": str(self.seconds),
            "fingerprint": self._fingerprint,
            "settings": json.dumps(dataclasses.asdict(self.settings)),
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f".{_CHECKPOINT}.{os.getpid()}"
        save_file({k: v.contiguous() for k, v in tensors.items()}, temporary, metadata=about)
        temporary.replace(self.folder / _CHECKPOINT)

    def _load(self) -> None:
        from safetensors import SafetensorError, safe_open

        path = self.folder / _CHECKPOINT
        try:
            with safe_open(path, "pt") as file:
                about = file.metadata()
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise CheckpointDamaged(path=path, detail=str(error)) from error
        if about.get("fingerprint") != self._fingerprint:
            raise CheckpointMismatch(path=self.folder, detail=about.get("settings", "unknown"))
        with torch.no_grad():
            for name, parameter in self.trained.items():
                parameter.copy_(tensors[f"model.{name}"])
        self.average = {n: tensors[f"average.{n}"].clone() for n in self.trained}
        self.moments = {
            n: (tensors[f"first.{n}"].clone(), tensors[f"second.{n}"].clone()) for n in self.trained
        }
        self.step, self.seconds = int(about["step"]), float(about["seconds"])

    def update(self, gradient: Sequence[Tensor], rate: float) -> None:
        """Take one AdamW step (Loshchilov and Hutter 2019) and move the average."""
        norm = math.sqrt(sum(float(g.square().sum()) for g in gradient))
        scale = min(1.0, 1.0 / max(norm, 1e-6))
        t = self.step + 1
        decay = min(self.settings.ema, (1 + t) / (10 + t))
        with torch.no_grad():
            for (name, parameter), grad in zip(self.trained.items(), gradient, strict=True):
                first, second = self.moments[name]
                first.lerp_(grad * scale, 0.1)
                second.lerp_((grad * scale).square(), 0.02)
                step = (first / (1 - 0.9**t)) / ((second / (1 - 0.98**t)).sqrt() + 1e-8)
                if parameter.ndim > 1:
                    parameter.mul_(1 - rate * self.settings.weight_decay)
                parameter.sub_(rate * step)
                self.average[name].lerp_(parameter, 1 - decay)
        self.step = t


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
    began, before = time.monotonic(), run.seconds
    saved, total, counted = began, 0.0, 0
    while run.step < run.settings.steps:
        part, stopping = _agree(*_clock(run, stop))
        if part >= 1 or stopping:
            break
        drawn = run.sampler.draw(run.settings.photos, run.step, rank)
        loss = batch_loss(run.model, lm, drawn, run.settings.choose_weight)
        gradient = torch.autograd.grad(loss, list(run.trained.values()))
        rate = _rate(run.step, part, run.settings)
        run.update(_average(gradient, world), rate)
        run.seconds = before + time.monotonic() - began
        total, counted = total + loss.item(), counted + 1
        if rank == 0 and run.step % every == 0:
            left = run.seconds * (1 / max(part, 1e-3) - 1)
            report(Progress(run.step, total / counted, rate, run.seconds, left))
            total, counted = 0.0, 0
        if rank == 0 and time.monotonic() - saved > save_seconds:
            run.save()
            saved = time.monotonic()
    if rank == 0:
        run.save()


def _clock(run: Run, stop: Callable[[], bool]) -> tuple[float, bool]:
    """Return the part of the budget that is used (0..1), and whether to stop."""
    part = run.step / run.settings.steps
    if run.settings.max_hours:
        part = max(part, run.seconds / (run.settings.max_hours * 3600))
    return part, stop()


def _rate(step: int, part: float, settings: VlmSettings) -> float:
    """Return the learning rate: linear warm-up, then a half cosine over the budget."""
    warm = min(1.0, (step + 1) / settings.warmup)
    return settings.lr * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(part, 1.0))))


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
