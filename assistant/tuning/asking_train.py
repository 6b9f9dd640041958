"""Trains how questions look for texts: low-rank adapters of the text embedder, for questions only.

Query-side fine-tuning (Lee et al. 2021, "Learning Dense Representations of Phrases at Scale"): the
vectors of sentences stay as they are, so a library need not be embedded anew, and every question
is compared at every step with all sentences in the language of its answer, not with a few drawn
ones. The loss is the cross-entropy of the sentences that hold the answer, and of the paper that
they are from.

Of what was learned a share is kept (Wortsman et al. 2022, "Robust fine-tuning of zero-shot
models": weights between those before and after keep what the network knew of other texts).

Knows nothing of where papers and questions come from.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from assistant.citations import level
from assistant.tuning.clip_tokens import Tokens, joined, lower_layers, token_states
from assistant.tuning.e5_torch import TextTower, adapters, encode
from assistant.tuning.learner import Learner, cosine
from assistant.tuning.text_fit import Told
from retrieval.embed.e5 import E5Small
from retrieval.embed.e5_file import read_e5
from retrieval.embed.sentences import Sentences
from retrieval.sentences import sentences_of

_SAVED = 25
_NEVER = -1e4
Report = Callable[[str], None]


@dataclass(frozen=True)
class AskingSettings:
    """Hyper-parameters: ``batch`` questions a step; ``by_paper``: the share of the loss that is of
    the paper, not of the sentence; ``kept``: the share of what was learned that is used."""

    steps: int = 420
    batch: int = 64
    rank: int = 8
    lr: float = 1e-3
    warmup: int = 50
    weight_decay: float = 0.01
    ema: float = 0.97
    temperature: float = 0.03
    by_paper: float = 0.5
    kept: float = 0.5
    seed: int = 5


@dataclass(frozen=True)
class Lessons:
    """Sentences and the questions they answer.

    ``sentences`` float32 [s, dim]; ``paper`` int64 [s]: which paper each is from; ``chinese``
    bool [s]; ``questions``: q texts as they enter the network; ``holds``: for each the sentences
    that hold its answer, at least one.
    """

    sentences: NDArray[np.float32]
    paper: NDArray[np.int64]
    chinese: NDArray[np.bool_]
    questions: Tokens
    holds: tuple[NDArray[np.int64], ...]

    @property
    def dim(self) -> int:
        """Return the numbers of a vector."""
        return int(self.sentences.shape[1])


def lessons_of(e5: E5Small, weights: Path, sorts: Sequence[Told], threads: int = 1) -> Lessons:
    """Embed papers by their sentences, as a library holds them, and read their questions.

    Questions whose answer stands in no single sentence are left out.
    """
    session = lower_layers(weights, threads, first=0)
    parts = [_lessons(e5, session, told) for told in sorts]
    papers = np.cumsum([0, *(len(told.passages) for told in sorts)])
    sentences = np.cumsum([0, *(len(part.sentences) for part in parts)])
    return Lessons(
        np.concatenate([part.sentences for part in parts]),
        np.concatenate([p.paper + at for p, at in zip(parts, papers, strict=False)]),
        np.concatenate([part.chinese for part in parts]),
        joined([part.questions for part in parts]),
        tuple(rows + at for p, at in zip(parts, sentences, strict=False) for rows in p.holds),
    )


def _lessons(e5: E5Small, session: object, told: Told) -> Lessons:
    cut = [sentences_of(passage) for passage in told.passages]
    counts = [len(some) for some in cut]
    paper = np.repeat(np.arange(len(cut)), counts)
    vectors = Sentences(e5).embed(told.passages, e5.embed_passages(told.passages))
    said = [level(sentence) for some in cut for sentence in some]
    kept, holds = [], []
    for question, place, answer in zip(told.questions, told.wanted, told.answers, strict=True):
        rows = [n for n in np.flatnonzero(paper == place) if level(answer) in said[n]]
        if rows:
            kept.append(question)
            holds.append(np.array(rows, np.int64))
    chinese = np.repeat([language == "zh" for language in told.languages], counts)
    tokens = token_states(e5, session, kept, first=0)
    return Lessons(np.concatenate(vectors), paper, chinese, tokens, tuple(holds))


def train_asking(
    weights: Path, lessons: Lessons, run: Path, settings: AskingSettings, report: Report
) -> dict[str, NDArray[np.float16]]:
    """Train, going on from the run's checkpoint; returns the adapters, what is not kept left out.

    Raises:
        CheckpointMismatch: the run was begun with other settings or data.
        CheckpointDamaged: a checkpoint cannot be read.
    """
    torch.manual_seed(settings.seed)
    tower = TextTower(read_e5(weights), settings.rank)
    learner = Learner(tower, settings.weight_decay, settings.ema)
    text = json.dumps(asdict(settings), sort_keys=True)
    data = lessons.questions.states.tobytes() + lessons.sentences.tobytes()
    mark = hashlib.sha256(text.encode() + data).hexdigest()[:16]
    learner.load(run, mark)
    drawn, mean = _batches(len(lessons.holds), settings), None
    for step in range(learner.step, settings.steps):
        began = time.monotonic()
        loss = asking_loss(tower, lessons, drawn[step], settings)
        rate = cosine(settings.lr, step, step / settings.steps, settings.warmup)
        learner.update(learner.gradient(loss), rate)
        learner.seconds += time.monotonic() - began
        mean = float(loss.detach()) if mean is None else 0.9 * mean + 0.1 * float(loss.detach())
        if step % _SAVED == _SAVED - 1 or step + 1 == settings.steps:
            learner.save(run, mark, text)
            report(f"step {step + 1}/{settings.steps}, loss {mean:.3f}, {learner.seconds:.0f} s")
    tower.load_state_dict(learner.average, strict=False)
    return {
        name: (tensor * settings.kept if name.endswith(".b") else tensor).astype(np.float16)
        for name, tensor in adapters(tower).items()
    }


def asking_loss(
    tower: TextTower, lessons: Lessons, which: NDArray[np.int64], settings: AskingSettings
) -> Tensor:
    """Return the loss of some questions against all sentences of the language of their answers."""
    asked = functional.normalize(encode(tower, lessons.questions, which)[:, : lessons.dim], dim=1)
    near = asked @ torch.from_numpy(lessons.sentences).T / settings.temperature
    first = np.array([lessons.holds[n][0] for n in which])
    other = lessons.chinese[None] != lessons.chinese[first][:, None]
    of_paper = lessons.paper[None] == lessons.paper[first][:, None]
    holding = np.zeros_like(of_paper)
    for row, n in enumerate(which):
        holding[row, lessons.holds[n]] = True
    near = near.masked_fill(torch.from_numpy(other), _NEVER)
    whole = near.logsumexp(1)
    paper, sentence = (
        (whole - near.masked_fill(~torch.from_numpy(wanted), _NEVER).logsumexp(1)).mean()
        for wanted in (of_paper, holding)
    )
    return settings.by_paper * paper + (1 - settings.by_paper) * sentence


def _batches(questions: int, settings: AskingSettings) -> list[NDArray[np.int64]]:
    """Return the questions of every step, all of them once before any is drawn again."""
    draw = random.Random(settings.seed)
    order: list[int] = []
    while len(order) < settings.steps * settings.batch:
        order += draw.sample(range(questions), questions)
    steps = range(0, settings.steps * settings.batch, settings.batch)
    return [np.array(order[at : at + settings.batch], np.int64) for at in steps]
