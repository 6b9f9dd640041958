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

    def attend(
        self, x: Floats, key_value: KeyValue, name: str, later: Floats | None = None
    ) -> Floats:
        """Return what x [n, t, width] takes from keys and values of n rows, or of one for all.

        ``later`` [t, s] is added to the scores: -inf where a word may not look.
        """
        key, value = key_value
        n, t, width = x.shape
        query = self.linear(x, f"{name}.query").reshape(n, t, self.heads, -1)
        scores = query.transpose(0, 2, 1, 3) @ key.swapaxes(2, 3)
        scores = scores / np.float32((width / self.heads) ** 0.5)
        shares = np.exp(log_softmax(scores if later is None else scores + later))
        mixed = (shares @ value).transpose(0, 2, 1, 3).reshape(n, t, width)
        return self.linear(mixed, f"{name}.out")

    def decode(
        self, x: Floats, memory: Sequence[KeyValue], past: Sequence[KeyValue]
    ) -> tuple[Floats, list[KeyValue]]:
        """Pass more words [n, t, width] through decoder layers; none looks at one after it.

        ``memory`` are a layer's keys and values of the photo, ``past`` those of the words before,
        of n rows or of one for all (empty at the first). Returns the states [n, t, width] and the
        grown past.
        """
        n, t, _ = x.shape
        before = past[0][0].shape[2] if past else 0
        later = np.triu(np.full((t, before + t), -np.inf, np.float32), before + 1)
        grown: list[KeyValue] = []
        for i, cells in enumerate(memory):
            y = self.norm(x, f"layers.{i}.norm_words")
            key, value = self.keys(y, f"layers.{i}.words")
            if past:
                old = [np.broadcast_to(side, (n, *side.shape[1:])) for side in past[i]]
                key = np.concatenate((old[0], key), axis=2)
                value = np.concatenate((old[1], value), axis=2)
            grown.append((key, value))
            x = x + self.attend(y, (key, value), f"layers.{i}.words", later)
            x = x + self.attend(self.norm(x, f"layers.{i}.norm_cells"), cells, f"layers.{i}.cells")
            thought = gelu(self.linear(self.norm(x, f"layers.{i}.norm_think"), f"layers.{i}.up"))
            x = x + self.linear(thought, f"layers.{i}.down")
        return x, grown


@dataclass(frozen=True)
class Read:
    """A photo and a question as a decoder keeps them: keys and values, one row of each layer."""

    memory: list[KeyValue]
    past: list[KeyValue]
    words: int


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

    def read(self, cells: Floats, question: Sequence[int]) -> Read:
        """Read one photo's cells [1, s, width] and the words of a question, which may be none."""
        memory = [self.net.keys(cells, f"layers.{i}.cells") for i in range(self.layers)]
        past: list[KeyValue] = []
        if question:
            _, past = self.net.decode(self._embed([list(question)], 0), memory, past)
        return Read(memory, past, len(question))

    def write(self, read: Read, longest: int, beams: int = 5, wanted: int = 3) -> list[list[int]]:
        """Return the ``wanted`` likeliest lines, best first, that a beam of this width finds.

        A line is scored by its mean log-likelihood a word, the end counted; one that is not done
        after ``longest`` words is cut there.
        """
        past = read.past
        lines, scores = [[self.start]], np.zeros(1, np.float32)
        done: list[tuple[float, list[int]]] = []
        for step in range(longest + 1):
            words = [[line[-1]] for line in lines]
            chances, past = self._step(words, read.words + step, read.memory, past)
            total = scores[:, None] + chances[:, 0]
            for line, ended in zip(lines, total[:, self.end].tolist(), strict=True):
                done.append((ended / len(line), line[1:]))
            done = sorted(done, reverse=True)[:wanted]
            if step == longest:
                break
            total[:, self.end] = -np.inf
            top = np.argpartition(-total, beams, axis=None)[:beams]
            top = top[np.argsort(-total.reshape(-1)[top], kind="stable")]
            parents, picked = np.divmod(top, total.shape[1])
            scores = total.reshape(-1)[top]
            if len(done) == wanted and done[-1][0] > scores[0] / (longest + 1):
                break  # not even free further words could win
            lines = [[*lines[p], w] for p, w in zip(parents.tolist(), picked.tolist(), strict=True)]
            past = [(key[parents], value[parents]) for key, value in past]
        return [line for _, line in done]

    def score(
        self, read: Read, answers: Sequence[Sequence[int]], unknown: float = 0.0
    ) -> list[float]:
        """Return the log-likelihood of each answer with its end; an unknown word is ``unknown``."""
        if not answers:
            return []
        longest = max(len(answer) for answer in answers)
        padded = [[*answer, *[self.end] * (longest - len(answer))] for answer in answers]
        words = [[self.start, *line] for line in padded]
        chances, _ = self._step(words, read.words, read.memory, read.past)
        return [
            sum(
                unknown if word == self.start else float(chance[place, word])
                for place, word in enumerate([*answer, self.end])
            )
            for answer, chance in zip(answers, chances, strict=True)
        ]

    def _embed(self, words: list[list[int]], place: int) -> Floats:
        """Return what words [n, t] are to the layers, the first of each line at ``place``."""
        table, position = self.net.get("embed.weight"), self.net.get("position")
        at = np.arange(place, place + len(words[0]))
        x: Floats = table[words] * np.float32(table.shape[1] ** 0.5) + position[at]
        return x

    def _step(
        self, words: list[list[int]], place: int, memory: Sequence[KeyValue], past: list[KeyValue]
    ) -> tuple[Floats, list[KeyValue]]:
        """Return log p [n, t, vocabulary] of the word after each of [n, t], and the grown past."""
        x, grown = self.net.decode(self._embed(words, place), memory, past)
        logits = self.net.norm(x, self.last_norm) @ self.net.get("embed.weight").T
        logits[..., self.start] = -np.inf
        return log_softmax(logits), grown
