"""The models of this installation: what they are, whether their files are whole, warming them.

Warming runs in one background thread, one model after the other, so that starting is quick and
the first question does not wait. Knows no model itself, only how to ask for it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from assistant.config import Settings
from assistant.sight_weights import shipped_folder
from assistant.tuning.registry import CLIP, VLM, TunedModels
from assistant.views import ModelView, TierView
from retrieval.errors import SightlineError
from retrieval.weights import ModelStore

log = logging.getLogger("sightline.models")


class Models:
    """State and warming of the models.

    Args:
        warmers: for each role, what loads it; in this order.
    """

    def __init__(
        self, settings: Settings, store: ModelStore, warmers: Mapping[str, Callable[[], object]]
    ) -> None:
        self._settings = settings
        self._store = store
        self._warmers = warmers
        self._state = dict.fromkeys(warmers, "cold")
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def tier(self) -> TierView:
        """Return which set of weights answers, and why."""
        from assistant.models.registry import choose_tier

        name, reason = choose_tier(self._settings)
        return TierView(name, reason)

    def views(self) -> list[ModelView]:
        """Return every packaged model and the state of its files."""
        embedded = self.tier().name == "embedded"
        return [
            ModelView(
                id=state.bundle.id,
                role=state.bundle.role,
                title=state.bundle.title,
                upstream=state.bundle.upstream,
                licence=state.bundle.licence,
                size=f"{state.bytes / 1e6:.0f} MB",
                state=state.state,
                in_use=(embedded or state.bundle.role != "language")
                and state.state != "package missing",
            )
            for state in self._store.states()
        ] + list(_trained(self._settings, embedded))

    def warm_up(self) -> None:
        """Begin loading what is cold or failed; returns at once, a second call changes nothing."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            self._thread = threading.Thread(target=self._warm, name="warm-up", daemon=True)
            self._thread.start()

    def warm_state(self) -> dict[str, str]:
        """Return the state of each role."""
        return dict(self._state)

    def _warm(self) -> None:
        for role, warm in self._warmers.items():
            if self._state[role] == "ready":
                continue
            self._state[role] = "loading"
            try:
                warm()
            except SightlineError as error:
                self._state[role] = f"failed: {error}"
            except Exception as error:
                log.exception("warming %s", role)
                self._state[role] = f"failed: {type(error).__name__}: {error}"
            else:
                self._state[role] = "ready"


_TRAINED = (
    (CLIP, "joint embedding", "Sightline-CLIP, heads over both towers"),
    (VLM, "sight", "Sightline-VLM, projector, adapter and answer decoder"),
)
_SETS: tuple[Literal["best", "permissive"], ...] = ("best", "permissive")


def _trained(settings: Settings, embedded: bool) -> Iterator[ModelView]:
    """Yield the views of the weights that ship with the program."""
    for name, role, title in _TRAINED:
        own = TunedModels(settings.models_folder).current(name) is not None
        for weights in _SETS:
            folder = shipped_folder(name, weights)
            try:
                card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
                data = (folder / "model.safetensors").read_bytes()
            except (OSError, ValueError):
                continue
            whole = hashlib.sha256(data).hexdigest() == card["sha256"]
            yield ModelView(
                id=folder.name,
                role=role,
                title=title if weights == "best" else f"{title}, {weights}",
                upstream="trained by this project, see its card",
                licence=str(card["licence"]),
                size=f"{len(data) / 1e6:.0f} MB",
                state="verified" if whole else "damaged",
                in_use=embedded and not own and weights == settings.weights,
            )
