"""Stage 3 of Sightline-VLM: train the small decoder on captions and questions.

The loss is the cross-entropy of the answer, and for questions with wrong answers also that of
choosing by likelihood. Sets take turns by chance, as often as their share says.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from assistant.models.second_opinion import END, LONGEST_CAPTION, START, plain_line
from assistant.tuning.answerer import Answerer
from assistant.tuning.data import CaptionRow, QuestionRow, Split
from assistant.tuning.features import Features, mirrored
from assistant.tuning.learner import Learner, cosine, fast_type
from assistant.tuning.vocabulary import tidy_answer

UNKNOWN = START  # an unknown word of a question is read as the marker that never is one
_LINES = 5  # of a photo in a step: five captions, five questions, or a question and its answers
_LONGEST_ANSWER = 10


@dataclass(frozen=True)
class Line:
    """A question and its answers as rows of the vocabulary; the first answer is right."""

    question: tuple[int, ...]
    answers: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class AnswerSet:
    """Lines of one split by photo; ``share`` is how often it has its turn."""

    rows: tuple[int, ...]
    lines: tuple[tuple[Line, ...], ...]
    features: Features
    share: float = 1.0


@dataclass(frozen=True)
class AnswerSettings:
    """Hyper-parameters of this stage."""

    steps: int = 3600
    photos: int = 32
    lr: float = 1e-3
    warmup: int = 200
    weight_decay: float = 0.05
    choose_weight: float = 1.0
    ema: float = 0.998
    seed: int = 3

    def fingerprint(self, sets: Sequence[AnswerSet]) -> str:
        """Return a digest of what must agree between a run and its checkpoint."""
        fixed = [asdict(self), [[len(own) for own in data.lines] for data in sets]]
        return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()[:16]


def answer_tokens(splits: Iterable[Split], tokenizer: Any, least: int = 5) -> tuple[int, ...]:
    """Return the language model's ids of the words of all texts; 0 and 1 are marks."""
    counts: Counter[int] = Counter()
    for split in splits:
        for row in split.rows:
            for text in _texts(row):
                counts.update(set(tokenizer.encode(answer_text(text)).ids))
    newline = tokenizer.token_to_id("Ċ")
    return (newline, newline, *(token for token, count in counts.most_common() if count >= least))


def answer_text(text: str) -> str:
    """Return a text as the decoder reads it: lower case, one leading space."""
    return plain_line(tidy_answer(text))


def make_answer_set(
    split: Split,
    features: Features,
    tokens: Sequence[int],
    tokenizer: Any,
    length: int,
    share: float = 1.0,
) -> AnswerSet:
    """Turn checked rows into lines that fit ``length``; a caption too long is cut, without end."""
    place = {token: row for row, token in enumerate(tokens) if row > END}

    def encode(text: str) -> list[int]:
        ids = tokenizer.encode(answer_text(text)).ids
        return [place.get(token, UNKNOWN) for token in ids]

    found: dict[str, list[Line]] = {}
    for row in split.rows:
        if isinstance(row, QuestionRow):
            question = tuple(encode(row.question)[: length - _LONGEST_ANSWER - 2])
            texts = (row.answer, *row.distractors)
            answers = tuple((*encode(text)[:_LONGEST_ANSWER], END) for text in texts)
            found.setdefault(row.image, []).append(Line(question, answers))
        elif isinstance(row, CaptionRow):
            for text in row.captions:
                caption = (*encode(text), END)[:LONGEST_CAPTION]
                found.setdefault(row.image, []).append(Line((), (caption,)))
    names = list(found)
    rows = tuple(features.rows[name] for name in names)
    return AnswerSet(rows, tuple(tuple(found[name]) for name in names), features, share)


def line_batch(lines: Sequence[tuple[int, ...]], answers: Sequence[tuple[int, ...]]) -> tuple[
    Tensor, Tensor
]:  # fmt: skip
    """Return inputs and targets int64 [m, t]; -1 in targets is not scored."""
    full = [(*q, START, *a) for q, a in zip(lines, answers, strict=True)]
    size = max(len(line) for line in full) - 1
    words = torch.full((len(full), size), END)
    targets = torch.full((len(full), size), -1)
    for i, (line, question) in enumerate(zip(full, lines, strict=True)):
        words[i, : len(line) - 1] = torch.tensor(line[:-1])
        targets[i, len(question) : len(line) - 1] = torch.tensor(line[len(question) + 1 :])
    return words, targets.masked_fill(targets == UNKNOWN, -1)


def answer_loss(
    model: Answerer, features: Tensor, lines: Sequence[Sequence[Line]], weight: float
) -> Tensor:
    """Return the loss of photos, each with the same number of answers in all."""
    flat = [(line, answer) for own in lines for line in own for answer in line.answers]
    words, targets = line_batch([line.question for line, _ in flat], [a for _, a in flat])
    score, size = model.line_scores(features, words, targets)
    losses, at = [], 0
    for own in lines:
        for line in own:
            part = slice(at, at + len(line.answers))
            at += len(line.answers)
            loss = -score[at - len(line.answers)] / size[part][0]
            if len(line.answers) > 1:
                loss = loss + weight * (score[part].logsumexp(0) - score[part][0])
            losses.append(loss)
    return torch.stack(losses).mean()


def train_answerer(
    model: Answerer,
    sets: Sequence[AnswerSet],
    settings: AnswerSettings,
    folder: Path,
    report: Callable[[int, float, float], None],
    every: int = 20,
    save_every: int = 100,
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, Tensor]:
    """Train, going on from ``folder``, sets taking turns; return the averaged weights.

    ``report`` gets (step, loss, seconds).

    Raises:
        CheckpointMismatch, CheckpointDamaged: see ``Learner.load``.
    """
    learner = Learner(model, settings.weight_decay, settings.ema)
    fingerprint = settings.fingerprint(sets)
    learner.load(folder, fingerprint)
    told = json.dumps(asdict(settings))
    shares = np.array([data.share for data in sets]) / sum(data.share for data in sets)
    began, before = time.monotonic(), learner.seconds
    while learner.step < settings.steps and not stop():
        step = learner.step
        rng = np.random.default_rng((settings.seed, step))
        torch.manual_seed(settings.seed * 1_000_003 + step)
        features, lines = _draw(sets[rng.choice(len(sets), p=shares)], settings.photos, rng)
        model.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=fast_type() == torch.bfloat16):
            loss = answer_loss(model, features, lines, settings.choose_weight)
        rate = cosine(settings.lr, step, step / settings.steps, settings.warmup)
        learner.update(learner.gradient(loss), rate)
        learner.seconds = before + time.monotonic() - began
        if learner.step % every == 0:
            report(learner.step, float(loss.detach()), learner.seconds)
        if learner.step % save_every == 0:
            learner.save(folder, fingerprint, told)
    learner.save(folder, fingerprint, told)
    return learner.averaged_state()


def _texts(row: object) -> tuple[str, ...]:
    if isinstance(row, QuestionRow):
        return (row.question, row.answer, *row.distractors)
    return row.captions if isinstance(row, CaptionRow) else ()


def _draw(
    data: AnswerSet, photos: int, rng: np.random.Generator
) -> tuple[Tensor, list[tuple[Line, ...]]]:
    """Return features and as many lines of every photo; described photos are mirrored at times."""
    chosen = rng.choice(len(data.rows), size=photos, replace=len(data.rows) < photos).tolist()
    maps = data.features.maps[[data.rows[i] for i in chosen]].astype(np.float32)
    if not any(line.question for line in data.lines[chosen[0]]):
        flips = rng.random(photos) < 0.5
        maps[flips] = mirrored(maps[flips])
    lines = []
    for i in chosen:
        own = data.lines[i]
        count = max(1, _LINES // len(own[0].answers))
        picks = rng.choice(len(own), size=count, replace=len(own) < count)
        lines.append(tuple(own[p] for p in picks.tolist()))
    return torch.from_numpy(maps), lines
