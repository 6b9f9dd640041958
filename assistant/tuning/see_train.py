"""Stage 1 of Sightline-VLM: learn to name and to describe, without the language model.

The 0.5-billion-parameter language model makes every step cost seconds, so what can be learned
without it is learned first, from cached features: which words belong to a photo (multi-label
cross-entropy over ~1,800 concepts), and a short draft of a caption (a two-layer decoder, cross
entropy with label smoothing). Stage 2 (``vlm_train``) then starts from words a language model
can already read.

Knows nothing of the language model but its token numbers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from assistant.models.sight import END, START
from assistant.tuning.data import CaptionRow, QuestionRow, Split
from assistant.tuning.features import Features
from assistant.tuning.projector import Projector
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

    steps: int = 1128
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


def _epochs(data: SeeSet, size: int, rng: np.random.Generator) -> Iterator[list[int]]:
    while True:
        order = rng.permutation(len(data.photos))
        for start in range(0, len(order) - size + 1, size):
            yield order[start : start + size].tolist()


def _cells(data: SeeSet, chosen: Sequence[int], rng: np.random.Generator | None) -> Tensor:
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
    report: Callable[[int, dict[str, float]], None],
    every: int = 100,
) -> dict[str, Tensor]:
    """Train the first stage and return the averaged (EMA) weights.

    ``report`` gets (step, measures) every ``every`` steps; it may measure with ``model``.
    """
    rng = np.random.default_rng(settings.seed)
    torch.manual_seed(settings.seed)
    trained = [p for n, p in model.named_parameters() if not n.startswith(_STAGE_TWO)]
    optimizer = torch.optim.AdamW(
        trained, lr=settings.lr, weight_decay=settings.weight_decay, betas=(0.9, 0.98)
    )
    average = {k: v.detach().clone() for k, v in model.state_dict().items()}
    batches = _epochs(described, settings.photos, rng)
    sides = [(o, _epochs(o, settings.other_photos, rng)) for o in others]
    sums = {"draft": 0.0, "concepts": 0.0}
    started = time.monotonic()
    for step in range(1, settings.steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = _rate(step, settings)
        chosen = next(batches)
        photos = [described.photos[i] for i in chosen]
        model.train()
        draft, concepts = see_loss(model, photos, _cells(described, chosen, rng), settings)
        loss = draft + settings.concept_weight * concepts
        if sides:
            side, side_batches = sides[step % len(sides)]
            picked = next(side_batches)
            logits = model.see(_cells(side, picked, rng)).concepts
            more = concept_loss(logits, [side.photos[i] for i in picked], settings.absent_weight)
            loss = loss + settings.concept_weight * more
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        decay = min(settings.ema, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, value in model.state_dict().items():
                average[name].lerp_(value, 1 - decay)
        sums["draft"] += draft.item()
        sums["concepts"] += concepts.item()
        if step % every == 0:
            measures = {k: v / every for k, v in sums.items()}
            measures["seconds"] = time.monotonic() - started
            report(step, measures)
            sums = dict.fromkeys(sums, 0.0)
    return average


_STAGE_TWO = ("norm_view.", "view.", "queries", "look.", "norm_soft.", "soft.", "soft_bias")


def _rate(step: int, settings: SeeSettings) -> float:
    """Return the learning rate: linear warm-up, then a half cosine to 2 % of the peak."""
    if step < settings.warmup:
        return settings.lr * step / settings.warmup
    part = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
    return settings.lr * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * part)))
