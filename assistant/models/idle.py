"""Memory given back: a chat model that nobody has used for a while is unloaded.

Only the weights and what was read go; the model object stays, and its next use loads them again. An
answer under way, or one that waits, is use.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.models.protocol import SightlineChatModel

_log = logging.getLogger("sightline.models")


class IdleRelease:
    """Unloads a model that has been idle.

    Args:
        model: returns the model if it was built.
        after: seconds without use.
    """

    def __init__(self, model: Callable[[], SightlineChatModel | None], after: float) -> None:
        self._model = model
        self._after = after
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look now and then, in a thread of its own, until ``close``."""
        self._thread = threading.Thread(target=self._watch, name="idle-release", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> bool:
        """Unload the model if it is loaded and was not used for so long; return whether it was."""
        model = self._model()
        if model is None or not model.loaded:
            return False
        idle = model.idle_seconds()
        if idle is None or idle < self._after:
            return False
        model.unload()
        _log.info("%s unloaded after %d s without use", model.model_id, idle)
        return True

    def _watch(self) -> None:
        while not self._closed.wait(min(30.0, self._after)):
            try:
                self.look()
            except Exception:  # the watcher outlives a model that fails to let go
                _log.exception("an idle model could not be unloaded")
