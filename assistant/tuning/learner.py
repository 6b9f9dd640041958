"""What every stage of training shares: AdamW, a moving average of the weights, checkpoints.

A checkpoint holds the weights that learn, their average, the optimizer's two moments, the step
and the seconds spent. Stages draw their data and their dropout from (seed, step) alone, so
nothing else is needed for a resumed run to equal one that was never stopped.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn

from assistant.errors import CheckpointDamaged, CheckpointMismatch

CHECKPOINT = "checkpoint.safetensors"


class Learner:
    """The weights of a model that learn, and how they are moved.

    Args:
        model: all its parameters that require a gradient learn.
        weight_decay: of matrices only.
        ema: decay of the moving average; it starts lower so that early weights are forgotten.
        second: decay of the squared gradient (beta 2).
    """

    def __init__(
        self, model: nn.Module, weight_decay: float, ema: float, second: float = 0.98
    ) -> None:
        self.model = model
        self.weight_decay, self.ema, self._second = weight_decay, ema, second
        self.trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
        self.average = {n: p.detach().clone() for n, p in self.trained.items()}
        self._moments = {
            n: (torch.zeros_like(p), torch.zeros_like(p)) for n, p in self.trained.items()
        }
        self.step, self.seconds = 0, 0.0

    def averaged_state(self) -> dict[str, Tensor]:
        """Return all weights of the model, those that learn as their moving average."""
        return {**self.model.state_dict(), **self.average}

    def gradient(self, loss: Tensor) -> list[Tensor]:
        """Return the gradient of a loss; weights it does not touch get zeros."""
        found = torch.autograd.grad(loss, list(self.trained.values()), allow_unused=True)
        return [
            torch.zeros_like(p) if g is None else g
            for g, p in zip(found, self.trained.values(), strict=True)
        ]

    @torch.no_grad()
    def update(self, gradient: Sequence[Tensor], rate: float) -> None:
        """Take one AdamW step (Loshchilov and Hutter 2019), gradient clipped to norm 1.

        m <- 0.9 m + 0.1 g,  v <- b v + (1 - b) g^2,  w <- w - rate (m' / (sqrt(v') + e) + decay w)
        """
        norm = math.sqrt(sum(float(g.square().sum()) for g in gradient))
        scale = min(1.0, 1.0 / max(norm, 1e-6))
        t = self.step + 1
        decay = min(self.ema, (1 + t) / (10 + t))
        for (name, parameter), grad in zip(self.trained.items(), gradient, strict=True):
            first, second = self._moments[name]
            first.lerp_(grad * scale, 0.1)
            second.lerp_((grad * scale).square(), 1 - self._second)
            root = (second / (1 - self._second**t)).sqrt() + 1e-8
            if parameter.ndim > 1:
                parameter.mul_(1 - rate * self.weight_decay)
            parameter.sub_(rate * (first / (1 - 0.9**t)) / root)
            self.average[name].lerp_(parameter, 1 - decay)
        self.step = t

    def save(self, folder: Path, fingerprint: str, settings: str) -> None:
        """Write the checkpoint under a temporary name, then rename it."""
        from safetensors.torch import save_file

        tensors = {f"model.{n}": p.detach() for n, p in self.trained.items()}
        tensors |= {f"average.{n}": p for n, p in self.average.items()}
        for name, (first, second) in self._moments.items():
            tensors[f"first.{name}"], tensors[f"second.{name}"] = first, second
        about = {
            "step": str(self.step),
            "seconds": str(self.seconds),
            "fingerprint": fingerprint,
            "settings": settings,
        }
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f".{CHECKPOINT}.{os.getpid()}"
        save_file({k: v.contiguous() for k, v in tensors.items()}, temporary, metadata=about)
        temporary.replace(folder / CHECKPOINT)

    @torch.no_grad()
    def load(self, folder: Path, fingerprint: str) -> bool:
        """Go on from a folder's checkpoint; False when there is none.

        Raises:
            CheckpointMismatch: it is of other settings or data.
            CheckpointDamaged: it cannot be read.
        """
        path = folder / CHECKPOINT
        if not path.is_file():
            return False
        about, tensors = _read(path)
        if about.get("fingerprint") != fingerprint:
            raise CheckpointMismatch(path=folder, detail=about.get("settings", "unknown"))
        for name, parameter in self.trained.items():
            parameter.copy_(tensors[f"model.{name}"])
        self.average = {n: tensors[f"average.{n}"].clone() for n in self.trained}
        self._moments = {
            n: (tensors[f"first.{n}"].clone(), tensors[f"second.{n}"].clone()) for n in self.trained
        }
        self.step, self.seconds = int(about["step"]), float(about["seconds"])
        return True

    @torch.no_grad()
    def begin_with(self, folder: Path) -> None:
        """Begin with the averaged weights of another run, its optimizer forgotten.

        Raises:
            CheckpointMismatch: it is of a model of another shape.
            CheckpointDamaged: there is none, or it cannot be read.
        """
        about, tensors = _read(folder / CHECKPOINT)
        for name, parameter in self.trained.items():
            start = tensors.get(f"average.{name}")
            if start is None or start.shape != parameter.shape:
                raise CheckpointMismatch(path=folder, detail=about.get("settings", "unknown"))
            parameter.copy_(start)
            self.average[name] = start.clone()


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Return a checkpoint's notes and tensors."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
            return about, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointDamaged(path=path, detail=str(error)) from error


def cosine(rate: float, step: int, part: float, warmup: int) -> float:
    """Return the learning rate: linear warm-up, then a half cosine down to 2 % at part 1."""
    warm = min(1.0, (step + 1) / max(1, warmup))
    return rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(part, 1.0))))


@cache
def fast_type() -> torch.dtype:
    """Return the type in which this processor multiplies matrices fastest, by trying both.

    What a processor claims does not tell: of two with AVX512-BF16 and no tile units, a Xeon was
    slower in bfloat16 than in float32 and an EPYC four times as fast.
    """
    if not torch.cpu._is_avx512_bf16_supported():
        return torch.float32
    return min((torch.float32, torch.bfloat16), key=_seconds)


def _seconds(kind: torch.dtype) -> float:
    """Return the seconds of a layer's product of matrices, the quickest of four."""
    x, w = torch.ones(256, 896, dtype=kind), torch.ones(4864, 896, dtype=kind)
    found = []
    for _ in range(4):
        began = time.perf_counter()
        nn.functional.linear(x, w)
        found.append(time.perf_counter() - began)
    return min(found)
