"""What stage 2 asks of a photo: captions and questions as token ids, drawn reproducibly.

Every draw depends on (seed, step, worker) alone, so a run that was killed and resumed sees the
same photos as one that was not, without any generator state to save.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.models.sight import CAPTION_QUESTION, ImageSlot, prompt_layout
from assistant.tuning.data import CaptionRow, QuestionRow, Split
from assistant.tuning.features import Features
from assistant.tuning.packing import Ask
from assistant.tuning.vocabulary import tidy_answer, tidy_caption

END_OF_TURN = "<|im_end|>"


@dataclass(frozen=True)
class TaskPhoto:
    """A photo's row of features, all its asks, and all its captions' tokens."""

    row: int
    asks: tuple[Ask, ...]


@dataclass(frozen=True)
class Task:
    """One split in training.

    ``words`` int64 [photos of features, text_rows] are ids of the language model (what stage 1
    reads in each photo); ``share`` is how often the task is drawn; ``asks`` how many questions
    (or captions) of a photo are taken at a visit.
    """

    name: str
    photos: tuple[TaskPhoto, ...]
    features: Features
    words: NDArray[np.int64]
    share: float
    asks: int


@dataclass(frozen=True)
class Drawn:
    """One photo of a batch, ready for the model."""

    features: NDArray[np.float32]
    words: NDArray[np.int64]
    asks: tuple[Ask, ...]


class PromptCoder:
    """Tokenizes exactly what ``prompt_layout`` says, part by part."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.end = int(tokenizer.token_to_id(END_OF_TURN))
        first, slot, _ = prompt_layout("")
        assert isinstance(first, str)
        assert isinstance(slot, ImageSlot)
        self.prefix = self.encode(first)

    def encode(self, text: str) -> tuple[int, ...]:
        """Return token ids; special tokens in the text are parsed, none are added."""
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def question(self, text: str) -> tuple[int, ...]:
        """Return the tokens between a photo's rows and the answer."""
        after = prompt_layout(text)[-1]
        assert isinstance(after, str)
        return self.encode(after)

    def answer(self, text: str) -> tuple[int, ...]:
        """Return an answer's tokens with the end-of-turn token."""
        return (*self.encode(text), self.end)


def make_asks(split: Split, coder: PromptCoder) -> dict[str, list[Ask]]:
    """Return the asks of every photo by name; captions of a photo are one ask."""
    asks: dict[str, list[Ask]] = {}
    describe = coder.question(CAPTION_QUESTION)
    for row in split.rows:
        mine = asks.setdefault(row.image, [])
        if isinstance(row, CaptionRow):
            answers = tuple(coder.answer(tidy_caption(text)) for text in row.captions)
            mine.append(Ask(describe, answers))
        elif isinstance(row, QuestionRow):
            texts = (row.answer, *row.distractors)
            answers = tuple(coder.answer(tidy_answer(text)) for text in texts)
            mine.append(Ask(coder.question(row.question), answers, 0, bool(row.distractors)))
    return asks


def make_task(
    split: Split,
    coder: PromptCoder,
    features: Features,
    words: NDArray[np.int64],
    share: float,
    asks: int,
) -> Task:
    """Return a split as a task; see ``Task``."""
    photos = tuple(
        TaskPhoto(features.rows[name], tuple(mine))
        for name, mine in make_asks(split, coder).items()
        if mine
    )
    return Task(split.name, photos, features, words, share, asks)


def draw(tasks: Sequence[Task], count: int, seed: int, step: int, worker: int) -> list[Drawn]:
    """Return ``count`` photos with some of their asks, the same for the same numbers."""
    rng = np.random.default_rng((seed, step, worker))
    shares = np.array([task.share for task in tasks])
    drawn = []
    for _ in range(count):
        task = tasks[int(rng.choice(len(tasks), p=shares / shares.sum()))]
        photo = task.photos[int(rng.integers(len(task.photos)))]
        drawn.append(
            Drawn(
                task.features.maps[photo.row].astype(np.float32),
                task.words[photo.row],
                _some(photo.asks, task.asks, rng),
            )
        )
    return drawn


def _some(asks: Sequence[Ask], count: int, rng: np.random.Generator) -> tuple[Ask, ...]:
    """Take ``count`` asks, or of the one ask of captions ``count`` answers."""
    if len(asks) == 1 and not asks[0].choose and len(asks[0].answers) > 1:
        answers = asks[0].answers
        order = rng.permutation(len(answers))[:count]
        return (Ask(asks[0].prompt, tuple(answers[i] for i in order.tolist())),)
    order = rng.permutation(len(asks))[:count]
    return tuple(asks[i] for i in order.tolist())
