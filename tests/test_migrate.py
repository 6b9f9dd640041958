"""The schema comes from migrations, keeps data, and a failed one changes nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.orm import Session

from assistant.store import migrate as module
from assistant.store.migrate import alembic_config, current_revision, head_revision, migrate
from assistant.store.tables import Conversation, Message
from retrieval.catalog.base import open_engine
from retrieval.errors import HomeError, SchemaOutdated


def test_a_blank_database_gets_every_table_in_wal_mode(engine: Engine) -> None:
    names = set(inspect(engine).get_table_names())
    assert {"assets", "chunks", "vectors", "jobs", "conversations", "messages"} <= names
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_tables_and_migrations_agree(engine: Engine) -> None:
    config = alembic_config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.check(config)  # raises when they differ


def test_down_and_up_again(engine: Engine) -> None:
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert current_revision(engine) is None
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    assert current_revision(engine) == head_revision()


def test_conversations_survive_a_second_migration(engine: Engine, tmp_path: Path) -> None:
    with Session(engine) as session, session.begin():
        conversation = Conversation(id="c", library_id="default")
        conversation.messages = [
            Message(id=f"m{n}", position=n, role="user", text=f"question {n}") for n in (2, 0, 1)
        ]
        session.add(conversation)
    engine.dispose()
    again = open_engine(str(engine.url))
    migrate(again, tmp_path / "backups")
    with Session(again) as session:
        found = session.scalars(select(Conversation)).one()
        assert [m.text for m in found.messages] == ["question 0", "question 1", "question 2"]
    again.dispose()


def test_a_newer_database_is_left_alone(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaOutdated, match="9999"):
        migrate(engine, tmp_path)


def test_a_failed_migration_brings_the_snapshot_back(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Session(engine) as session, session.begin():
        session.add(Conversation(id="kept", library_id="default"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    monkeypatch.setattr(module, "head_revision", lambda: "a revision to come")

    def half_done(config: object, revision: str) -> None:
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM conversations"))
        raise RuntimeError("the new revision has a fault")

    monkeypatch.setattr(module.command, "upgrade", half_done)
    with pytest.raises(HomeError, match="the new revision has a fault"):
        migrate(engine, tmp_path / "backups")
    with Session(engine) as session:
        assert session.scalars(select(Conversation.id)).all() == ["kept"]
    assert list((tmp_path / "backups").glob("before-0001-*.db"))


def test_two_processes_that_open_a_new_home_wait_for_each_other(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from assistant.store.migrate import migrate\n"
        "from retrieval.catalog.base import open_engine\n"
        "home = Path(sys.argv[1])\n"
        "print(migrate(open_engine(f'sqlite:///{home}/sightline.db'), home / 'backups'))\n"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [process.communicate()[0].strip() for process in both]
    assert said == [head_revision()] * 2
