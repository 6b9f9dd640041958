"""A small decoder that describes photos and answers questions on them by itself, in numpy.

It was learned without the language model, from the same photos (``assistant.tuning.answerer``).
It drafts lines, and weighs its own and the language model's as a second expert: log-likelihoods
are added, a product of experts (Hinton 2002). Knows nothing of prompts or llama.cpp.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.models.sight import read_weights, to_cells
from assistant.models.sight_net import Net, Read, Writer, gelu
from retrieval.errors import WeightsError

Floats = NDArray[np.float32]
START, END = 0, 1  # rows of the vocabulary that are not words; START stands for unknown ones too
LONGEST_ANSWER = 10
LONGEST_CAPTION = 17  # the end included
_UNKNOWN_WORD = -9.0  # log-likelihood of a word that was never learned


@dataclass(frozen=True)
class AnswerShape:
    """Sizes of the decoder; ``length`` is its longest line."""

    vocabulary: int
    channels: int = 1280
    cells: int = 81
    width: int = 256
    heads: int = 4
    layers: int = 3
    length: int = 40


class SecondOpinion:
    """Weighs and drafts answers to short questions. Use ``load``; safe to share.

    Args:
        tokens: int64 [vocabulary], the language model's id of each row.
    """

    def __init__(
        self, shape: AnswerShape, weights: dict[str, Floats], tokens: NDArray[np.int64]
    ) -> None:
        self.tokens = tokens
        self._rows = {token: row for row, token in enumerate(tokens.tolist()) if row > END}
        self._net = Net(weights, shape.heads, "answer.")
        self._longest_question = shape.length - LONGEST_ANSWER - 2
        self._writer = Writer(self._net, shape.layers, "norm_out", START, END)
        self._last: tuple[Floats, list[int], Read] | None = None

    @classmethod
    def load(cls, path: Path) -> SecondOpinion:
        """Read a ``model.safetensors`` written by ``assistant.tuning``.

        Raises:
            WeightsMissing: there is no such file.
            WeightsError: it holds no such decoder.
        """
        about, tensors = read_weights(path, "answer")
        try:
            shape = AnswerShape(**json.loads(about["answer_shape"]))
            tokens = tensors.pop("answer_tokens").astype(np.int64)
        except (KeyError, TypeError, ValueError) as error:
            raise WeightsError(model="sightline-vlm", detail=f"{path}: {error}") from error
        return cls(shape, tensors, tokens)

    def scores(
        self, feature_map: Floats, question: Sequence[int], answers: Sequence[Sequence[int]]
    ) -> list[float]:
        """Return the log-likelihood (natural) of each answer as the whole answer.

        Args:
            feature_map: float32 [1280, 9, 9].
            question: the language model's ids of ``plain_line(text)``; empty for captions.
            answers: for each answer the ids of ``plain_line(answer)``.

        Returns:
            One number an answer; all 0 for a question that is too long or has too many words that
            were never learned, because the opinion would only mislead.
        """
        line = self._line(question)
        if line is None:
            return [0.0] * len(answers)
        longest = LONGEST_ANSWER if line else LONGEST_CAPTION
        rows = [[self._rows.get(token, START) for token in answer[:longest]] for answer in answers]
        return self._writer.score(self._read(feature_map, line), rows, _UNKNOWN_WORD)

    def drafts(
        self, feature_map: Floats, question: Sequence[int], beams: int = 5, wanted: int = 3
    ) -> list[list[int]]:
        """Return the likeliest answers in the language model's ids, best first; [] without one.

        Args:
            question: as in ``scores``; an empty one asks for a caption.
        """
        line = self._line(question)
        if line is None:
            return []
        longest = LONGEST_ANSWER if line else LONGEST_CAPTION
        written = self._writer.write(self._read(feature_map, line), longest, beams, wanted)
        return [[int(self.tokens[row]) for row in rows] for rows in written if rows]

    def _line(self, question: Sequence[int]) -> list[int] | None:
        """Return a question as rows; None when it is too long or too little of it was learned."""
        line = [self._rows.get(token, START) for token in question]
        strange = line.count(START) > len(line) / 4
        return None if strange or len(line) > self._longest_question else line

    def _read(self, feature_map: Floats, line: list[int]) -> Read:
        """Return what was read of a photo and a question; drafts and scores follow each other."""
        last = self._last
        if last is None or last[0] is not feature_map or last[1] != line:
            last = feature_map, line, self._writer.read(self._cells(feature_map), line)
            self._last = last
        return last[2]

    def _cells(self, feature_map: Floats) -> Floats:
        net = self._net
        cells = gelu(net.linear(net.norm(to_cells(feature_map[None]), "norm_in"), "reduce"))
        return net.norm(cells + net.get("place"), "norm_cells")


def plain_line(text: str) -> str:
    """Return a question or answer as the decoder reads it, to be tokenized without extras."""
    return " " + " ".join(text.replace("_", " ").lower().split()).rstrip(" .?").strip()
