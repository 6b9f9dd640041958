"""The few layers that Sightline-VLM's projector needs, in numpy, one to one as in torch.

Weights are float32, by the names of the torch modules. Knows nothing of photos or words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
KeyValue = tuple[Floats, Floats]


def gelu(x: Floats) -> Floats:
    """Return GELU in its tanh form (Hendrycks and Gimpel 2016)."""
    inner = np.float32(0.7978845608) * (x + np.float32(0.044715) * x**3)
    y: Floats = np.float32(0.5) * x * (1 + np.tanh(inner))
    return y


def log_softmax(x: Floats) -> Floats:
    """Return log-probabilities over the last axis."""
    shifted = x - x.max(-1, keepdims=True)
    y: Floats = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return y


@dataclass(frozen=True)
class Net:
    """Layers over a set of named weights; ``prefix`` is put before every name."""

    weights: Mapping[str, Floats]
    heads: int
    prefix: str = ""

    def get(self, name: str) -> Floats:
        """Return the weight of this name."""
        return self.weights[self.prefix + name]

    def linear(self, x: Floats, name: str) -> Floats:
        """Return x W^T + b, [..., out]."""
        y: Floats = x @ self.get(f"{name}.weight").T + self.get(f"{name}.bias")
        return y

    def norm(self, x: Floats, name: str) -> Floats:
        """Return layer norm over the last axis."""
        centred = x - x.mean(-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(-1, keepdims=True) + np.float32(1e-5))
        y: Floats = centred / scale * self.get(f"{name}.weight") + self.get(f"{name}.bias")
        return y

    def keys(self, memory: Floats, name: str) -> KeyValue:
        """Return keys and values, each [n, heads, s, width / heads], of memory [n, s, width]."""
        n, s, _ = memory.shape
        both = self.linear(memory, f"{name}.key_value")
        parts = both.reshape(n, s, 2, self.heads, -1).transpose(2, 0, 3, 1, 4)
        return parts[0], parts[1]

    def attend(self, x: Floats, key_value: KeyValue, name: str) -> Floats:
        """Return what x [n, t, width] takes from keys and values of n rows, or of one for all."""
        key, value = key_value
        n, t, width = x.shape
        query = self.linear(x, f"{name}.query").reshape(n, t, self.heads, -1)
        scores = query.transpose(0, 2, 1, 3) @ key.swapaxes(2, 3)
        shares = np.exp(log_softmax(scores / np.float32((width / self.heads) ** 0.5)))
        mixed = (shares @ value).transpose(0, 2, 1, 3).reshape(n, t, width)
        return self.linear(mixed, f"{name}.out")

    def decode(
        self, x: Floats, memory: Sequence[KeyValue], past: Sequence[KeyValue]
    ) -> tuple[Floats, list[KeyValue]]:
        """Pass one more word [n, 1, width] through decoder layers.

        ``memory`` are a layer's keys and values of the photo, ``past`` those of the words before
        (empty at the first). Returns the states [n, 1, width] and the grown past.
        """
        grown: list[KeyValue] = []
        for i, cells in enumerate(memory):
            y = self.norm(x, f"layers.{i}.norm_words")
            key, value = self.keys(y, f"layers.{i}.words")
            if past:
                key = np.concatenate((past[i][0], key), axis=2)
                value = np.concatenate((past[i][1], value), axis=2)
            grown.append((key, value))
            x = x + self.attend(y, (key, value), f"layers.{i}.words")
            x = x + self.attend(self.norm(x, f"layers.{i}.norm_cells"), cells, f"layers.{i}.cells")
            thought = gelu(self.linear(self.norm(x, f"layers.{i}.norm_think"), f"layers.{i}.up"))
            x = x + self.linear(thought, f"layers.{i}.down")
        return x, grown


@dataclass(frozen=True)
class Writer:
    """A decoder over a photo's cells that writes lines of words by beam search.

    Attributes:
        net: its layers, with ``embed``, ``position`` and the norm called ``last_norm``.
        start, end: the rows of ``embed`` that begin and end a line.
    """

    net: Net
    layers: int
    last_norm: str
    start: int
    end: int

    def write(
        self, cells: Floats, question: Sequence[int], longest: int, beams: int = 5
    ) -> list[list[int]]:
        """Return the likeliest ``beams`` lines for one photo's cells [1, s, width], best first.

        A line is scored by its mean log-likelihood a word, the end counted; one that is not done
        after ``longest`` words is cut there.
        """
        memory, past = self._read(cells, question)
        lines, scores = [[self.start]], np.zeros(1, np.float32)
        done: list[tuple[float, list[int]]] = []
        for step in range(longest + 1):
            words = [line[-1] for line in lines]
            chances, past = self._step(words, len(question) + step, memory, past)
            total = scores[:, None] + chances
            for line, ended in zip(lines, total[:, self.end].tolist(), strict=True):
                done.append((ended / len(line), line[1:]))
            done = sorted(done, reverse=True)[:beams]
            if step == longest:
                break
            total[:, self.end] = -np.inf
            top = np.argpartition(-total, beams, axis=None)[:beams]
            top = top[np.argsort(-total.reshape(-1)[top], kind="stable")]
            parents, picked = np.divmod(top, total.shape[1])
            scores = total.reshape(-1)[top]
            if len(done) == beams and done[-1][0] > scores[0] / (longest + 1):
                break  # not even free further words could win
            lines = [[*lines[p], w] for p, w in zip(parents.tolist(), picked.tolist(), strict=True)]
            past = [(key[parents], value[parents]) for key, value in past]
        return [line for _, line in done]

    def score(
        self,
        cells: Floats,
        question: Sequence[int],
        answers: Sequence[Sequence[int]],
        unknown: float = 0.0,
    ) -> list[float]:
        """Return the log-likelihood of each answer with its end; an unknown word is ``unknown``."""
        memory, past = self._read(cells, question)
        return [self._score_one(memory, past, len(question), a, unknown) for a in answers]

    def _read(
        self, cells: Floats, question: Sequence[int]
    ) -> tuple[list[KeyValue], list[KeyValue]]:
        memory = [self.net.keys(cells, f"layers.{i}.cells") for i in range(self.layers)]
        past: list[KeyValue] = []
        for place, word in enumerate(question):
            _, past = self._step([word], place, memory, past)
        return memory, past

    def _score_one(
        self,
        memory: Sequence[KeyValue],
        past: list[KeyValue],
        place: int,
        answer: Sequence[int],
        unknown: float,
    ) -> float:
        total, word = 0.0, self.start
        for offset, following in enumerate([*answer, self.end]):
            chances, past = self._step([word], place + offset, memory, past)
            total += unknown if following == self.start else float(chances[0, following])
            word = following
        return total

    def _step(
        self, words: Sequence[int], place: int, memory: Sequence[KeyValue], past: list[KeyValue]
    ) -> tuple[Floats, list[KeyValue]]:
        """Return log p [n, vocabulary] of the word after each of n words, and the grown past."""
        table = self.net.get("embed.weight")
        scale = np.float32(table.shape[1] ** 0.5)
        x = (table[list(words)] * scale + self.net.get("position")[place])[:, None]
        x, grown = self.net.decode(x, memory, past)
        logits = self.net.norm(x, self.last_norm)[:, 0] @ table.T
        logits[:, self.start] = -np.inf
        return log_softmax(logits), grown
