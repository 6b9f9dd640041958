"""Measures stage 2 at its end, in torch, on the splits that were kept out of training.

Captions and short answers are written greedily, choices are weighed by likelihood. The app, which
``sightline tune evaluate`` measures, computes with 4-bit weights and takes a second opinion on
choices, so its figures differ a little. In batches this takes a minute a hundred photos.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from assistant.models.sight import CAPTION_QUESTION
from assistant.tuning.data import CaptionRow, QuestionRow, Split
from assistant.tuning.evaluate import bootstrap, same_answer
from assistant.tuning.features import Features
from assistant.tuning.lm import LanguageModel
from assistant.tuning.metrics import bleu4, cider_d
from assistant.tuning.speak_train import Speaker, lay_rows, run_packed, see
from assistant.tuning.tasks import Drawn, PromptCoder, make_asks, question_text

_BATCH = 8
_LENGTH = 96
Cells = NDArray[np.float32]


@torch.no_grad()
def validate(
    model: Speaker,
    lm: LanguageModel,
    coder: PromptCoder,
    split: Split,
    features: Features,
    limit: int,
) -> dict[str, Any]:
    """Return the figures of up to ``limit`` rows, evenly spread over the split."""
    model.eval()
    rows = split.rows[:: max(1, len(split.rows) // limit)][:limit]
    described = [row for row in rows if isinstance(row, CaptionRow)]
    asked = [row for row in rows if isinstance(row, QuestionRow)]
    name = split.name
    if described:
        prompts = [coder.question(CAPTION_QUESTION)] * len(described)
        cells = [features.get([row.image])[0] for row in described]
        written = [coder.text(line) for line in _write(model, lm, coder, cells, prompts, 20)]
        references = [row.captions for row in described]
        return {
            f"{name} BLEU-4, greedy": round(bleu4(written, references), 2),
            f"{name} CIDEr-D, greedy": round(cider_d(written, references), 1),
            f"{name} photos": len(described),
        }
    if all(row.distractors for row in asked):
        right = list(_choices(model, lm, coder, split, features, {row.image for row in asked}))
        return {f"{name} accuracy": _interval(right), f"{name} questions": len(right)}
    prompts = [coder.question(question_text(row.question)) for row in asked]
    cells = [features.get([row.image])[0] for row in asked]
    lines = _write(model, lm, coder, cells, prompts, 6)
    said = zip(lines, asked, strict=True)
    right = [float(same_answer(coder.text(line), row.answer)) for line, row in said]
    return {f"{name} exact": _interval(right), f"{name} answers": len(right)}


def _choices(
    model: Speaker,
    lm: LanguageModel,
    coder: PromptCoder,
    split: Split,
    features: Features,
    photos: set[str],
) -> Iterator[float]:
    """Yield 1 for every question of these photos whose right answer is the likeliest."""
    drawn = [
        Drawn(split.name, features.get([name])[0], (ask,), coder.prefix)
        for name, asks in make_asks(split, coder).items()
        if name in photos
        for ask in asks
    ]
    for start in range(0, len(drawn), _BATCH):
        packed, chances = run_packed(model, lm, drawn[start : start + _BATCH], _LENGTH)
        number = 0
        for ask in packed.asks:
            own = range(number, number + len(ask.answers))
            number += len(ask.answers)
            scores = [float(chances[packed.answer == i].sum()) for i in own]
            yield float(int(np.argmax(scores)) == ask.right)


def _write(
    model: Speaker,
    lm: LanguageModel,
    coder: PromptCoder,
    cells: Sequence[Cells],
    prompts: Sequence[Sequence[int]],
    longest: int,
) -> Iterator[list[int]]:
    """Yield what is written greedily of each photo after its prompt, without the end."""
    for start in range(0, len(cells), _BATCH):
        part = slice(start, start + _BATCH)
        seen = see(model, lm, cells[part])
        head = [*coder.prefix, *[-1] * seen.shape[1]]
        lines = [[*head, *prompt] for prompt in prompts[part]]
        begins = [len(line) for line in lines]
        open_lines = set(range(len(lines)))
        while open_lines:
            length = max(map(len, lines))
            tokens = torch.tensor([line + [0] * (length - len(line)) for line in lines])
            positions = torch.arange(length).expand(len(lines), -1)
            visible = torch.ones(length, length, dtype=torch.bool).tril().expand(len(lines), -1, -1)
            states = lm.states(lay_rows(lm, tokens, seen), positions, visible)
            ends = torch.tensor([len(line) - 1 for line in lines])
            logits = lm.logits(states[torch.arange(len(lines)), ends])
            for i, token in enumerate(lm.kept[logits.argmax(-1)].tolist()):
                if i in open_lines and token != coder.end:
                    lines[i].append(token)
                if token == coder.end or len(lines[i]) - begins[i] >= longest:
                    open_lines.discard(i)
        yield from (line[begin:] for line, begin in zip(lines, begins, strict=True))


def _interval(values: Sequence[float]) -> str:
    low, high = bootstrap(values)
    return f"{sum(values) / len(values):.3f} [{low:.3f}, {high:.3f}]"
