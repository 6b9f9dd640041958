"""The web server: Streamlit's page behind security headers and a health check.

``python -m ui.serve [--home H] [--host A] [--port N]``. It listens first; the assistant is built
and its models are warmed by a thread meanwhile. Knows nothing of what is on the pages.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import logging
import re
import socket
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.config import Settings, apply_process_defaults, load_settings
from assistant.errors import PortTaken
from retrieval.errors import SightlineError
from ui import runtime
from ui.theme import THEME

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.types import ASGIApp, Message, Receive, Scope, Send
    from streamlit import App

_log = logging.getLogger(__name__)
_PAGE = Path(__file__).with_name("app.py")
_LOCAL = ("127.0.0.1", "localhost", "::1")


class SecurityHeaders:
    """ASGI middleware: every answer forbids framing, sniffing and foreign content."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"x-frame-options", b"DENY"),
            (b"referrer-policy", b"no-referrer"),
            (b"permissions-policy", b"microphone=(self), camera=(), geolocation=()"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to the start of its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = {name for name, _ in self._headers}
                kept = [h for h in message.get("headers", []) if h[0].lower() not in ours]
                message = {**message, "headers": [*kept, *self._headers]}
            await send(message)

        await self._app(scope, receive, send_with_headers)


def content_policy() -> str:
    """Return the Content-Security-Policy: only this server, plus Streamlit's own inline script.

    Inline styles are allowed because Streamlit's styling writes them at run time.
    """
    import streamlit

    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    inline = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in inline]
    scripts = " ".join(f"'sha256-{value}'" for value in hashes)
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "media-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' blob:",  # the recorder reads its own recording back
            "worker-src 'self' blob:",
            "object-src 'none'",
            "frame-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def streamlit_options(settings: Settings) -> dict[str, Any]:
    """Return Streamlit's configuration: private, quiet, no file watcher, our limits and theme."""
    options: dict[str, Any] = {
        "server.address": settings.host,
        "server.port": settings.port,
        "server.headless": True,
        "server.showEmailPrompt": False,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.maxUploadSize": settings.max_upload_mb,
        "server.enableXsrfProtection": True,
        "server.enableStaticServing": False,
        "server.enableAgentApi": False,
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "client.toolbarMode": "minimal",
        "client.allowedOrigins": [],
        "browser.gatherUsageStats": False,
        "logger.hideWelcomeMessage": True,
        "runner.magicEnabled": False,
        **THEME,
    }
    if settings.host in _LOCAL:  # a page elsewhere must not reach us under its own host name
        options["server.allowedHosts"] = list(_LOCAL)
    return options


def build_app(settings: Settings) -> App:
    """Put the page, the middleware and the health check together."""
    import streamlit
    from starlette.middleware import Middleware
    from starlette.routing import Route

    @contextlib.asynccontextmanager
    async def lifespan(_app: App) -> AsyncIterator[dict[str, Any]]:
        threading.Thread(target=_warm, name="warm-up", daemon=True).start()
        print(f"Sightline is at http://{_shown(settings.host)}:{settings.port}", flush=True)
        yield {}
        runtime.close()

    return streamlit.App(
        _PAGE,
        middleware=[Middleware(SecurityHeaders, policy=content_policy())],
        routes=[Route("/healthz", _health)],
        lifespan=lifespan,
    )


def run(settings: Settings) -> None:
    """Serve until stopped.

    Raises:
        PortTaken: another program listens there.
    """
    _check_port(settings.host, settings.port)
    apply_process_defaults(settings)
    runtime.configure(settings)
    build_app(settings).run(config=streamlit_options(settings))


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and serve; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ui.serve", description="Serve the chat.")
    parser.add_argument("--home", type=Path, help="folder of the database, files and models")
    parser.add_argument("--host", help="address to listen on")
    parser.add_argument("--port", type=int, help="port to listen on")
    given = parser.parse_args(arguments)
    sys.argv = sys.argv[:1]  # Streamlit hands what is left to the page
    try:
        run(load_settings(home=given.home, host=given.host, port=given.port))
    except SightlineError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _warm() -> None:
    try:
        runtime.assistant().warm_up()
    except Exception:  # the page says it to the user, who may mend it and reload
        _log.exception("the assistant could not be built")


async def _health(_request: Request) -> JSONResponse:
    from starlette.responses import JSONResponse

    assistant = runtime.built()
    models = dict(assistant.warm_state()) if assistant else {}
    return JSONResponse({"status": "ok", "ready": assistant is not None, "models": models})


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(host=host, port=port) from error


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return "localhost"
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    raise SystemExit(main())
