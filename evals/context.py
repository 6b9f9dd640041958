"""What suites measure with: the system under test over a library of its own, the models, vectors.

Everything is made when first asked for, so that a suite pays only for what it uses. Measuring
never touches the user's own library: each data set gets a home below ``<home>/evals/libraries``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.config import Settings
from evals.progress import Progress
from evals.store import code_digest, key_of
from evals.suite import load_suite
from evals.systems import PRODUCT, build_peer
from evals.systems.base import Ask, Query, Reply, System, Taken
from evals.values import Dataset, Options

if TYPE_CHECKING:
    from assistant.models.protocol import SightlineChatModel
    from retrieval.embed.protocol import JointEmbedder
    from retrieval.embed.registry import Embedders
    from retrieval.values import Passage

__all__ = ["Ask", "Context", "Query", "Reply"]
INGEST_CODE = ("retrieval",)
EMBED_CODE = ("retrieval/embed",)
_ANSWER_SETTINGS = (
    "tier", "chat_model", "quantization", "endpoint", "joint_model", "whisper_model",
    "context_tokens", "max_answer_tokens", "temperature",
)  # fmt: skip


@dataclass
class Context:
    """The means of one run. ``chat_model`` and ``joint`` may be given instead of built;
    ``small_set`` says that the data is the set that comes with the program."""

    settings: Settings
    options: Options
    note: Callable[[str], None]
    given_chat: SightlineChatModel | None = None
    given_joint: JointEmbedder | None = None
    small_set: bool = False
    _system: System | None = None
    _home: Path | None = None

    @property
    def folder(self) -> Path:
        """Where evaluations keep what they make."""
        return self.settings.home / "evals"

    def scratch(self, dataset: Dataset) -> Path:
        """Return a folder for media taken out of a tar."""
        return self.folder / "media" / f"{dataset.suite}-{dataset.digest[:12]}"

    @cached_property
    def chat_model(self) -> SightlineChatModel:
        """The chat model that the settings choose, loaded by its first use."""
        if self.given_chat is not None:
            return self.given_chat
        from assistant.models.registry import build_chat_model
        from retrieval.weights import ModelStore

        return build_chat_model(self.settings, ModelStore(self.settings.models_folder))

    @cached_property
    def embedders(self) -> Embedders:
        """The encoders of text and photos that the settings choose."""
        from retrieval.embed.registry import build_embedders
        from retrieval.weights import ModelStore

        return build_embedders(
            ModelStore(self.settings.models_folder),
            threads=self.settings.threads,
            joint_model=self.settings.joint_model,
        )

    @cached_property
    def joint(self) -> JointEmbedder:
        """The embedder of photos and text that the settings choose."""
        return self.given_joint or self.embedders.joint

    @property
    def vectors(self) -> Path:
        """Where photo vectors are kept for the embedders as they are now, weights included."""
        return self.folder / "vectors" / code_digest(EMBED_CODE)

    def home_of(self, dataset: Dataset) -> Path:
        """Return the home folder of one data set's library.

        It is named by the data and by the code that reads files, so that files taken in by an
        earlier run are there already.
        """
        if load_suite(dataset.suite).own_library:
            return self.settings.home
        code = code_digest(INGEST_CODE)
        models = [self.settings.joint_model, self.settings.whisper_model]
        key = key_of({"data": dataset.digest, "code": code, "models": models})
        return self.folder / "libraries" / f"{dataset.suite}-{key}"

    def system(self, dataset: Dataset) -> System:
        """Return the system under test over the libraries of one data set; the same each time."""
        home = self.home_of(dataset)
        if self._system is None or self._home != home:
            self.close()
            home.mkdir(parents=True, exist_ok=True)
            self._system = self._build(home)
            self._home = home
        return self._system

    def _build(self, home: Path) -> System:
        if self.options.system != PRODUCT:
            return build_peer(self.options.system, self, home)
        from evals.systems.sightline import Sightline

        return Sightline(self.assistant_over(home))

    def assistant_over(self, home: Path) -> Any:
        """Build the product's service over a home folder with these settings."""
        from assistant.build import build_assistant

        kept = [f for f in Settings.model_fields if f not in ("home", "database_url")]
        chosen = {name: getattr(self.settings, name) for name in kept}
        url = self.settings.database_url if home == self.settings.home else ""
        model = self.given_chat
        return build_assistant(
            Settings(home=home, database_url=url, **chosen),
            model=None if model is None else lambda: model,
        )

    def close(self) -> None:
        """Stop the system, if one was built."""
        if self._system is not None:
            self._system.close()
            self._system = None

    def model_ids(self, roles: Sequence[str]) -> dict[str, str]:
        """Return the names of the models in use by role."""
        from retrieval.face_vectors import DlibFaces

        names: dict[str, Callable[[], str]] = {
            "chat": lambda: self.chat_model.model_id,
            "joint": lambda: self.joint.id,
            "library": lambda: self.settings.joint_model or "embedded",
            "faces": lambda: DlibFaces.id,
            "speech": lambda: self.settings.whisper_model or "faster-whisper-base",
        }
        return {role: names[role]() for role in roles}

    def prompt_version(self) -> str:
        """Return the version of the prompts."""
        from assistant.prompts import VERSION

        return VERSION

    def answer_settings(self) -> dict[str, Any]:
        """Return the settings that change answers."""
        return {name: getattr(self.settings, name) for name in _ANSWER_SETTINGS}

    def ingest(self, dataset: Dataset, paths: Sequence[Path], library: str) -> Taken:
        """Take files into a library; returns by name the file's number, or None and why not."""
        progress = Progress(len(paths), lambda line: self.note(f"taking in files: {line}"))
        return self.system(dataset).ingest(paths, library, progress.reach)

    def tag(self, dataset: Dataset, numbers: Sequence[int], tag: str, library: str) -> None:
        """Put files of a library into an album.

        Raises:
            NotOffered: the system keeps none.
        """
        self.system(dataset).tag(numbers, tag, library)

    def search(self, dataset: Dataset, query: Query) -> list[Passage]:
        """Search one library of a data set."""
        return self.system(dataset).search(query)

    def ask(self, dataset: Dataset, question: str, library: str, **more: Any) -> Reply:
        """Ask the system, in a conversation of its own that is removed after.

        Args:
            more: what else an ``Ask`` takes.

        Raises:
            CaseTimeout: no outcome within the time of a case.
            EvalError: the system failed.
        """
        return self.converse(dataset, Ask(question, library, **more))[-1]

    def converse(self, dataset: Dataset, asked: Ask) -> list[Reply]:
        """Ask with the turns before it; returns a reply for each.

        Raises:
            as ``ask``.
        """
        return self.system(dataset).ask(asked, self.options.timeout)

    def transcribe(self, dataset: Dataset, path: Path) -> str:
        """Return what is said in a recording."""
        return self.system(dataset).transcribe(path).strip()
