"""Alembic environment: runs revisions on the database the program names, SQLite or PostgreSQL."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection

import assistant.store.eval_tables  # noqa: F401  (fills the metadata)
import assistant.store.tables  # noqa: F401  (fills the metadata)
import assistant.store.tuning_tables  # noqa: F401  (fills the metadata)
import retrieval.catalog.tables  # noqa: F401  (fills the metadata)
from retrieval.catalog.base import Base, open_engine

_OWNED_BY_MIGRATIONS = ("chunks_fts",)


def _include(_object: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """Leave out the full-text tables and index, which are not in the ORM."""
    if kind == "index" and name == "ix_chunks_lexemes_fts":
        return False
    return not (kind == "table" and (name or "").startswith(_OWNED_BY_MIGRATIONS))


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        include_object=_include,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    arguments = context.get_x_argument(as_dictionary=True)
    with open_engine(arguments.get("url", "sqlite:///sightline-check.db")).connect() as opened:
        _run(opened)
        opened.commit()
