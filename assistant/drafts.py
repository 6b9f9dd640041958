"""What a draft is, and the small parts that all who write one share.

Knows neither what was asked nor how it was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.calls import ToolResult
from assistant.citations import cite
from assistant.i18n import Language, text
from assistant.messages import Citation
from assistant.session import Session
from retrieval.values import Passage

NAMES_SHOWN = 8


@dataclass(frozen=True)
class Draft:
    """An answer before checking. Number n in ``text`` means ``evidence[n - 1]``.

    Without ``evidence`` the text is not aligned (general knowledge, or ``citations`` were made by
    construction). ``repairable`` drafts are written once more when the check leaves nothing.
    ``unable`` says of one that is not ``found`` that it may well be there, but cannot be told.
    """

    text: str
    evidence: tuple[Passage, ...] = ()
    citations: tuple[Citation, ...] = ()
    prefix: str = ""
    found: bool = True
    repairable: bool = False
    nearest: tuple[Passage, ...] = ()
    unable: bool = False


def passages_of(results: Sequence[ToolResult]) -> list[Passage]:
    """Return the passages of all tools, each once, in order."""
    seen: dict[tuple[object, ...], Passage] = {}
    for result in results:
        for passage in result.passages:
            key = (passage.sha256, passage.chunk_id, repr(passage.locator), passage.text[:80])
            seen.setdefault(key, passage)
    return list(seen.values())


def join(names: Iterable[str], language: Language, most: int = NAMES_SHOWN) -> str:
    """Return names as a list in words, the tail counted."""
    every = [n for n in names if n]
    comma = "、" if language == "zh" else ", "
    rest = len(every) - most
    tail = comma + text("say_more", language, count=rest) if rest > 0 else ""
    return comma.join(every[:most]) + tail


def bullets(items: Sequence[str], language: Language, most: int, cited: int) -> str:
    """Return items as lines, the first ``cited`` with their marks, those past ``most`` counted."""
    lines = [f"- {item}" + (f" [{n}]" if n <= cited else "") for n, item in enumerate(items, 1)]
    rest = len(items) - most
    tail = [text("say_more", language, count=rest)] if rest > 0 else []
    return "\n".join(lines[:most] + tail)


def whole_files(passages: Sequence[Passage]) -> tuple[Citation, ...]:
    """Return one citation a file, at its first passage."""
    first: dict[str, Passage] = {}
    for passage in passages:
        first.setdefault(passage.sha256, passage)
    return tuple(cite(n, p, "") for n, p in enumerate(first.values(), 1))


def marks(citations: Sequence[Citation]) -> str:
    """Return the citations' marks to put after a text."""
    return "".join(f" [{c.number}]" for c in citations)


def exact(session: Session, answer: str, passage: Passage) -> Draft:
    """Return exact words of a passage as the answer, cited by construction."""
    return Draft(f"{answer} [1]", citations=(cite(1, passage, answer, session.words(passage)),))
