"""The parts of one assistant, each made when it is first asked for: which concrete class it is.

Knows nothing of how they are joined (``build``).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from assistant.config import Settings
from assistant.encoders import Encoders
from assistant.lazy import Lazy
from assistant.models.idle import IdleRelease
from assistant.runs import RunManager
from assistant.speech import Speech
from assistant.store.conversations import Conversations
from assistant.store.migrate import migrate
from retrieval.blobs import BlobStore
from retrieval.catalog.base import open_engine
from retrieval.catalog.jobs import Jobs
from retrieval.catalog.library import Catalog
from retrieval.errors import FacesUnavailable, HomeError, WeightsError
from retrieval.thumbnails import Thumbnails
from retrieval.weights import ModelStore

if TYPE_CHECKING:
    from pathlib import Path

    from assistant.models.protocol import SightlineChatModel
    from assistant.tuning.control import Tuning
    from retrieval.embed.protocol import ImageClassifier
    from retrieval.embed.registry import Embedders
    from retrieval.indexer import Indexer
    from retrieval.ingest import Ingestor
    from retrieval.marks import PageMarks
    from retrieval.people import People
    from retrieval.presence import Presence
    from retrieval.sandbox import ParserProcess
    from retrieval.search import Searcher
    from retrieval.worker import IngestWorker

log = logging.getLogger(__name__)


class Parts:
    """The parts of one assistant, each lazy."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        try:
            settings.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HomeError(path=settings.home, detail=error.strerror or str(error)) from error
        self.engine = open_engine(settings.database_url)
        migrate(self.engine, settings.home / "backups")
        self.store = ModelStore(settings.models_folder)
        self.blobs = BlobStore(settings.home / "blobs")
        self.thumbnails = Thumbnails(self.settings.home / "thumbnails", self.blobs)
        self.catalog = Catalog(self.engine)
        self.jobs = Jobs(self.engine)
        self.conversations = Conversations(self.engine)
        self.runs = RunManager()
        self.wanted: Lazy[Embedders] = Lazy(self._wanted)
        self.encoders = self._encoders()
        self.embedders: Lazy[Embedders] = Lazy(self.encoders.serving)
        self.indexer: Lazy[Indexer] = Lazy(self._indexer)
        self.ingestor: Lazy[Ingestor] = Lazy(self._ingestor)
        self.searcher: Lazy[Searcher] = Lazy(self._searcher)
        self.presence: Lazy[Presence] = Lazy(self._presence)
        self.worker: Lazy[IngestWorker] = Lazy(self._worker)
        self.parser: Lazy[ParserProcess] = Lazy(self._parser)
        self.attachment_parser: Lazy[ParserProcess] = Lazy(self._parser)
        self.model: Lazy[SightlineChatModel] = Lazy(self._model)
        minutes = settings.unload_minutes
        self.idle = IdleRelease(lambda: self.model.made, 60.0 * minutes) if minutes else None
        self.speech = Speech(self._transcriber)
        self.people: Lazy[People] = Lazy(self._people)
        self._faces_told = False

    def _model(self) -> SightlineChatModel:
        from assistant.models.registry import build_chat_model

        return build_chat_model(self.settings, self.store)

    def _wanted(self) -> Embedders:
        from retrieval.embed.registry import build_embedders

        return build_embedders(
            self.store,
            threads=self.settings.threads,
            joint_model=self.settings.joint_model,
            joint_weights=self._clip_folder(),
        )

    def _clip_folder(self) -> Path:
        from assistant.sight_weights import sight_folder
        from assistant.tuning.registry import CLIP

        return sight_folder(self.settings, CLIP)[0]

    def _encoders(self) -> Encoders:
        return Encoders(
            self.settings,
            self.store,
            self.engine,
            self.blobs,
            indexer=lambda: self.indexer(),
            wanted=lambda: self.wanted(),
            weights=self._clip_folder,
            changed=self._embedders_changed,
        )

    def _embedders_changed(self) -> None:
        """Search and take in with other embedders from the next call on."""
        for part in (self.embedders, self.searcher, self.ingestor, self.presence):
            part.forget()

    def _classifier(self) -> ImageClassifier:
        return self.embedders().classifier

    def _presence(self) -> Presence:
        from retrieval.presence import Presence

        used = self.embedders()
        own = (c for c in used.calibrations if c.embedder == used.joint.id)
        return Presence(used.joint, next(own, None))

    def _indexer(self) -> Indexer:
        from retrieval.indexer import Indexer

        return Indexer(self.engine, self.settings.home / "index")

    def _parser(self) -> ParserProcess:
        from retrieval.parse.base import Limits as ParseLimits
        from retrieval.sandbox import ParserProcess

        settings = self.settings
        limits = ParseLimits(
            max_bytes=settings.max_upload_mb * 1_000_000,
            max_pixels=settings.max_megapixels * 1_000_000,
            max_pages=settings.max_pages,
            max_audio_seconds=settings.max_audio_minutes * 60,
        )
        return ParserProcess(
            settings.models_folder, limits, settings.threads, settings.parse_timeout
        )

    def drawn_anew(
        self, path: Path, name: str, pages: Sequence[int], cancelled: Callable[[], bool]
    ) -> Iterator[PageMarks]:
        """Yield what pages of a PDF look like, from a process that no ingestion keeps busy."""
        yield from self.attachment_parser().look(path, name, pages, cancelled)

    def _ingestor(self) -> Ingestor:
        from retrieval.ingest import Ingestor
        from retrieval.pipeline import Parts

        embedders = self.embedders()
        return Ingestor(
            Parts(
                engine=self.engine,
                blobs=self.blobs,
                parser=self.parser(),
                text=embedders.text,
                joint=embedders.joint,
                indexer=self.indexer(),
                max_bytes=self.settings.max_upload_mb * 1_000_000,
            )
        )

    def _worker(self) -> IngestWorker:
        from retrieval.worker import IngestWorker

        worker = IngestWorker(self.ingestor, idle=self._idle)
        worker.start()
        return worker

    def _idle(self) -> bool:
        """Embed what lacks a vector, look for faces, describe a photo: the worker's idle work."""
        self.embedders()
        return self.encoders.step() or self._faces_one() or self._describe_one()

    def _people(self) -> People:
        from retrieval.face_vectors import load_faces
        from retrieval.people import People

        return People(self.engine, self.blobs, Lazy(lambda: load_faces(self.store)))

    def check_faces(self) -> None:
        """Raise FacesUnavailable when this machine cannot look for faces and group them."""
        from retrieval.face_vectors import check_faces

        check_faces(self.store)

    def _faces_one(self) -> bool:
        """Look at a photo for faces where an owner wants it, unless somebody waits."""
        if self.runs.busy:
            return False
        try:
            return self.people().step()
        except (FacesUnavailable, WeightsError) as error:  # the rest of the idle work goes on
            if not self._faces_told:
                log.warning("faces are not grouped: %s", error)
            self._faces_told = True
            return False

    def _describe_one(self) -> bool:
        """Describe a photo if one waits and nobody else does; the worker's idle work."""
        model = self.model.made
        if not self.settings.describe_photos or self.runs.busy or model is None:
            return False
        return model.loaded and self._describe(most=1) > 0

    def _describe(
        self, most: int | None = None, cancelled: Callable[[], bool] = lambda: False
    ) -> int:
        """Describe photos that wait for it with the chat model, if it sees; return how many."""
        from assistant.describer import describe_with

        model = self.model()
        if not model.sees_images:
            return 0
        text = self.embedders().text
        return describe_with(model, self.engine, self.blobs, text, most=most, cancelled=cancelled)

    def _searcher(self) -> Searcher:
        from retrieval.rerank.registry import build_rerankers
        from retrieval.search import Searcher

        embedders = self.embedders()
        return Searcher(
            engine=self.engine,
            indexer=self.indexer(),
            text=embedders.text,
            joint=embedders.joint,
            calibrations=embedders.calibrations,
            classifier=embedders.classifier,
            rerankers=build_rerankers(
                self.settings.rerank_model,
                self.settings.page_model,
                self.blobs.read,
            ),
        )

    def _transcriber(self) -> Any:
        from pathlib import Path

        from retrieval.transcribe import WhisperTranscriber

        named = self.settings.whisper_model
        folder = Path(named) if named else self.store.path("whisper-base")
        return WhisperTranscriber(folder, self.settings.threads)

    def _tuning(self) -> Tuning:
        from assistant.store.tuning import TuningRuns
        from assistant.tuning.control import Tuning

        return Tuning(self.settings, TuningRuns(self.engine), self.store, self._retuned)

    def _retuned(self, name: str) -> None:
        """Answer with another version from the next question on; search begins to change at the
        next start, because every photo is then embedded anew."""
        from assistant.tuning.registry import CLIP

        if name != CLIP and (old := self.model.forget()) is not None:
            threading.Thread(target=old.unload, name="unload", daemon=True).start()
