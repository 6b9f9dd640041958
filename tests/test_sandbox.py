"""The process that parses: it streams, and may be cancelled, hang, crash or starve."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from retrieval.errors import Cancelled, FileDamaged, FileEmpty, FileTimeout, FileTooLarge
from retrieval.parse import Limits
from retrieval.sandbox import ParserProcess
from retrieval.values import Block, Header, Picture


@pytest.fixture
def parser(models_dir: Path) -> Iterator[ParserProcess]:
    process = ParserProcess(models_dir, Limits(max_pixels=1_000_000))
    yield process
    process.close()


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_text("The boat is red.\n\nThe oar is blue.")
    return path


@pytest.fixture
def long_pdf(tmp_path: Path) -> Path:
    canvas = Canvas(str(tmp_path / "long.pdf"))
    for number in range(1000):
        canvas.drawString(72, 700, f"Page {number + 1} of the log")
        canvas.showPage()
    canvas.save()
    return tmp_path / "long.pdf"


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


def test_one_child_serves_many_files(parser: ParserProcess, note: Path, tmp_path: Path) -> None:
    values = list(parser.parse(note, "../../note.txt"))
    assert isinstance(values[0], Header)
    assert [v.text for v in values if isinstance(v, Block)] == [
        "The boat is red.",
        "The oar is blue.",
    ]
    first = parser.pid
    assert first is not None
    assert first != os.getpid()
    Image.new("RGB", (60, 40), "red").save(tmp_path / "a.png")
    values = list(parser.parse(tmp_path / "a.png", "a.png"))
    assert any(isinstance(v, Picture) for v in values)
    assert parser.pid == first
    parser.close()
    assert parser.pid is None
    assert not is_alive(first)


def test_errors_cross_with_their_words_and_the_child_lives_on(
    parser: ParserProcess, note: Path, tmp_path: Path
) -> None:
    Image.new("L", (2000, 2000)).save(tmp_path / "big.png")
    list(parser.parse(note, "note.txt"))
    pid = parser.pid
    with pytest.raises(FileTooLarge) as caught:
        list(parser.parse(tmp_path / "big.png", "big.png"))
    assert caught.value.params["size"] == "4 megapixels (2,000 × 2,000)"
    (tmp_path / "empty").touch()
    with pytest.raises(FileEmpty):
        list(parser.parse(tmp_path / "empty", "empty"))
    assert parser.pid == pid
    assert len(list(parser.parse(note, "note.txt"))) == 3


def test_a_long_document_streams_and_is_cancelled_within_two_seconds(
    parser: ParserProcess, long_pdf: Path, note: Path
) -> None:
    stop = threading.Event()
    units: list[int] = []
    with pytest.raises(Cancelled):
        for value in parser.parse(long_pdf, "long.pdf", stop.is_set):
            if isinstance(value, Block):
                units.append(value.unit)
                if value.unit == 20:
                    stop.set()
                    begun = time.monotonic()
    assert time.monotonic() - begun < 2
    assert units == list(range(21))
    assert parser.pid is None
    assert len(list(parser.parse(note, "note.txt"))) == 3


def test_a_caller_who_has_seen_enough_leaves_nothing_behind(
    parser: ParserProcess, long_pdf: Path, note: Path
) -> None:
    values = parser.parse(long_pdf, "long.pdf")
    next(values)
    values.close()  # type: ignore[attr-defined]
    assert len(list(parser.parse(note, "note.txt"))) == 3


def test_a_killed_child_costs_one_file(parser: ParserProcess, long_pdf: Path, note: Path) -> None:
    values = parser.parse(long_pdf, "long.pdf")
    next(values)
    pid = parser.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(FileDamaged, match=r"long\.pdf .* \(signal 9\)"):
        list(values)
    assert len(list(parser.parse(note, "note.txt"))) == 3
    assert parser.pid != pid


def test_a_hanging_file_times_out(models_dir: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # nobody will ever write to it
    parser = ParserProcess(models_dir, timeout=1.0)
    begun = time.monotonic()
    with pytest.raises(FileTimeout, match="pipe took longer than 1 seconds"):
        list(parser.parse(tmp_path / "pipe", "pipe"))
    assert time.monotonic() - begun < 5
    assert parser.pid is None


def test_a_file_that_wants_all_memory_is_refused(models_dir: Path, tmp_path: Path) -> None:
    Image.new("1", (25_000, 25_000)).save(tmp_path / "wide.png", compress_level=1)
    limits = Limits(max_pixels=10**9)
    parser = ParserProcess(models_dir, limits, memory=900 << 20)
    with pytest.raises(FileDamaged, match="wide.png"):
        list(parser.parse(tmp_path / "wide.png", "wide.png"))
    parser.close()


def test_an_idle_child_leaves_and_another_comes(models_dir: Path, note: Path) -> None:
    parser = ParserProcess(models_dir, idle_seconds=0.3)
    list(parser.parse(note, "note.txt"))
    pid = parser.pid
    deadline = time.monotonic() + 10
    while parser.pid is not None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert parser.pid is None
    assert len(list(parser.parse(note, "note.txt"))) == 3
    assert parser.pid != pid
    parser.close()


def test_the_child_follows_its_parent_and_ignores_the_folder_it_stands_in(
    models_dir: Path, note: Path, long_pdf: Path, tmp_path: Path
) -> None:
    (tmp_path / "email.py").write_text("raise SystemExit('the wrong module')")
    (tmp_path / "main.py").write_text(
        "import sys\nfrom pathlib import Path\nfrom retrieval.sandbox import ParserProcess\n"
        f"parser = ParserProcess(Path({str(models_dir)!r}))\n"
        f"print(len(list(parser.parse(Path({str(note)!r}), 'note.txt'))))\n"
        f"next(parser.parse(Path({str(long_pdf)!r}), 'long.pdf'))\n"
        "values = parser.parse(Path(sys.argv[1]), 'long.pdf')\nnext(values)\n"
        "print(parser.pid, flush=True)\nimport os; os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "main.py", str(long_pdf)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    count, pid = done.stdout.split()
    assert count == "3"
    deadline = time.monotonic() + 10
    while is_alive(int(pid)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_alive(int(pid))
