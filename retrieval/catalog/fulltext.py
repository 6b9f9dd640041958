"""Lexical search in the database: SQLite FTS5 with bm25, or PostgreSQL full text."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, TextClause, bindparam, text

from retrieval.lexical import fts5_match, query_words, tsquery

_SQLITE = """
SELECT c.id, c.asset_id, -bm25(chunks_fts) AS score
FROM chunks_fts JOIN chunks c ON c.id = chunks_fts.rowid JOIN assets a ON a.id = c.asset_id
WHERE chunks_fts MATCH :words AND a.library_id = :library {only}
ORDER BY bm25(chunks_fts) LIMIT :k
"""

_POSTGRESQL = """
SELECT c.id, c.asset_id, ts_rank(lexed, q) AS score
FROM chunks c JOIN assets a ON a.id = c.asset_id,
     CAST(:words AS tsquery) q,
     LATERAL array_to_tsvector(string_to_array(c.lexemes, ' ')) lexed
WHERE array_to_tsvector(string_to_array(c.lexemes, ' ')) @@ q AND a.library_id = :library {only}
ORDER BY score DESC LIMIT :k
"""


class LexicalHit(NamedTuple):
    """A chunk that holds words of the question; a higher score is better."""

    chunk_id: int
    asset_id: int
    score: float


def lexical_hits(
    connection: Connection, library: str, question: str, k: int, assets: Collection[int] | None
) -> list[LexicalHit]:
    """Return the ``k`` best chunks for the words of a question, best first.

    Args:
        assets: look only among these; None means in the whole library.
    """
    words = query_words(question)
    if not words or (assets is not None and not assets):
        return []
    values = {"library": library, "k": k}
    sqlite = connection.dialect.name == "sqlite"
    values["words"] = fts5_match(words) if sqlite else tsquery(words)
    statement = _statement(_SQLITE if sqlite else _POSTGRESQL, assets)
    return [LexicalHit(*row) for row in connection.execute(statement, values)]


def _statement(template: str, assets: Collection[int] | None) -> TextClause:
    if assets is None:
        return text(template.format(only=""))
    only = bindparam("assets", [int(a) for a in assets], expanding=True, literal_execute=True)
    return text(template.format(only="AND a.id IN :assets")).bindparams(only)
