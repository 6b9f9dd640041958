"""Lexical search in the database: SQLite FTS5 with bm25, or PostgreSQL full text."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, text

from retrieval.catalog.vectors import Ids
from retrieval.lexical import fts5_match, tsquery

_SQLITE = """
SELECT c.id, c.asset_id, -bm25(chunks_fts) AS score, c.lexemes, c.kind
FROM chunks_fts JOIN chunks c ON c.id = chunks_fts.rowid JOIN assets a ON a.id = c.asset_id
WHERE chunks_fts MATCH :words AND a.library_id = :library {only}
ORDER BY bm25(chunks_fts) LIMIT :k
"""

_POSTGRESQL = """
SELECT c.id, c.asset_id, ts_rank(lexed, q) AS score, c.lexemes, c.kind
FROM chunks c JOIN assets a ON a.id = c.asset_id,
     CAST(:words AS tsquery) q,
     LATERAL array_to_tsvector(string_to_array(c.lexemes, ' ')) lexed
WHERE array_to_tsvector(string_to_array(c.lexemes, ' ')) @@ q AND a.library_id = :library {only}
ORDER BY score DESC LIMIT :k
"""

_ONLY_SQLITE = "AND a.id IN (SELECT value FROM json_each(:assets))"
_ONLY_POSTGRESQL = "AND a.id = ANY(:assets)"


_MANY = 2000
_WIDER = 20


class LexicalHit(NamedTuple):
    """A chunk that holds words of the question; a higher score is better."""

    chunk_id: int
    asset_id: int
    score: float
    lexemes: str
    kind: str


def lexical_hits(
    connection: Connection, library: str, words: list[str], k: int, assets: Ids | None
) -> list[LexicalHit]:
    """Return the ``k`` best chunks for words (of ``query_words``), best first.

    Args:
        assets: look only among these; None means in the whole library.
    """
    if not words or (assets is not None and not len(assets)):
        return []
    if assets is not None and len(assets) > _MANY:
        # sieving what was found is exact as long as k pass, and needs no list of ids in SQL
        wide = _hits(connection, library, words, k * _WIDER, None)
        passed = np.isin([hit.asset_id for hit in wide], assets)
        found = [hit for hit, passes in zip(wide, passed, strict=True) if passes]
        if len(found) >= k or len(wide) < k * _WIDER:
            return found[:k]
    return _hits(connection, library, words, k, assets)


def _hits(
    connection: Connection, library: str, words: list[str], k: int, assets: Ids | None
) -> list[LexicalHit]:
    sqlite = connection.dialect.name == "sqlite"
    values: dict[str, Any] = {"library": library, "k": k}
    values["words"] = fts5_match(words) if sqlite else tsquery(words)
    only = ""
    if assets is not None:
        ids = assets.tolist()
        values["assets"] = json.dumps(ids) if sqlite else ids
        only = _ONLY_SQLITE if sqlite else _ONLY_POSTGRESQL
    statement = text((_SQLITE if sqlite else _POSTGRESQL).format(only=only))
    return [LexicalHit(*row) for row in connection.execute(statement, values)]
