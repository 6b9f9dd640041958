"""Reads prompts for llama.cpp, in int8 and several times as fast, where the processor can.

llama.cpp reads the first token of a text and writes all words; what lies between is read by the
graph of ``int8_graph``, and its keys and values are put into llama.cpp's memory. Before it is used
the two read the same text: a processor without int8 products gives wrong sums or is no faster, and
then llama.cpp goes on alone.

Knows nothing of chats or lanes' owners. Not safe for threads, as the engine it serves.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assistant.models.int8_graph import GROUPS, group_sizes, int8_model, told_by
from assistant.models.lane_state import Halves, PrefillError
from assistant.models.model_file import Floats, ModelShape
from assistant.models.protocol import Cancel, never
from retrieval.embed.runtime import derived, open_session
from retrieval.errors import SightlineError

if TYPE_CHECKING:
    from assistant.models.llama_engine import Cell, Lane, LlamaEngine

GRAPH = "prefill-int8-1.onnx"
_STEP = 128  # tokens; a cancel is noticed after one
_WORTH = 8  # tokens; fewer are read by llama.cpp as fast as an empty state is carried over
_CARRIED = 128  # tokens of the state that take as long to carry as llama.cpp takes to read one
_MEMORY = 1_200_000_000  # bytes: the weights once more and what a step needs
_PROBE = tuple(range(785, 785 + 49))  # any tokens do
_MOST_ERROR = 0.15
"""Deviation of the values from llama.cpp's at most; .04 was seen where int8 products are right."""

_log = logging.getLogger(__name__)


def int8_graph_file(model: Path) -> Path:
    """Return the graph of a GGUF model, beside it, made from it the first time (some 10 s).

    Raises:
        DiskFull: there is no room for it.
        KeyError: the model is of another architecture.
        WeightsError: the folder cannot be written.
    """
    return derived(model, GRAPH, int8_model)


def open_prefill(engine: LlamaEngine, model: Path, threads: int) -> Int8Prefill | None:
    """Return what reads prompts for an engine; None where it cannot or is not worth it."""
    import psutil

    if psutil.virtual_memory().available < _MEMORY:
        _log.info("prompts are read in 4 bits: memory is short for a copy of %s", model.name)
        return None
    try:
        made = Int8Prefill(engine, model, threads)
        error, faster = made.probe()
    except (SightlineError, PrefillError, KeyError, ValueError) as found:
        _log.info("prompts are read in 4 bits: %s", found)
        return None
    _log.info("int8 reads prompts %.1f times as fast, deviation %.3f", faster, error)
    return made if error < _MOST_ERROR and faster > 1 else None


class Int8Prefill:
    """Brings tokens and image rows into an engine's lanes. Use ``open_prefill``."""

    def __init__(self, engine: LlamaEngine, model: Path, threads: int) -> None:
        self._engine = engine
        self._session = open_session(int8_graph_file(model), threads, model.stem)
        self._shape, self._words = told_by(self._session)
        self._table = self._words.open(model)
        self._takes = {given.name for given in self._session.get_inputs()}
        self._names = [output.name for output in self._session.get_outputs()]
        self._states = engine.states(self._shape.layers, self._shape.kv_heads * self._shape.head)
        self._adapters: dict[Path | None, dict[str, Floats]] = {}
        self._failed = False

    def bring(
        self,
        lane: Lane,
        cells: Sequence[Cell],
        rows: Mapping[str, Floats],
        adapter: Path | None,
        cancel: Cancel,
    ) -> None:
        """Read the cells that a lane does not have yet, as far as it is worth it or cancelled.

        Args:
            rows: the images' rows, float32 [n, width], by key.
            adapter: what the engine computes with now.
        """
        worth = _WORTH + len(lane.cells) // _CARRIED
        if self._failed or len(cells) - len(lane.cells) < worth or cancel():
            return
        if not lane.cells:
            self._engine.read_first(lane, cells[0], rows)
        at = len(lane.cells)
        try:
            held = self._past(self._states.read(lane.number, at))
            for start in range(at, len(cells), _STEP):
                if cancel():
                    break
                end = min(start + _STEP, len(cells))
                held = self._step(held, self._vectors(cells[start:end], rows), end, adapter)
                at = end
            self._states.write(lane.number, self._state(held))
        except PrefillError as error:
            _log.warning("prompts are read in 4 bits from now on: %s", error)
            self._failed = True
            self._engine.forget(lane)
            return
        self._engine.took(lane, cells[len(lane.cells) : at])

    def probe(self) -> tuple[float, float]:
        """Read a text by both; return how far off the values are, and how many times as fast.

        Raises:
            PrefillError: llama.cpp's state is laid out in an unknown way, or ONNX Runtime fails.
        """
        lane = self._engine.lanes[0]
        began = time.perf_counter()
        self._engine.extend(lane, _PROBE)
        theirs = time.perf_counter() - began
        wanted = self._states.read(lane.number, len(_PROBE))[1].astype(np.float32)
        self._engine.forget(lane)
        began = time.perf_counter()
        self.bring(lane, _PROBE, {}, None, never)
        ours = time.perf_counter() - began
        found = self._states.read(lane.number, len(_PROBE))[1].astype(np.float32)
        self._engine.forget(lane)
        error = np.sqrt(np.square(found - wanted)[:, 1:].sum() / np.square(wanted)[:, 1:].sum())
        return float(error), theirs / ours

    def _step(
        self, held: list[Floats], vectors: Floats, total: int, adapter: Path | None
    ) -> list[Floats]:
        """Return keys and values in turn, float32 [1, kv_heads, total, head] a layer."""
        fed: dict[str, NDArray[Any]] = {
            "x": vectors[None],
            "last": np.array([total - 1], np.int32),
            "total": np.array(total, np.int32),
        }
        for name, past in zip(self._names, held, strict=True):
            fed[name.replace("now", "past")] = past
        if adapter not in self._adapters:
            whole = read_adapter(adapter, self._shape)
            self._adapters[adapter] = {k: v for k, v in whole.items() if k in self._takes}
        try:
            found: list[Floats] = self._session.run(self._names, fed | self._adapters[adapter])
        except Exception as error:  # ONNX Runtime raises a dozen unrelated classes
            raise PrefillError(str(error)) from error
        return found

    def _vectors(self, cells: Sequence[Cell], rows: Mapping[str, Floats]) -> Floats:
        """Return what enters the first layer, float32 [n, width]."""
        tokens = [cell if isinstance(cell, int) else 0 for cell in cells]
        words = self._words.vectors(self._table, tokens)
        for index, cell in enumerate(cells):
            if not isinstance(cell, int):
                words[index] = rows[cell[0]][cell[1]]
        return words

    def _past(self, state: Halves) -> list[Floats]:
        """Return a lane's state as the graph takes it: key and value of each layer in turn."""
        heads = state.reshape(*state.shape[:3], self._shape.kv_heads, self._shape.head)
        layers = (heads[part, layer] for layer in range(len(state[0])) for part in (0, 1))
        return [layer.transpose(1, 0, 2)[None].astype(np.float32, "C") for layer in layers]

    def _state(self, held: list[Floats]) -> Halves:
        _, kv_heads, tokens, head = held[0].shape
        state = np.empty((2, self._shape.layers, tokens, kv_heads, head), np.float16)
        for index, layer in enumerate(held):
            state[index % 2, index // 2] = layer[0].transpose(1, 0, 2)
        return state.reshape(*state.shape[:3], -1)


def read_adapter(path: Path | None, shape: ModelShape) -> dict[str, Floats]:
    """Return an adapter as the graph takes it; one that changes nothing for None.

    Matrices of a group share their input: their ranks lie side by side, and each is led to its
    own outputs only. The scale (alpha / rank) is in ``b``.
    """
    from gguf import GGUFReader

    reader = GGUFReader(path) if path is not None else None
    tensors = {t.name: np.asarray(t.data, np.float32) for t in reader.tensors} if reader else {}
    alpha = float(reader.fields["adapter.lora.alpha"].contents()) if reader else 0.0
    found: dict[str, Floats] = {}
    for layer in range(shape.layers):
        for group, matrices in GROUPS.items():
            inputs, outputs = group_sizes(shape, group)
            names = [f"blk.{layer}.{matrix}.weight" for matrix in matrices]
            downs = [tensors.get(f"{n}.lora_a", np.zeros((0, inputs), np.float32)) for n in names]
            ranks = [len(down) for down in downs]
            rank = max(sum(ranks), 1)
            down, up = (
                np.zeros((inputs, rank), np.float32),
                np.zeros((rank, sum(outputs)), np.float32),
            )
            row = column = 0
            for name, part, size in zip(names, downs, outputs, strict=True):
                if len(part):
                    down[:, row : row + len(part)] = part.T
                    scale = alpha / len(part)
                    up[row : row + len(part), column : column + size] = (
                        scale * tensors[f"{name}.lora_b"].T
                    )
                row, column = row + len(part), column + size
            found[f"{layer}.{group}.a"], found[f"{layer}.{group}.b"] = down, up
    return found
