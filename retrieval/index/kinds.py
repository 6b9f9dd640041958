"""The kinds of index: how each is made, searched, filtered and shrunk. One class each.

A kind stores vectors under *positions*, counted from 0 in the order of adding; which id a position
stands for is the business of ``VectorIndex``. *Effort* is the one number that trades time for
recall (cells looked at, or candidates refined); exact kinds have none.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Positions = NDArray[np.int64]
Vectors = NDArray[np.float32]


class Kind(ABC):
    """How one kind of FAISS index is used.

    ``exact``: finds what exact search finds. ``selects``: takes a filter while it searches; the
    others are asked for more and filtered afterwards, for up to ``most`` results. ``trains``:
    must see a sample before the first vector.
    """

    name: str
    exact = False
    selects = True
    trains = True
    most = 1 << 40
    efforts: tuple[int, ...] = ()

    @abstractmethod
    def make(self, dim: int, sample: Vectors, expected: int) -> Any:
        """Return an empty index for about ``expected`` vectors, trained on ``sample`` [n, dim]."""

    def add(self, index: Any, vectors: Vectors, first: int) -> None:
        """Add vectors; the first of them gets position ``first``."""
        index.add(vectors)

    def parameters(self, index: Any, effort: int, selector: Any) -> Any:
        """Return FAISS search parameters."""
        return faiss().SearchParameters(sel=selector)

    def effort(self, index: Any, effort: int, share: float) -> int:
        """Return the effort for a search among ``share`` of the vectors."""
        return effort

    def widest(self, index: Any) -> int:
        """Return the effort at which nothing is passed over; 0 when there is no such thing."""
        return 0

    def remove(self, index: Any, dead: Mask) -> bool:
        """Take vectors out if the kind can; True when the positions after them moved down."""
        return False

    def vectors(self, index: Any, positions: Positions) -> Vectors:
        """Return stored vectors [n, dim]."""
        found: Vectors = index.reconstruct_batch(positions)
        return found

    def to_disk(self, index: Any) -> Any:
        """Return the index as it can be written."""
        return index

    def from_disk(self, index: Any) -> Any:
        """Return a written index ready for use."""
        return index


class Flat(Kind):
    """Exact search over half-precision numbers, which is what SQL keeps too: nothing is lost,
    half the memory of float32, and no slower, since memory bandwidth is what limits it."""

    name = "flat"
    exact = True
    trains = False

    def make(self, dim: int, sample: Vectors, expected: int) -> Any:
        """Return an empty index."""
        lib = faiss()
        return lib.IndexScalarQuantizer(dim, lib.ScalarQuantizer.QT_fp16, lib.METRIC_INNER_PRODUCT)

    def remove(self, index: Any, dead: Mask) -> bool:
        """Take vectors out; the others move together."""
        index.remove_ids(selector(dead))
        return True


class GpuFlat(Kind):
    """Exact search in half precision on the first CUDA device (package ``faiss-gpu-cu12``)."""

    name = "gpu_flat"
    exact = True
    trains = False
    selects = False
    most = 2048  # the most results that a GPU search gives

    def make(self, dim: int, sample: Vectors, expected: int) -> Any:
        """Return an empty index on the device."""
        lib = faiss()
        config = lib.GpuIndexFlatConfig()
        config.useFloat16 = True
        return _on_gpu(lib.GpuIndexFlatIP(_gpu_resources(), dim, config))

    def parameters(self, index: Any, effort: int, selector: Any) -> Any:
        """Return none: the device takes no filter."""
        return None

    def to_disk(self, index: Any) -> Any:
        """Return a copy in main memory."""
        return faiss().index_gpu_to_cpu(index)

    def from_disk(self, index: Any) -> Any:
        """Return a copy on the device."""
        lib = faiss()
        options = lib.GpuClonerOptions()
        options.useFloat16 = True
        return _on_gpu(lib.index_cpu_to_gpu(_gpu_resources(), 0, index, options))


class IvfSq8(Kind):
    """Cells around k-means centres, one byte a number; effort is how many cells are looked at.

    Jégou et al. 2011, "Product quantization for nearest neighbor search" (inverted file).
    """

    name = "ivf_sq8"
    efforts = (8, 16, 32, 64, 128, 256)

    def make(self, dim: int, sample: Vectors, expected: int) -> Any:
        """Return an empty index of about two cells for every root of the number of vectors."""
        lib = faiss()
        cells = 1 << max(2, round(math.log2(2 * math.sqrt(max(expected, 1)))))
        cells = max(1, min(cells, len(sample) // 39 or 1))  # 39 points a centre, as FAISS asks
        made = lib.index_factory(dim, f"IVF{cells},SQ8", lib.METRIC_INNER_PRODUCT)
        made.sq.rangestat_arg = _MARGIN
        made.train(sample)
        made.set_direct_map_type(lib.DirectMap.Hashtable)
        return made

    def add(self, index: Any, vectors: Vectors, first: int) -> None:
        """Add under the positions as FAISS ids, so that they stay when others are removed."""
        index.add_with_ids(vectors, np.arange(first, first + len(vectors), dtype=np.int64))

    def parameters(self, index: Any, effort: int, selector: Any) -> Any:
        """Return parameters for ``effort`` cells."""
        return faiss().SearchParametersIVF(sel=selector, nprobe=effort)

    def effort(self, index: Any, effort: int, share: float) -> int:
        """Return more cells when few vectors are allowed."""
        return min(int(index.nlist), math.ceil(effort / max(share, 1e-9)))

    def widest(self, index: Any) -> int:
        """Return the number of cells."""
        return int(index.nlist)

    def remove(self, index: Any, dead: Mask) -> bool:
        """Take vectors out; the others keep their positions."""
        index.remove_ids(faiss().IDSelectorArray(np.flatnonzero(dead).astype(np.int64)))
        return False


class RaBitQ(Kind):
    """One bit a number after a random rotation, refined with one byte a number; effort is how
    many candidates are refined for each result. Removed vectors stay until it is built again.

    Gao and Long 2024, "RaBitQ: Quantizing High-Dimensional Vectors with a Theoretical Error
    Bound for Approximate Nearest Neighbor Search".
    """

    name = "rabitq"
    selects = False
    most = 20_000
    efforts = (4, 8, 16, 32, 64)

    def make(self, dim: int, sample: Vectors, expected: int) -> Any:
        """Return an empty index."""
        lib = faiss()
        made = lib.index_factory(dim, f"RR{dim},RaBitQfs,Refine(SQ8)", lib.METRIC_INNER_PRODUCT)
        made.train(sample)
        return made

    def parameters(self, index: Any, effort: int, selector: Any) -> Any:
        """Return parameters for ``effort`` candidates a result."""
        return faiss().IndexRefineSearchParameters(k_factor=float(effort))


_MARGIN = 0.25
"""How much wider than the sample's the range of each number is kept: outside it is cut off."""

KINDS: dict[str, Kind] = {kind.name: kind for kind in (Flat(), GpuFlat(), IvfSq8(), RaBitQ())}
"""All kinds by name."""

_GPU: list[Any] = []


def available(name: str) -> bool:
    """Tell whether a kind can be used on this machine."""
    if name != GpuFlat.name:
        return True
    lib = faiss()
    return hasattr(lib, "StandardGpuResources") and lib.get_num_gpus() > 0


def selector(mask: Mask) -> Any:
    """Return a FAISS filter that lets the marked positions pass."""
    bits = np.packbits(mask, bitorder="little")
    made = faiss().IDSelectorBitmap(bits)
    made.kept = bits  # FAISS only points at it
    return made


def faiss() -> Any:
    """Return the module, set up."""
    import faiss

    # 1.15 raised this to 128000, so that batched flat searches lost BLAS (4 times slower)
    faiss.cvar.distance_compute_blas_threshold = 20
    return faiss


def _gpu_resources() -> Any:
    if not _GPU:
        _GPU.append(faiss().StandardGpuResources())
    return _GPU[0]


def _on_gpu(index: Any) -> Any:
    index.kept = _gpu_resources()  # must live as long as the index
    return index
