"""Trains the reader's adapter: low-rank changes of the language model's upper layers.

LoRA (Hu et al. 2021) on every matrix of the layers from ``first`` on, in bfloat16 on the
dequantized 4-bit model; the layers below run without gradients. The loss is the cross-entropy of
the answer's tokens and of its end. The result is an adapter file that llama.cpp adds to the 4-bit
model at run time.

Knows nothing of where examples come from.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from assistant import prompts
from assistant.models.chatml import Markup, Quoted, render
from assistant.session import as_messages
from assistant.tuning.adapter import write_adapter
from assistant.tuning.learner import Learner, cosine
from assistant.tuning.reader_data import Example

_MATRICES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""Matrices that are changed: their names in transformers, and in a GGUF."""


@dataclass(frozen=True)
class ReaderSettings:
    """Hyper-parameters; ``first`` is the lowest layer that is changed."""

    steps: int = 240
    batch: int = 8
    rank: int = 8
    alpha: float = 16.0
    first: int = 10
    lr: float = 5e-4
    warmup: int = 12
    weight_decay: float = 0.01
    ema: float = 0.97
    longest: int = 420
    seed: int = 5


class LowRank(nn.Module):
    """A frozen linear map plus a learned one of low rank: W x + (alpha / r) B A x."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.base, self.scale = base, alpha / rank
        self.a = nn.Parameter(torch.randn(rank, base.in_features) / math.sqrt(base.in_features))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        """Return the changed map of x [..., in]."""
        low = functional.linear(x, self.a.to(x.dtype))
        changed: Tensor = self.base(x) + functional.linear(low, self.b.to(x.dtype)) * self.scale
        return changed


class Reader(nn.Module):
    """A causal language model whose upper layers learn."""

    def __init__(self, model: Any, settings: ReaderSettings) -> None:
        super().__init__()
        self.model = model.requires_grad_(False)
        self.first = settings.first
        self.layers = model.model.layers
        for layer in self.layers[self.first :]:
            for name in _MATRICES:
                owner, last = name.split(".")
                part = getattr(layer, owner)
                setattr(part, last, LowRank(getattr(part, last), settings.rank, settings.alpha))

    def states(self, tokens: Tensor) -> Tensor:
        """Return the final states [n, t, width] of token ids [n, t], padded on the right."""
        body = self.model.model
        with torch.no_grad():
            x = body.embed_tokens(tokens)
            places = torch.arange(tokens.shape[1])[None]
            turn = body.rotary_emb(x, places)
            for layer in self.layers[: self.first]:
                x = _through(layer, x, turn, places)
        for layer in self.layers[self.first :]:
            x = _through(layer, x, turn, places)
        final: Tensor = body.norm(x)
        return final

    def loss(self, batch: Sequence[tuple[list[int], int]]) -> Tensor:
        """Return the mean cross-entropy of the tokens from each line's ``start`` on."""
        width = max(len(ids) for ids, _ in batch)
        tokens = torch.zeros(len(batch), width, dtype=torch.long)
        wanted = torch.zeros(len(batch), width, dtype=torch.bool)
        for row, (ids, start) in enumerate(batch):
            tokens[row, : len(ids)] = torch.tensor(ids)
            wanted[row, start - 1 : len(ids) - 1] = True
        states = self.states(tokens)[wanted]
        logits = functional.linear(states, self.model.lm_head.weight).float()
        losses = functional.cross_entropy(logits, tokens.roll(-1, 1)[wanted], reduction="none")
        # Every line counts alike, however long its answer.
        lengths = wanted.sum(1, keepdim=True).expand_as(wanted)[wanted]
        return (losses / lengths).sum() / len(batch)


def _through(layer: Any, x: Tensor, turn: Any, places: Tensor) -> Tensor:
    out = layer(x, position_embeddings=turn, position_ids=places, attention_mask=None)
    found: Tensor = out[0] if isinstance(out, tuple) else out
    return found


def line_of(example: Example, tokenizer: Any) -> tuple[list[int], int]:
    """Return an example's tokens as the engine writes them, and where its answer begins."""
    turns = prompts.span(example.question, example.text, example.language)
    ids: list[int] = []
    for part in render(as_messages(turns)):
        assert isinstance(part, Markup | Quoted)
        ids += tokenizer.encode(part.text, add_special_tokens=False)
    start = len(ids)
    said = prompts.NOT_FOUND if example.answer is None else example.answer
    return [*ids, *tokenizer.encode(f"{said}<|im_end|>", add_special_tokens=False)], start


def batches(
    lines: Sequence[tuple[list[int], int]], size: int, draw: random.Random
) -> list[list[tuple[list[int], int]]]:
    """Return one pass over the lines; a batch holds lines of about the same length."""
    order = list(range(len(lines)))
    draw.shuffle(order)
    found = []
    pool = size * 8
    for start in range(0, len(order), pool):
        near = sorted(order[start : start + pool], key=lambda i: len(lines[i][0]))
        found += [near[i : i + size] for i in range(0, len(near), size)]
    draw.shuffle(found)
    return [[lines[i] for i in batch] for batch in found]


def train(
    lm: Path,
    lines: Sequence[tuple[list[int], int]],
    run: Path,
    settings: ReaderSettings,
    report: Callable[[str], None],
) -> Path:
    """Train on lines, going on from the run's checkpoint; returns the adapter file.

    Raises:
        CheckpointMismatch: the run was begun with other settings or data.
    """
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(lm, dtype=torch.bfloat16)
    torch.manual_seed(settings.seed)
    reader = Reader(model, settings)
    learner = Learner(reader, settings.weight_decay, settings.ema)
    kept = [line for line in lines if len(line[0]) <= settings.longest]
    text = json.dumps(asdict(settings), sort_keys=True)
    mark = hashlib.sha256(f"{text}{len(kept)}".encode()).hexdigest()[:16]
    learner.load(run, mark)
    stream: list[list[tuple[list[int], int]]] = []
    passes = 0
    while len(stream) < settings.steps:
        stream += batches(kept, settings.batch, random.Random(settings.seed + passes))
        passes += 1
    mean = None
    for step in range(learner.step, settings.steps):
        began = time.monotonic()
        loss = reader.loss(stream[step])
        rate = cosine(settings.lr, step, step / settings.steps, settings.warmup)
        learner.update(learner.gradient(loss), rate)
        learner.seconds += time.monotonic() - began
        now = float(loss.detach())
        mean = now if mean is None else 0.9 * mean + 0.1 * now
        if step % 5 == 4:
            report(f"step {step + 1}/{settings.steps}, loss {mean:.3f}, {learner.seconds:.0f} s")
        if step % 20 == 19:
            learner.save(run, mark, text)
            _save_adapter(run / "reader.gguf", learner.average, settings)
    learner.save(run, mark, text)
    return _save_adapter(run / "reader.gguf", learner.average, settings)


def _save_adapter(path: Path, weights: dict[str, Tensor], settings: ReaderSettings) -> Path:
    """Write the learned matrices under their names in a GGUF."""
    halves = {}
    for name, value in weights.items():
        number, rest = name.split("layers.", 1)[1].split(".", 1)
        matrix, half = rest.rsplit(".", 1)
        halves[_MATRICES[matrix], int(number), half] = value.detach().float().numpy()
    return write_adapter(path, halves, settings.alpha)
