"""The search for faces killed at its worst moments: what was named stays, nothing is doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from faces import changed, real_encoder
from library import Library, parser_process
from sqlalchemy import Engine

from assistant.config import Settings
from retrieval.catalog import people as sql
from retrieval.catalog.transactions import reading
from retrieval.people import People
from retrieval.weights import ModelStore

ROOT = Path(__file__).resolve().parents[2]
WORKER = """
import os, signal, sys
from pathlib import Path
import retrieval.people as people
from retrieval.blobs import BlobStore
from retrieval.catalog.base import open_engine
from retrieval.face_vectors import load_faces
from retrieval.weights import ModelStore

home, models, step, count = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
whole, calls = getattr(people, step), []

def then_die(*given):
    result = whole(*given)
    calls.append(1)
    if len(calls) == count:
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(people, step, then_die)
store = ModelStore(models)
work = people.People(
    open_engine(f"sqlite:///{home / 'sightline.db'}"), BlobStore(home / "blobs"),
    lambda: load_faces(store),
)
while work.step():
    pass
"""


@pytest.mark.parametrize(
    ("step", "count"),
    [
        ("pack", 2),  # the faces of the second photo are found, not stored
        ("join_new", 1),  # groups are worked out, not stored
        ("_put", 2),  # inside the transaction that stores them
    ],
)
def test_killed_while_looking_for_faces(
    engine: Engine,
    settings: Settings,
    model_store: ModelStore,
    tmp_path: Path,
    step: str,
    count: int,
) -> None:
    encoder = real_encoder(model_store)
    with parser_process(settings.models_folder) as parser:
        library = Library(engine, settings.home, parser)
        work = People(engine, library.blobs, lambda: encoder)
        changed("eileen").save(tmp_path / "first.png")
        library.ingest(tmp_path / "first.png")
        sql.switch_on(engine, "default")
        while work.step():
            pass
        with reading(engine) as connection:
            (first,) = sql.groups(connection, "default")
        sql.name_group(engine, "default", first.id, "Eileen")
        for who, how in (("eileen", "dark"), ("grace", "dark"), ("grace", "turned")):
            changed(who, how).save(tmp_path / f"{who}-{how}.png")
            library.ingest(tmp_path / f"{who}-{how}.png")
    died = subprocess.run(
        [sys.executable, "-c", WORKER, settings.home, settings.models_folder, step, str(count)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
    )
    assert died.returncode == -signal.SIGKILL
    while work.step():
        pass
    with reading(engine) as connection:
        found = [(g.name, g.faces) for g in sql.groups(connection, "default")]
    assert found == [("Eileen", 2), ("", 2)]
    assert library.doctor() == []
