"""Stage 1 of Sightline-VLM: learn to name and to describe, without the language model.

The 0.5-billion-parameter language model makes every step cost seconds, so what can be learned
without it is learned first, from cached features: which words belong to a photo (multi-label
cross-entropy over ~1,800 concepts), and a short draft of a caption (a two-layer decoder, cross
entropy with label smoothing). Stage 2 (``vlm_train``) then starts from words a language model
can already read.

Knows nothing of the language model but its token numbers.
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

from assistant.models.sight import END, START
from assistant.tuning.data import CaptionRow, QuestionRow, Split
from assistant.tuning.features import Features
from assistant.tuning.learner import Learner, cosine
from assistant.tuning.projector import STAGE_TWO, Projector
from assistant.tuning.vocabulary import Vocabulary, concept_tokens, tidy_answer, tidy_caption

_IGNORE = -100


@dataclass(frozen=True)
class SeePhoto:
    """What stage 1 knows of a photo: a row of features, drafts, and how sure each concept is.

    ``drafts`` are rows of the vocabulary (-1 unknown); ``labelled`` tells that all that is in
    the photo was named (captions), so that a concept not named counts as absent.
    """

    row: int
    drafts: tuple[tuple[int, ...], ...]
    concepts: dict[int, float]
    labelled: bool


@dataclass(frozen=True)
class SeeSet:
    """Photos of one split; ``views`` are feature caches of the same photos (as they are,
    mirrored), one of which is drawn at each visit."""

    photos: tuple[SeePhoto, ...]
    views: tuple[Features, ...]


@dataclass(frozen=True)
class SeeSettings:
    """Hyper-parameters of stage 1."""

    steps: int = 700
    photos: int = 32
    other_photos: int = 16
    lr: float = 1e-3
    warmup: int = 100
    weight_decay: float = 0.05
    smoothing: float = 0.1
    concept_weight: float = 0.03
    absent_weight: float = 0.1
    ema: float = 0.998
    seed: int = 7

    def fingerprint(self, data: Sequence[SeeSet]) -> str:
        """Return a digest of what must agree between a run and its checkpoint."""
        fixed = [asdict(self), [len(own.photos) for own in data]]
        return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()[:16]


def make_see_set(
    split: Split, views: Sequence[Features], vocabulary: Vocabulary, tokenizer: Any
) -> SeeSet:
    """Turn checked rows into tokens and concept targets, photo by photo."""
    place = {vocabulary.tokens[row]: i for i, row in enumerate(vocabulary.concepts)}
    drafts: dict[str, list[tuple[int, ...]]] = {}
    counts: dict[str, dict[int, float]] = {}
    labelled: set[str] = set()
    for row in split.rows:
        named = counts.setdefault(row.image, {})
        if isinstance(row, CaptionRow):
            labelled.add(row.image)
            for text in row.captions:
                ids = vocabulary.encode(tokenizer.encode(tidy_caption(text)).ids)
                drafts.setdefault(row.image, []).append(tuple(ids))
                _count(named, concept_tokens(text, tokenizer), place, 0.5)
        elif isinstance(row, QuestionRow):
            text = f"{row.question} {tidy_answer(row.answer)}"
            _count(named, concept_tokens(text, tokenizer), place, 1.0)
    photos = (
        SeePhoto(views[0].rows[name], tuple(drafts.get(name, ())), named, name in labelled)
        for name, named in counts.items()
    )
    return SeeSet(tuple(photos), tuple(views))


def _count(
    named: dict[int, float], tokens: Sequence[int], place: dict[int, int], weight: float
) -> None:
    for token in set(tokens):
        if token in place:
            named[place[token]] = min(1.0, named.get(place[token], 0.0) + weight)


def draft_batch(photos: Sequence[SeePhoto], length: int) -> tuple[Tensor, Tensor]:
    """Return decoder inputs and targets, int64 [5 n, length + 1]; -100 is not to be learned.

    An unknown word is fed as START and never a target. A photo with fewer captions repeats them.
    """
    words, targets = [], []
    for photo in photos:
        for i in range(5):
            draft = photo.drafts[i % len(photo.drafts)]
            line = [START, *draft, END][: length + 2]
            line += [-1] * (length + 2 - len(line))
            words.append([max(row, START) for row in line[:-1]])
            targets.append([row if row >= 0 else _IGNORE for row in line[1:]])
    return torch.tensor(words), torch.tensor(targets)


def concept_loss(logits: Tensor, photos: Sequence[SeePhoto], absent_weight: float) -> Tensor:
    """Return the mean over photos of the summed binary cross-entropy of all concepts.

    In photos that only have questions a concept that is not named may well be there, so its
    absence weighs ``absent_weight``.
    """
    target = torch.zeros_like(logits)
    weight = torch.ones_like(logits)
    for i, photo in enumerate(photos):
        if not photo.labelled:
            weight[i] = absent_weight
        for concept, sure in photo.concepts.items():
            target[i, concept] = sure
            weight[i, concept] = 1.0
    losses = functional.binary_cross_entropy_with_logits(logits, target, weight, reduction="none")
    return losses.sum(-1).mean()


def see_loss(
    model: Projector, described: Sequence[SeePhoto], cells: Tensor, settings: SeeSettings
) -> tuple[Tensor, Tensor]:
    """Return (draft loss, concept loss) of described photos with their cells [n, 81, 1280]."""
    seen = model.see(cells)
    words, targets = draft_batch(described, model.shape.draft_length)
    learned = targets >= 0
    logits = model.word_logits(model.draft_states(words, seen.cells)[learned])
    smoothing = settings.smoothing if model.training else 0.0
    draft = functional.cross_entropy(logits, targets[learned], label_smoothing=smoothing)
    return draft, concept_loss(seen.concepts, described, settings.absent_weight)


def _epoch_batch(data: SeeSet, size: int, seed: int, step: int) -> list[int]:
    """Return the photos of a step (from 0): epochs without repetition, from (seed, step) alone."""
    size = min(size, len(data.photos))
    batches = len(data.photos) // size
    order = np.random.default_rng((seed, step // batches)).permutation(len(data.photos))
    start = step % batches * size
    return [int(i) for i in order[start : start + size]]


def cells_of(data: SeeSet, chosen: Sequence[int], rng: np.random.Generator | None) -> Tensor:
    """Return float32 [n, 81, 1280], each photo from a view drawn at random (or the first)."""
    views = data.views
    picks = rng.integers(len(views), size=len(chosen)) if rng else np.zeros(len(chosen), int)
    rows = [views[v].maps[data.photos[i].row] for i, v in zip(chosen, picks.tolist(), strict=True)]
    return torch.from_numpy(np.stack(rows).astype(np.float32))


def train_see(
    model: Projector,
    described: SeeSet,
    others: Sequence[SeeSet],
    settings: SeeSettings,
    folder: Path,
    report: Callable[[int, dict[str, float]], None],
    every: int = 20,
    save_every: int = 50,
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, Tensor]:
    """Train the first stage, going on from ``folder``; return the averaged (EMA) weights.

    ``report`` gets (step, measures) every ``every`` steps; it may measure with ``model``.

    Raises:
        CheckpointMismatch, CheckpointDamaged: see ``Learner.load``.
    """
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not name.startswith(STAGE_TWO))
    learner = Learner(model, settings.weight_decay, settings.ema)
    fingerprint = settings.fingerprint([described, *others])
    learner.load(folder, fingerprint)
    told = json.dumps(asdict(settings))
    began, before = time.monotonic(), learner.seconds
    while learner.step < settings.steps and not stop():
        rate = cosine(settings.lr, learner.step, learner.step / settings.steps, settings.warmup)
        loss, measures = _see_step(model, described, others, settings, learner.step)
        learner.update(learner.gradient(loss), rate)
        learner.seconds = before + time.monotonic() - began
        if learner.step % every == 0:
            report(learner.step, {**measures, "seconds": learner.seconds})
        if learner.step % save_every == 0:
            learner.save(folder, fingerprint, told)
    learner.save(folder, fingerprint, told)
    return learner.averaged_state()


def _see_step(
    model: Projector,
    described: SeeSet,
    others: Sequence[SeeSet],
    settings: SeeSettings,
    step: int,
) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of one step, and what to report; others take turns beside captions."""
    rng = np.random.default_rng((settings.seed, step))
    torch.manual_seed(settings.seed * 1_000_003 + step)
    model.train()
    chosen = _epoch_batch(described, settings.photos, settings.seed, step)
    photos = [described.photos[i] for i in chosen]
    draft, concepts = see_loss(model, photos, cells_of(described, chosen, rng), settings)
    loss = draft + settings.concept_weight * concepts
    if others:
        side = others[step % len(others)]
        picked = _epoch_batch(side, settings.other_photos, settings.seed, step // len(others))
        logits = model.see(cells_of(side, picked, rng)).concepts
        more = concept_loss(logits, [side.photos[i] for i in picked], settings.absent_weight)
        loss = loss + settings.concept_weight * more
    return loss, {"draft": float(draft.detach()), "concepts": float(concepts.detach())}
