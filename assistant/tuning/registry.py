"""Versions of tuned models: kept side by side, one of them in use, the one before remembered.

``<models>/tuned/<name>/<version>/`` holds the files of a version, written elsewhere, synced to the
disk and renamed into place; ``<models>/tuned/<name>/current.json`` says which is in use and what
was before. It is replaced atomically, so at no moment is a half-written version applied.

Knows nothing of what a version holds beyond its card and the checksums in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.errors import TuningError, VersionNotFound

VLM, CLIP = "sightline-vlm", "sightline-clip"
CARD, WEIGHTS = "card.json", "model.safetensors"
_NAME = re.compile(r"\w[\w.-]{0,63}")  # what begins with a dot is half-written


@dataclass(frozen=True)
class Version:
    """One registered version; ``current`` tells whether the app uses it."""

    name: str
    version: str
    folder: Path
    card: dict[str, Any]
    current: bool

    @property
    def bytes(self) -> int:
        """Return the size of all its files."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())


class TunedModels:
    """The registry below a models folder."""

    def __init__(self, models: Path) -> None:
        self._root = models / "tuned"

    def versions(self, name: str | None = None) -> list[Version]:
        """Return all versions, of one model or of all, oldest first."""
        found = []
        for own in sorted(self._root.glob("*")) if self._root.is_dir() else []:
            if own.is_dir() and name in (None, own.name):
                used = self._history(own.name)[-1:]
                kept = [p for p in own.glob(f"*/{CARD}") if _NAME.fullmatch(p.parent.name)]
                cards = [(card, _read(card)) for card in kept]
                cards.sort(key=lambda pair: (str(pair[1].get("made", "")), str(pair[0])))
                found += [
                    Version(own.name, p.parent.name, p.parent, card, [p.parent.name] == used)
                    for p, card in cards
                ]
        return found

    def add(self, name: str, version: str, folder: Path) -> Version:
        """Register the files of ``folder`` (with a card whose checksum must hold) as a version.

        Raises:
            TuningError: a bad name, a version that exists, or weights unlike their card.
        """
        if not _NAME.fullmatch(name) or not _NAME.fullmatch(version):
            raise TuningError(detail=f"{name}/{version} cannot be the name of a version")
        target = self._root / name / version
        if target.exists():
            raise TuningError(detail=f"{name} {version} exists already; choose another version")
        check_card(folder)
        temporary = target.with_name(f".{version}.{os.getpid()}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(folder, temporary, copy_function=_copy_synced)
            check_card(temporary)
            temporary.replace(target)
        except OSError as error:
            raise TuningError(
                detail=f"{name} {version} could not be written to {target.parent}: "
                f"{error.strerror or error}; nothing was changed"
            ) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return Version(name, version, target, _read(target / CARD), False)

    def apply(self, name: str, version: str) -> Version:
        """Put a version into use; the app loads it at its next start.

        Raises:
            VersionNotFound: there is none.
            TuningError: its weights no longer match its card.
        """
        chosen = self._find(name, version)
        check_card(chosen.folder)
        history = [v for v in self._history(name) if v != version]
        self._point(name, [*history, version])
        return self._find(name, version)

    def rollback(self, name: str) -> Version | None:
        """Return to the version before; None when that is the built-in one.

        Raises:
            VersionNotFound: no version is in use.
        """
        history = self._history(name)
        if not history:
            raise VersionNotFound(version="in use", name=name)
        self._point(name, history[:-1])
        return self._find(name, history[-2]) if len(history) > 1 else None

    def current(self, name: str) -> Version | None:
        """Return the version in use, or None for the built-in one."""
        history = self._history(name)
        return self._find(name, history[-1]) if history else None

    def _find(self, name: str, version: str) -> Version:
        for found in self.versions(name):
            if found.version == version:
                return found
        raise VersionNotFound(version=version, name=name)

    def _history(self, name: str) -> list[str]:
        path = self._root / name / "current.json"
        history = _read(path).get("history", []) if path.is_file() else []
        return [v for v in history if (self._root / name / str(v) / CARD).is_file()]

    def _point(self, name: str, history: Sequence[str]) -> None:
        path = self._root / name / "current.json"
        temporary = path.with_name(f".current.{os.getpid()}")
        with temporary.open("w", encoding="utf-8") as out:
            json.dump({"history": list(history)}, out)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(path)


def check_card(folder: Path) -> dict[str, Any]:
    """Return the card of a folder whose weights match it.

    A card names its weights and their checksums as ``files``; one without speaks of
    ``model.safetensors`` alone.

    Raises:
        TuningError: card or weights are missing, or a checksum differs.
    """
    if not (folder / CARD).is_file():
        raise TuningError(detail=f"{folder} has no {CARD}; train it first")
    card = _read(folder / CARD)
    files: dict[str, Any] = card.get("files") or {WEIGHTS: card.get("sha256")}
    for name, wanted in files.items():
        path = folder / name
        if not path.is_file():
            raise TuningError(detail=f"{folder} has no {name}; train it again")
        found = sha256_of(path)
        if wanted != found:
            raise TuningError(
                detail=f"{path} has the checksum {found}, its card says {wanted}; "
                "train it again or restore the file"
            )
    return card


def hub_name(model: str) -> str:
    """Return the name under which adapters of a hub model (a folder or a cached name) are kept."""
    path = Path(model).expanduser()
    told = path.resolve().name if path.is_dir() else model
    return f"hub-{re.sub(r'[^A-Za-z0-9.-]+', '-', told).strip('-.')[-58:]}"


def new_version() -> str:
    """Return a name for a version made now; names sort by time."""
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _copy_synced(source: str, target: str) -> str:
    shutil.copy2(source, target)
    with Path(target).open("rb") as written:
        os.fsync(written.fileno())
    return target


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TuningError(detail=f"{path} cannot be read: {error}") from error
    return value if isinstance(value, dict) else {}
