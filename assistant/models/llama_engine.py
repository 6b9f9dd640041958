"""One GGUF model in this process: tokens in, logits out, with the work of earlier prompts reused.

The context holds a few independent sequences (lanes). A new prompt takes the lane that shares the
longest beginning with it, and only what differs is decoded: a second question about the same
evidence starts at once. A prompt is made of tokens and of rows of embeddings (images); a row is
known by the image's hash, so images are reused as well.

Knows nothing of chats or text. Not safe for threads: callers take turns (``turns.Turns``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError, ModelUnavailable
from assistant.models.int8_prefill import open_prefill
from assistant.models.lane_state import LaneStates
from assistant.models.llama_capi import Llama, open_llama
from assistant.models.pace import Pace
from assistant.models.protocol import Cancel, never

_BATCH = 256
_OUTPUTS = 16
_LANES = 3
_LANE_BYTES = 64 << 20
_ABORTED = 2  # llama_decode's status
_UNWATCHED = 48  # a shorter prompt is read faster than a cancel could be noticed
_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Rows:
    """An image as the model reads it: float32 [rows, width], named by ``key``."""

    key: str
    values: NDArray[np.float32]


Cell = int | tuple[str, int]  # a token, or (image, row)


@dataclass
class Lane:
    """One sequence of the context, what is in it, and the adapter it was computed with."""

    number: int
    cells: list[Cell] = field(default_factory=list)
    used: float = 0.0
    adapter: Path | None = None


@dataclass(frozen=True)
class Prefilled:
    """A prompt that is in the context: how much was read and how much of it was there already."""

    lane: Lane
    read: int
    reused: int
    done: bool


class LlamaEngine:
    """A loaded model with its context.

    Args:
        path: a GGUF file.
        context: tokens each lane can hold.
        threads: most threads to use; fewer are used while the machine is busy.
        int8: whether prompts are read by ``int8_prefill`` where that is faster.

    Raises:
        ModelUnavailable: the file is missing or llama.cpp cannot read it.
    """

    def __init__(self, path: Path, context: int, threads: int, int8: bool = False) -> None:
        if not path.is_file():
            raise ModelUnavailable(model=path.name, detail=f"the file {path} is gone")
        self._llama: Llama = open_llama()
        ffi, lib = self._llama.ffi, self._llama.lib
        self._name = path.name
        model = lib.llama_model_load_from_file(str(path).encode(), lib.llama_model_default_params())
        if model == ffi.NULL:
            raise ModelUnavailable(model=path.name, detail=f"llama.cpp cannot read {path}")
        self.model = ffi.gc(model, lib.llama_model_free)
        self.vocab = lib.llama_model_get_vocab(self.model)
        self.vocabulary = int(lib.llama_vocab_n_tokens(self.vocab))
        self.width = int(lib.llama_model_n_embd(self.model))
        self.trained_context = int(lib.llama_model_n_ctx_train(self.model))
        lanes = self._lane_count(context)
        self._context = self._open_context(context * lanes, lanes, threads)
        self._memory = lib.llama_get_memory(self._context)
        self.context = min(context, int(lib.llama_n_ctx_seq(self._context)))
        self.lanes = [Lane(number) for number in range(lanes)]
        self.pace = Pace(threads, self._set_threads)
        self.decoded = 0
        self._adapters: dict[Path, Any] = {}
        self._worn: Path | None = None
        self._flag = ffi.new("char[2]")  # "" goes on, "x" aborts
        lib.llama_set_abort_callback(self._context, self._llama.non_empty, self._flag)
        self._int8 = open_prefill(self, path, threads) if int8 else None

    def _lane_count(self, context: int) -> int:
        lib = self._llama.lib
        heads = max(1, int(lib.llama_model_n_head(self.model)))
        wide = self.width // heads * int(lib.llama_model_n_head_kv(self.model))
        lane = context * int(lib.llama_model_n_layer(self.model)) * wide * 4
        return _LANES if lane <= _LANE_BYTES else 1

    def _open_context(self, cells: int, lanes: int, threads: int) -> Any:
        ffi, lib = self._llama.ffi, self._llama.lib
        params = lib.llama_context_default_params()
        params.n_ctx, params.n_seq_max = cells, lanes
        params.n_batch = params.n_ubatch = _BATCH
        params.n_outputs_max = params.n_outputs_max_per_seq = _OUTPUTS
        params.n_threads = params.n_threads_batch = threads
        opened = lib.llama_init_from_model(self.model, params)
        if opened == ffi.NULL:
            raise ModelUnavailable(
                model=self._name, detail=f"there is no memory for a context of {cells} tokens"
            )
        return ffi.gc(opened, lib.llama_free)

    def _set_threads(self, threads: int) -> None:
        self._llama.lib.llama_set_n_threads(self._context, threads, threads)

    @property
    def reads_in(self) -> str:
        """How prompts are read: "int8", or "4 bits" as words are written."""
        return "4 bits" if self._int8 is None else "int8"

    def close(self) -> None:
        """Free the context and the model with its adapters, in this order."""
        self._llama.ffi.release(self._context)
        self._llama.ffi.release(self.model)

    def prefill(
        self, prompt: Sequence[int | Rows], cancel: Cancel, adapter: Path | None = None
    ) -> Prefilled:
        """Bring a prompt into a lane, decoding only what is not there yet.

        The logits of the last place are then at ``logits()``. When cancelled, what was decoded
        so far stays for the next time, and ``done`` is False.

        Args:
            adapter: trained changes of the model (GGUF) to compute with until the next prompt.

        Raises:
            ModelUnavailable: llama.cpp cannot read the adapter.
        """
        self._wear(adapter)
        cells = _cells(prompt)
        lane, shared = self._choose(cells)
        rows = {part.key: part.values for part in prompt if isinstance(part, Rows)}
        self.cut(lane, shared)
        if self._int8 is not None:
            self._int8.bring(lane, cells[:-1], rows, adapter, cancel)
        at = len(lane.cells)
        with self._watched(cancel if len(cells) - at > _UNWATCHED else never):
            while at < len(cells) and not cancel():
                end = min(_run_end(cells, at), at + self.pace.chunk(_BATCH))
                if not self._advance(lane, cells[at:end], rows):
                    break
                at = end
        return Prefilled(lane, at, shared, at == len(cells))

    def _wear(self, adapter: Path | None) -> None:
        """Compute with an adapter from now on, or with none."""
        if adapter == self._worn:
            return
        ffi, lib = self._llama.ffi, self._llama.lib
        if adapter is not None and adapter not in self._adapters:
            made = lib.llama_adapter_lora_init(self.model, str(adapter).encode())
            if made == ffi.NULL:
                raise ModelUnavailable(model=self._name, detail=f"llama.cpp cannot read {adapter}")
            self._adapters[adapter] = made  # freed with the model
        chosen = [] if adapter is None else [self._adapters[adapter]]
        lib.llama_set_adapters_lora(
            self._context, ffi.new("void *[]", chosen), len(chosen), ffi.new("float[]", [1.0])
        )
        self._worn = adapter

    @contextmanager
    def _watched(self, cancel: Cancel) -> Iterator[None]:
        """Let a thread look at ``cancel`` while llama.cpp computes, and abort it."""
        if cancel is never:
            yield
            return
        done = threading.Event()

        def watch() -> None:
            while not done.wait(_LOOK_SECONDS):
                if cancel():
                    self._flag[0] = b"x"
                    return

        watcher = threading.Thread(target=watch, name="cancel", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
            self._flag[0] = b"\0"

    def extend(self, lane: Lane, tokens: Sequence[int], outputs: int = 1) -> None:
        """Append tokens to a lane; logits are kept of the last ``outputs`` of them."""
        self._advance(lane, tokens, {}, outputs)

    def states(self, layers: int, width: int) -> LaneStates:
        """Return what reads and writes the lanes' keys and values; sizes of the model."""
        return LaneStates(self._llama, self._context, len(self.lanes), layers, width)

    def read_first(self, lane: Lane, cell: Cell, rows: Mapping[str, NDArray[np.float32]]) -> None:
        """Read the first cell of a text into an empty lane."""
        self._advance(lane, [cell], rows)

    def took(self, lane: Lane, cells: Sequence[Cell]) -> None:
        """Note cells that were brought into a lane's memory from outside."""
        lane.cells.extend(cells)
        self.decoded += len(cells)

    def forget(self, lane: Lane) -> None:
        """Empty a lane."""
        self._llama.lib.llama_memory_seq_rm(self._memory, lane.number, -1, -1)
        lane.cells.clear()

    def cut(self, lane: Lane, length: int) -> None:
        """Forget everything of a lane after ``length`` places."""
        if length < len(lane.cells):
            removed = self._llama.lib.llama_memory_seq_rm(self._memory, lane.number, length, -1)
            if not removed:  # recurrent memories cannot be cut in the middle
                self.forget(lane)
            del lane.cells[length:]

    def rewind(self, lane: Lane, start: int, tokens: Sequence[int]) -> int:
        """Forget what follows ``start`` but the first of ``tokens`` that are there; how many.

        The last token is never kept, because its logits are wanted.
        """
        kept = min(_common(lane.cells[start:], tokens), max(len(tokens) - 1, 0))
        self.cut(lane, start + kept)
        return kept

    def logits(self, index: int = -1) -> NDArray[np.float32]:
        """Return the logits of an output, float32 [vocabulary]; valid until the next decode."""
        found = self._llama.lib.llama_get_logits_ith(self._context, index)
        if found == self._llama.ffi.NULL:
            raise ModelError(model=self._name, detail="llama.cpp gave no logits")
        view = self._llama.ffi.buffer(found, self.vocabulary * 4)
        return np.frombuffer(view, np.float32)

    def _choose(self, cells: Sequence[Cell]) -> tuple[Lane, int]:
        """Return the lane to use and how much of it to keep (never all: logits are needed)."""
        shared = {
            lane.number: _common(lane.cells, cells) if lane.adapter == self._worn else 0
            for lane in self.lanes
        }
        best = max(self.lanes, key=lambda lane: (shared[lane.number], lane.used))
        kept = shared[best.number]
        # A short common beginning (the system prompt) is not worth throwing away a long lane.
        if kept < len(best.cells) // 2 and kept < 256:
            best = min(self.lanes, key=lambda lane: (len(lane.cells) > 0, lane.used))
            kept = shared[best.number]
        best.used, best.adapter = time.monotonic(), self._worn
        return best, min(kept, len(cells) - 1)

    def _advance(
        self,
        lane: Lane,
        cells: Sequence[Cell],
        rows: Mapping[str, NDArray[np.float32]],
        outputs: int = 1,
    ) -> bool:
        """Decode one run of tokens, or one run of rows, at the end of a lane; False if aborted."""
        ffi, count, start = self._llama.ffi, len(cells), len(lane.cells)
        batch = ffi.new("struct llama_batch *")
        batch.n_tokens = count
        images = [cell for cell in cells if not isinstance(cell, int)]
        if images:
            data = np.stack([rows[key][row] for key, row in images]).astype(np.float32)
            batch.embd = ffi.cast("float *", data.ctypes.data)
        else:
            data = np.array(cells, np.int32)
            batch.token = ffi.cast("int32_t *", data.ctypes.data)
        places = np.arange(start, start + count, dtype=np.int32)
        ones = np.ones(count, np.int32)
        wanted = np.zeros(count, np.int8)
        wanted[-outputs:] = 1
        sequence = ffi.new("int32_t *", lane.number)
        sequences = ffi.new("int32_t *[]", [sequence] * count)
        batch.pos = ffi.cast("int32_t *", places.ctypes.data)
        batch.n_seq_id = ffi.cast("int32_t *", ones.ctypes.data)
        batch.seq_id, batch.logits = sequences, ffi.cast("int8_t *", wanted.ctypes.data)
        with self.pace.measured(count):
            status = self._llama.lib.llama_decode(self._context, batch[0])
        if status == _ABORTED:
            self._llama.lib.llama_memory_seq_rm(self._memory, lane.number, start, -1)
            return False
        if status != 0:
            self.forget(lane)
            raise ModelError(model=self._name, detail=f"llama.cpp stopped with status {status}")
        lane.cells.extend(cells)
        self.decoded += count
        return True


def _cells(prompt: Sequence[int | Rows]) -> list[Cell]:
    cells: list[Cell] = []
    for part in prompt:
        if isinstance(part, int):
            cells.append(part)
        else:
            cells.extend((part.key, row) for row in range(len(part.values)))
    return cells


def _common(one: Sequence[Cell], other: Sequence[Cell]) -> int:
    for index, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return index
    return min(len(one), len(other))


def _run_end(cells: Sequence[Cell], start: int) -> int:
    """Return where the run of tokens, or of image rows, that begins at ``start`` ends."""
    kind = isinstance(cells[start], int)
    for index in range(start, len(cells)):
        if isinstance(cells[index], int) is not kind:
            return index
    return len(cells)
