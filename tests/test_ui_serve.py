"""The server: it listens soon, guards its answers, and says why it cannot start."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from assistant.config import Settings
from ui.serve import content_policy, streamlit_options


def free_port() -> int:
    """Return a port nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, float]]:
    """A running server: its address, and how long it took to listen."""
    port = free_port()
    command = [sys.executable, "-m", "ui.serve", "--home", str(tmp_path / "home")]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        env={**os.environ, "SIGHTLINE_CHAT_MODEL": "scripted"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    seconds = time.perf_counter() - started
    assert re.search(rf"http://127\.0\.0\.1:{port}", line), line
    try:
        yield f"http://127.0.0.1:{port}", seconds
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


def _get(url: str) -> tuple[int, dict[str, str], bytes]:
    deadline = time.perf_counter() + 10
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                headers = {k.lower(): v for k, v in answer.headers.items()}
                return answer.status, headers, answer.read()
        except urllib.error.URLError:
            if time.perf_counter() > deadline:
                raise
            time.sleep(0.1)


def test_it_listens_soon_and_guards_every_answer(server: tuple[str, float]) -> None:
    address, seconds = server
    status, headers, body = _get(f"{address}/healthz")
    assert status == 200
    assert json.loads(body)["status"] == "ok"
    assert seconds < 10  # under 5 s on an idle machine
    for path in ("/", "/healthz", "/library", "/_stcore/health"):
        _status, headers, _body = _get(address + path)
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


def test_a_taken_port_is_said_in_a_sentence(tmp_path: Path) -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "ui.serve", "--home", str(tmp_path), "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert f"Port {port} of 127.0.0.1 is in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_scripts_come_from_this_server_only() -> None:
    policy = content_policy()
    scripts = next(p for p in policy.split("; ") if p.startswith("script-src"))
    assert "unsafe" not in scripts and "http" not in policy
    assert "'sha256-" in scripts


def test_streamlit_is_told_to_be_private_and_quiet(settings: Settings) -> None:
    options = streamlit_options(settings)
    assert options["browser.gatherUsageStats"] is False
    assert options["client.showErrorDetails"] == "none"
    assert options["server.fileWatcherType"] == "none"
    assert options["server.maxUploadSize"] == settings.max_upload_mb
    assert options["server.allowedHosts"] == ["127.0.0.1", "localhost", "::1"]
    public = settings.model_copy(update={"host": "0.0.0.0"})
    assert "server.allowedHosts" not in streamlit_options(public)
