"""A real server and a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM = Path("/usr/bin/chromium")
_FAILED = pytest.StashKey[bool]()
PATIENCE = 60_000
"""Milliseconds a step may take: two cores load models while the page is drawn."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here, and skip them all where there is no Chromium."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM.is_file():
                item.add_marker(
                    pytest.mark.skip(reason="no /usr/bin/chromium: apt install chromium")
                )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport]:
    """Tell ``open_page`` whether the test failed."""
    report = yield
    item.stash.setdefault(_FAILED, False)
    item.stash[_FAILED] |= report.failed
    return report


@dataclass(frozen=True)
class Server:
    """A running server: where it is, over which home."""

    url: str
    home: Path
    process: subprocess.Popen[str]


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(home: Path, **settings: str) -> Server:
    port = _free_port()
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SIGHTLINE_")}
    given = {f"SIGHTLINE_{key.upper()}": value for key, value in settings.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "ui.serve", "--home", str(home), "--port", str(port)],
        cwd=ROOT,
        env={**clean, "SIGHTLINE_MODELS_DIR": str(ROOT / ".cache" / "models"), **given},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert str(port) in process.stdout.readline()
    return Server(f"http://127.0.0.1:{port}", home, process)


def _stop(server: Server) -> None:
    server.process.send_signal(signal.SIGTERM)
    try:
        server.process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()
    assert server.process.stdout is not None
    server.process.stdout.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server with the embedded models, over a home that was empty at first.

    Answers may be long, so that one can be stopped however long the page takes to load anew.
    """
    running = _start(tmp_path_factory.mktemp("e2e") / "home", max_answer_tokens="2500")
    yield running
    _stop(running)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, without the network services of its own and with a pretended microphone."""
    arguments = [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
    ]
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def open_page(
    browser: Browser, server: Server, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a path in a window of the given width.

    At the end the page must have asked nobody but our server, and said no error. What the page
    of a failed test said is printed, for whoever reads the log.
    """
    expect.set_options(timeout=PATIENCE)
    contexts, foreign, errors = [], list[str](), list[str]()

    def opened(path: str = "/", width: int = 1280) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 860}, permissions=["microphone"]
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda r: foreign.append(r.url) if _is_foreign(r.url) else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(server.url + path)
        page.locator("[data-testid=stMainBlockContainer] :is(h1, .stChatMessage)").first.wait_for()
        return page

    def _is_foreign(url: str) -> bool:
        return not url.startswith((server.url, "data:", "blob:"))

    yield opened
    for context in contexts:
        for page in context.pages if request.node.stash.get(_FAILED, False) else ():
            print(page.url, page.locator("body").inner_text(), sep="\n")
        context.close()
    assert not foreign
    assert not errors
