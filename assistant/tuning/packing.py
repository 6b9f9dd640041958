"""Several texts about one photo in one sequence, each seeing only its own.

A photo's rows and what stands before them are the same for all its captions or questions. So texts
are laid out as a tree: photo -> question -> answers. A token sees its ancestors and the tokens
before it in its own node, and its position counts along that path, so the result equals running
every path as a sequence of its own, at a third of the cost. Sequences are filled up to one length,
because compiled code wants one shape.

Knows nothing of any model: numbers in, numbers out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Ask:
    """A prompt after the photo, and the answers to score.

    ``prompt`` and every answer are token ids; answers end with the end-of-turn token.
    ``right`` is the place of the right answer; with ``choose`` the others are wrong ones to be
    told from it, without it all answers are right (captions).
    """

    prompt: tuple[int, ...]
    answers: tuple[tuple[int, ...], ...]
    right: int = 0
    choose: bool = False

    @property
    def size(self) -> int:
        """Places the ask takes; the end of an answer is only ever a target, so it is not fed."""
        return len(self.prompt) + sum(len(answer) - 1 for answer in self.answers)


@dataclass(frozen=True)
class Packed:
    """n sequences of ``length`` places, one a photo, and what is to be predicted in them.

    Attributes:
        tokens: int64 [n, length], -1 where a row of the photo goes; unused places hold 0.
        positions: int64 [n, length].
        visible: bool [n, length, length], [b, i, j] whether place i sees place j; an unused place
            sees itself, so that its softmax is defined.
        sequence, predictor: int64 [k], where the state is that predicts target k.
        target: int64 [k], token ids.
        answer: int64 [k], number of the answer (over all asks in order) a target belongs to.
        asks: the asks in order, for the answers' meaning.
    """

    tokens: Tensor
    positions: Tensor
    visible: Tensor
    sequence: Tensor
    predictor: Tensor
    target: Tensor
    answer: Tensor
    asks: tuple[Ask, ...]


class _Tree:
    """One sequence: nodes are runs of tokens, each with a parent node."""

    def __init__(self, length: int) -> None:
        self.tokens = torch.zeros(length, dtype=torch.int64)
        self.positions = torch.zeros(length, dtype=torch.int64)
        self.visible = torch.eye(length, dtype=torch.bool)
        self.used = 0

    def add(self, tokens: Sequence[int], parent: slice | None) -> slice:
        """Append a node; returns its places."""
        node = slice(self.used, self.used + len(tokens))
        self.used = node.stop
        self.tokens[node] = torch.tensor(tokens, dtype=torch.int64)
        first = int(self.positions[parent.stop - 1]) + 1 if parent else 0
        self.positions[node] = torch.arange(first, first + len(tokens))
        if parent:
            self.visible[node] |= self.visible[parent.stop - 1]
        self.visible[node, node] |= torch.ones(len(tokens), len(tokens)).tril().bool()
        return node


def pack(photos: Sequence[Sequence[Ask]], prefix: Sequence[int], rows: int, length: int) -> Packed:
    """Lay out photos with their asks.

    Args:
        photos: for each photo what is asked of it; ``fitting`` tells what fits.
        prefix: token ids before every photo.
        rows: rows of a photo.
        length: places of a sequence.
    """
    root = (*prefix, *[-1] * rows)
    return pack_texts([(root, asks) for asks in photos], length)


def pack_texts(texts: Sequence[tuple[Sequence[int], Sequence[Ask]]], length: int) -> Packed:
    """Lay out token ids that several asks share, each with its asks, a sequence of ``length``."""
    trees = []
    sequence: list[int] = []
    predictor: list[int] = []
    target: list[int] = []
    answer: list[int] = []
    number = 0
    for index, (shared, asks) in enumerate(texts):
        tree = _Tree(length)
        root = tree.add(shared, None)
        for ask in asks:
            question = tree.add(ask.prompt, root)
            for text in ask.answers:
                leaf = tree.add(text[:-1], question)
                predictor.extend([question.stop - 1, *range(leaf.start, leaf.stop)])
                target.extend(text)
                sequence.extend([index] * len(text))
                answer.extend([number] * len(text))
                number += 1
        trees.append(tree)
    return Packed(
        torch.stack([tree.tokens for tree in trees]),
        torch.stack([tree.positions for tree in trees]),
        torch.stack([tree.visible for tree in trees]),
        torch.tensor(sequence),
        torch.tensor(predictor),
        torch.tensor(target),
        torch.tensor(answer),
        tuple(ask for _, asks in texts for ask in asks),
    )


def fitting(asks: Sequence[Ask], room: int) -> tuple[Ask, ...]:
    """Return the asks, in order, that fit ``room`` places; captions are cut to those that fit."""
    chosen: list[Ask] = []
    for ask in asks:
        if not ask.choose and len(ask.answers) > 1:
            while ask.size > room and len(ask.answers) > 1:
                ask = replace(ask, answers=ask.answers[:-1])
        if ask.size <= room:
            chosen.append(ask)
            room -= ask.size
    return tuple(chosen)
