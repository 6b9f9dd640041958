"""Files that change while they are read, folders of enormous files, documents without end."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from child import open_library
from library import MAX_BYTES, Library
from parsing import read
from sqlalchemy import Engine

from assistant.config import Settings
from retrieval.errors import FileTooLarge


@pytest.fixture
def library(engine: Engine, settings: Settings) -> Iterator[Library]:
    engine.dispose()
    opened = open_library(settings.home)
    yield opened
    opened.engine.dispose()


def test_a_folder_of_ten_gigabytes_is_refused_unread(library: Library, tmp_path: Path) -> None:
    paths = [tmp_path / f"huge{n}.txt" for n in range(5)]
    for path in paths:
        path.touch()
        os.truncate(path, 2 << 30)  # sparse: it takes no room
    (tmp_path / "small.txt").write_text("a small one among them")
    *huge, small = library.ingest(*paths, tmp_path / "small.txt")
    assert [(f.status, f.error_code) for f in huge] == [("failed", "file_too_large")] * 5
    assert small.status == "indexed"
    assert sum(library.blobs.path(n).stat().st_size for n in library.blobs.names()) < MAX_BYTES
    assert library.doctor() == []


def test_a_file_that_changes_while_it_is_read_is_one_of_its_states(
    library: Library, tmp_path: Path
) -> None:
    path, over = tmp_path / "log.txt", threading.Event()
    path.write_text("begin\n" * 50)

    def write() -> None:
        with path.open("a") as log:
            while not over.wait(0.001):
                log.write("one more line\n")
                log.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        (file,) = library.ingest(path)
    finally:
        over.set()
        writer.join()
    assert file.status == "indexed"
    (asset,) = library.catalog.assets("default")
    stored = library.blobs.read(asset.sha256)
    assert library.blobs.intact(asset.sha256), "what is stored has the name of what is stored"
    assert path.read_bytes().startswith(stored)
    text = "\n".join(c.text for c in library.catalog.chunks(asset.id) if c.kind != "metadata")
    assert text.split() == stored.decode().split(), "what is indexed is what is stored"


def test_a_pdf_of_five_thousand_pages_is_refused_with_the_limit(tmp_path: Path) -> None:
    kids = " ".join(f"{n} 0 R" for n in range(3, 5003))
    objects = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Count 5000/Kids[{kids}]>>"]
    objects += ["<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>"] * 5000
    body, places = "%PDF-1.4\n", []
    parts = [body]
    at = len(body)
    for number, content in enumerate(objects, 1):
        places.append(at)
        parts.append(f"{number} 0 obj\n{content}\nendobj\n")
        at += len(parts[-1])
    parts.append(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n")
    parts += [f"{place:010} 00000 n \n" for place in places]
    parts.append(f"trailer<</Root 1 0 R/Size {len(objects) + 1}>>\nstartxref\n{at}\n%%EOF\n")
    (tmp_path / "endless.pdf").write_text("".join(parts))
    with pytest.raises(FileTooLarge, match=r"5,000 pages, the limit is 2,000 pages"):
        read(tmp_path / "endless.pdf")
