"""Rows of training data as the chats that a hub model is trained on.

A caption answers the request for one, a question is asked as it stands, and text at a place is
asked for by its box. Photos are opened when they are needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assistant.models.sight import CAPTION_QUESTION
from assistant.tuning.data import CaptionRow, QuestionRow, Row
from assistant.tuning.pipeline import Part
from assistant.tuning.tasks import question_text
from assistant.tuning.vocabulary import tidy_answer, tidy_caption

if TYPE_CHECKING:
    from datasets import Dataset


def turns(row: Row) -> list[tuple[str, str]]:
    """Return the (question, answer) pairs of a row."""
    if isinstance(row, CaptionRow):
        return [(CAPTION_QUESTION, tidy_caption(text)) for text in row.captions]
    if isinstance(row, QuestionRow):
        return [(question_text(row.question), tidy_answer(row.answer))]
    x0, y0, x1, y1 = (round(value) for value in row.box)
    return [(f"Which text stands in the box from ({x0}, {y0}) to ({x1}, {y1})?", row.text)]


def hub_dataset(parts: Sequence[Part], longest_side: int) -> Dataset:
    """Return the rows of some parts as trl wants them: images, prompt, completion.

    Photos are shrunk to ``longest_side`` pixels; boxes stay in pixels of the photo as it was.
    """
    from datasets import Dataset as Table

    rows = [
        {"part": number, "image": row.image, "question": question, "answer": answer}
        for number, part in enumerate(parts)
        for row in part.split.rows
        for question, answer in turns(row)
    ]
    sources = [part.split.images for part in parts]

    def chats(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """Turn a batch of rows into chats with their photos."""
        images = []
        for number, name in zip(batch["part"], batch["image"], strict=True):
            photo = sources[number].open(name)
            photo.thumbnail((longest_side, longest_side))
            images.append([photo])
        return {
            "images": images,
            "prompt": [[{"role": "user", "content": text}] for text in batch["question"]],
            "completion": [[{"role": "assistant", "content": text}] for text in batch["answer"]],
        }

    return Table.from_list(rows).with_transform(chats)
