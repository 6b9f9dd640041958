"""What stage 2 asks of a photo: captions and questions as token ids, drawn reproducibly.

Every draw depends on (seed, step, worker) alone, so a run that was killed and resumed sees the
same photos as one that was not, without any generator state to save.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.models.sight import (
    CAPTION_QUESTION,
    ImageSlot,
    SightProjector,
    hint_question,
    prompt_layout,
)
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

    ``share`` is how often the task is drawn; ``asks`` how many questions (or captions) of a
    photo are taken at a visit.
    """

    name: str
    photos: tuple[TaskPhoto, ...]
    features: Features
    share: float
    asks: int


class Reader(Protocol):
    """What stage 1 reads in a photo."""

    def words(self, features: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the language model's ids, int64 [text_rows], of features [81, 1280]."""
        ...

    def hint(self, features: NDArray[np.float32], question: str) -> str:
        """Return a drafted answer, or nothing."""
        ...


class SightReader:
    """Reads with an exported projector."""

    def __init__(self, sight: SightProjector, tokenizer: Any) -> None:
        self._sight, self._tokenizer = sight, tokenizer

    def words(self, features: NDArray[np.float32]) -> NDArray[np.int64]:
        """See ``Reader``."""
        ids: NDArray[np.int64] = self._sight.tokens[self._sight.words(features[None])[0]]
        return ids

    def hint(self, features: NDArray[np.float32], question: str) -> str:
        """See ``Reader``."""
        ids = self._tokenizer.encode(hint_question(question), add_special_tokens=False).ids
        return str(self._tokenizer.decode(self._sight.hint_of_cells(features, ids))).strip()


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

    def question(self, text: str, hint: str = "") -> tuple[int, ...]:
        """Return the tokens between a photo's rows and the answer."""
        after = prompt_layout(text, 1, hint)[-1]
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
            asked = question_text(row.question)
            mine.append(Ask(coder.question(asked), answers, 0, bool(row.distractors), asked))
    return asks


def make_task(
    split: Split,
    coder: PromptCoder,
    features: Features,
    share: float,
    asks: int,
) -> Task:
    """Return a split as a task; see ``Task``."""
    photos = tuple(
        TaskPhoto(features.rows[name], tuple(mine))
        for name, mine in make_asks(split, coder).items()
        if mine
    )
    return Task(split.name, photos, features, share, asks)


def question_text(text: str) -> str:
    """Return a question as it is put to the model: with its question mark."""
    text = " ".join(text.split())
    return text if text.endswith(("?", ".", "!")) else f"{text}?"


class Sampler:
    """Draws batches; what is drawn depends on (seed, step, worker) alone.

    Args:
        hint_share: how many questions come with the drafted answer. Drafts on photos the drafter
            has learned are better than on new ones, so a share of 1 would teach blind trust.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        reader: Reader,
        coder: PromptCoder,
        seed: int,
        hint_share: float = 0.7,
    ) -> None:
        self.tasks, self._reader, self._coder = tasks, reader, coder
        self._seed, self.hint_share = seed, hint_share
        shares = np.array([task.share for task in tasks])
        self._shares = shares / shares.sum()

    def draw(self, count: int, step: int, worker: int) -> list[Drawn]:
        """Return ``count`` photos with some of their asks."""
        rng = np.random.default_rng((self._seed, step, worker))
        drawn = []
        for _ in range(count):
            task = self.tasks[int(rng.choice(len(self.tasks), p=self._shares))]
            photo = task.photos[int(rng.integers(len(task.photos)))]
            asks = _some(photo.asks, task.asks, rng)
            hinted = rng.random(len(asks)) < self.hint_share
            features = task.features.maps[photo.row].astype(np.float32)
            drawn.append(self.read(features, asks, hinted.tolist()))
        return drawn

    def read(
        self, features: NDArray[np.float32], asks: Sequence[Ask], hinted: Sequence[bool]
    ) -> Drawn:
        """Return a photo with its words, and hints where they are wanted."""
        told = tuple(
            replace(ask, prompt=self._with_hint(features, ask)) if hint and ask.question else ask
            for ask, hint in zip(asks, hinted, strict=True)
        )
        return Drawn(features, self._reader.words(features), told)

    def _with_hint(self, features: NDArray[np.float32], ask: Ask) -> tuple[int, ...]:
        return self._coder.question(ask.question, self._reader.hint(features, ask.question))


def _some(asks: Sequence[Ask], count: int, rng: np.random.Generator) -> tuple[Ask, ...]:
    """Take ``count`` asks, or of the one ask of captions ``count`` answers."""
    if len(asks) == 1 and not asks[0].choose and len(asks[0].answers) > 1:
        answers = asks[0].answers
        order = rng.permutation(len(answers))[:count]
        return (Ask(asks[0].prompt, tuple(answers[i] for i in order.tolist())),)
    order = rng.permutation(len(asks))[:count]
    return tuple(asks[i] for i in order.tolist())
