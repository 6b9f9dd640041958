"""What llama.cpp keeps of a text, as arrays: the keys and values of every layer.

llama.cpp hands out the state of a sequence as bytes and takes it back. Their layout is told by no
header; it is the one of the pinned version, and what is read here is checked piece by piece, so
that another layout is refused and never misread. Knows nothing of models.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.models.llama_capi import Llama

_HALF = 1  # llama.cpp's number of the type float16
_ROW = struct.Struct("<iQ")  # type of a layer's rows, bytes of one


class PrefillError(Exception):
    """A prompt cannot be read beside llama.cpp; its user lets llama.cpp read it."""


Halves = NDArray[np.float16]
"""Keys, then values, of the n tokens of a sequence: float16 [2, layers, n, width]."""


class LaneStates:
    """Reads and writes the sequences of one context.

    Args:
        lanes: how many sequences the context has, each with memory of its own.
        layers, width: of the model; width of one token's keys.
    """

    def __init__(self, llama: Llama, context: Any, lanes: int, layers: int, width: int) -> None:
        self._llama, self._context = llama, context
        self._lanes, self._layers, self._width = lanes, layers, width
        self._magic = b""

    def read(self, lane: int, tokens: int) -> Halves:
        """Return the state of a sequence of ``tokens`` tokens.

        Raises:
            PrefillError: it is laid out in another way.
        """
        ffi, lib = self._llama.ffi, self._llama.lib
        size = int(lib.llama_state_seq_get_size(self._context, lane))
        held = bytearray(size)
        if lib.llama_state_seq_get_data(self._context, ffi.from_buffer(held), size, lane) != size:
            raise PrefillError("the size is not the one promised")
        self._magic = bytes(held[:4])
        head, each = self._head(lane, tokens), _ROW.size + tokens * self._width * 2
        whole = len(head) + 2 * self._layers * each + self._tail(lane)
        if size != whole or held[: len(head)] != head:
            raise PrefillError("the beginning is another one")
        rows = np.frombuffer(held, np.uint8, 2 * self._layers * each, len(head))
        rows = rows.reshape(2 * self._layers, each)
        if any(bytes(row[: _ROW.size]) != self._row() for row in rows):
            raise PrefillError("the rows are of another type")
        halves = np.ascontiguousarray(rows[:, _ROW.size :]).view(np.float16)
        return halves.reshape(2, self._layers, tokens, self._width)

    def write(self, lane: int, state: Halves) -> None:
        """Replace what a sequence holds; ``read`` must have been called before.

        Raises:
            PrefillError: llama.cpp does not take it; the sequence is then empty.
        """
        tokens = state.shape[2]
        head, row = self._head(lane, tokens), self._row()
        each = len(row) + tokens * self._width * 2
        body = np.zeros(len(head) + 2 * self._layers * each + self._tail(lane), np.uint8)
        body[: len(head)] = np.frombuffer(head, np.uint8)
        rows = body[len(head) : len(body) - self._tail(lane)].reshape(-1, each)
        rows[:, : len(row)] = np.frombuffer(row, np.uint8)
        rows[:, len(row) :] = state.reshape(len(rows), -1).view(np.uint8)
        ffi, lib = self._llama.ffi, self._llama.lib
        data = ffi.from_buffer(body)
        if lib.llama_state_seq_set_data(self._context, data, len(body), lane) != len(body):
            raise PrefillError("llama.cpp does not take it")

    def _head(self, lane: int, tokens: int) -> bytes:
        """Return magic, sequence, number of memories, the empty ones before, the tokens' places."""
        cells = np.zeros((tokens, 3), "<u4")  # place, sequences of it, the sequence
        cells[:, 0], cells[:, 1], cells[:, 2] = np.arange(tokens), 1, lane
        numbers = (
            struct.pack("<II", lane, self._lanes) + bytes(4 * lane) + struct.pack("<I", tokens)
        )
        last = struct.pack("<IIII", 0, self._layers, 0, 0)  # values lie as keys do; two flags off
        return self._magic + numbers + cells.tobytes() + last

    def _tail(self, lane: int) -> int:
        """Return the bytes of the empty memories after a lane's."""
        return 4 * (self._lanes - lane - 1)

    def _row(self) -> bytes:
        return _ROW.pack(_HALF, self._width * 2)
