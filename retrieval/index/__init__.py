"""Vector indexes: the only package that imports FAISS. Knows ids and vectors, nothing of SQL."""

from retrieval.index.kinds import KINDS, Vectors, available
from retrieval.index.rows import Ids
from retrieval.index.vectors import Hits, VectorIndex, set_threads

__all__ = ["KINDS", "Hits", "Ids", "VectorIndex", "Vectors", "available", "set_threads"]
