"""The one document that a question is about: named, given, the only one, or the one found.

Knows the library and what the tools found, no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.calls import ToolResult
from assistant.errors import AssetNotFound
from assistant.leader import focus
from assistant.library import NOT_IN_LIBRARY
from assistant.phrases import THING, THING_ZH
from assistant.planner import Plan
from assistant.session import Request
from retrieval.values import Passage

_READ = ("document", "text")
_THIS = re.compile(
    rf"\b(?:this|the) {THING}\b|\b(?:page|table|figure|fig\.?|section|chapter) ?[A-Z]?\d"
    rf"|(?:这|本|该)(?:份|篇|个|本)?{THING_ZH}|第\s*\d+\s*[页章节]|[图表]\s*\d",
    re.IGNORECASE,
)
"""Speaks of one document, or of its parts by number."""


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
        return _of_library(request, files[0].id if files else NOT_IN_LIBRARY)
    if not request.use_library:
        return None
    if request.library.size() == 1:
        only = next(iter(request.library.assets(limit=1)), None)
        return None if only is None else _of_library(request, only.id)
    found = [p for r in results for p in r.passages]
    if found and of_one_document(request.question):
        return _of_library(request, found[0].asset_id)
    return None


def _of_library(request: Request, number: int) -> MeantFile | None:
    if number == NOT_IN_LIBRARY:
        return None
    try:
        asset, held = request.library.asset(number), request.library.passages(number)
    except AssetNotFound:  # deleted while it was asked about
        return None
    passages = tuple(p for p in held if p.kind != "pixels")
    return MeantFile(asset.name, number, passages) if asset.modality in _READ and passages else None
