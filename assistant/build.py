"""The one place that picks concrete classes and joins them to an assistant.

Nothing heavy is imported or built here: every part is made when it is first asked for, once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from assistant.agent import Agent
from assistant.attachments import AttachmentReader
from assistant.casebook import CaseBook
from assistant.config import Settings
from assistant.files import Files
from assistant.look import Looker
from assistant.models_view import Models
from assistant.orders import OrderDetector
from assistant.runs import RunManager
from assistant.service import Assistant
from assistant.session import Limits
from assistant.speech import Speech
from assistant.store.cases import Cases
from assistant.store.conversations import Conversations
from assistant.store.migrate import migrate
from assistant.talk import Talk
from retrieval.blobs import BlobStore
from retrieval.catalog.base import open_engine
from retrieval.catalog.jobs import Jobs
from retrieval.catalog.library import Catalog
from retrieval.catalog.references import delete_unreferenced
from retrieval.errors import HomeError
from retrieval.thumbnails import Thumbnails
from retrieval.weights import ModelStore

if TYPE_CHECKING:
    from assistant.models.protocol import SightlineChatModel
    from assistant.tuning.control import Tuning
    from retrieval.embed.protocol import ImageClassifier
    from retrieval.embed.registry import Embedders
    from retrieval.indexer import Indexer
    from retrieval.ingest import Ingestor
    from retrieval.sandbox import ParserProcess
    from retrieval.search import Searcher
    from retrieval.worker import IngestWorker

T = TypeVar("T")


class Lazy(Generic[T]):
    """A part that is made when it is first called for, once, whichever thread comes first."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.RLock()
        self._made: list[T] = []

    def __call__(self) -> T:
        """Return the part."""
        if not self._made:
            with self._lock:
                if not self._made:
                    self._made.append(self._make())
        return self._made[0]

    @property
    def made(self) -> T | None:
        """The part if it was made already."""
        return self._made[0] if self._made else None

    def forget(self) -> T | None:
        """Let the next call make the part anew; return the one that was made, to be closed."""
        with self._lock:
            return self._made.pop() if self._made else None


def build_assistant(
    settings: Settings,
    *,
    embedders: Callable[[], Embedders] | None = None,
    model: Callable[[], SightlineChatModel] | None = None,
) -> Assistant:
    """Open a home folder (migrating its database) and return the assistant over it.

    Args:
        embedders, model: make other parts than the settings mean.

    Raises:
        HomeError: the folder cannot be used; SchemaOutdated: it is of a newer version.
        ModelUnavailable: never here; when a model is first used.
    """
    builder = _Builder(settings)
    if embedders is not None:
        builder.embedders = Lazy(embedders)
    if model is not None:
        builder.model = Lazy(model)
    return builder.assistant()


@contextmanager
def build_tuning(settings: Settings) -> Iterator[Tuning]:
    """Open a home folder for fine-tuning alone: no model of the assistant is in the way.

    Raises:
        HomeError, SchemaOutdated: as ``build_assistant``.
    """
    from assistant.store.tuning import TuningRuns
    from assistant.tuning.control import Tuning

    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HomeError(path=settings.home, detail=error.strerror or str(error)) from error
    engine = open_engine(settings.database_url)
    try:
        migrate(engine, settings.home / "backups")
        yield Tuning(settings, TuningRuns(engine), ModelStore(settings.models_folder))
    finally:
        engine.dispose()


class _Builder:
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
        self.embedders: Lazy[Embedders] = Lazy(self._embedders)
        self.indexer: Lazy[Indexer] = Lazy(self._indexer)
        self.ingestor: Lazy[Ingestor] = Lazy(self._ingestor)
        self.searcher: Lazy[Searcher] = Lazy(self._searcher)
        self.worker: Lazy[IngestWorker] = Lazy(self._worker)
        self.parser: Lazy[ParserProcess] = Lazy(self._parser)
        self.attachment_parser: Lazy[ParserProcess] = Lazy(self._parser)
        self.model: Lazy[SightlineChatModel] = Lazy(self._model)
        self.speech = Speech(self._transcriber)

    def assistant(self) -> Assistant:
        """Join the parts."""
        self.conversations.mark_interrupted()
        files = Files(
            catalog=self.catalog,
            jobs=self.jobs,
            blobs=self.blobs,
            thumbnails=self.thumbnails,
            language=self.settings.language,
            ingestor=self.ingestor,
            searcher=self.searcher,
            worker=self.worker,
        )
        agent = Lazy(
            lambda: Agent(
                self.model,
                Looker(self._classifier),
                Limits(answer_tokens=self.settings.max_answer_tokens),
                OrderDetector(lambda: self.embedders().text),
            )
        )
        talk = Talk(
            conversations=self.conversations,
            runs=self.runs,
            speech=self.speech,
            attachments=AttachmentReader(self.blobs, self.attachment_parser),
            agent=agent,
            open_library=files.shelf,
            trace=self._trace,
        )
        return Assistant(
            settings=self.settings,
            files=files,
            talk=talk,
            runs=self.runs,
            conversations=self.conversations,
            speech=self.speech,
            models=self._models(),
            blobs=self.blobs,
            cases=CaseBook(Cases(self.engine, self.blobs), files.shelf, self.model, self._release),
            tuning=Lazy(self._tuning),
            examine=self._examine,
            release=self._release,
            describe=self._describe,
            close=self._close,
        )

    # --- parts -------------------------------------------------------------------------------

    def _model(self) -> SightlineChatModel:
        from assistant.models.registry import build_chat_model

        return build_chat_model(self.settings, self.store)

    def _embedders(self) -> Embedders:
        from assistant.sight_weights import sight_folder
        from assistant.tuning.registry import CLIP
        from retrieval.embed.registry import build_embedders

        return build_embedders(
            self.store,
            threads=self.settings.threads,
            joint_model=self.settings.joint_model,
            joint_weights=sight_folder(self.settings, CLIP)[0],
        )

    def _classifier(self) -> ImageClassifier:
        return self.embedders().classifier

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

        worker = IngestWorker(self.ingestor(), idle=self._describe_one, first=self._fill)
        worker.start()
        return worker

    def _fill(self, stop: Callable[[], bool]) -> None:
        """Embed what only an embedder of an earlier version has seen."""
        from retrieval.refill import fill_missing

        embedders = self.embedders()
        for embedder in (embedders.text, embedders.joint):
            fill_missing(self.engine, self.blobs, embedder, stop)

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

    # --- state -------------------------------------------------------------------------------

    def _retuned(self, name: str) -> None:
        """Answer with another version from the next question on; search changes at next start,
        because every photo is then embedded anew."""
        from assistant.tuning.registry import CLIP

        if name != CLIP and (old := self.model.forget()) is not None:
            threading.Thread(target=old.unload, name="unload", daemon=True).start()

    def _models(self) -> Models:
        return Models(
            self.settings,
            self.store,
            {
                "embedding": self._begin,
                "language": self._ready_to_read,
                "speech": self.speech.warm,
            },
        )

    def _begin(self) -> None:
        """Load the encoders, and go on with what a killed server left in the queue."""
        self.searcher()
        self.indexer().background = True
        self.worker()

    def _ready_to_read(self) -> None:
        """Load the chat model; a small one reads its standing instructions now, not later."""
        from assistant import prompts
        from assistant.session import as_messages

        model = self.model()
        model.warm()
        if self.settings.tier in ("auto", "embedded") and not model.calls_tools:
            form = prompts.span if model.reads else prompts.reader
            for language in ("zh", "en"):
                turns = as_messages(form("?", "?", language))
                try:
                    model.copy_answer(turns, "?", prompts.NOT_FOUND)
                except NotImplementedError:
                    model.invoke(turns, max_tokens=1)

    def _trace(self, library: str) -> dict[str, Any]:
        """Return what answers over a library depend on; ``index`` counts the library's changes."""
        from importlib.metadata import version

        from retrieval.catalog.vectors import generation

        settings = self.settings
        embedders = self.embedders()
        with self.engine.connect() as connection:
            index = generation(connection, library)
        return {
            "version": version("sightline"),
            "model": self.model().model_id,
            "embedders": [embedders.text.id, embedders.joint.id],
            "index": index,
            "settings": {
                "tier": settings.tier,
                "temperature": settings.temperature,
                "context_tokens": settings.context_tokens,
                "max_answer_tokens": settings.max_answer_tokens,
                "quantization": settings.quantization,
            },
        }

    def _examine(self, *, repair: bool) -> Any:
        from retrieval.doctor import Patient, check

        embedders = self.embedders()
        patient = Patient(
            self.engine,
            self.blobs,
            self.thumbnails,
            self.indexer(),
            embedders.text,
            embedders.joint,
        )
        return check(patient, repair=repair)

    def _release(self, hashes: Sequence[str]) -> None:
        """Delete blobs of a deleted conversation that nothing else refers to."""
        delete_unreferenced(self.engine, self.blobs, hashes)

    def _close(self) -> None:
        if (worker := self.worker.made) is not None:
            worker.close()
        for parser in (self.parser.made, self.attachment_parser.made):
            if parser is not None:
                parser.close()
        if (indexer := self.indexer.made) is not None:
            indexer.close()
        if (model := self.model.made) is not None:
            model.unload()
        self.engine.dispose()
