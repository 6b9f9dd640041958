"""Stage 1b of Sightline-VLM: a small decoder that drafts an answer to a question on a photo.

Like the draft of a caption it is learned without the language model, because fourteen thousand
questions cost it a minute and the language model hours. What it drafts is handed to the language
model as words in the prompt (``prompt_layout(hint=...)``), which has the last word.

A line is ``question START answer END``; the loss is the cross-entropy of the answer, and for
questions with wrong answers also that of choosing by likelihood.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from assistant.models.second_opinion import END, START, AnswerShape, plain_line
from assistant.tuning.data import QuestionRow, Split
from assistant.tuning.decoder import DecoderLayer
from assistant.tuning.features import Features
from assistant.tuning.learner import Learner, cosine
from assistant.tuning.vocabulary import tidy_answer

UNKNOWN = START  # an unknown word of a question is read as the marker that never is one


class Answerer(nn.Module):
    """Reads a photo's cells and a line of words; predicts the next word.

    Args:
        shape: sizes.
        dropout: while training.
    """

    def __init__(self, shape: AnswerShape, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        width = shape.width
        self.norm_in = nn.LayerNorm(shape.channels)
        self.reduce = nn.Linear(shape.channels, width)
        self.place = nn.Parameter(torch.randn(shape.cells, width) * 0.02)
        self.norm_cells = nn.LayerNorm(width)
        self.embed = nn.Embedding(shape.vocabulary, width)
        self.position = nn.Parameter(torch.randn(shape.length, width) * 0.02)
        self.layers = nn.ModuleList(
            DecoderLayer(width, shape.heads, dropout) for _ in range(shape.layers)
        )
        self.norm_out = nn.LayerNorm(width)
        self.drop = nn.Dropout(dropout)
        self.noise = nn.Dropout1d(dropout)
        nn.init.normal_(self.embed.weight, std=0.02)

    @torch.no_grad()
    def borrow_words(self, table: Tensor) -> None:
        """Start the word vectors as the principal parts of the language model's.

        ``table`` is float [vocabulary, lm_width]; words it finds alike begin alike here.
        """
        centred = table.float() - table.float().mean(0)
        parts = min(self.shape.width, *centred.shape)  # few words span few parts
        _, _, axes = torch.pca_lowrank(centred, q=parts, center=False)
        words = centred @ axes
        self.embed.weight[:, :parts].copy_(words * (0.02 / words.std()))

    def forward(self, features: Tensor, words: Tensor) -> Tensor:
        """Return log p [m, t, vocabulary] after words int [m, t]; m / n lines share a photo.

        ``features`` float [n, 81, channels].
        """
        cells = functional.gelu(self.reduce(self.norm_in(features)), approximate="tanh")
        cells = self.noise(self.norm_cells(cells + self.place))
        x = self.embed(words) * math.sqrt(self.shape.width) + self.position[: words.shape[1]]
        x = self.drop(x)
        for layer in self.layers:
            x = layer(x, cells)
        states = self.drop(self.norm_out(x))
        return functional.linear(states, self.embed.weight).float().log_softmax(-1)


@dataclass(frozen=True)
class Line:
    """A question and its answers as rows of the vocabulary; the first answer is right."""

    question: tuple[int, ...]
    answers: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class AnswerSet:
    """Lines of one split by photo."""

    rows: tuple[int, ...]
    lines: tuple[tuple[Line, ...], ...]
    views: tuple[Features, ...]


@dataclass(frozen=True)
class AnswerSettings:
    """Hyper-parameters of stage 1b."""

    steps: int = 800
    photos: int = 32
    lr: float = 1.2e-3
    warmup: int = 60
    weight_decay: float = 0.05
    choose_weight: float = 1.0
    ema: float = 0.995
    seed: int = 3

    def fingerprint(self, sets: Sequence[AnswerSet]) -> str:
        """Return a digest of what must agree between a run and its checkpoint."""
        fixed = [asdict(self), [[len(own) for own in data.lines] for data in sets]]
        return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()[:16]


def answer_tokens(splits: Iterable[Split], tokenizer: Any, least: int = 3) -> tuple[int, ...]:
    """Return the language model's ids of the words of questions and answers; 0 and 1 are marks."""
    counts: Counter[int] = Counter()
    for split in splits:
        for row in split.rows:
            if isinstance(row, QuestionRow):
                for text in (row.question, row.answer, *row.distractors):
                    counts.update(tokenizer.encode(answer_text(text)).ids)
    newline = tokenizer.token_to_id("Ċ")
    return (newline, newline, *(token for token, count in counts.most_common() if count >= least))


def answer_text(text: str) -> str:
    """Return a question or answer as the answerer reads it: lower case, one leading space."""
    return plain_line(tidy_answer(text))


def make_answer_set(
    split: Split, views: Sequence[Features], tokens: Sequence[int], tokenizer: Any, length: int
) -> AnswerSet:
    """Turn checked rows into lines that fit ``length``."""
    place = {token: row for row, token in enumerate(tokens) if row > END}

    def encode(text: str) -> list[int]:
        ids = tokenizer.encode(answer_text(text)).ids
        return [place.get(token, UNKNOWN) for token in ids]

    found: dict[str, list[Line]] = {}
    for row in split.rows:
        if isinstance(row, QuestionRow):
            question = tuple(encode(row.question)[: length - 12])
            texts = (row.answer, *row.distractors)
            answers = tuple((*encode(text)[:10], END) for text in texts)
            found.setdefault(row.image, []).append(Line(question, answers))
    names = list(found)
    rows = tuple(views[0].rows[name] for name in names)
    return AnswerSet(rows, tuple(tuple(found[name]) for name in names), tuple(views))


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


def line_scores(logp: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return (summed log-likelihood, number of words) of each line, float [m]."""
    scored = targets >= 0
    picked = logp.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
    return (picked * scored).sum(-1), scored.sum(-1).clamp(min=1).float()


def answer_loss(
    model: Answerer, features: Tensor, lines: Sequence[Sequence[Line]], weight: float
) -> Tensor:
    """Return the loss of photos, each with the same number of answers in all."""
    flat = [(line, answer) for own in lines for line in own for answer in line.answers]
    words, targets = line_batch([line.question for line, _ in flat], [a for _, a in flat])
    score, size = line_scores(model(features, words), targets)
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
    save_every: int = 50,
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
    began, before = time.monotonic(), learner.seconds
    while learner.step < settings.steps and not stop():
        step = learner.step
        rng = np.random.default_rng((settings.seed, step))
        torch.manual_seed(settings.seed * 1_000_003 + step)
        features, lines = _draw(sets[step % len(sets)], settings.photos, rng)
        model.train()
        with torch.autocast("cpu", torch.bfloat16):
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


def _draw(
    data: AnswerSet, photos: int, rng: np.random.Generator
) -> tuple[Tensor, list[tuple[Line, ...]]]:
    """Return features and four lines' worth of answers a photo: 1 question of 4, or 4 of 1."""
    chosen = rng.choice(len(data.rows), size=photos, replace=len(data.rows) < photos).tolist()
    maps = [data.views[int(rng.integers(len(data.views)))].maps[data.rows[i]] for i in chosen]
    lines = []
    for i in chosen:
        own = data.lines[i]
        count = max(1, 4 // len(own[0].answers))
        picks = rng.choice(len(own), size=count, replace=len(own) < count)
        lines.append(tuple(own[p] for p in picks.tolist()))
    return torch.from_numpy(np.stack(maps).astype(np.float32)), lines
