"""Fail when the tables in the code and the schema that the migrations make are not the same."""

from __future__ import annotations

import tempfile
from pathlib import Path

from alembic import command
from alembic.util.exc import CommandError

from assistant.store.migrate import alembic_config, migrate
from retrieval.catalog.base import open_engine


def main() -> None:
    """Migrate an empty database and compare."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'check.db'}")
        migrate(engine, Path(folder))
        config = alembic_config()
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            try:
                command.check(config)
            except CommandError as error:
                raise SystemExit(f"tables and migrations differ: {error}") from error
        engine.dispose()


if __name__ == "__main__":
    main()
