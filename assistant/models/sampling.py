"""Chooses the next token from logits: greedy or by temperature, within a grammar.

Greedy choice is an argmax in numpy, so that Python adds next to nothing to decoding. The grammar
is asked about the likeliest tokens first, and about the whole vocabulary only if none fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.models.llama_capi import Llama
from assistant.models.protocol import Options

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
_TOP_P = 0.95
_TOP_K = 40


class Grammar:
    """A GBNF grammar that follows the text as it is written.

    Raises:
        ModelError: the grammar is not valid GBNF with a rule ``root``.
    """

    def __init__(self, llama: Llama, vocab: Any, text: str) -> None:
        self._llama = llama
        made = llama.lib.llama_sampler_init_grammar(vocab, text.encode(), b"root")
        if made == llama.ffi.NULL:
            raise ModelError(model="llama.cpp", detail=f"the grammar is not valid: {text[:200]!r}")
        self._sampler = llama.ffi.gc(made, llama.lib.llama_sampler_free)

    def allowed(self, tokens: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return which of ``tokens`` [n] may come next, bool [n]."""
        table = np.zeros(len(tokens), _CANDIDATE)
        table["id"] = tokens
        ffi = self._llama.ffi
        view = ffi.new("struct llama_token_data_array *")
        view.data = ffi.cast("struct llama_token_data *", table.ctypes.data)
        view.size, view.selected, view.sorted = len(tokens), -1, False
        self._llama.lib.llama_sampler_apply(self._sampler, view)
        fits: NDArray[np.bool_] = np.isfinite(table["logit"])
        return fits

    def accept(self, token: int) -> None:
        """Move on over a token that ``allowed`` has passed."""
        self._llama.lib.llama_sampler_accept(self._sampler, token)


class Sampler:
    """Chooses token after token for one answer; the same seed chooses the same."""

    def __init__(self, options: Options, grammar: Grammar | None) -> None:
        self._temperature = options.temperature
        self._random = np.random.default_rng(options.seed)
        self._grammar = grammar

    def choose(self, logits: NDArray[np.float32]) -> int:
        """Return the next token of logits float32 [vocabulary].

        Raises:
            ModelError: no token of the vocabulary fits the grammar.
        """
        if self._grammar is None:
            return self._pick(logits)
        token = int(logits.argmax())
        if self._temperature > 0 or not self._grammar.allowed(np.array([token], np.int32))[0]:
            token = self._pick_allowed(logits, self._grammar)
        return token

    def accept(self, token: int) -> None:
        """Tell the grammar what was written."""
        if self._grammar is not None:
            self._grammar.accept(token)

    def _pick(self, logits: NDArray[np.float32]) -> int:
        if self._temperature <= 0:
            return int(logits.argmax())
        best = np.argpartition(logits, -_TOP_K)[-_TOP_K:] if len(logits) > _TOP_K else None
        ids = np.arange(len(logits)) if best is None else best
        ids = ids[np.argsort(-logits[ids])]
        chances = np.exp((logits[ids] - logits[ids[0]]).astype(np.float64) / self._temperature)
        chances /= chances.sum()
        keep = int(np.searchsorted(np.cumsum(chances), _TOP_P)) + 1
        chances = chances[:keep] / chances[:keep].sum()
        return int(ids[self._random.choice(len(chances), p=chances)])

    def _pick_allowed(self, logits: NDArray[np.float32], grammar: Grammar) -> int:
        for count in (256, len(logits)):
            ids = np.argpartition(logits, -min(count, len(logits)))[-count:].astype(np.int32)
            ids = ids[grammar.allowed(ids)]
            if len(ids):
                return int(ids[self._pick(logits[ids])])
        raise ModelError(model="llama.cpp", detail="no token fits the grammar")


def loops(tokens: Sequence[int], longest: int = 48, least: int = 24) -> bool:
    """Tell whether the end of ``tokens`` says the same thing three times over.

    The repeated part is 1 to ``longest`` tokens, and the repetition covers at least ``least``.
    """
    for period in range(1, longest + 1):
        span = max(3 * period, least)
        if span > len(tokens):
            if 3 * period >= len(tokens):
                return False
            continue
        if tokens[-1] != tokens[-1 - period]:
            continue
        tail = tokens[-span:]
        if all(tail[i] == tail[i + period] for i in range(span - period)):
            return True
    return False
