"""multilingual-e5-small: the text embedder of the embedded tier, Chinese and English in one space.

Wang et al. 2024, "Multilingual E5 Text Embeddings": the vector is the mean of the last layer's
tokens, scaled to unit length; questions are prefixed ``query: ``, passages ``passage: ``.
Texts are sorted by length before they are put into batches, so that little is padding. A text
longer than the network's 512 places is read in windows whose means are averaged by length.

e5 learned from questions that share words with what answers them, and people ask in other words or
in their other language. So a question that looks for texts passes through a tower of its own, with
low-rank adapters taught by such questions (``assistant/tuning/asking_train.py``). Texts pass as
ever, so no stored vector changes: fine-tuning only the side of the question is from Lee et al.
2021, "Learning Dense Representations of Phrases at Scale".

Knows nothing of photos, chunks or the index.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.embed.cards import read_card, read_tensors
from retrieval.embed.e5_file import read_e5
from retrieval.embed.e5_graph import Adapters, e5_model
from retrieval.embed.runtime import derived, open_session
from retrieval.embed.unigram import Unigram

_GRAPH = "e5-small.v2.onnx"
_TOKENS_A_STEP = 2048  # padded; keeps activations in the cache and the peak below 100 MB


@dataclass(frozen=True)
class Window:
    """A piece of a text that fits the network: which text, and its piece numbers with marks."""

    text: int
    numbers: list[int]


class E5Small:
    """A ``TextEmbedder``.

    Args:
        weights: the verified file of the bundle ``e5-small``.
        threads: threads of ONNX Runtime for this encoder.
        asking: the folder of the adapters for questions that look for texts; without, they pass
            through the same tower as texts.

    Raises:
        WeightsError: a file is not the one expected.
    """

    id = "e5-small"
    dim = 384
    max_tokens = 512

    def __init__(self, weights: Path, threads: int = 1, asking: Path | None = None) -> None:
        self._weights, self._threads = weights, threads
        read = read_e5(weights)
        self._words = read.matrices["emb.word"]
        self._vocabulary = read.vocabulary
        self._tokenizer = Unigram(read.vocabulary)
        graph = derived(weights, _GRAPH, lambda path: e5_model(read_e5(path)))
        self._session = open_session(graph, threads, self.id)
        self._remember()
        self._asking = self
        if asking is not None:
            mark = str(read_card(asking)["sha256"])
            self._asking = self.tuned(read_tensors(asking, mark), mark[:12])

    def tuned(self, adapters: Adapters, mark: str) -> E5Small:
        """Return this network with low-rank adapters merged in; this one stays as it is.

        Vocabulary and word vectors are shared, so the other costs only its layers (48 MB).

        Args:
            adapters: as ``e5_model`` takes them; mark: tells them from others, in a file name.
        """
        other = copy.copy(self)
        other.id = f"{self.id}+{mark}"
        graph = derived(
            self._weights,
            _GRAPH.replace(".onnx", f".{mark}.onnx"),
            lambda path: e5_model(read_e5(path), adapters=adapters),
        )
        other._session = open_session(graph, self._threads, other.id)
        other._remember()
        return other

    def count_tokens(self, text: str) -> int:
        """Return the places a passage takes of ``max_tokens``, prefix and marks included."""
        return len(self._tokenizer.encode(f"passage: {text}")) + 2

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors float32 [n, 384] of passages."""
        return self._embed([f"passage: {text}" for text in texts])

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors float32 [n, 384] of questions, or of anything short."""
        return self._embed([f"query: {text}" for text in texts])

    def embed_asked(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors float32 [n, 384] of questions that look for texts."""
        return self._asking.embed_queries(texts)

    def windows(self, texts: Sequence[str]) -> list[Window]:
        """Cut prefixed texts into windows of at most 512 places, every text at least one."""
        room, made = self.max_tokens - 2, []
        bos, eos = self._vocabulary.bos, self._vocabulary.eos
        for place, text in enumerate(texts):
            numbers = self._tokenizer.encode(text)
            for start in range(0, max(len(numbers), 1), room):
                made.append(Window(place, [bos, *numbers[start : start + room], eos]))
        return made

    def word_vectors(
        self, windows: Sequence[Window]
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Return the word vectors [n, L, 384] of windows, padded, and their lengths [n]."""
        lengths = np.array([len(window.numbers) for window in windows], np.int32)
        numbers = np.full((len(windows), int(lengths.max())), self._vocabulary.pad, np.int64)
        for row, window in zip(numbers, windows, strict=True):
            row[: len(window.numbers)] = window.numbers
        return self._words.rows(numbers), lengths

    def pooled(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 [n, 768] of prefixed texts: mean and maximum of the last layer's tokens.

        The maximum leaves out the marks of begin and end. A text alone is a question as a rule,
        which is asked of the texts and of the photos: the latest are remembered.
        """
        return self._known(texts[0]).copy() if len(texts) == 1 else self._pooled(texts)

    def _remember(self) -> None:
        self._known = lru_cache(maxsize=16)(lambda text: self._pooled([text]))

    def _pooled(self, texts: Sequence[str]) -> NDArray[np.float32]:
        out = np.zeros((len(texts), 2 * self.dim), np.float32)
        weight = np.zeros((len(texts), 1), np.float32)
        mean, top = out[:, : self.dim], out[:, self.dim :]
        top[:] = -np.inf
        for batch in batches(self.windows(texts)):
            words, lengths = self.word_vectors(batch)
            (hidden,) = self._session.run(["x12"], {"words": words, "lengths": lengths})
            for window, length, states in zip(batch, lengths, hidden, strict=True):
                # the mean of a window counts as much as it has tokens of the text
                share = max(int(length) - 2, 1)
                mean[window.text] += states[:length].mean(axis=0) * share
                weight[window.text] += share
                top[window.text] = np.maximum(top[window.text], states[1 : 1 + share].max(axis=0))
        mean /= np.maximum(weight, 1)
        return out

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return unit(self.pooled(texts)[:, : self.dim])


def batches(windows: Sequence[Window]) -> Iterator[list[Window]]:
    """Group windows of like length, shortest first, into steps of about 2,048 padded tokens."""
    batch: list[Window] = []
    for window in sorted(windows, key=lambda window: len(window.numbers)):
        if batch and len(window.numbers) * (len(batch) + 1) > _TOKENS_A_STEP:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return rows scaled to length one; a row of zeros stays so."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = (vectors / np.maximum(length, 1e-12)).astype(np.float32)
    return scaled
