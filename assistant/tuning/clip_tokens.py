"""Texts as the states that enter the trained half of the text tower, computed once.

The lower layers of e5-small never change, so every wording of every caption passes through them
once, in the int8 graph that the product runs. States of all tokens lie packed one text after the
other; texts are cut to 62 places, which no caption of the data reaches (and few questions do).

Knows nothing of what the texts say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.embed.e5 import E5Small, Window
from retrieval.embed.e5_file import read_e5
from retrieval.embed.e5_graph import e5_model
from retrieval.embed.runtime import open_session

FIRST = 6  # the layer at which training begins; those below it are frozen
_LONGEST = 62
_PART = 4000
_BATCH = 64
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Tokens:
    """``states`` float16 [tokens, 384]; text i is ``states[starts[i] : starts[i + 1]]``."""

    states: NDArray[np.float16]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def lengths(self, which: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many tokens some texts have, marks included."""
        return self.starts[which + 1] - self.starts[which]

    def padded(self, which: NDArray[np.int64]) -> NDArray[np.float16]:
        """Return [n, longest, 384] of some texts."""
        lengths = self.lengths(which)
        out = np.zeros((len(which), int(lengths.max()), self.states.shape[1]), np.float16)
        for row, text, length in zip(out, which, lengths, strict=True):
            row[:length] = self.states[self.starts[text] : self.starts[text] + length]
        return out


def joined(parts: Sequence[Tokens]) -> Tokens:
    """Return several sets of texts as one."""
    offsets = np.cumsum([0, *(len(part.states) for part in parts)])
    starts = [part.starts[:-1] + at for part, at in zip(parts, offsets, strict=False)]
    return Tokens(
        np.concatenate([part.states for part in parts]), np.concatenate([*starts, offsets[-1:]])
    )


def lower_layers(weights: Path, threads: int = 1, first: int = FIRST) -> object:
    """Open the layers below ``first`` as a session."""
    return open_session(e5_model(read_e5(weights), outputs=(first,)), threads, E5Small.id)


def token_states(e5: E5Small, session: object, texts: Sequence[str], first: int = FIRST) -> Tokens:
    """Run texts through the lower layers, with the prefix that queries get."""
    windows = []
    for place, text in enumerate(texts):
        numbers = e5.windows([f"query: {text}"])[0].numbers
        windows.append(Window(place, [*numbers[:-1][: _LONGEST - 1], numbers[-1]]))
    starts = np.cumsum([0, *(len(window.numbers) for window in windows)])
    states = np.empty((int(starts[-1]), e5.dim), np.float16)
    order = sorted(windows, key=lambda window: len(window.numbers))
    for at in range(0, len(order), _BATCH):
        batch = order[at : at + _BATCH]
        words, lengths = e5.word_vectors(batch)
        (hidden,) = session.run([f"x{first}"], {"words": words, "lengths": lengths})  # type: ignore[attr-defined]
        for window, length, rows in zip(batch, lengths, hidden, strict=True):
            states[starts[window.text] : starts[window.text] + length] = rows[:length]
    return Tokens(states, starts)


def build_tokens(
    folder: Path, e5: E5Small, session: object, texts: Sequence[str], report: Report | None = None
) -> Tokens:
    """As ``token_states``, kept in ``folder`` in parts, so that a killed run goes on."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for start in range(0, len(texts), _PART):
        some = texts[start : start + _PART]
        mark = hashlib.sha256("\n".join(some).encode()).hexdigest()[:16]
        path = folder / f"{start:06}-{mark}.npz"
        if not path.exists():
            made = token_states(e5, session, some)
            temporary = path.with_suffix(".part")
            with temporary.open("wb") as out:
                np.savez(out, states=made.states, starts=made.starts)
            temporary.replace(path)
        with np.load(path) as read:
            parts.append(Tokens(read["states"], read["starts"]))
        if report:
            report(start + len(some), len(texts))
    return joined(parts)
