"""Sightline-VLM's eye at inference, in numpy: feature map in, rows for the language model out.

Importing torch would cost 400 MB for a few small matrices, so the forward pass is written out
here; ``assistant.tuning.projector`` is the same network for training, and a test holds both
together. Knows nothing of llama.cpp: it gives rows and says where they stand in the prompt.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.models.sight_net import Net, Writer, gelu
from retrieval.errors import WeightsError, WeightsMissing

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

CAPTION_QUESTION = "Describe the image in one sentence."
LONGEST_HINT = 10
DRAFT_WEIGHT = 2.0  # of the answer drafter beside the language model; a guess, not fitted
_NOT_WEIGHTS = ("table", "tokens", "concept_rows", "answer_tokens")
START, END = 0, 1  # rows of the draft's vocabulary that are not words; END reads as a line break


@dataclass(frozen=True)
class ImageSlot:
    """The place of image ``index`` (from 0): ``IMAGE_TOKENS`` rows of embeddings go here."""

    index: int


@dataclass(frozen=True)
class Shape:
    """Sizes of the projector; ``rows`` is what one photo takes in the prompt."""

    vocabulary: int
    concepts: int
    channels: int = 1280
    cells: int = 81
    width: int = 320
    heads: int = 5
    layers: int = 2
    lm_width: int = 896
    lm_norm: float = 0.45
    text_rows: int = 24
    draft_length: int = 14
    soft_rows: int = 8

    @property
    def rows(self) -> int:
        """Rows of one photo."""
        return self.text_rows + self.soft_rows


@dataclass(frozen=True)
class AnswerShape:
    """Sizes of the decoder that drafts answers; ``length`` is its longest line."""

    vocabulary: int
    channels: int = 1280
    cells: int = 81
    width: int = 256
    heads: int = 4
    layers: int = 2
    length: int = 40


IMAGE_TOKENS = Shape(vocabulary=0, concepts=0).rows


def prompt_layout(question: str, n_images: int = 1, hint: str = "") -> list[str | ImageSlot]:
    """Return the prompt Sightline-VLM was trained with: texts to tokenize, and image slots.

    Texts are tokenized one by one with special tokens parsed and nothing added; each slot is
    filled with the rows of its image. The answer follows directly after the last text and ends
    with ``<|im_end|>``.

    Args:
        question: as the user wrote it; ``CAPTION_QUESTION`` asks for a caption.
        n_images: images, in the order of their slots.
        hint: what ``SightProjector.hint`` drafts for the question, if anything.
    """
    asked = hinted_question(question, hint)
    return [
        "<|im_start|>user\n",
        *(ImageSlot(index) for index in range(n_images)),
        f"\n{asked}<|im_end|>\n<|im_start|>assistant\n",
    ]


def hinted_question(question: str, hint: str) -> str:
    """Return what stands in the prompt for a question with a drafted answer (or none)."""
    return f"{question}\nHint: {hint}" if hint else question


class SightProjector:
    """Turns feature maps of EfficientNet-Lite2 into rows of the language model's input space.

    Use ``load``. Safe to share between threads: nothing changes after loading.
    """

    def __init__(
        self, shape: Shape, answers: AnswerShape, tensors: dict[str, NDArray[np.generic]]
    ) -> None:
        self.shape = shape
        self.tokens: Ints = tensors["tokens"].astype(np.int64)
        self.concept_rows: Ints = tensors["concept_rows"].astype(np.int64)
        self.answer_tokens: Ints = tensors["answer_tokens"].astype(np.int64)
        self._answer_rows = {
            token: row for row, token in enumerate(self.answer_tokens.tolist()) if row > END
        }
        self._table: Floats = tensors["table"].astype(np.float32)
        weights = {k: v.astype(np.float32) for k, v in tensors.items() if k not in _NOT_WEIGHTS}
        self._net = Net(weights, shape.heads)
        self._drafter = Writer(
            self._net, shape.layers, "norm_draft", shape.draft_length, START, END
        )
        self._answer_net = Net(weights, answers.heads, "answer.")
        self._longest_question = answers.length - LONGEST_HINT - 2
        self._answerer = Writer(
            self._answer_net, answers.layers, "norm_out", LONGEST_HINT, START, END
        )

    @classmethod
    def load(cls, path: Path) -> SightProjector:
        """Read a ``model.safetensors`` written by ``assistant.tuning``.

        Raises:
            WeightsMissing: there is no such file.
            WeightsError: it is not a projector.
        """
        from safetensors import SafetensorError, safe_open

        if not path.is_file():
            raise WeightsMissing(model="sightline-vlm", path=path)
        try:
            with safe_open(path, "np") as file:
                about = file.metadata()
                shape = Shape(**json.loads(about["shape"]))
                answers = AnswerShape(**json.loads(about["answer_shape"]))
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return cls(shape, answers, tensors)
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise WeightsError(model="sightline-vlm", detail=f"{path}: {error}") from error

    def image_tokens(self, feature_map: Floats) -> Floats:
        """Return float32 [n, ``IMAGE_TOKENS``, lm_width] of maps float32 [n, 1280, 9, 9]."""
        features = to_cells(feature_map)
        words = self._table[self.words(features)]
        return np.concatenate((words, self.soft_rows(features)), axis=1)

    def hint(self, feature_map: Floats, question: Sequence[int]) -> list[int]:
        """Draft an answer to a question about one photo, for ``hinted_question``.

        Args:
            feature_map: float32 [1280, 9, 9].
            question: the language model's ids of ``hint_question(text)``.

        Returns:
            The language model's ids of the draft; none for a question that is too long or has
            too many words the drafter never learned, because it would only mislead.
        """
        return self.hint_of_cells(to_cells(feature_map[None])[0], question)

    def hint_of_cells(self, features: Floats, question: Sequence[int]) -> list[int]:
        """As ``hint``, of features float32 [81, channels]."""
        line = self._question_line(question)
        if not line:
            return []
        rows = self._answerer.write(self._answer_cells(features), line, beams=1)
        return [int(token) for token in self.answer_tokens[rows]]

    def caption(self, feature_map: Floats) -> list[int]:
        """Return the language model's ids of the drafted caption of one photo [1280, 9, 9]."""
        cells, _ = self.see(to_cells(feature_map[None]))
        return [int(token) for token in self.tokens[self.draft(cells)[0]]]

    def answer_scores(
        self, feature_map: Floats, question: Sequence[int], answers: Sequence[Sequence[int]]
    ) -> list[float]:
        """Return the drafter's log-likelihood (natural) of each answer as the whole answer.

        Args:
            feature_map: float32 [1280, 9, 9].
            question: the language model's ids of ``hint_question(text)``.
            answers: for each answer the ids of ``hint_question(answer)``.

        Returns:
            One number an answer; all 0 where ``hint`` would draft nothing.
        """
        line = self._question_line(question)
        if not line:
            return [0.0] * len(answers)
        cells = self._answer_cells(to_cells(feature_map[None])[0])
        rows = [[self._answer_rows.get(token, START) for token in answer] for answer in answers]
        return self._answerer.score(cells, line, rows)

    def _question_line(self, question: Sequence[int]) -> list[int]:
        line = [self._answer_rows.get(token, START) for token in question]
        fits = len(line) <= self._longest_question and line.count(START) <= len(line) / 4
        return line if fits else []

    def _answer_cells(self, features: Floats) -> Floats:
        net = self._answer_net
        cells = gelu(net.linear(net.norm(features[None], "norm_in"), "reduce"))
        return net.norm(cells + net.get("place"), "norm_cells")

    def see(self, features: Floats) -> tuple[Floats, Floats]:
        """Return reduced cells [n, 81, width] and concept logits of features [n, 81, channels]."""
        net = self._net
        x = gelu(net.linear(net.norm(features, "norm_in"), "reduce"))
        x = net.norm(x + net.get("place"), "norm_cells")
        pooled = np.concatenate((x.mean(1), x.max(1)), axis=-1)
        return x, net.linear(pooled, "concept")

    def draft(self, cells: Floats, beams: int = 3) -> list[list[int]]:
        """Return a sentence for each photo of reduced cells, as rows of the word table."""
        return [self._drafter.write(one[None], beams=beams) for one in cells]

    def words(self, features: Floats) -> Ints:
        """Return what photos read as: rows of the word table, int64 [n, text_rows].

        Concepts in descending likelihood (less those the draft names), a line break, the draft.
        A short draft leaves room for more concepts, so that nothing is padding.
        """
        cells, concepts = self.see(features)
        drafts = self.draft(cells)
        rows = np.full((len(drafts), self.shape.text_rows), END, np.int64)
        for i, draft in enumerate(drafts):
            room = self.shape.text_rows - 1 - len(draft)
            ranked = self.concept_rows[np.argsort(-concepts[i])[: 2 * self.shape.text_rows]]
            named = [row for row in ranked.tolist() if row not in draft][:room]
            rows[i, : len(named)] = named
            rows[i, self.shape.text_rows - len(draft) :] = draft
        return rows

    def soft_rows(self, features: Floats) -> Floats:
        """Return float32 [n, soft_rows, lm_width] of features [n, 81, channels]."""
        net = self._net
        cells = net.linear(net.norm(features, "norm_view"), "view") + net.get("place")
        queries = np.repeat(net.get("queries")[None], len(cells), axis=0)
        looked = queries + net.attend(queries, net.keys(cells, "look"), "look")
        rows: Floats = net.linear(net.norm(looked, "norm_soft"), "soft") + net.get("soft_bias")
        return rows


def to_cells(maps: Floats) -> Floats:
    """Turn maps [n, 1280, 9, 9] into rows of cells float32 [n, 81, 1280]."""
    flat = maps.reshape(len(maps), maps.shape[1], -1).transpose(0, 2, 1)
    return np.ascontiguousarray(flat, dtype=np.float32)


def hint_question(text: str) -> str:
    """Return a question as the answer drafter reads it, to be tokenized without extras."""
    return " " + " ".join(text.replace("_", " ").lower().split()).rstrip(" .?").strip()
