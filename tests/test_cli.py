"""The command line as a person or a script meets it: real processes, a real home folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from skimage import data, io

SIGHTLINE = Path(sys.executable).with_name("sightline")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SIGHTLINE), *map(str, arguments)],
        capture_output=True,
        text=True,
        env=dict(os.environ),
        timeout=240,
    )


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(done.stdout)
    return loaded


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "coffee.png"
    io.imsave(path, data.coffee(), check_contrast=False)
    return path


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys; from assistant.cli.main import app; sys.argv=['sightline','--help']\n"
        "try: app()\nexcept SystemExit: pass\n"
        "heavy = {'torch','transformers','faiss','ctranslate2','onnxruntime','streamlit',"
        "'sqlalchemy','pydantic','numpy','langgraph','langchain_core'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "HEAVY []" in done.stdout, done.stdout + done.stderr
    for command in ("serve", "ingest", "search", "ask", "transcribe", "models", "eval", "doctor"):
        assert command in done.stdout


def test_bad_usage_ends_with_two() -> None:
    assert run("no-such-command").returncode == 2
    assert run("ingest").returncode == 2
    done = run("search", "--json")
    assert done.returncode == 2
    done = run("ask", "", "--json")
    assert done.returncode == 2
    assert "type or say a question" in done.stderr
    assert document(done)["error"]["code"] == "question_empty"


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_PORT", "many")
    done = run("models", "list")
    assert done.returncode == 2
    assert "port" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_library_says_so() -> None:
    done = run("search", "anything at all")
    assert done.returncode == 0, done.stderr
    assert "library is empty" in done.stdout


def test_good_and_bad_files_together(photo: Path, tmp_path: Path) -> None:
    note = tmp_path / "note.md"
    note.write_text("# Boiler\n\nThe boiler was serviced on 12 March by Anna Lind.\n")
    empty = tmp_path / "empty.pdf"
    empty.write_bytes(b"")
    done = run("ingest", photo, note, empty, tmp_path / "missing.png", "--json")
    assert done.returncode == 1, done.stderr
    rows = {Path(row["path"]).name: row for row in document(done)["assets"]}
    assert rows["coffee.png"]["status"] == rows["note.md"]["status"] == "indexed"
    assert (rows["coffee.png"]["modality"], rows["note.md"]["modality"]) == ("image", "text")
    assert rows["note.md"]["chunks"] >= 1
    assert rows["empty.pdf"]["status"] == rows["missing.png"]["status"] == "failed"
    assert "empty" in rows["empty.pdf"]["reason"]
    assert "not found" in rows["missing.png"]["reason"]

    again = run("ingest", photo, "--json")
    assert again.returncode == 0
    assert document(again)["assets"][0]["status"] == "duplicate"

    found = document(run("search", "when was the boiler serviced", "-k", "3", "--json"))
    assert found["results"][0]["asset"] == "note.md"
    assert set(found["results"][0]["locator"]) == {"chars"}
    pictures = document(run("search", "a cup of coffee", "--modality", "image", "--json"))
    assert [row["asset"] for row in pictures["results"]] == ["coffee.png"]
    assert set(pictures["results"][0]["locator"]) == {"region"}

    healthy = run("doctor", "--json")
    assert healthy.returncode == 0, healthy.stdout
    assert document(healthy)["healthy"] is True


def test_backup_and_restore_bring_the_library_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "note.txt"
    note.write_text("The spare key is under the blue flower pot.")
    assert run("ingest", note).returncode == 0
    archive = tmp_path / "library.tar"
    assert run("backup", archive).returncode == 0
    assert run("restore", archive).returncode == 1  # this home already holds a library
    monkeypatch.setenv("SIGHTLINE_HOME", str(tmp_path / "second"))
    assert run("restore", archive).returncode == 0
    found = document(run("search", "spare key", "--json"))
    assert [row["asset"] for row in found["results"]] == ["note.txt"]
    broken = tmp_path / "broken.tar"
    broken.write_bytes(archive.read_bytes()[:3000])
    monkeypatch.setenv("SIGHTLINE_HOME", str(tmp_path / "third"))
    done = run("restore", broken)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_models_are_listed_with_their_licences() -> None:
    done = run("models", "list", "--json")
    assert done.returncode == 0, done.stderr
    listed = document(done)
    assert listed["tier"] == "embedded"
    assert listed["reason"]
    by_role = {model["role"]: model for model in listed["models"] if model["in_use"]}
    assert {"language", "speech", "text embedding", "image encoder", "joint embedding"} <= set(
        by_role
    )
    assert by_role["language"]["licence"] == "Apache-2.0"
    for role in ("joint embedding", "sight"):
        assert "research" in by_role[role]["licence"].lower()
        free = [m for m in listed["models"] if m["role"] == role and not m["in_use"]]
        assert ["CC BY 4.0" in m["licence"] for m in free] == [True]


def test_tags_and_filters_narrow_a_search(tmp_path: Path) -> None:
    folder = tmp_path / "Trips"
    folder.mkdir()
    (folder / "harbour.txt").write_text("The ferry leaves the harbour at nine.")
    (tmp_path / "ferry.md").write_text("# Ferry\nThe ferry to the island is cheap.")
    taken_in = document(run("ingest", folder / "harbour.txt", tmp_path / "ferry.md", "--json"))
    assert [a["status"] for a in taken_in["assets"]] == ["indexed", "indexed"]

    def found(*options: str) -> list[str]:
        done = run("search", "when does the ferry leave", *options, "--json")
        assert done.returncode == 0, done.stderr
        return sorted({row["asset"] for row in document(done)["results"]})

    assert found("--type", "md") == ["ferry.md"]
    assert found("--folder", "Trips") == ["harbour.txt"]
    tagged = document(run("tag", "By  Sea", "harbour.txt", "--json"))
    assert [row["asset"] for row in tagged["assets"]] == ["harbour.txt"]
    assert document(run("tag", "--json")) == {"tags": [{"tag": "by sea", "files": 1}]}
    assert found("--tag", "by sea") == ["harbour.txt"]
    assert document(run("tag", "by sea", "harbour.txt", "--remove", "--json"))["assets"] == []
    assert run("tag", "by sea", "nowhere.txt").returncode == 1
    done = run("search", "ferry", "--from", "soon")
    assert done.returncode == 2
    assert "2023-05-14" in done.stderr
