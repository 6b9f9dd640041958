"""Train Sightline-CLIP: first the heads over fixed towers, then heads and text adapters together.

Both stages lower InfoNCE between a photo and one or two of its texts: captions as they are, in
Chinese words, or misheard (``clip_texts``). The heads come first because random heads would pull
the tower anywhere (Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features"). The photo
tower is locked, as in LiT (Zhai et al. 2022). The weights kept are an exponential moving
average, of the epoch that was best on photos held out of the training. A run goes on where it was
stopped, at the last whole epoch, and takes the same path as one that was not.

Knows features of photos and states of texts, not where they come from.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from assistant.errors import CheckpointDamaged, CheckpointMismatch
from assistant.tuning.clip_cache import PhotoCache
from assistant.tuning.clip_metrics import retrieval_metrics
from assistant.tuning.clip_model import ClipModel, Member
from assistant.tuning.clip_tokens import Tokens
from assistant.tuning.e5_torch import encode

Ids = NDArray[np.int64]
State = dict[str, Tensor]
Report = Callable[[str, int, int, dict[str, float]], None]
"""Gets the stage, the epochs done and in all, and what was measured."""
_STEP = 250
_CHOSEN_BY = ("t2i_r1", "t2i_r10", "i2t_r1", "other_t2i_r10")


@dataclass(frozen=True)
class Recipe:
    """The settings of a run; they are written to the card.

    ``other_words`` is how often a text is not a plain caption: in the first stage the second of
    two, in the second stage the only one. ``head_rate`` is that of the first stage, ``rate``
    that of the adapters and ``late_rate`` that of the heads in the second. ``held`` photos teach
    nothing: they tell which epoch was best. No ``epochs`` leave the second stage out: with a few
    thousand photos the adapters gained nothing.
    """

    seed: int = 0
    members: tuple[Member, ...] = (
        Member(hidden=1024),
        Member(parts=1, width=384, photo_dropout=0.4, text_dropout=0.25),
    )
    rank: int = 16
    head_epochs: int = 60
    head_batch: int = 1140
    head_rate: float = 1e-3
    head_other_words: float = 0.25
    epochs: int = 0
    batch: int = 500
    rate: float = 2e-4
    late_rate: float = 3e-4
    other_words: float = 0.45
    weight_decay: float = 0.1
    average: float = 0.99
    held: int = 300


DEFAULT = Recipe()


@dataclass(frozen=True)
class Pairs:
    """Photos and their texts.

    ``views``: caches of the same photos, the first as they are, the second mirrored.
    ``plain``, ``other``: for each photo, numbers of its texts in ``tokens``.
    """

    views: Sequence[PhotoCache]
    tokens: Tokens
    plain: Sequence[Ids]
    other: Sequence[Ids]


def pool_all(model: ClipModel, tokens: Tokens) -> NDArray[np.float16]:
    """Return the pooled tokens [m, 768] of all texts by the tower as it is now."""
    order = np.argsort(np.diff(tokens.starts), kind="stable")
    pooled = np.empty((len(order), 768), np.float16)
    with torch.no_grad():
        for part in slices(order):
            pooled[part] = encode(model.tower, tokens, part).numpy()
    return pooled


def slices(rows: Ids) -> list[Ids]:
    """Cut numbers of photos or texts into steps that fit the memory."""
    return [rows[start : start + _STEP] for start in range(0, len(rows), _STEP)]


class Fit:
    """One run over ``pairs``; ``folder`` holds its checkpoints."""

    def __init__(
        self,
        model: ClipModel,
        pairs: Pairs,
        recipe: Recipe,
        folder: Path,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.model, self.pairs, self.recipe, self._stop = model, pairs, recipe, stop
        shuffled = np.random.default_rng([recipe.seed, 0]).permutation(len(pairs.plain))
        self.held, self.rows = np.split(shuffled, [recipe.held])
        self._pooled = [np.asarray(view.pooled) for view in pairs.views]
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._average = {n: p.detach().clone() for n, p in model.named_parameters()}
        self._best: State = dict(self._average)
        self._score = -1.0

    def heads(self, texts: NDArray[np.float16], report: Report) -> bool:
        """Train the heads alone; ``texts`` are the pooled tokens of all texts.

        Returns False when it was stopped before the end.
        """
        path, recipe, model = self._folder / "heads.pt", self.recipe, self.model
        learn = {n: p for n, p in model.named_parameters() if not n.startswith("tower")}
        optimizer = self._optimizer([(learn, recipe.head_rate)])
        begun = self._restore(path, optimizer)
        steps = max(1, len(self.rows) // recipe.head_batch)
        for epoch in range(begun, recipe.head_epochs):
            rng = self._seeded(1, epoch)
            for place, rows in enumerate(_steps(self.rows, recipe.head_batch, rng)):
                step, loss = epoch * steps + place, torch.zeros(())
                views = [self._views(rows, rng) for _ in recipe.members]
                for some in self._texts(rows, rng, recipe.head_other_words):
                    said = torch.from_numpy(texts[some].astype(np.float32))
                    loss = loss + model.losses(views, said) / 2
                self._step(optimizer, loss, step, steps * recipe.head_epochs, learn)
            last = epoch + 1 == recipe.head_epochs
            told = {"loss": float(loss.detach())}
            measured = self._judge() if last else {}
            report("heads", epoch + 1, recipe.head_epochs, {**told, **measured})
            stopped = self._stop()
            if last or stopped or epoch % 5 == 4:
                self._save(path, epoch + 1, optimizer)
            if stopped:
                return False
        self._put(self._average)
        return True

    def together(self, report: Report) -> bool:
        """Train heads and adapters; leaves the model with the best weights of both stages.

        Returns False when it was stopped before the end.
        """
        path, recipe, model = self._folder / "together.pt", self.recipe, self.model
        named = dict(model.named_parameters())
        tower = {n: p for n, p in named.items() if n.startswith("tower")}
        rest = {n: p for n, p in named.items() if n not in tower}
        optimizer = self._optimizer([(tower, recipe.rate), (rest, recipe.late_rate)])
        begun = self._restore(path, optimizer)
        steps = max(1, len(self.rows) // recipe.batch)
        for epoch in range(begun, recipe.epochs):
            rng, losses = self._seeded(2, epoch), []
            for place, rows in enumerate(_steps(self.rows, recipe.batch, rng)):
                views = [self._views(rows, rng) for _ in recipe.members]
                _, some = self._texts(rows, rng, recipe.other_words)
                loss = model.losses(views, encode(model.tower, self.pairs.tokens, some))
                self._step(optimizer, loss, epoch * steps + place, steps * recipe.epochs, named)
                losses.append(float(loss.detach()))
            told = {"loss": float(np.mean(losses)), **self._judge()}
            report("together", epoch + 1, recipe.epochs, told)
            self._save(path, epoch + 1, optimizer)
            if self._stop():
                return False
        self._put(self._best)
        model.eval()
        return True

    def measure(self) -> dict[str, float]:
        """Return recall on the held photos, by plain captions and by their other wordings."""
        model, held = self.model.eval(), self.held
        found: dict[str, float] = {}
        if not len(held):
            return found
        with torch.no_grad():
            views = [torch.from_numpy(v[held].astype(np.float32)) for v in self._pooled[:2]]
            photos = model.photos(views).numpy()
            for name, texts in (("", self.pairs.plain), ("other_", self.pairs.other)):
                some = [texts[row] for row in held]
                owner = np.repeat(np.arange(len(some)), [len(numbers) for numbers in some])
                parts = slices(np.concatenate(some))
                said = torch.cat([model.texts(self.pairs.tokens, part) for part in parts])
                metrics = retrieval_metrics(photos, said.numpy(), owner)
                found |= {f"{name}{metric}": value for metric, value in metrics.items()}
        return found

    def _judge(self) -> dict[str, float]:
        """Measure the averaged weights; remember them if they are the best so far."""
        with self._averaged():
            metrics = self.measure()
        score = sum(metrics.get(name, 0.0) for name in _CHOSEN_BY)
        if score >= self._score:
            self._score = score
            self._best = {name: value.clone() for name, value in self._average.items()}
        return metrics

    def _views(self, rows: Ids, rng: np.random.Generator) -> Tensor:
        """Return the pooled map of one view of each photo, float32 [n, 2560]."""
        which = rng.integers(0, len(self._pooled), len(rows))
        drawn = [self._pooled[view][row] for view, row in zip(which, rows, strict=True)]
        return torch.from_numpy(np.stack(drawn).astype(np.float32))

    def _texts(self, rows: Ids, rng: np.random.Generator, other: float) -> tuple[Ids, Ids]:
        """Return two texts of each photo: a caption, and a caption or another wording."""
        pairs = self.pairs
        first = [rng.choice(pairs.plain[row]) for row in rows]
        sets = [pairs.other if rng.random() < other else pairs.plain for _ in rows]
        second = [rng.choice(texts[row]) for texts, row in zip(sets, rows, strict=True)]
        return np.array(first), np.array(second)

    def _seeded(self, stage: int, epoch: int) -> np.random.Generator:
        """Seed an epoch by its number, so that a resumed run takes the same path."""
        self.model.train()
        torch.manual_seed(self.recipe.seed * 10_000 + stage * 1000 + epoch)
        return np.random.default_rng([self.recipe.seed, stage, epoch])

    def _optimizer(
        self, groups: Sequence[tuple[dict[str, nn.Parameter], float]]
    ) -> torch.optim.AdamW:
        made = []
        for named, rate in groups:
            for matrices in (True, False):
                some = [p for p in named.values() if (p.ndim > 1) == matrices]
                decay = self.recipe.weight_decay if matrices else 0.0
                made.append({"params": some, "lr": rate, "rate": rate, "weight_decay": decay})
        return torch.optim.AdamW(made, betas=(0.9, 0.98))

    def _step(
        self,
        optimizer: torch.optim.AdamW,
        loss: Tensor,
        step: int,
        total: int,
        learn: dict[str, nn.Parameter],
    ) -> None:
        for group in optimizer.param_groups:
            group["lr"] = group["rate"] * _curve(step, total)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(learn.values(), 1.0)
        optimizer.step()
        keep = min(self.recipe.average, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, parameter in learn.items():
                self._average[name].lerp_(parameter, 1 - keep)

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        kept = {n: p.detach().clone() for n, p in self.model.named_parameters()}
        self._put(self._average)
        yield
        self._put(kept)

    def _put(self, weights: State) -> None:
        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                parameter.copy_(weights[name])

    def _save(self, path: Path, epoch: int, optimizer: torch.optim.AdamW) -> None:
        state: dict[str, Any] = {
            "recipe": json.dumps(asdict(self.recipe)),
            "epoch": epoch,
            "score": self._score,
            "model": {n: p.detach() for n, p in self.model.named_parameters()},
            "average": self._average,
            "best": self._best,
            "optimizer": optimizer.state_dict(),
        }
        temporary = path.with_suffix(".part")
        torch.save(state, temporary)
        temporary.replace(path)

    def _restore(self, path: Path, optimizer: torch.optim.AdamW) -> int:
        """Take up a checkpoint; return how many epochs are done."""
        if not path.exists():
            return 0
        try:
            saved = torch.load(path, weights_only=True)
        except Exception as error:  # torch raises what its reader raises
            raise CheckpointDamaged(path=path, detail=str(error)) from error
        if saved["recipe"] != json.dumps(asdict(self.recipe)):
            raise CheckpointMismatch(path=path, detail=saved["recipe"])
        self._put(saved["model"])
        self._average, self._best, self._score = saved["average"], saved["best"], saved["score"]
        optimizer.load_state_dict(saved["optimizer"])
        return int(saved["epoch"])


def _steps(rows: Ids, batch: int, rng: np.random.Generator) -> list[Ids]:
    """Return the photos of every step of one epoch; a small set is one step."""
    shuffled = rng.permutation(rows)
    return [shuffled[n * batch :][:batch] for n in range(max(1, len(rows) // batch))]


def _curve(step: int, total: int) -> float:
    """Return the share of the rate: a twentieth of warm-up, then half a cosine to nothing."""
    return min(1.0, (step + 1) / (total // 20 + 1)) * 0.5 * (1 + math.cos(math.pi * step / total))
