"""The one place that picks concrete classes and joins them to an assistant.

Nothing heavy is imported or built here: every part is made when it is first asked for, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from assistant.agent import Agent
from assistant.attachments import AttachmentReader
from assistant.casebook import CaseBook
from assistant.config import Settings
from assistant.files import Files
from assistant.intake import Intake
from assistant.intents import IntentJudge
from assistant.lazy import Lazy
from assistant.likeness import Likeness
from assistant.look import Looker
from assistant.models_view import Models
from assistant.orders import OrderDetector
from assistant.parts import Parts
from assistant.people import PeopleBook
from assistant.service import Assistant
from assistant.session import Limits
from assistant.store.cases import Cases
from assistant.store.migrate import migrate
from assistant.talk import Talk
from retrieval.catalog.base import open_engine
from retrieval.catalog.references import delete_unreferenced
from retrieval.errors import HomeError
from retrieval.weights import ModelStore

if TYPE_CHECKING:
    from assistant.models.protocol import SightlineChatModel
    from assistant.tuning.control import Tuning
    from retrieval.embed.registry import Embedders


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
        builder.wanted = Lazy(embedders)
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


class _Builder(Parts):
    """The parts of one assistant, joined."""

    def assistant(self) -> Assistant:
        """Join the parts."""
        self.conversations.mark_interrupted()
        if self.idle is not None:
            self.idle.start()
        people = self._people_book()
        files = Files(
            catalog=self.catalog,
            blobs=self.blobs,
            thumbnails=self.thumbnails,
            language=self.settings.language,
            searcher=self.searcher,
            recognise=people.recognise,
            look=self.drawn_anew,
        )
        intake = Intake(
            catalog=self.catalog,
            jobs=self.jobs,
            blobs=self.blobs,
            language=self.settings.language,
            ingestor=self.ingestor,
            worker=self.worker,
            delete=files.delete,
        )
        talk = Talk(
            conversations=self.conversations,
            runs=self.runs,
            speech=self.speech,
            attachments=AttachmentReader(self.blobs, self.attachment_parser),
            agent=Lazy(self._agent),
            open_library=files.shelf,
            trace=self._trace,
        )
        return Assistant(
            settings=self.settings,
            files=files,
            intake=intake,
            talk=talk,
            runs=self.runs,
            conversations=self.conversations,
            speech=self.speech,
            models=self._models(),
            blobs=self.blobs,
            cases=CaseBook(Cases(self.engine, self.blobs), files.shelf, self.model, self._release),
            people=people,
            tuning=Lazy(self._tuning),
            examine=self._examine,
            release=self._release,
            describe=self._describe,
            close=self._close,
        )

    def _agent(self) -> Agent:
        return Agent(
            self.model,
            Looker(self._classifier, lambda *asked: self.presence().chance(*asked)),
            Limits(answer_tokens=self.settings.max_answer_tokens),
            OrderDetector(lambda: self.embedders().text),
            IntentJudge(lambda: self.embedders().text),
            Likeness(lambda: self.embedders().text),
        )

    # --- state -------------------------------------------------------------------------------

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

    def _people_book(self) -> PeopleBook:
        def wake() -> None:
            if (worker := self.worker.made) is not None:
                worker.wake()

        return PeopleBook(
            self.settings.library, self.catalog, self.blobs, self.people, self.check_faces, wake
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
            coming=tuple(refill.embedder for refill in self.encoders.coming),
        )
        found = check(patient, repair=repair)
        if repair and self.encoders.coming:
            self.encoders.step()  # all is embedded: the new one serves
        return found

    def _release(self, hashes: Sequence[str]) -> None:
        """Delete blobs of a deleted conversation that nothing else refers to."""
        delete_unreferenced(self.engine, self.blobs, hashes)

    def _close(self) -> None:
        if self.idle is not None:
            self.idle.close()
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
