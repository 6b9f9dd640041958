"""The one document that a question is about: named, given, the only one, or the one found.

Knows the library and what the tools found, no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.calls import ToolResult
from assistant.citations import content_words
from assistant.errors import AssetNotFound
from assistant.leader import focus
from assistant.library import NOT_IN_LIBRARY
from assistant.numbered import numbered_in
from assistant.page_numbers import page_of, pages_called
from assistant.phrases import THING, THING_ZH
from assistant.planner import Plan
from assistant.session import Request
from assistant.windows import paper_fit
from retrieval.values import Passage

_READ = ("document", "text")
_TITLE = 300
"""Characters at the beginning of a document by whose words it may be called."""
_THIS = re.compile(
    rf"\b(?:this|the) {THING}\b|\b(?:page|table|figure|fig\.?|section|chapter) ?[A-Z]?\d"
    rf"|(?:这|本|该)(?:份|篇|个|本)?{THING_ZH}|第\s*\d+\s*[页章节]|[图表]\s*\d",
    re.IGNORECASE,
)
"""Speaks of one document, or of its parts by number."""
_COVER = re.compile(r"\b(?:front )?cover\b|\btitle page\b|封面|扉页", re.IGNORECASE)
"""Speaks of the first page with words."""


@dataclass(frozen=True)
class MeantFile:
    """A document and all of its text; ``asset_id`` is None of one that is not in the library."""

    name: str
    asset_id: int | None
    passages: tuple[Passage, ...]


def of_one_document(question: str) -> bool:
    """Whether a question speaks of one document, or of its parts by number."""
    return bool(_THIS.search(question))


def meant_file(request: Request, plan: Plan, results: Sequence[ToolResult]) -> MeantFile | None:
    """Return the document that a question is about; None where it may be any."""
    names = focus(plan, request)
    if len(names) > 1:
        return None
    if names:
        given = next((a for a in (*request.attached, *request.earlier) if a.name == names[0]), None)
        if given is not None:
            file = MeantFile(given.name, None, tuple(given.passages))
            return file if given.modality in _READ and given.passages else None
        files = [a for a in request.library.assets(names[0], limit=5) if a.name == names[0]]
        return file_of(request, files[0].id if files else NOT_IN_LIBRARY)
    if not request.use_library:
        return None
    if request.library.size() == 1:
        only = next(iter(request.library.assets(limit=1)), None)
        return None if only is None else file_of(request, only.id)
    found = [p for r in results for p in r.passages]
    if found and of_one_document(request.question):
        return file_of(request, found[0].asset_id)
    return None


def likeliest_file(request: Request) -> MeantFile | None:
    """Return the document that a question calls by words of its name or its first lines.

    Of several the one whose passages, of those found, speak most of the question; None of none.
    """
    if not request.use_library or request.attached:
        return None
    asked = set(content_words(request.question))
    found: dict[int, list[Passage]] = {}
    for passage in request.library.search(request.question, modality="text").passages:
        found.setdefault(passage.asset_id, []).append(passage)
    files = [file for number in found if (file := file_of(request, number))]
    called = {file.asset_id: len(asked & title_words(file)) for file in files}
    fits = [
        (called[file.asset_id], paper_fit(request.question, found[file.asset_id or 0]), file)
        for file in files
        if called[file.asset_id]
    ]
    return max(fits, key=lambda fit: fit[:2])[2] if fits else None


def title_words(file: MeantFile) -> set[str]:
    """Return the words by which a file may be called: of its name, and of its first lines."""
    opening = " ".join(p.text for p in file.passages[:3])[:_TITLE]
    spoken = re.sub(r"[_\W]+", " ", file.name)
    return set(content_words(f"{spoken} {opening}"))


def file_of(request: Request, number: int) -> MeantFile | None:
    """Return a document of the library by its id; None of a photo, a recording, or no file."""
    if number == NOT_IN_LIBRARY:
        return None
    try:
        asset, held = request.library.asset(number), request.library.passages(number)
    except AssetNotFound:  # deleted while it was asked about
        return None
    passages = tuple(p for p in held if p.kind != "pixels")
    return MeantFile(asset.name, number, passages) if asset.modality in _READ and passages else None


def pages_meant(question: str, plan: Plan, file: MeantFile) -> tuple[Passage, ...]:
    """Return the first passage of each page that a question names, or that has what it names."""
    if plan.page is not None:
        called = pages_called(plan.page, file.passages, plan.page_counted)
        return by_page([p for page in called for p in file.passages if page_of(p) == page])
    if _COVER.search(question):
        return by_page([p for p in file.passages if page_of(p)])[:1]
    captioned = numbered_in(question, file.passages)
    pages = {page for p in captioned if (page := page_of(p))}
    return by_page([p for p in file.passages if page_of(p) in pages])


def by_page(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Return the first passage of each page; of a file without pages only the first."""
    first: dict[int | None, Passage] = {}
    for passage in passages:
        first.setdefault(page_of(passage), passage)
    return tuple(first.values())
