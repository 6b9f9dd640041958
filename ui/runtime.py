"""The one assistant of this process, shared by all browser sessions.

Built on first use, or by the server in the background, so that the page listens before the
models are loaded. Knows nothing of Streamlit: the server thread and page scripts both call it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from assistant.config import Settings, apply_process_defaults, load_settings

if TYPE_CHECKING:
    from assistant.service import Assistant

_lock = threading.Lock()
_settings: Settings | None = None
_assistant: Assistant | None = None


def configure(settings: Settings | None) -> None:
    """Set the settings before the assistant is built; None reads them anew when asked for."""
    global _settings
    _settings = settings


def settings() -> Settings:
    """Return the settings of this process, reading them once.

    Raises:
        SettingsInvalid: a key is unknown or a value is out of range.
    """
    global _settings
    if _settings is None:
        _settings = load_settings()
        apply_process_defaults(_settings)
    return _settings


def assistant() -> Assistant:
    """Return the assistant, building it first if need be (imports torch: some seconds).

    Raises:
        SightlineError: it cannot be built; the next call tries again.
    """
    global _assistant
    with _lock:
        if _assistant is None:
            from assistant.build import build_assistant

            _assistant = build_assistant(settings())
        return _assistant


def built() -> Assistant | None:
    """Return the assistant if it has been built, without waiting for it."""
    return _assistant


def close() -> None:
    """Close the assistant and forget it and the settings."""
    global _assistant
    with _lock:
        if _assistant is not None:
            _assistant.close()
        _assistant = None
        configure(None)
