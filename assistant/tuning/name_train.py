"""Stage 1 of Sightline-VLM: learn to name, without the language model.

The half-billion-parameter language model makes every step cost seconds, so what can be learned
without it is learned first, from cached features, in minutes: a photo's rows move to where the
language model keeps the words of its captions and questions (multi-label cross-entropy over ~1,500
words, ``projector.Namer``). Stage 2 (``speak_train``) then starts from rows that already read as
words.

Knows nothing of the language model but its token numbers and their embeddings.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from assistant.tuning.data import CaptionRow, QuestionRow, Split
from assistant.tuning.features import Features, mirrored
from assistant.tuning.learner import Learner, cosine, fast_type
from assistant.tuning.projector import Namer
from assistant.tuning.vocabulary import concept_tokens, tidy_answer


@dataclass(frozen=True)
class NamedPhoto:
    """A photo's row of features, and how sure each word (by number) is.

    ``described`` tells that people told what is in the photo, so that a word not said counts as
    absent; in photos that only have questions it may well be there.
    """

    row: int
    words: dict[int, float]
    described: bool


@dataclass(frozen=True)
class NamedSet:
    """Photos of one split and their features."""

    photos: tuple[NamedPhoto, ...]
    features: Features


@dataclass(frozen=True)
class NameSettings:
    """Hyper-parameters of stage 1."""

    steps: int = 700
    photos: int = 64
    other_photos: int = 32
    lr: float = 1e-3
    warmup: int = 20
    weight_decay: float = 0.05
    absent_weight: float = 0.1
    ema: float = 0.99
    seed: int = 7

    def fingerprint(self, data: Sequence[NamedSet]) -> str:
        """Return a digest of what must agree between a run and its checkpoint."""
        fixed = [asdict(self), [len(own.photos) for own in data]]
        return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()[:16]


def make_named_set(
    split: Split, features: Features, concepts: Sequence[int], tokenizer: Any
) -> NamedSet:
    """Turn checked rows into word targets, photo by photo; ``concepts`` are token ids."""
    place = {token: i for i, token in enumerate(concepts)}
    found: dict[str, dict[int, float]] = {}
    described: set[str] = set()
    for row in split.rows:
        words = found.setdefault(row.image, {})
        if isinstance(row, CaptionRow):
            described.add(row.image)
            for text in row.captions:  # said once may be a slip, said twice is there
                _count(words, concept_tokens(text, tokenizer), place, 0.5)
        elif isinstance(row, QuestionRow):
            text = f"{row.question} {tidy_answer(row.answer)}"
            _count(words, concept_tokens(text, tokenizer), place, 1.0)
    photos = (
        NamedPhoto(features.rows[name], words, name in described) for name, words in found.items()
    )
    return NamedSet(tuple(photos), features)


def _count(
    words: dict[int, float], tokens: Sequence[int], place: dict[int, int], weight: float
) -> None:
    for token in set(tokens):
        if token in place:
            words[place[token]] = min(1.0, words.get(place[token], 0.0) + weight)


def word_shares(data: Sequence[NamedSet], words: int) -> Tensor:
    """Return how often each word belongs to a photo, float [words]."""
    counts = torch.zeros(words)
    photos = [photo for own in data for photo in own.photos]
    for photo in photos:
        for word, sure in photo.words.items():
            counts[word] += sure
    return counts / max(1, len(photos))


def naming_loss(logits: Tensor, photos: Sequence[NamedPhoto], absent_weight: float) -> Tensor:
    """Return the mean over photos of the summed binary cross-entropy of all words."""
    target = torch.zeros_like(logits)
    weight = torch.ones_like(logits)
    for i, photo in enumerate(photos):
        if not photo.described:
            weight[i] = absent_weight
        for word, sure in photo.words.items():
            target[i, word] = sure
            weight[i, word] = 1.0
    losses = functional.binary_cross_entropy_with_logits(logits, target, weight, reduction="none")
    return losses.sum(-1).mean()


def draw_photos(data: NamedSet, size: int, seed: int, step: int) -> tuple[list[NamedPhoto], Tensor]:
    """Return photos of a step (from 0) and their cells [n, 81, channels], half of them mirrored.

    Epochs without repetition, from (seed, step) alone.
    """
    size = min(size, len(data.photos))
    batches = len(data.photos) // size
    order = np.random.default_rng((seed, step // batches)).permutation(len(data.photos))
    start = step % batches * size
    photos = [data.photos[int(i)] for i in order[start : start + size]]
    maps = data.features.maps[[photo.row for photo in photos]].astype(np.float32)
    flips = np.random.default_rng((seed, step, 1)).random(size) < 0.5
    maps[flips] = mirrored(maps[flips])
    return photos, torch.from_numpy(maps)


def train_namer(
    model: Namer,
    described: NamedSet,
    others: Sequence[NamedSet],
    settings: NameSettings,
    folder: Path,
    report: Callable[[int, dict[str, float]], None],
    every: int = 20,
    save_every: int = 100,
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, Tensor]:
    """Train the first stage, going on from ``folder``; return the averaged (EMA) weights.

    ``report`` gets (step, measures) every ``every`` steps.

    Raises:
        CheckpointMismatch, CheckpointDamaged: see ``Learner.load``.
    """
    learner = Learner(model, settings.weight_decay, settings.ema)
    fingerprint = settings.fingerprint([described, *others])
    learner.load(folder, fingerprint)
    told = json.dumps(asdict(settings))
    began, before = time.monotonic(), learner.seconds
    while learner.step < settings.steps and not stop():
        rate = cosine(settings.lr, learner.step, learner.step / settings.steps, settings.warmup)
        loss, measures = _step(model, described, others, settings, learner.step)
        learner.update(learner.gradient(loss), rate)
        learner.seconds = before + time.monotonic() - began
        if learner.step % every == 0:
            report(learner.step, {**measures, "seconds": learner.seconds})
        if learner.step % save_every == 0:
            learner.save(folder, fingerprint, told)
    learner.save(folder, fingerprint, told)
    return learner.averaged_state()


def _step(
    model: Namer,
    described: NamedSet,
    others: Sequence[NamedSet],
    settings: NameSettings,
    step: int,
) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of one step, and what to report; others take turns beside captions."""
    torch.manual_seed(settings.seed * 1_000_003 + step)
    model.train()
    sets = [(described, settings.photos, step)]
    if others:
        sets.append((others[step % len(others)], settings.other_photos, step // len(others)))
    losses = []
    for data, size, turn in sets:
        photos, cells = draw_photos(data, size, settings.seed, turn)
        with torch.autocast("cpu", torch.bfloat16, enabled=fast_type() == torch.bfloat16):
            logits = model(cells)
        losses.append(naming_loss(logits, photos, settings.absent_weight))
    return torch.stack(losses).sum(), {"naming": float(losses[0].detach())}
