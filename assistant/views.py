"""Views of files, jobs and models, as the command line and the screen show them.

Frozen values; reasons are kept as code and parameters and said in the reader's language when
asked. Conversation values are in ``messages``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from assistant.i18n import Language, explain_code, text
from retrieval.values import Box


@dataclass(frozen=True)
class FileOutcome:
    """How taking in one file ended: ``indexed``, ``duplicate``, ``failed`` or ``cancelled``."""

    path: Path
    name: str
    status: str
    asset_id: int | None = None
    modality: str | None = None
    chunks: int = 0
    code: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    def reason(self, language: Language = "en") -> str:
        """Say why it failed, or nothing."""
        return explain_code(self.code, dict(self.params), language) if self.code else ""


@dataclass(frozen=True)
class JobFileView:
    """One file of a job. ``progress`` runs from 0 to 1; ``reason`` is in the interface language."""

    name: str
    status: str
    progress: float
    reason: str = ""
    asset_id: int | None = None
    code: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class JobView:
    """A batch of files being taken in; ``eta`` in seconds, None when it cannot be told."""

    id: int
    status: str
    files: tuple[JobFileView, ...]
    progress: float
    eta: float | None = None

    @property
    def active(self) -> bool:
        """Whether it still waits or works."""
        return self.status in ("queued", "running", "paused")


JobAction = Literal["pause", "resume", "cancel", "retry"]


@dataclass(frozen=True)
class SyncNews:
    """What became of a file of a folder kept in step.

    ``what``: indexed, duplicate, failed, moved, changed, removed; or ``gone``: the folder itself
    cannot be seen, and nothing was done. ``reason`` says why one failed.
    """

    what: str
    path: Path
    before: Path | None = None
    code: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    def sentence(self, language: Language) -> str:
        """Say it."""
        reason = explain_code(self.code, dict(self.params), language) if self.code else ""
        return text(
            f"sync_{self.what}",
            language,
            name=self.path.name,
            path=self.path,
            before=self.before,
            reason=reason,
        )


@dataclass(frozen=True)
class ModelView:
    """A model on this machine: what it is for, whose it is, whether its files are whole."""

    id: str
    role: str
    title: str
    upstream: str
    licence: str
    size: str
    state: str
    in_use: bool

    def to_json(self) -> dict[str, Any]:
        """Return all fields."""
        return {
            "id": self.id,
            "role": self.role,
            "title": self.title,
            "upstream": self.upstream,
            "licence": self.licence,
            "size": self.size,
            "state": self.state,
            "in_use": self.in_use,
        }


@dataclass(frozen=True)
class TierView:
    """Which set of weights answers, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Finding:
    """Something that database, files or indexes disagree on."""

    sentence: str
    repaired: bool
    kind: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return all fields."""
        return {"kind": self.kind, "sentence": self.sentence, "repaired": self.repaired}


@dataclass(frozen=True)
class PersonView:
    """Faces that look like one person's; ``name`` is the owner's, empty until there is one."""

    id: int
    name: str
    faces: int
    photos: int

    def to_json(self) -> dict[str, Any]:
        """Return all fields."""
        return {"id": self.id, "name": self.name, "faces": self.faces, "photos": self.photos}


@dataclass(frozen=True)
class FaceView:
    """A stored face; ``box`` is in fractions of the photo, ``name`` empty for nobody named."""

    id: int
    asset_id: int
    asset: str
    box: Box
    name: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return all fields."""
        place = {"region": list(self.box)}
        return {"id": self.id, "asset": self.asset, "locator": place, "name": self.name}


@dataclass(frozen=True)
class PeopleView:
    """Whether faces are grouped, how many photos still wait for it, and who was found.

    ``busy`` while photos wait, or faces that are in no group yet.
    """

    on: bool
    waiting: int
    people: tuple[PersonView, ...]
    busy: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return all fields."""
        return {
            "on": self.on,
            "waiting": self.waiting,
            "people": [person.to_json() for person in self.people],
        }
