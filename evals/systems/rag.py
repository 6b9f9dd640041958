"""Text-only retrieval with a language model: what most local assistants are.

Files are read by the product's parsers (so the words of OCR and transcripts are there), their
passages are found by dense vectors alone, and the chat model answers from the first five, in one
prompt. No pixels, no words index, no calibration, no agent, no checks.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from evals.errors import CaseTimeout, NotOffered
from evals.systems.base import Ask, Query, Reply, System, Taken

if TYPE_CHECKING:
    from assistant.messages import Citation
    from assistant.models.protocol import SightlineChatModel
    from assistant.service import Assistant
    from evals.context import Context
    from retrieval.embed.protocol import TextEmbedder
    from retrieval.values import Passage

_EVIDENCE = 5
_TOKENS = 160


class TextRag(System):
    """See the module.

    Args:
        reader: the product's service, of which only the reading of files is used.
        embed: the text encoder; model: writes the answers.
    """

    name = "text_rag"

    def __init__(
        self, reader: Assistant, embed: TextEmbedder, model: Callable[[], SightlineChatModel]
    ) -> None:
        self._reader, self._embed, self._model = reader, embed, model
        self._kept: dict[str, tuple[list[Passage], NDArray[np.float32]]] = {}

    @classmethod
    def over(cls, context: Context, home: Path) -> Self:
        """Build it over the readers of files, text encoder and chat model of the settings."""
        reader = context.assistant_over(home)
        return cls(reader, context.embedders.text, lambda: context.chat_model)

    def ingest(self, paths: Sequence[Path], library: str, told: Callable[[int], None]) -> Taken:
        outcomes = self._reader.ingest(
            paths, library=library, on_progress=lambda done, _total, _name: told(done)
        )
        self._kept.pop(library, None)
        return {o.name: (o.asset_id, o.reason()) for o in outcomes}

    def _passages(self, library: str) -> list[Passage]:
        """Return the passages of a library with words in them."""
        assets = self._reader.assets(library=library, limit=100_000)
        found = [p for a in assets for p in self._reader.chunks(a.id)]
        return [p for p in found if p.kind != "metadata" and p.text.strip()]

    def _shelf(self, library: str) -> tuple[list[Passage], NDArray[np.float32]]:
        """Return those passages and their vectors [n, dim]."""
        if library not in self._kept:
            texts = self._passages(library)
            vectors = self._embed.embed_passages([p.text for p in texts]) if texts else None
            empty = np.zeros((0, self._embed.dim), dtype=np.float32)
            self._kept[library] = (texts, empty if vectors is None else vectors)
        return self._kept[library]

    def search(self, query: Query) -> list[Passage]:
        self._needs_words(query)
        passages, vectors = self._shelf(query.library)
        if not query.text or not passages:
            return []
        scores = vectors @ self._embed.embed_queries([query.text])[0]
        order = [
            place
            for place in np.argsort(-scores, kind="stable")
            if query.modality in (None, passages[place].modality)
        ]
        return [self._scored(passages[place], float(scores[place])) for place in order[: query.k]]

    def _needs_words(self, query: Query) -> None:
        """Raise ``NotOffered`` for a search by a picture alone."""
        if query.image is not None and not query.text:
            raise NotOffered(system=self.name, what="search by a picture")

    @staticmethod
    def _scored(passage: Passage, score: float) -> Passage:
        return replace(passage, score=score, probability=max(0.0, min(1.0, score)))

    def ask(self, asked: Ask, timeout: float) -> list[Reply]:
        replies = [self._turn(turn, asked, timeout) for turn in asked.turns]
        return [*replies, self._turn(asked.question, asked, timeout)]

    def _turn(self, question: str, asked: Ask, timeout: float) -> Reply:
        from assistant import prompts
        from assistant.details import language_of
        from assistant.session import as_messages

        heard = self.transcribe(asked.audio) if asked.audio is not None else ""
        question = question or heard
        wanted = Query(asked.library, question, k=_EVIDENCE)
        found = self.search(wanted) if asked.use_library else []
        evidence = "\n\n".join(f"[{n}] {p.asset}: {p.text}" for n, p in enumerate(found, start=1))
        turns = prompts.compose(question, evidence, language_of(question))
        deadline = time.monotonic() + timeout
        chunks = self._model().stream(
            as_messages(turns), cancel=lambda: time.monotonic() > deadline,
            max_tokens=_TOKENS, temperature=0.0,
        )  # fmt: skip
        text = "".join(str(chunk.content) for chunk in chunks).strip()
        if time.monotonic() > deadline:
            raise CaseTimeout(seconds=timeout)
        abstained = not text or "NOT FOUND" in text.upper()
        cited = () if abstained else cited_in(text, found)
        sure = found[0].probability if found else 0.0
        return Reply(text, abstained, cited, confidence=sure, heard=heard)

    def read(self, number: int) -> str:
        return "\n".join(p.text for p in self._reader.chunks(number) if p.kind != "metadata")

    def transcribe(self, path: Path) -> str:
        return self._reader.transcribe(path).text

    def close(self) -> None:
        self._reader.close()


def cited_in(text: str, found: Sequence[Passage]) -> tuple[Citation, ...]:
    """Return the passages whose numbers a text names, or the first when it names none."""
    from assistant.messages import Citation

    named = dict.fromkeys(int(n) for n in re.findall(r"\[(\d+)\]", text))
    numbers = [n for n in named if 1 <= n <= len(found)] or ([1] if found else [])
    return tuple(
        Citation(n, p.asset, p.sha256, p.modality, p.locator, p.text[:300], p.asset_id)
        for n in numbers
        for p in (found[n - 1],)
    )


def build(context: Context, home: Path) -> TextRag:
    """Build it over the text encoder and chat model that the settings choose."""
    return TextRag.over(context, home)
