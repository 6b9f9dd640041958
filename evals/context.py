"""What suites measure with: the assistant over a library of its own, the models, photo vectors.

Everything is made when first asked for, so that a suite pays only for what it uses. Measuring
never touches the user's own library: each data set gets a home below ``<home>/evals/libraries``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.config import Settings
from evals.errors import CaseTimeout, EvalError
from evals.store import code_digest, key_of
from evals.suite import load_suite
from evals.values import Dataset, Options

if TYPE_CHECKING:
    from assistant.messages import Citation
    from assistant.models.protocol import SightlineChatModel
    from assistant.service import Assistant
    from retrieval.embed.protocol import JointEmbedder
    from retrieval.values import SearchResult

INGEST_CODE = ("retrieval",)
EMBED_CODE = ("retrieval/embed",)
_ANSWER_SETTINGS = (
    "tier", "chat_model", "quantization", "endpoint", "joint_model", "whisper_model",
    "context_tokens", "max_answer_tokens", "temperature",
)  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """What the assistant said to one question."""

    text: str
    abstained: bool
    citations: tuple[Citation, ...]


@dataclass
class Context:
    """The means of one run. ``chat_model`` and ``joint`` may be given instead of built."""

    settings: Settings
    options: Options
    note: Callable[[str], None]
    given_chat: SightlineChatModel | None = None
    given_joint: JointEmbedder | None = None
    _assistant: Assistant | None = None
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
    def joint(self) -> JointEmbedder:
        """The embedder of photos and text that the settings choose."""
        if self.given_joint is not None:
            return self.given_joint
        from retrieval.embed.registry import build_embedders
        from retrieval.weights import ModelStore

        return build_embedders(
            ModelStore(self.settings.models_folder),
            threads=self.settings.threads,
            joint_model=self.settings.joint_model,
        ).joint

    @property
    def vectors(self) -> Path:
        """Where photo vectors are kept for the embedders as they are now, weights included."""
        return self.folder / "vectors" / code_digest(EMBED_CODE)

    def assistant(self, dataset: Dataset) -> Assistant:
        """Return the assistant over the libraries of one data set; the same one each time.

        The home is named by the data and by the code that reads files, so that files taken in by
        an earlier run are there already.
        """
        if load_suite(dataset.suite).own_library:
            return self._over(self.settings.home, self.settings.database_url)
        code = code_digest(INGEST_CODE)
        models = [self.settings.joint_model, self.settings.whisper_model]
        key = key_of({"data": dataset.digest, "code": code, "models": models})
        home = self.folder / "libraries" / f"{dataset.suite}-{key}"
        return self._over(home, "")

    def _over(self, home: Path, database_url: str) -> Assistant:
        """Return the assistant over a home folder, closing the one over another."""
        if self._assistant is None or self._home != home:
            from assistant.build import build_assistant

            self.close()
            kept = [f for f in Settings.model_fields if f not in ("home", "database_url")]
            chosen = {name: getattr(self.settings, name) for name in kept}
            home.mkdir(parents=True, exist_ok=True)
            self._assistant = build_assistant(
                Settings(home=home, database_url=database_url, **chosen)
            )
            self._home = home
        return self._assistant

    def close(self) -> None:
        """Stop the assistant, if one was built."""
        if self._assistant is not None:
            self._assistant.close()
            self._assistant = None

    def model_ids(self, roles: Sequence[str]) -> dict[str, str]:
        """Return the names of the models in use by role."""
        names: dict[str, Callable[[], str]] = {
            "chat": lambda: self.chat_model.model_id,
            "joint": lambda: self.joint.id,
            "library": lambda: self.settings.joint_model or "embedded",
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

    def ingest(
        self, dataset: Dataset, paths: Sequence[Path], library: str
    ) -> dict[str, tuple[int | None, str]]:
        """Take files into a library; returns by name the asset's id, or None and the reason."""
        from evals.runner import Progress

        progress = Progress(len(paths), lambda line: self.note(f"taking in files: {line}"))
        outcomes = self.assistant(dataset).ingest(
            paths, library=library, on_progress=lambda done, _total, _name: progress.reach(done)
        )
        return {o.name: (o.asset_id, o.reason()) for o in outcomes}

    def search(self, dataset: Dataset, text: str, library: str, k: int) -> SearchResult:
        """Search one library of a data set."""
        return self.assistant(dataset).search(text, library=library, k=k)

    def ask(self, dataset: Dataset, question: str, library: str) -> Reply:
        """Ask the assistant, in a conversation of its own that is removed after.

        Raises:
            CaseTimeout: no outcome within the time of a case.
            EvalError: the run of the assistant failed.
        """
        from assistant.messages import Abstained, Answered, Failed

        assistant = self.assistant(dataset)
        run = assistant.start(question, library=library)
        late = threading.Event()

        def stop() -> None:
            late.set()
            assistant.cancel(run)

        timer = threading.Timer(self.options.timeout, stop)
        timer.start()
        try:
            events = [event for _, event in assistant.follow(run)]
        finally:
            timer.cancel()
        last = events[-1] if events else None
        if isinstance(last, Answered | Abstained | Failed):
            assistant.delete_conversation(last.conversation)
        if late.is_set():
            raise CaseTimeout(seconds=self.options.timeout)
        if isinstance(last, Answered):
            return Reply(last.text, False, last.citations)
        if isinstance(last, Abstained):
            return Reply(last.text, True, ())
        if isinstance(last, Failed):
            raise EvalError(detail=_sentence(last.code, last.params))
        raise EvalError(detail="the run ended without an outcome")


def _sentence(code: str, params: Mapping[str, Any]) -> str:
    from assistant.i18n import explain_code

    return explain_code(code, dict(params))
