"""The embedders in use: those that the settings ask for, or the ones before until all is ready.

Another version of the photo encoder makes other vectors. So while the library is embedded anew
in the background, the old version goes on searching and taking in; its weights are kept in the
home folder for that, because an update of the program replaces its own.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from retrieval.changeover import change, drop_unused, serve, serving
from retrieval.errors import SightlineError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from assistant.config import Settings
    from retrieval.blobs import BlobStore
    from retrieval.embed.protocol import JointEmbedder
    from retrieval.embed.registry import Embedders
    from retrieval.indexer import Indexer
    from retrieval.refill import Refill
    from retrieval.weights import ModelStore

log = logging.getLogger(__name__)

_FILES = ("card.json", "calibration.json", "model.safetensors")
_OPEN_CLIP = "open_clip.json"


class Encoders:
    """Serves embedders and brings in another one in small steps.

    Args:
        wanted: the embedders that the settings ask for.
        weights: the folder of the photo encoder that the settings ask for.
        changed: called when another embedder serves from now on.
    """

    def __init__(
        self,
        settings: Settings,
        store: ModelStore,
        engine: Engine,
        blobs: BlobStore,
        indexer: Callable[[], Indexer],
        wanted: Callable[[], Embedders],
        weights: Callable[[], Path],
        changed: Callable[[], None],
    ) -> None:
        self._settings, self._store, self._engine, self._blobs = settings, store, engine, blobs
        self._indexer, self._wanted, self._weights = indexer, wanted, weights
        self._changed = changed
        self._kept = settings.home / "embedders"
        self._refills: list[Refill] = []
        self._coming: list[Refill] = []
        self._tidies: bool | None = None

    def serving(self) -> Embedders:
        """Return the embedders to search and take in with, until ``changed`` is called."""
        from retrieval.embed.passages import JointPassages
        from retrieval.embed.sentences import Sentences
        from retrieval.refill import Refill

        wanted = self._wanted()
        found = wanted
        old = serving(self._engine, "joint", wanted.joint.id)
        if old != wanted.joint.id:
            found = self._with_old(old, wanted)
        if found is wanted:
            self._keep(wanted.joint)

        def refills(joint: JointEmbedder) -> list[Refill]:
            both = (joint, JointPassages(joint))
            return [Refill(self._engine, self._blobs, embedder) for embedder in both]

        self._coming = refills(wanted.joint) if found is not wanted else []
        texts = [
            Refill(self._engine, self._blobs, embedder)
            for embedder in (found.text, Sentences(found.text))
        ]
        self._refills = [*texts, *refills(found.joint), *self._coming]
        if self._tidies is None:  # later ones may follow a changeover that others do not know of
            self._tidies = found is wanted
        return found

    def step(self) -> bool:
        """Embed a few of the things that lack a vector, or change over, or remove some vectors of
        an encoder that serves no more; False when all is done."""
        if any(refill.step() for refill in self._refills):
            return True
        if not self._coming and self._tidies:
            used = {refill.embedder.id for refill in self._refills}
            self._tidies = drop_unused(self._engine, used) > 0
            return self._tidies
        if not self._coming or not change(self._engine, self._indexer(), "joint", self._coming):
            return False
        log.info("search uses %s from now on", self._coming[0].embedder.id)
        self._changed()
        return True

    @property
    def coming(self) -> list[Refill]:
        """What is filled for the embedder that is to serve next: photos and pages, passages."""
        return self._coming

    def _with_old(self, old: str, wanted: Embedders) -> Embedders:
        """Return the embedders with the old photo encoder; the wanted ones if it is gone."""
        folder = self._kept / quote(old, safe="")
        try:
            joint = self._load(folder, wanted)
            if joint.id != old:
                raise SightlineError(detail=f"{folder} holds {joint.id}")
        except (SightlineError, OSError, ValueError, KeyError) as error:
            log.warning("the photo encoder %s cannot serve any more: %s", old, error)
            serve(self._engine, "joint", wanted.joint.id)
            return wanted
        from retrieval.calibration import Calibration
        from retrieval.embed.registry import CALIBRATION

        log.info("search goes on with %s until %s has seen everything", old, wanted.joint.id)
        file = folder / CALIBRATION
        maps = (*wanted.calibrations, *([Calibration.from_file(file)] if file.is_file() else []))
        return replace(wanted, joint=joint, calibrations=maps)

    def _load(self, folder: Path, wanted: Embedders) -> JointEmbedder:
        from retrieval.embed.registry import open_clip, sightline_clip

        if (folder / _OPEN_CLIP).is_file():
            return open_clip(Path(json.loads((folder / _OPEN_CLIP).read_text("utf-8"))["folder"]))
        threads = self._settings.threads
        return sightline_clip(self._store, threads, wanted.encoder, wanted.text, folder)

    def _keep(self, joint: JointEmbedder) -> None:
        """Keep what is needed to load this encoder again, and that of no other."""
        folder = self._kept / quote(joint.id, safe="")
        if not folder.is_dir():
            part = folder.with_name(f"{folder.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            try:
                part.mkdir(parents=True)
                if self._settings.joint_model:
                    named = json.dumps({"folder": self._settings.joint_model})
                    (part / _OPEN_CLIP).write_text(named, encoding="utf-8")
                else:
                    for name in _FILES:
                        if (self._weights() / name).is_file():
                            shutil.copyfile(self._weights() / name, part / name)
                part.replace(folder)
            except OSError as error:  # then a later version serves at once, with less to find
                log.warning("the weights of the photo encoder are not kept: %s", error)
        for other in self._kept.glob("*"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
