"""What stage 2 asks of a photo: captions and questions as token ids, drawn reproducibly.

Every draw depends on (seed, step) alone, so a run that was killed and resumed sees the same photos
as one that was not, without any generator state to save.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.models.sight import CAPTION_QUESTION, ImageSlot, prompt_layout
from assistant.tuning.data import CaptionRow, QuestionRow, Split
from assistant.tuning.features import Features, mirrored
from assistant.tuning.packing import Ask, fitting
from assistant.tuning.vocabulary import tidy_answer, tidy_caption

END_OF_TURN = "<|im_end|>"


@dataclass(frozen=True)
class TaskPhoto:
    """A photo's row of features and all that can be asked of it."""

    row: int
    asks: tuple[Ask, ...]


@dataclass(frozen=True)
class Task:
    """One split in training.

    ``share`` is how often the task is drawn. ``mirrored`` tells that photos may be mirrored:
    captions hardly speak of left and right, questions do.
    """

    name: str
    photos: tuple[TaskPhoto, ...]
    features: Features
    share: float
    mirrored: bool


@dataclass(frozen=True)
class Drawn:
    """One photo of a batch: features [81, channels], what is asked, what stands before it."""

    task: str
    features: NDArray[np.float32]
    asks: tuple[Ask, ...]
    prefix: tuple[int, ...]


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

    def text(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens."""
        return str(self._tokenizer.decode(list(tokens))).strip()

    def question(self, text: str) -> tuple[int, ...]:
        """Return the tokens between a photo's rows and the answer."""
        after = prompt_layout(text, 1)[-1]
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
            asked = coder.question(question_text(row.question))
            mine.append(Ask(asked, answers, 0, bool(row.distractors)))
    return asks


def make_task(split: Split, coder: PromptCoder, features: Features, share: float) -> Task:
    """Return a split as a task; see ``Task``."""
    photos = tuple(
        TaskPhoto(features.rows[name], tuple(mine))
        for name, mine in make_asks(split, coder).items()
        if mine
    )
    described = isinstance(split.rows[0], CaptionRow)
    return Task(split.name, photos, features, share, mirrored=described)


def question_text(text: str) -> str:
    """Return a question as it is put to the model: with its question mark."""
    text = " ".join(text.split())
    return text if text.endswith(("?", ".", "!")) else f"{text}?"


class Sampler:
    """Draws batches; what is drawn depends on (seed, step) alone.

    Each task's photos come in epochs without repetition; of a photo as many asks as fit.

    Args:
        prefix: token ids before every photo.
        room: places of a sequence for what is asked.
    """

    def __init__(self, tasks: Sequence[Task], prefix: Sequence[int], room: int, seed: int) -> None:
        self.tasks, self.prefix, self.room, self.seed = tasks, tuple(prefix), room, seed
        shares = np.array([task.share for task in tasks])
        self._shares = shares / shares.sum()
        self._orders: dict[tuple[int, int], NDArray[np.int64]] = {}

    def draw(self, count: int, step: int) -> list[Drawn]:
        """Return ``count`` photos with some of their asks."""
        rng = np.random.default_rng((self.seed, step))
        drawn: list[Drawn] = []
        for number in range(step * count, (step + 1) * count):
            task, visit = self._turn(number)
            photo = self._photo(task, visit)
            order = rng.permutation(len(photo.asks)).tolist()
            asks = fitting([_shuffled(photo.asks[i], rng) for i in order], self.room)
            features = self.tasks[task].features.maps[photo.row].astype(np.float32)
            if self.tasks[task].mirrored and rng.random() < 0.5:
                features = mirrored(features[None])[0]
            drawn.append(Drawn(self.tasks[task].name, features, asks, self.prefix))
        return [item for item in drawn if item.asks]

    def _turn(self, number: int) -> tuple[int, int]:
        """Return whose turn photo ``number`` of a run is, and how often it had turns before.

        Task i has had round(share_1 + ... + share_i) of n turns less those of the tasks before.
        """
        upto = np.concatenate(([0.0], self._shares.cumsum()))
        place = (number * 0.6180339887498949) % 1.0  # spread evenly, whatever the shares
        task = min(int(np.searchsorted(upto, place, "right")) - 1, len(self.tasks) - 1)
        return task, int(number * self._shares[task])

    def _photo(self, task: int, visit: int) -> TaskPhoto:
        photos = self.tasks[task].photos
        epoch, place = divmod(visit, len(photos))
        if (task, epoch) not in self._orders:
            rng = np.random.default_rng((self.seed, task, epoch))
            self._orders[task, epoch] = rng.permutation(len(photos))
        return photos[int(self._orders[task, epoch][place])]


def _shuffled(ask: Ask, rng: np.random.Generator) -> Ask:
    """Return captions in another order, because the last ones may not fit."""
    if ask.choose or len(ask.answers) < 2:
        return ask
    order = rng.permutation(len(ask.answers)).tolist()
    return replace(ask, answers=tuple(ask.answers[i] for i in order))
