"""The one document that a question is about: named, called by its words, given, or the only one.

Knows the library and what the tools found, no model.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
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
from retrieval.values import Passage

_READ = ("document", "text")
_TITLE = 300
"""Characters at the beginning of a document by whose words it may be called."""
_FILES = 2000
"""Files, the latest first, whose names are known."""
_CLEARLY, _CALLED = 1.15, 2
"""How much better one name must fit than the next; words of first lines that must fit."""
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_KNOWN = 0.5
"""Share of the pairs of signs that must be the file's."""
_PAPERS = frozenset(
    content_words(
        "letter lease agreement contract tenancy notice statement manual handbook guide plan list"
        " minutes filing form brochure leaflet newsletter review summary programme invoice receipt"
        " bill memo book paper report document file 文件 文档 合同 报告 通知 纪要"
    )
)
"""Sorts of papers, by which one is called."""
_NO_NAME = frozenset(
    content_words(
        "page scan final copy document file first last second 文件 文档 第一 一页 最后 扫描 描件"
    )
)
_THIS = re.compile(
    rf"\b(?:this|the) {THING}\b|\b(?:page|table|figure|fig\.?|section|chapter) ?[A-Z]?\d"
    rf"|(?:这|本|该)(?:份|篇|个|本)?{THING_ZH}|第\s*\d+\s*[页章节]|[图表]\s*\d",
    re.IGNORECASE,
)
"""Speaks of one document, or of its parts by number."""
_COVER = re.compile(r"\b(?:front )?cover\b|\btitle page\b|封面|扉页", re.IGNORECASE)
"""Speaks of the first page with words."""
_NOT_THAT = re.compile(
    r"\b(?:except|apart from|not counting|besides|without)\b|不算|除外|除了", re.I
)
_LAST = re.compile(r"\b(?:last|final) page\b|最后(?:的)?[一1]?页|末页|尾页", re.IGNORECASE)


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
        return called_file(request, results) or file_of(request, found[0].asset_id)
    return None


def spoken_file(request: Request, plan: Plan, results: Sequence[ToolResult]) -> MeantFile | None:
    """Return the document that a question names, or calls by words of its name or first lines."""
    given = focus(plan, request) or not request.use_library or request.library.size() == 1
    return meant_file(request, plan, results) if given else called_file(request, results)


def called_file(request: Request, results: Sequence[ToolResult]) -> MeantFile | None:
    """Return the one document of the library that a question calls; None of none, or several.

    Words of its name count by how few names have them; of several that fit as well, or none, those
    of its first lines decide, if it is among what a search finds.
    """
    asked = set(content_words(request.question)) - _NO_NAME
    names = {
        file.id: set(content_words(_spoken(file.name))) - _NO_NAME
        for file in request.library.assets(limit=_FILES)
        if file.modality in _READ
    }
    often = Counter(word for words in names.values() for word in words)
    called = {
        number: sum(1 + math.log(len(names) / often[word]) for word in asked & words)
        for number, words in names.items()
        if asked & words
    }
    best = sorted(called.items(), key=lambda one: -one[1])[:2]
    if best and (len(best) == 1 or best[0][1] > _CLEARLY * best[1][1]):
        return file_of(request, best[0][0])
    found = [p for r in results if r.search is not None for p in r.passages]
    found = found or list(request.library.search(request.question, modality="text").passages)
    tied = [n for n, fit in called.items() if _CLEARLY * fit >= best[0][1]] if best else []
    opened = [
        f for n in tied or dict.fromkeys(p.asset_id for p in found) if (f := file_of(request, n))
    ]
    fits = sorted(((len(asked & title_words(f)), n) for n, f in enumerate(opened)), reverse=True)
    if not fits or fits[0][0] < _CALLED or (len(fits) > 1 and fits[0][0] == fits[1][0]):
        return None
    return opened[fits[0][1]]


def title_words(file: MeantFile) -> set[str]:
    """Return the words by which a file may be called: of its name, and of its first lines."""
    first = [p for p in file.passages[:3] if page_of(p) in (None, page_of(file.passages[0]))]
    opening = " ".join(p.text for p in first)[:_TITLE]
    return set(content_words(f"{_spoken(file.name)} {opening}"))


def left_over(words: Collection[str], file: MeantFile) -> frozenset[str]:
    """Return which of some words say more than that a file is meant.

    Chinese is cut into pairs of signs, some of which lie across two words: none where most are
    the file's.
    """
    title = title_words(file) | _PAPERS
    left = frozenset(words) - title
    chinese = {word for word in words if _CHINESE.search(word)}
    most = len(chinese & title) >= _KNOWN * len(chinese)
    return left - chinese if most else left


def _spoken(name: str) -> str:
    return re.sub(r"[_\W]+|(?<=\D)(?=\d)|(?<=\d)(?=\D)", " ", name.rsplit(".", 1)[0])


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
    if _LAST.search(question):
        return by_page([p for p in file.passages if page_of(p)])[-1:]
    if plan.page is not None:
        called = pages_called(plan.page, file.passages, plan.page_counted)
        return by_page([p for page in called for p in file.passages if page_of(p) == page])
    if _COVER.search(question) and not _NOT_THAT.search(question):
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
