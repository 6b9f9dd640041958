"""Writes a trained projector as the one file that inference reads.

float16 weights, the language model's embedding rows of every word the projector can write (so
that inference needs no second file), and the sizes in the metadata.
"""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from assistant.models.sight import AnswerShape, Shape
from assistant.tuning.vocabulary import Vocabulary


@dataclass(frozen=True)
class Parts:
    """Sizes and words of both drafting decoders."""

    shape: Shape
    vocabulary: Vocabulary
    answer_shape: AnswerShape
    answer_tokens: tuple[int, ...]


def export_projector(path: Path, state: dict[str, Tensor], parts: Parts, table: Tensor) -> None:
    """Write ``path`` atomically.

    Args:
        state: weights of ``Projector`` by name, and of ``Answerer`` by ``answer.`` and name.
        table: float [vocabulary, lm_width], the language model's embeddings of its tokens.
    """
    from safetensors.torch import save_file

    tensors = {name: value.half().contiguous() for name, value in state.items()}
    tensors["table"] = table.half().contiguous()
    tensors["tokens"] = torch.tensor(parts.vocabulary.tokens, dtype=torch.int32)
    tensors["concept_rows"] = torch.tensor(parts.vocabulary.concepts, dtype=torch.int32)
    tensors["answer_tokens"] = torch.tensor(parts.answer_tokens, dtype=torch.int32)
    about = {
        "shape": json.dumps(dataclasses.asdict(parts.shape)),
        "answer_shape": json.dumps(dataclasses.asdict(parts.answer_shape)),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    save_file(tensors, temporary, metadata=about)
    temporary.replace(path)
