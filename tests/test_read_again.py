"""Files of the library read again: what is read now takes the place of what was read before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from assisting import open_assistant, write
from sqlalchemy import Engine, delete, func, insert, select, update

from assistant.config import Settings
from assistant.models.scripted import ScriptedChat
from assistant.service import Assistant
from retrieval.catalog.base import open_engine
from retrieval.catalog.jobs import Jobs
from retrieval.catalog.records import Upload
from retrieval.catalog.tables import ChunkRow, PictureRow, VectorRow
from retrieval.catalog.transactions import reading, writing

LEASE = "The lease of the mill runs until 2031. The rent is 640 pounds a month.\n"
NOTES = "The miller's notes: the wheel turns slower in August.\n"


@pytest.fixture
def helper(tmp_path: Path) -> Iterator[Assistant]:
    opened = open_assistant(Settings(home=tmp_path / "home"), ScriptedChat())
    opened.ingest(write(tmp_path, {"lease.txt": LEASE, "notes.txt": NOTES}))
    yield opened
    opened.close()


def _engine(helper: Assistant) -> Engine:
    return open_engine(helper.settings.database_url)


def _id(helper: Assistant, name: str) -> int:
    return next(a.id for a in helper.assets() if a.name == name)


def _forget_rent(helper: Assistant, asset: int) -> None:
    """Leave what an older version might have read: half of the text, and no vectors."""
    with writing(_engine(helper)) as connection:
        chunks = select(ChunkRow.id).where(ChunkRow.asset_id == asset, ChunkRow.kind == "body")
        connection.execute(delete(VectorRow).where(VectorRow.chunk_id.in_(chunks)))
        connection.execute(
            update(ChunkRow)
            .where(ChunkRow.id.in_(chunks))
            .values(text="The lease of the mill", lexemes="lease mill")
        )


def _texts(helper: Assistant, asset: int) -> list[str]:
    return [p.text for p in helper.chunks(asset) if p.kind == "body"]


def test_what_is_read_now_takes_the_place_of_what_was_read(helper: Assistant) -> None:
    lease = _id(helper, "lease.txt")
    helper.tag([lease], ["mill"])
    _forget_rent(helper, lease)
    assert not any("640" in text for text in _texts(helper, lease))
    (outcome,) = helper.read_again(["LEASE*"])
    assert (outcome.status, outcome.asset_id) == ("indexed", lease)
    assert any("640 pounds" in text for text in _texts(helper, lease))
    assert helper.search("how much is the rent of the mill").passages[0].asset_id == lease
    assert helper.asset(lease).tags == ("mill",)
    assert len(helper.assets()) == 2


def test_all_files_are_read_again_and_nothing_doubles(helper: Assistant) -> None:
    def counts() -> list[int]:
        with reading(_engine(helper)) as connection:
            return [
                connection.scalar(select(func.count()).select_from(table)) or 0
                for table in (ChunkRow, PictureRow, VectorRow)
            ]

    before = counts()
    assert [o.status for o in helper.read_again()] == ["indexed", "indexed"]
    assert counts() == before
    assert helper.doctor() == []


def test_what_was_said_of_a_photo_later_stays(helper: Assistant) -> None:
    lease = _id(helper, "lease.txt")
    with writing(_engine(helper)) as connection:
        connection.execute(
            insert(ChunkRow).values(
                asset_id=lease, ordinal=90, kind="caption", text="a mill", lexemes="mill",
                heading="", locator={"type": "region"}, words=None,
            )
        )  # fmt: skip
    helper.read_again(["lease.txt"])
    with reading(_engine(helper)) as connection:
        kinds = connection.scalars(select(ChunkRow.kind).where(ChunkRow.asset_id == lease)).all()
    assert kinds.count("caption") == 1


def test_brackets_in_a_name_are_no_pattern(helper: Assistant, tmp_path: Path) -> None:
    helper.ingest(write(tmp_path, {"scan [2].txt": "The second scan of the mill.\n"}))
    assert [o.status for o in helper.read_again(["scan [2].txt"])] == ["indexed"]


def test_a_name_that_fits_no_file_is_told(helper: Assistant) -> None:
    (outcome,) = helper.read_again(["will.pdf"])
    assert outcome.status == "failed" and "will.pdf" in outcome.reason("en")


def test_a_file_that_cannot_be_read_any_more_keeps_what_was_read(helper: Assistant) -> None:
    lease = _id(helper, "lease.txt")
    before = _texts(helper, lease)
    _, _, data = helper.original(lease)
    blob = next(
        p for p in helper.settings.home.rglob("*") if p.is_file() and p.read_bytes() == data
    )
    blob.unlink()
    (outcome,) = helper.read_again(["lease.txt"])
    assert outcome.status == "failed"
    assert _texts(helper, lease) == before


def test_a_file_deleted_while_it_waits_stays_deleted(helper: Assistant) -> None:
    lease = _id(helper, "lease.txt")
    asset = helper.asset(lease)
    upload = Upload(asset.name, sha256=asset.sha256, asset_id=lease)
    job = Jobs(_engine(helper)).submit(helper.settings.library, [upload])
    helper.delete_asset(lease)
    helper.work_off()
    assert [a.name for a in helper.assets()] == ["notes.txt"]
    (view,) = [j for j in helper.jobs() if j.id == job]
    assert [file.status for file in view.files] == ["cancelled"]
