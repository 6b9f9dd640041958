"""Lessons as the token ids the engine would read, a text once for all its questions.

Knows the prompt's form and the order of a pass, no model.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant import prompts
from assistant.models.chatml import Markup, Quoted, render
from assistant.session import as_messages
from assistant.tuning.packing import Ask, Packed, fitting, pack_texts
from assistant.tuning.reader_data import Lesson, Put


@dataclass(frozen=True)
class Page:
    """Token ids that a text's prompts share, and what is asked after them."""

    shared: tuple[int, ...]
    asks: tuple[Ask, ...]

    @property
    def size(self) -> int:
        """Places that it takes."""
        return len(self.shared) + sum(ask.size for ask in self.asks)


def page_of(lesson: Lesson, tokenizer: Any, longest: int) -> Page | None:
    """Return a lesson's tokens as the engine writes them; None when not one question fits."""
    asked = [_prompt(put, lesson.text, tokenizer) for put in lesson.puts]
    if not asked:
        return None
    shared = _common(asked)
    asks = []
    for put, ids in zip(lesson.puts, asked, strict=True):
        asks.append(Ask(tuple(ids[len(shared) :]), (_said(put.answer, tokenizer),)))
    fits = fitting(asks, longest - len(shared))
    return Page(tuple(shared), fits) if fits else None


def refusal(tokenizer: Any) -> tuple[int, ...]:
    """Return the tokens of the answer that says there is none."""
    return _said(None, tokenizer)


def _said(answer: str | None, tokenizer: Any) -> tuple[int, ...]:
    said = prompts.NOT_FOUND if answer is None else answer
    return tuple(tokenizer.encode(f"{said}<|im_end|>", add_special_tokens=False))


def _prompt(put: Put, text: str, tokenizer: Any) -> list[int]:
    ids: list[int] = []
    for part in render(as_messages(prompts.span(put.question, text, put.language))):
        assert isinstance(part, Markup | Quoted)
        ids += tokenizer.encode(part.text, add_special_tokens=False)
    return ids


def _common(rows: Sequence[list[int]]) -> list[int]:
    """Return the longest beginning of all rows that leaves something of each."""
    most = min(len(row) for row in rows) - 1
    same = (len({row[i] for row in rows}) == 1 for i in range(most))
    return rows[0][: next((i for i, equal in enumerate(same) if not equal), most)]


def packed_of(pages: Sequence[Page]) -> Packed:
    """Lay out pages beside each other, as long as the longest."""
    length = max(page.size for page in pages)
    return pack_texts([(page.shared, page.asks) for page in pages], length)


def batches(pages: Sequence[Page], size: int, draw: random.Random) -> list[list[Page]]:
    """Return one pass over the pages; a batch holds pages of about the same length."""
    order = list(range(len(pages)))
    draw.shuffle(order)
    found = []
    pool = size * 8
    for start in range(0, len(order), pool):
        near = sorted(order[start : start + pool], key=lambda i: pages[i].size)
        found += [near[i : i + size] for i in range(0, len(near), size)]
    draw.shuffle(found)
    return [[pages[i] for i in batch] for batch in found]
