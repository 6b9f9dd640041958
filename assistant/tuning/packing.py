"""Several texts about several photos in one sequence, each seeing only its own.

A photo's prompt is the same for all its captions or questions, and the tokens before the photo
are the same for all photos. So texts are laid out as trees: photo -> question -> answers. A token
sees its ancestors and the tokens before it in its own node, and its position counts along that
path, so the result equals running every path as a sequence of its own, at a third of the cost.

Knows nothing of any model: numbers in, numbers out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Ask:
    """A prompt after the photo, and the answers to score.

    ``prompt`` and every answer are token ids; answers end with the end-of-turn token.
    ``right`` is the place of the right answer; with ``choose`` the others are wrong ones to be
    told from it, without it all answers are right (captions). ``question`` is the prompt's text
    where a hint may be added to it.
    """

    prompt: tuple[int, ...]
    answers: tuple[tuple[int, ...], ...]
    right: int = 0
    choose: bool = False
    question: str = ""


@dataclass(frozen=True)
class Packed:
    """One sequence of n photos' rows and their texts.

    Attributes:
        tokens: int64 [t], -1 where a row of a photo goes (in order: photo 0's rows, ...).
        positions: int64 [t], counted from the first row of each photo's ``offset``.
        visible: bool [t, t], [i, j] whether token i sees token j.
        photo: int64 [t], the photo a token belongs to.
        predictor: int64 [k], the token whose state predicts target k.
        target: int64 [k], token ids.
        answer: int64 [k], number of the answer (over all asks in order) a target belongs to.
        asks: the asks in order, for the answers' meaning.
    """

    tokens: Tensor
    positions: Tensor
    visible: Tensor
    photo: Tensor
    predictor: Tensor
    target: Tensor
    answer: Tensor
    asks: tuple[Ask, ...]


class _Builder:
    """Collects nodes; a node is a run of tokens with a parent node."""

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.positions: list[int] = []
        self.photo: list[int] = []
        self.spans: list[tuple[int, int]] = []
        self.parents: list[int] = []

    def add(self, tokens: Sequence[int], parent: int, first_position: int, photo: int) -> int:
        start = len(self.tokens)
        self.tokens.extend(tokens)
        self.positions.extend(range(first_position, first_position + len(tokens)))
        self.photo.extend([photo] * len(tokens))
        self.spans.append((start, len(self.tokens)))
        self.parents.append(parent)
        return len(self.spans) - 1

    def visible(self) -> Tensor:
        seen = torch.zeros(len(self.tokens), len(self.tokens), dtype=torch.bool)
        for start, end in self.spans:
            seen[start:end, start:end] = torch.ones(end - start, end - start).tril().bool()
        for node, (start, end) in enumerate(self.spans):
            above = self.parents[node]
            while above >= 0:
                seen[start:end, slice(*self.spans[above])] = True
                above = self.parents[above]
        return seen


def pack(photos: Sequence[Sequence[Ask]], rows: int, offset: int) -> Packed:
    """Lay out photos with their asks.

    Args:
        photos: for each photo what is asked of it.
        rows: rows of a photo inside this sequence.
        offset: position of a photo's first row (what stands before it was fed earlier).
    """
    builder = _Builder()
    predictor: list[int] = []
    target: list[int] = []
    answer: list[int] = []
    number = 0
    for index, asks in enumerate(photos):
        root = builder.add([-1] * rows, -1, offset, index)
        for ask in asks:
            question = builder.add(ask.prompt, root, offset + rows, index)
            last = builder.spans[question][1] - 1
            for text in ask.answers:
                # the end-of-turn token is only ever a target, so it is not fed
                leaf = builder.add(text[:-1], question, offset + rows + len(ask.prompt), index)
                start, end = builder.spans[leaf]
                predictor.extend([last, *range(start, end)])
                target.extend(text)
                answer.extend([number] * len(text))
                number += 1
    return Packed(
        torch.tensor(builder.tokens),
        torch.tensor(builder.positions),
        builder.visible(),
        torch.tensor(builder.photo),
        torch.tensor(predictor),
        torch.tensor(target),
        torch.tensor(answer),
        tuple(ask for asks in photos for ask in asks),
    )


def additive_mask(visible: Tensor) -> Tensor:
    """Return float32 [1, 1, t, s]: 0 where visible, the lowest number where not."""
    mask = torch.zeros(visible.shape, dtype=torch.float32)
    return mask.masked_fill_(~visible, torch.finfo(torch.float32).min)[None, None]
